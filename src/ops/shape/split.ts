import { ceilDivDims, floorDivDims, mulDims, subDims } from "../../base/dims.ts";
import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims, optionalIntegers, resolveAxis } from "../common/axes.ts";
import { aroundAxis, copyElements } from "../common/elements.ts";
import { operator } from "../operator.ts";

/** The parts of the given lengths along an axis. */
export function splitAt(x: Tensor, axis: number, lengths: readonly number[]): Tensor[] {
  const { outer, length, inner } = aroundAxis(x.shape, axis);
  let at = 0;
  return lengths.map((part) => {
    const out = Tensor.zeros(x.dtype, x.shape.with(axis, part));
    for (let o = 0; o < outer; o++) copyElements(x, (o * length + at) * inner, out, o * part * inner, part * inner);
    at += part;
    return out;
  });
}

/** Length of a part where none is given. From version 18 on the last parts may be shorter, even empty. */
function partLength(version: number, total: Dim, part: number, parts: number): Dim {
  if (version < 18) return floorDivDims(total, parts);
  const each = ceilDivDims(total, parts);
  if (typeof total === "number" && typeof each === "number") return Math.max(0, Math.min(each, total - part * each));
  return part === parts - 1 ? subDims(total, mulDims(each, parts - 1)) : each;
}

export const split = operator({
  name: "Split",
  since: [1, 2, 11, 13, 18],
  doc: "Cuts a tensor into parts along an axis: of the given lengths, or equal ones (the last may be shorter with num_outputs).",
  inputs: [
    { name: "input", type: "T" },
    { name: "split", type: "int64", optional: true, since: 13, doc: "1-D: length of each part." },
  ],
  outputs: [{ name: "outputs", type: "T", variadic: true }],
  attributes: {
    axis: { type: "int", default: 0, doc: "Axis to cut." },
    split: { type: "ints", until: 11 },
    num_outputs: { type: "int", since: 18, doc: "Number of parts where their lengths are not given." },
  },
  typing: "rank",
  infer(c) {
    const type = c.type(0);
    const shape = c.shape(0);
    if (type?.kind !== "tensor") return;
    const given = (c.version >= 13 || c.version === 1 ? knownDims(c, 1) : undefined) ?? c.attrs.split;
    const open = !given && c.type(1) !== undefined;
    const parts = c.numOutputs;
    const axis = shape && resolveAxis(c, c.attrs.axis, shape.length);
    const total = shape?.[axis!];
    if (given && given.length !== parts)
      c.fail("SHAPE", `split is [${given.join(",")}], expected ${parts} lengths for ${parts} outputs`);
    for (let part = 0; part < parts; part++) {
      const known =
        given?.[part] ?? (total === undefined || open ? undefined : partLength(c.version, total, part, parts));
      c.output(part, tensorType(type.dtype, shape?.with(axis!, known ?? c.freshDim())));
    }
  },
  reference(c) {
    const input = c.tensor(0);
    const axis = resolveAxis(c, c.attrs.axis, input.rank);
    const total = input.shape[axis]!;
    const parts = c.numOutputs;
    const given = optionalIntegers(c, 1) ?? c.attrs.split;
    if (given) {
      if (given.length !== parts || given.some((n) => n < 0) || given.reduce((sum, n) => sum + n, 0) !== total)
        c.fail("SHAPE", `split is [${given.join(",")}], expected ${parts} lengths that add up to ${total}`);
      return splitAt(input, axis, given);
    }
    if (c.version < 18 && total % parts)
      c.fail("SHAPE", `axis ${axis} of input[${input.shape.join(",")}] does not divide into ${parts} equal parts`);
    const lengths = Array.from({ length: parts }, (_, part) => partLength(c.version, total, part, parts) as number);
    return splitAt(input, axis, lengths);
  },
});
