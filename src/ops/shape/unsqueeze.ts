import type { Dim } from "../../base/shapes.ts";
import { freshShape, knownIntegers, outputLike, resolveAxes } from "../common/axes.ts";
import { free } from "../common/cost.ts";
import { reshaped } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

/** A shape with a 1 at each of the axes, which count in the result. */
function withOnes<D extends Dim>(shape: readonly D[], axes: readonly number[]): (D | 1)[] {
  let from = 0;
  return Array.from({ length: shape.length + axes.length }, (_, axis) => (axes.includes(axis) ? 1 : shape[from++]!));
}

export const unsqueeze = operator({
  name: "Unsqueeze",
  since: [1, 11, 13, 21, 23, 24, 25],
  doc: "Puts axes of size 1 at the given positions of the output.",
  inputs: [
    { name: "data", type: "T" },
    { name: "axes", type: "int64", since: 13, doc: "Positions in the output; negative ones count from its end." },
  ],
  outputs: [{ name: "expanded", type: "T" }],
  attributes: { axes: { type: "ints", until: 11 } },
  typing: "unsqueeze",
  infer(c) {
    const shape = c.shape(0);
    const axes = c.version >= 13 ? knownIntegers(c, 1) : c.attrs.axes;
    if (!shape || !axes) {
      const added = c.shape(1)?.[0];
      outputLike(c, 0, shape && typeof added === "number" ? freshShape(c, shape.length + added) : undefined);
      return;
    }
    const result = withOnes(shape, resolveAxes(c, axes, shape.length + axes.length));
    outputLike(c, 0, result, result.length <= 1 ? c.dims(0) : undefined);
  },
  reference(c) {
    const data = c.tensor(0);
    const axes = c.version >= 13 ? toIntegers(c.tensor(1)) : [...(c.attrs.axes ?? [])];
    return [reshaped(data, withOnes(data.shape, resolveAxes(c, axes, data.rank + axes.length)))];
  },
  cost: free,
});
