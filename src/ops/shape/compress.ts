import { Tensor } from "../../base/tensor.ts";
import { outputLike, resolveAxis } from "../common/axes.ts";
import { aroundAxis, copyElements, reshaped } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const compress = operator({
  name: "Compress",
  since: [9, 11],
  doc: "The slices along an axis where the condition holds; without an axis, the elements of the flattened input.",
  inputs: [
    { name: "input", type: "T" },
    { name: "condition", type: "bool", doc: "1-D; may be shorter than the axis: the rest is left out." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: { axis: { type: "int", doc: "Default: flatten first." } },
  dataDependent: () => true,
  infer(c) {
    const shape = c.shape(0);
    const { axis } = c.attrs;
    if (axis === undefined) return outputLike(c, 0, [c.freshDim()]);
    outputLike(c, 0, shape && [...shape].with(resolveAxis(c, axis, shape.length), c.freshDim()));
  },
  reference(c) {
    const whole = c.tensor(0);
    const input = c.attrs.axis === undefined ? reshaped(whole, [whole.size]) : whole;
    const axis = resolveAxis(c, c.attrs.axis ?? 0, input.rank);
    const condition = c.tensor(1);
    const { outer, length, inner } = aroundAxis(input.shape, axis);
    if (condition.rank !== 1 || condition.size > length)
      c.fail("SHAPE", `condition is [${condition.shape.join(",")}], expected at most [${length}]`);
    const kept = Array.from(condition.data as Uint8Array, (flag, i) => (flag ? i : -1)).filter((i) => i >= 0);
    const out = Tensor.zeros(input.dtype, input.shape.with(axis, kept.length));
    let to = 0;
    for (let o = 0; o < outer; o++)
      for (const i of kept) {
        copyElements(input, (o * length + i) * inner, out, to, inner);
        to += inner;
      }
    return [out];
  },
});
