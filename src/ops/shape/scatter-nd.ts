import { sizeOf } from "../../base/shapes.ts";
import { outputLike } from "../common/axes.ts";
import { clone, copyElements, elementsOf } from "../common/elements.ts";
import { operator } from "../operator.ts";
import { slicePositions } from "./gather-nd.ts";
import { reduction } from "./scatter-reduction.ts";

export const scatterND = operator({
  name: "ScatterND",
  since: [11, 13, 16, 18],
  doc: "A copy of data with slices replaced: the last axis of indices holds coordinates into its leading axes.",
  inputs: [
    { name: "data", type: "T" },
    { name: "indices", type: "int64" },
    { name: "updates", type: "T", doc: "Shape of indices without its last axis, then of the slices." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    reduction: { type: "string", default: "none", since: 16, doc: "none (replace), add, mul, max or min (18)." },
  },
  typing: "same",
  infer: (c) => outputLike(c, 0, c.shape(0)),
  reference(c) {
    const out = clone(c.tensor(0));
    const updates = c.tensor(2);
    const { offsets, slice } = slicePositions(c, out.shape, c.tensor(1), 0);
    if (sizeOf(updates.shape) !== offsets.length * slice)
      c.fail(
        "SHAPE",
        `updates is [${updates.shape.join(",")}], expected ${offsets.length} slices of ${slice} elements`,
      );
    const combine = reduction(c, c.attrs.reduction, out.dtype);
    const to = elementsOf(out.data);
    const from = elementsOf(updates.data);
    offsets.forEach((offset, i) => {
      if (!combine) copyElements(updates, i * slice, out, offset, slice);
      else for (let j = 0; j < slice; j++) to[offset + j] = combine(to[offset + j], from[i * slice + j]);
    });
    return [out];
  },
});
