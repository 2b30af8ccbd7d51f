import { addDims } from "../../base/dims.ts";
import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { knownDims, outputLike, resolveAxis } from "../common/axes.ts";
import { aroundAxis, copyElements } from "../common/elements.ts";
import { operator } from "../operator.ts";

/** The tensors one after the other along an axis; their other dimensions are equal. */
export function concatenate(
  c: { fail(code: "SHAPE" | "DTYPE", message: string): never },
  tensors: readonly Tensor[],
  axis: number,
): Tensor {
  const first = tensors[0]!;
  let length = 0;
  tensors.forEach((t, index) => {
    if (t.dtype !== first.dtype) c.fail("DTYPE", `tensor ${index} is ${t.dtype}, expected ${first.dtype} as tensor 0`);
    if (t.rank !== first.rank || t.shape.some((dim, i) => i !== axis && dim !== first.shape[i]))
      c.fail(
        "SHAPE",
        `tensor ${index} is [${t.shape.join(",")}], expected [${first.shape.join(",")}] but for axis ${axis}`,
      );
    length += t.shape[axis]!;
  });
  const out = Tensor.zeros(first.dtype, first.shape.with(axis, length));
  const { outer, inner } = aroundAxis(out.shape, axis);
  let at = 0;
  for (const t of tensors) {
    const block = t.shape[axis]! * inner;
    for (let o = 0; o < outer; o++) copyElements(t, o * block, out, o * length * inner + at, block);
    at += block;
  }
  return out;
}

export const concat = operator({
  name: "Concat",
  since: [1, 4, 11, 13],
  doc: "Joins tensors along an axis; their other dimensions are equal.",
  inputs: [{ name: "inputs", type: "T", variadic: true }],
  outputs: [{ name: "concat_result", type: "T" }],
  attributes: { axis: { type: "int", doc: "Required from version 4; version 1 takes 1 where it is missing." } },
  typing: "rank",
  infer(c) {
    const shapes = Array.from({ length: c.numInputs }, (_, index) => c.shape(index));
    const known = shapes.find((shape) => shape);
    if (!known) return outputLike(c, 0, undefined);
    if (c.attrs.axis === undefined && c.version >= 4) c.fail("ATTRIBUTE", "attribute axis is missing");
    const axis = resolveAxis(c, c.attrs.axis ?? 1, known.length);
    const result: Dim[] = [...known];
    let length: Dim | undefined = 0;
    shapes.forEach((shape, index) => {
      if (shape && shape.length !== known.length)
        c.fail("SHAPE", `input ${index} is [${shape.join(",")}], expected rank ${known.length}`);
      length = shape && length !== undefined ? addDims(length, shape[axis]!) : undefined;
      shape?.forEach((dim, i) => {
        if (i === axis || dim === result[i]) return;
        if (typeof dim === "number" && typeof result[i] === "number")
          c.fail("SHAPE", `input ${index} is [${shape.join(",")}], expected [${known.join(",")}] but for axis ${axis}`);
        if (typeof dim === "number") result[i] = dim;
      });
    });
    result[axis] = length ?? c.freshDim();
    const parts = shapes.map((_, index) => knownDims(c, index));
    const dims = known.length === 1 && parts.every((part) => part) ? parts.flatMap((part) => part!) : undefined;
    outputLike(c, 0, result, dims);
  },
  reference(c) {
    const tensors = c.inputs.map((_, index) => c.tensor(index));
    if (tensors.length === 0) c.fail("SHAPE", "has no inputs, expected at least one");
    return [concatenate(c, tensors, resolveAxis(c, c.attrs.axis ?? 1, tensors[0]!.rank))];
  },
});
