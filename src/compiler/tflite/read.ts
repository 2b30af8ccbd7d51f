/**
 * TFLite files → graphs in ONNX operators. Images stay [N,H,W,C] at the graph's inputs and outputs; inside they are turned
 * where ONNX needs it. A quantised net computes with real numbers rounded to its integers after each operator
 * (QuantizeLinear, DequantizeLinear), which is within one step of TFLite's integer arithmetic.
 */
import { InferlabError } from "../../base/errors.ts";
import type { Graph } from "../ir/graph.ts";
import { Emitter, importOpset, Operand, wideQuantizationOpset } from "../tensorflow/emitter.ts";
import { constantSource } from "./constants.ts";
import { builtins, customs, type Entry } from "./operators.ts";
import { type OperatorInfo, readModelInfo, type TensorInfo } from "./schema.ts";

export { isTflite } from "./schema.ts";

/**
 * The graph of a TFLite file's main subgraph. An operator that is not known here is kept as one that can be shown and saved
 * and not run; its name is that of TFLite, its domain `tflite`.
 *
 * Errors: MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, UNSUPPORTED for a known operator used in a way that is not.
 */
export function readTflite(bytes: Uint8Array, name = "tflite"): Graph {
  const { subgraph, description, signature } = readModelInfo(bytes);
  const wide = subgraph.tensors.some(
    ({ dtype, quantization }) => quantization && (dtype === "int16" || dtype === "int4"),
  );
  const e = new Emitter(subgraph.name || name, wide ? wideQuantizationOpset : importOpset);
  e.graph.doc = description || undefined;
  const operands = new Map<number, Operand>();
  const tensor = (index: number): TensorInfo => {
    const info = subgraph.tensors[index];
    if (!info)
      throw new InferlabError("MODEL_INVALID", `tensor ${index} is used, the model has ${subgraph.tensors.length}`);
    return info;
  };
  const nameOf = (index: number): string => signature.get(index) || tensor(index).name || `tensor_${index}`;

  for (const index of subgraph.inputs) {
    const info = tensor(index);
    if (operands.has(index)) throw new InferlabError("MODEL_INVALID", `tensor ${index} is an input twice`);
    e.scope = nameOf(index);
    const stored = e.input(nameOf(index), info.dtype, info.shape);
    operands.set(index, info.quantization ? real(e, stored, info) : stored);
  }

  const operand = (index: number): Operand => {
    const found = operands.get(index);
    if (found) return found;
    const info = tensor(index);
    const label = info.name || `tensor_${index}`;
    if (!info.data && !info.shape.includes(0))
      throw new InferlabError(
        "MODEL_INVALID",
        `tensor ${index} (${JSON.stringify(label)}) is read before it is computed`,
        {
          hint: info.isVariable ? "it is a state kept between runs, which graphs here do not have" : undefined,
        },
      );
    const source = constantSource(
      { ...info, data: info.data ?? new Uint8Array(0) },
      `tensor ${index} (${JSON.stringify(label)})`,
    );
    const stored = e.constant(label, source);
    const made = info.quantization ? new Operand({ stored, quantization: info.quantization }) : stored;
    operands.set(index, made);
    return made;
  };

  const translate = (op: OperatorInfo, position: number): void => {
    const entry: Entry | undefined = op.code === 32 ? customs[op.custom] : builtins[op.code];
    const label = entry?.name ?? (op.code === 32 ? op.custom || "CUSTOM" : `OPERATOR_${op.code}`);
    const outputs = op.outputs.map((index) => tensor(index));
    e.scope = op.outputs[0] === undefined ? `${label}_${position}` : nameOf(op.outputs[0]);
    const where = `${label} ${JSON.stringify(e.scope)}`;
    const optional = (i: number): Operand | undefined => {
      const index = op.inputs[i];
      return index === undefined || index === -1 ? undefined : operand(index);
    };
    let results: readonly Operand[];
    if (entry?.apply) {
      const made = entry.apply({
        e,
        options: op.options,
        customOptions: op.customOptions,
        numInputs: op.inputs.length,
        optional,
        in: (i) => optional(i) ?? e.invalid(`${label} has no input ${i}`),
        outputs,
      });
      results = Array.isArray(made) ? made : [made as Operand];
    } else {
      const inputs = op.inputs.flatMap((_, i) => optional(i) ?? []).map((x) => e.rows(x.stored ?? x));
      results = e.opaque("tflite", label, inputs, outputs);
    }
    op.outputs.forEach((index, i) => {
      const result = results[i];
      if (operands.has(index))
        throw new InferlabError("MODEL_INVALID", `${where} computes tensor ${index}, which exists`);
      if (!result)
        throw new InferlabError(
          "MODEL_INVALID",
          `${where} has ${op.outputs.length} outputs, expected ${results.length}`,
        );
      const info = tensor(index);
      e.scope = nameOf(index);
      const made =
        info.quantization && entry?.apply && info.dtype !== "int32"
          ? e.quantized(result, info.quantization, info.dtype)
          : result;
      e.label(made, nameOf(index));
      operands.set(index, made);
    });
  };

  subgraph.operators.forEach(translate);
  for (const index of subgraph.outputs) {
    const result = operand(index);
    e.scope = nameOf(index);
    const info = tensor(index);
    e.output(nameOf(index), info.quantization ? (result.stored ?? result) : result);
  }
  if (e.graph.outputs.length === 0) throw new InferlabError("MODEL_INVALID", "the TFLite model has no output");
  return e.graph;
}

/** The real numbers of a quantised input. */
function real(e: Emitter, stored: Operand, info: TensorInfo): Operand {
  const made = new Operand({ rows: e.dequantized(stored, info.quantization!) });
  made.stored = stored;
  return made;
}
