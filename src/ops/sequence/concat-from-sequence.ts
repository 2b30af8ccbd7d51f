import type { Shape } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { stack, tensorIn } from "../common/stack.ts";
import { operator } from "../operator.ts";
import { concatenate } from "../shape/concat.ts";
import { sequenceOf } from "./values.ts";

export const concatFromSequence = operator({
  name: "ConcatFromSequence",
  since: [11],
  doc: "Joins the tensors of a sequence along an axis, or stacks them along a new one.",
  inputs: [{ name: "input_sequence", type: "S" }],
  outputs: [{ name: "concat_result", type: "T" }],
  attributes: {
    axis: { type: "int", required: true },
    new_axis: { type: "int", default: 0, doc: "1: stack along a new axis." },
  },
  infer(c) {
    const type = c.type(0);
    if (type?.kind !== "sequence" || type.element.kind !== "tensor") return;
    const { dtype, shape } = type.element;
    if (!shape) return c.output(0, tensorType(dtype));
    const grown: Shape = c.attrs.new_axis ? [...shape, 1] : shape;
    const axis = resolveAxis(c, c.attrs.axis, grown.length);
    const joined = c.attrs.new_axis ? shape.toSpliced(axis, 0, c.freshDim()) : [...shape].with(axis, c.freshDim());
    c.output(0, tensorType(dtype, joined));
  },
  reference(c) {
    const tensors = sequenceOf(c, 0).items.map((item, i) => tensorIn(c, item, `element ${i}`));
    const first = tensors[0] ?? c.fail("VALUE", "the sequence is empty, expected at least one tensor");
    if (!c.attrs.new_axis) return [concatenate(c, tensors, resolveAxis(c, c.attrs.axis, first.rank))];
    return [stack(c, tensors, resolveAxis(c, c.attrs.axis, first.rank + 1), first)];
  },
});
