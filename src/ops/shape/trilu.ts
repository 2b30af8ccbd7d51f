import { allocate } from "../../base/dtypes.ts";
import { outputLike } from "../common/axes.ts";
import { clone, elementsOf, widthOf } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const trilu = operator({
  name: "Trilu",
  since: [14],
  doc: "The upper or lower triangle of the matrices in the last two axes; the rest is 0.",
  inputs: [
    { name: "input", type: "T" },
    {
      name: "k",
      type: "int64",
      optional: true,
      doc: "Scalar: the diagonal that bounds the triangle (default 0, the main one).",
    },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: { upper: { type: "int", default: 1, doc: "1: upper triangle, 0: lower." } },
  typing: "same",
  infer: (c) => outputLike(c, 0, c.shape(0)),
  reference(c) {
    const out = clone(c.tensor(0));
    if (out.rank < 2) c.fail("SHAPE", `input is [${out.shape.join(",")}], expected rank 2 or more`);
    const kInput = c.optionalTensor(1);
    const k = kInput ? (toIntegers(kInput)[0] ?? 0) : 0;
    const [rows, columns] = out.shape.slice(-2) as [number, number];
    const zero = elementsOf(allocate(out.dtype, 1));
    const width = widthOf(out.dtype);
    const data = elementsOf(out.data);
    for (let i = 0; i < out.size; i++) {
      const column = i % columns;
      const row = Math.floor(i / columns) % rows;
      const keep = c.attrs.upper ? column >= row + k : column <= row + k;
      if (!keep) for (let part = 0; part < width; part++) data[i * width + part] = zero[part];
    }
    return [out];
  },
});
