import type { Shape } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { free } from "../common/cost.ts";
import { int64Tensor } from "../common/elements.ts";
import { operator } from "../operator.ts";

/** The part of a shape from `start` up to `end`, both clamped and counted from the end where negative. */
function part<T>(shape: readonly T[], start: number, end: number | undefined): readonly T[] {
  const clamp = (axis: number) => Math.min(shape.length, Math.max(0, axis < 0 ? axis + shape.length : axis));
  return shape.slice(clamp(start), end === undefined ? shape.length : clamp(end));
}

export const shape = operator({
  name: "Shape",
  since: [1, 13, 15, 19, 21, 23, 24, 25],
  doc: "The shape of a tensor as a 1-D int64 tensor, or the part of it from axis start up to axis end.",
  inputs: [{ name: "data", type: "T" }],
  outputs: [{ name: "shape", type: "int64" }],
  attributes: {
    start: { type: "int", default: 0, since: 15, doc: "First axis; negative counts from the end." },
    end: { type: "int", since: 15, doc: "Axis to stop before (default: the rank)." },
  },
  typing: "vector",
  infer(c) {
    const from: Shape | undefined = c.shape(0);
    if (!from) return c.output(0, tensorType("int64", [c.freshDim()]));
    const dims = part(from, c.attrs.start ?? 0, c.attrs.end);
    c.output(0, tensorType("int64", [dims.length]), dims);
  },
  reference: (c) => [int64Tensor(part(c.tensor(0).shape, c.attrs.start ?? 0, c.attrs.end))],
  cost: free,
});
