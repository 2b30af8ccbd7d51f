/**
 * TFLite files → graphs in ONNX operators. Images stay [N,H,W,C] at the graph's inputs and outputs; inside they are turned
 * where ONNX needs it. A quantised net computes with real numbers rounded to its integers after each operator
 * (QuantizeLinear, DequantizeLinear), which is within one step of TFLite's integer arithmetic.
 */
import { InferlabError } from "../../base/errors.ts";
import { type ByteSource, memorySource } from "../files/bytes.ts";
import type { Graph } from "../ir/graph.ts";
import { Emitter, importOpset, Operand, wideQuantizationOpset } from "../tensorflow/emitter.ts";
import { constantSource } from "./constants.ts";
import { builtins, type Callee, customs, type Entry } from "./operators.ts";
import { type ModelInfo, type OperatorInfo, readModelInfo, type SubgraphInfo, type TensorInfo } from "./schema.ts";

export { isTflite } from "./schema.ts";

/** Graphs inside graphs, and operators in them: a small file may say that each runs the next one twice. */
const maxDepth = 32;
const maxOperators = 1 << 14;

/** Translates the graphs of one file. */
class Reader {
  private readonly e: Emitter;
  private readonly model: ModelInfo;
  private readonly bytes: Uint8Array;
  private readonly source: ByteSource;
  private readonly subgraphs = new Map<number, SubgraphInfo>();
  /** Graphs that are being translated, the outermost first. */
  private readonly open: number[] = [];
  private numOperators = 0;

  /** `bytes` is the content of `source`. */
  constructor(e: Emitter, model: ModelInfo, main: SubgraphInfo, bytes: Uint8Array, source: ByteSource) {
    this.e = e;
    this.model = model;
    this.bytes = bytes;
    this.source = source;
    this.subgraphs.set(0, main);
  }

  /** A graph that an operator of another one runs. */
  callee(index: number): Callee {
    if (this.open.includes(index)) this.e.invalid(`graph ${index} runs itself`);
    if (this.open.length >= maxDepth) this.e.invalid(`graphs are nested more than ${maxDepth} deep`);
    const subgraph = this.subgraphs.get(index) ?? this.model.subgraph(index);
    this.subgraphs.set(index, subgraph);
    const tensors = (list: readonly number[]): TensorInfo[] => list.map((i) => tensorOf(subgraph, i));
    return {
      inputs: tensors(subgraph.inputs),
      outputs: tensors(subgraph.outputs),
      run: (inputs) => {
        const prefix = `${this.e.scope}/`;
        const operands = new Map(subgraph.inputs.map((tensor, i) => [tensor, inputs[i]!] as const));
        return this.run(index, subgraph, operands, (tensor) => prefix + plainName(subgraph, tensor));
      },
    };
  }

  /** The outputs of a graph whose inputs are among the operands. */
  run(
    index: number,
    subgraph: SubgraphInfo,
    operands: Map<number, Operand>,
    nameOf: (tensor: number) => string,
  ): Operand[] {
    const { e } = this;
    const operand = (tensor: number): Operand => {
      const found = operands.get(tensor);
      if (found) return found;
      const info = tensorOf(subgraph, tensor);
      const label = info.name || `tensor_${tensor}`;
      if (!info.data && !info.shape.includes(0))
        throw new InferlabError(
          "MODEL_INVALID",
          `tensor ${tensor} (${JSON.stringify(label)}) is read before it is computed`,
          {
            hint: info.isVariable ? "it is a state kept between runs, which graphs here do not have" : undefined,
          },
        );
      const where = `tensor ${tensor} (${JSON.stringify(label)})`;
      const source = constantSource(info, where, this.bytes, this.source);
      const stored = e.constant(index === 0 ? label : nameOf(tensor), source);
      const made = info.quantization ? new Operand({ stored, quantization: info.quantization }) : stored;
      operands.set(tensor, made);
      return made;
    };

    const translate = (op: OperatorInfo, position: number): void => {
      if (index !== 0 && ++this.numOperators > maxOperators)
        e.invalid(`the graphs inside run more than ${maxOperators} operators`);
      const entry: Entry | undefined = op.code === 32 ? customs[op.custom] : builtins[op.code];
      const label = entry?.name ?? (op.code === 32 ? op.custom || "CUSTOM" : `OPERATOR_${op.code}`);
      const outputs = op.outputs.map((tensor) => tensorOf(subgraph, tensor));
      e.scope = op.outputs[0] === undefined ? `${label}_${position}` : nameOf(op.outputs[0]);
      const where = `${label} ${JSON.stringify(e.scope)}`;
      const optional = (i: number): Operand | undefined => {
        const tensor = op.inputs[i];
        return tensor === undefined || tensor === -1 ? undefined : operand(tensor);
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
          subgraph: (i) => this.callee(i),
        });
        results = Array.isArray(made) ? made : [made as Operand];
      } else {
        const inputs = op.inputs.flatMap((_, i) => optional(i) ?? []).map((x) => e.rows(x.stored ?? x));
        results = e.opaque("tflite", label, inputs, outputs);
      }
      op.outputs.forEach((tensor, i) => {
        const result = results[i];
        if (operands.has(tensor))
          throw new InferlabError("MODEL_INVALID", `${where} computes tensor ${tensor}, which exists`);
        if (!result)
          throw new InferlabError(
            "MODEL_INVALID",
            `${where} has ${op.outputs.length} outputs, expected ${results.length}`,
          );
        const info = tensorOf(subgraph, tensor);
        e.scope = nameOf(tensor);
        const made =
          info.quantization && entry?.apply && info.dtype !== "int32"
            ? e.quantized(result, info.quantization, info.dtype)
            : result;
        e.label(made, nameOf(tensor));
        operands.set(tensor, made);
      });
    };

    this.open.push(index);
    subgraph.operators.forEach(translate);
    this.open.pop();
    return subgraph.outputs.map(operand);
  }
}

function tensorOf(subgraph: SubgraphInfo, index: number): TensorInfo {
  const info = subgraph.tensors[index];
  if (!info)
    throw new InferlabError("MODEL_INVALID", `tensor ${index} is used, the model has ${subgraph.tensors.length}`);
  return info;
}

const plainName = (subgraph: SubgraphInfo, index: number): string =>
  tensorOf(subgraph, index).name || `tensor_${index}`;

/**
 * The graph of a TFLite file's main subgraph; others are its branches and bodies. An operator that is not known here is kept as
 * one that can be shown and saved and not run; its name is that of TFLite, its domain `tflite`. `source`: where large constants are
 * read from when they are asked for, the bytes themselves where there is none.
 *
 * Errors: MODEL_FORMAT, MODEL_TRUNCATED, MODEL_INVALID, UNSUPPORTED for a known operator used in a way that is not.
 */
export function readTflite(bytes: Uint8Array, name = "tflite", source: ByteSource = memorySource(bytes)): Graph {
  const model = readModelInfo(bytes);
  const { description, signature } = model;
  const subgraph = model.subgraph(0);
  const wide = subgraph.tensors.some(
    ({ dtype, quantization }) => quantization && (dtype === "int16" || dtype === "int4"),
  );
  const e = new Emitter(subgraph.name || name, wide ? wideQuantizationOpset : importOpset);
  e.graph.doc = description || undefined;
  const nameOf = (index: number): string => signature.get(index) || plainName(subgraph, index);
  const operands = new Map<number, Operand>();
  for (const index of subgraph.inputs) {
    const info = tensorOf(subgraph, index);
    if (operands.has(index)) throw new InferlabError("MODEL_INVALID", `tensor ${index} is an input twice`);
    e.scope = nameOf(index);
    const stored = e.input(nameOf(index), info.dtype, info.shape);
    operands.set(index, info.quantization ? real(e, stored, info) : stored);
  }
  const results = new Reader(e, model, subgraph, bytes, source).run(0, subgraph, operands, nameOf);
  subgraph.outputs.forEach((index, i) => {
    const result = results[i]!;
    e.scope = nameOf(index);
    const info = tensorOf(subgraph, index);
    e.output(nameOf(index), info.quantization ? (result.stored ?? result) : result);
  });
  if (e.graph.outputs.length === 0) throw new InferlabError("MODEL_INVALID", "the TFLite model has no output");
  return e.graph;
}

/** The real numbers of a quantised input. */
function real(e: Emitter, stored: Operand, info: TensorInfo): Operand {
  const made = new Operand({ rows: e.dequantized(stored, info.quantization!) });
  made.stored = stored;
  return made;
}
