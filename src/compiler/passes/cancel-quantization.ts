/** QuantizeLinear and DequantizeLinear that undo each other, and what lies between them and only moves elements. */
import { toNumbers } from "../../base/numbers.ts";
import type { Node, Value } from "../ir/graph.ts";
import { attributesWithDefaults, dtypeOf, type Edit, isA, isOp } from "./edit.ts";
import { reshapeOps } from "./layout.ts";
import { nodePass } from "./pass.ts";

/** Types whose steps float32 tells apart, so that (q - z)·s / s rounds to q - z again. */
const exact = ["int8", "uint8", "int16", "uint16", "int4", "uint4"];

const movements = [...reshapeOps, "Transpose", "Slice", "Gather", "Expand", "Tile"];

/** One scale for the whole tensor, far from the ends of float32's range. */
function hasPlainScale(node: Node, edit: Edit): boolean {
  const scale = edit.known(node.inputs[1]);
  if (scale?.size !== 1 || scale.dtype !== "float32") return false;
  const [value] = toNumbers(scale) as unknown as [number];
  return value > 1e-30 && value < 1e30;
}

/** Zero point and scale are the same values in both. */
const matches = (a: Node, b: Node): boolean => a.inputs[1] === b.inputs[1] && a.inputs[2] === b.inputs[2];

/** Of DequantizeLinear(q, s, z) the value q, where `quantize` undoes it. */
function undone(value: Value | undefined, quantize: Node, edit: Edit): Value | undefined {
  const node = edit.producer(value, "DequantizeLinear");
  const source = node?.inputs[0];
  if (!node || !source || !matches(node, quantize)) return undefined;
  return dtypeOf(source) === dtypeOf(quantize.outputs[0]) ? source : undefined;
}

export const cancelQuantization = nodePass({
  name: "cancel-quantization",
  class: "exact",
  about:
    "removes a DequantizeLinear and the QuantizeLinear that undoes it, also around Reshape, Transpose, Slice and Concat",
  ops: ["QuantizeLinear"],
  visit(node, edit) {
    const output = node.outputs[0]!;
    if (!exact.includes(dtypeOf(output) ?? "") || !hasPlainScale(node, edit)) return false;
    const direct = undone(node.inputs[0], node, edit);
    if (direct) {
      if (!edit.canSubstitute(output, direct)) return false;
      return edit.rewrite([node, node.inputs[0]!.producer!], () => edit.substitute(output, direct));
    }
    const mover = edit.soleProducer(node.inputs[0], ...movements, "Concat");
    if (!mover) return false;
    const moved = isA(mover, "Concat") ? [...mover.inputs.keys()] : [0];
    const sources = moved.map((index) => undone(mover.inputs[index], node, edit));
    if (!sources.every((value) => value !== undefined)) return false;
    const makers = moved.map((index) => mover.inputs[index]!.producer!);
    return edit.rewrite([node, mover, ...new Set(makers)], () => {
      const inputs = mover.inputs.map((value, index) => (index < sources.length ? sources[index] : value));
      edit.add(mover.op, inputs, Object.fromEntries(mover.attributes), {
        like: mover,
        name: mover.name,
        outputs: [output],
      });
    });
  },
});

export const dropRequantization = nodePass({
  name: "drop-requantization",
  class: "approximate",
  about: "removes a QuantizeLinear and the DequantizeLinear after it, which round to the steps of the scale",
  ops: ["DequantizeLinear"],
  visit(node, edit) {
    const quantize = edit.producer(node.inputs[0], "QuantizeLinear");
    const source = quantize?.inputs[0];
    const [from] = node.outputs;
    if (!quantize || !source || !from || !isOp(quantize, "QuantizeLinear") || !matches(quantize, node)) return false;
    const settings = ["axis", "block_size"].map((name) => [quantize, node].map((n) => attributesWithDefaults(n)[name]));
    if (settings.some(([a, b]) => a !== b) || dtypeOf(source) !== dtypeOf(from)) return false;
    return edit.canSubstitute(from, source) && edit.rewrite([node, quantize], () => edit.substitute(from, source));
  },
});
