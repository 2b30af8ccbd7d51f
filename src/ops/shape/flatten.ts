import { productOfDims } from "../../base/dims.ts";
import { sizeOf } from "../../base/shapes.ts";
import { outputLike } from "../common/axes.ts";
import { free } from "../common/cost.ts";
import { reshaped } from "../common/elements.ts";
import { operator } from "../operator.ts";

/** Unlike other axes this one may be the rank itself: then the second dimension is 1. */
function splitPoint(
  c: { readonly attrs: { readonly axis: number }; fail(code: "ATTRIBUTE", text: string): never },
  rank: number,
): number {
  const { axis } = c.attrs;
  if (axis < -rank || axis > rank)
    c.fail("ATTRIBUTE", `axis is ${axis}, expected one of [-${rank}, ${rank}] for rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

export const flatten = operator({
  name: "Flatten",
  since: [1, 9, 11, 13, 21, 23, 24, 25],
  doc: "A matrix of the same elements: the axes before axis become rows, the others columns.",
  inputs: [{ name: "input", type: "T" }],
  outputs: [{ name: "output", type: "T" }],
  attributes: { axis: { type: "int", default: 1, doc: "First axis that goes into the columns." } },
  typing: "flatten",
  infer(c) {
    const shape = c.shape(0);
    if (!shape) return outputLike(c, 0, [c.freshDim(), c.freshDim()]);
    const at = splitPoint(c, shape.length);
    outputLike(c, 0, [productOfDims(shape.slice(0, at)), productOfDims(shape.slice(at))]);
  },
  reference(c) {
    const input = c.tensor(0);
    const at = splitPoint(c, input.rank);
    return [reshaped(input, [sizeOf(input.shape.slice(0, at)), sizeOf(input.shape.slice(at))])];
  },
  cost: free,
});
