import type { Dim } from "../../base/shapes.ts";
import { stridesOf } from "../../base/shapes.ts";
import { freshShape, knownDims, outputLike, resolveAxes } from "../common/axes.ts";
import { offsetsByAxis, take } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const centerCropPad = operator({
  name: "CenterCropPad",
  since: [18],
  doc: "Crops or pads with zeros around the centre, to reach a size along each of the axes. An odd element goes to the end.",
  inputs: [
    { name: "input_data", type: "T" },
    { name: "shape", type: "Tind", doc: "1-D: size of each of the axes." },
  ],
  outputs: [{ name: "output_data", type: "T" }],
  attributes: { axes: { type: "ints", doc: "Axes that shape speaks of (default: all)." } },
  types: { Tind: ["int32", "int64"] },
  typing: "rank",
  infer(c) {
    const from = c.shape(0);
    const target = knownDims(c, 1);
    if (!from || !target) return outputLike(c, 0, from && freshShape(c, from.length));
    const result: Dim[] = [...from];
    resolveAxes(c, c.attrs.axes ?? from.map((_, axis) => axis), from.length).forEach((axis, i) => {
      result[axis] = target[i] ?? c.freshDim();
    });
    outputLike(c, 0, result);
  },
  reference(c) {
    const input = c.tensor(0);
    const target = toIntegers(c.tensor(1));
    const axes = resolveAxes(c, c.attrs.axes ?? input.shape.map((_, axis) => axis), input.rank);
    if (target.length !== axes.length || target.some((size) => size < 0))
      c.fail("VALUE", `shape is [${target.join(",")}], expected ${axes.length} sizes of 0 or more`);
    const shape = [...input.shape];
    /** Position in the input of output position 0; negative where the output begins with padding. */
    const begin = input.shape.map(() => 0);
    axes.forEach((axis, i) => {
      shape[axis] = target[i]!;
      const extra = input.shape[axis]! - target[i]!;
      begin[axis] = extra >= 0 ? Math.floor(extra / 2) : -Math.floor(-extra / 2);
    });
    const sources = offsetsByAxis(shape, stridesOf(input.shape), (axis, i) => {
      const at = i + begin[axis]!;
      return at < input.shape[axis]! ? at : -1;
    });
    return [take(input, shape, sources)];
  },
});
