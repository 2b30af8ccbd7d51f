import { tensorType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { reshaped } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";
import { splitAt } from "../shape/split.ts";

export const splitToSequence = operator({
  name: "SplitToSequence",
  since: [11, 24],
  doc: "Cuts a tensor along an axis into a sequence: parts of the given lengths, of one given length (the last may be shorter), or single slices.",
  inputs: [
    { name: "input", type: "T" },
    { name: "split", type: "I", optional: true, doc: "Scalar: length of the parts; 1-D: length of each." },
  ],
  outputs: [{ name: "output_sequence", type: "S" }],
  attributes: {
    axis: { type: "int", default: 0, doc: "Axis to cut." },
    keepdims: { type: "int", default: 1, doc: "0: single slices lose the axis (only without split)." },
  },
  infer(c) {
    const shape = c.shape(0);
    const dtype = c.dtype(0);
    if (!shape) return c.output(0, { kind: "sequence", element: tensorType(dtype) });
    const axis = resolveAxis(c, c.attrs.axis, shape.length);
    const single = c.type(1) === undefined;
    const element =
      single && !c.attrs.keepdims
        ? shape.filter((_, i) => i !== axis)
        : shape.map((dim, i) => (i === axis ? (single ? 1 : c.freshDim()) : dim));
    c.output(0, { kind: "sequence", element: tensorType(dtype, element) });
  },
  reference(c) {
    const input = c.tensor(0);
    const axis = resolveAxis(c, c.attrs.axis, input.rank);
    const total = input.shape[axis]!;
    const split = c.optionalTensor(1);
    let lengths: number[];
    if (split && split.rank > 0) lengths = toIntegers(split);
    else {
      const each = split ? toIntegers(split)[0]! : 1;
      if (!(each > 0)) c.fail("VALUE", `split is ${each}, expected a length above 0`);
      lengths = Array.from({ length: Math.ceil(total / each) }, (_, i) => Math.min(each, total - i * each));
    }
    if (lengths.some((n) => n < 0) || lengths.reduce((sum, n) => sum + n, 0) !== total)
      c.fail("VALUE", `split is [${lengths.join(",")}], expected lengths that add up to ${total}`);
    const parts = splitAt(input, axis, lengths);
    const items =
      split || c.attrs.keepdims ? parts : parts.map((part) => reshaped(part, part.shape.toSpliced(axis, 1)));
    return [{ kind: "sequence", items, dtype: input.dtype }];
  },
});
