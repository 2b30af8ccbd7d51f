import { outputLike, resolveAxis } from "../common/axes.ts";
import { clone, elementsOf, widthOf } from "../common/elements.ts";
import { type Operator, operator } from "../operator.ts";
import { elementPositions } from "./gather-elements.ts";
import { reduction } from "./scatter-reduction.ts";

function scatterOperator(name: string, since: readonly number[], doc: string): Operator {
  return operator({
    name,
    since,
    doc,
    inputs: [
      { name: "data", type: "T" },
      { name: "indices", type: "Tind", doc: "Same rank as data; negative ones count from the end." },
      { name: "updates", type: "T", doc: "Same shape as indices." },
    ],
    outputs: [{ name: "output", type: "T" }],
    attributes: {
      axis: { type: "int", default: 0, doc: "The axis that the indices replace." },
      reduction: { type: "string", default: "none", since: 16, doc: "none (replace), add, mul, max or min (18)." },
    },
    types: { Tind: ["int32", "int64"] },
    typing: "same",
    infer: (c) => outputLike(c, 0, c.shape(0)),
    reference(c) {
      const out = clone(c.tensor(0));
      const indices = c.tensor(1);
      const updates = c.tensor(2);
      if (updates.shape.join() !== indices.shape.join())
        c.fail("SHAPE", `updates is [${updates.shape.join(",")}], expected [${indices.shape.join(",")}] as indices`);
      const combine = reduction(c, c.attrs.reduction, out.dtype);
      const positions = elementPositions(c, out, indices, resolveAxis(c, c.attrs.axis, out.rank));
      const width = widthOf(out.dtype);
      const to = elementsOf(out.data);
      const from = elementsOf(updates.data);
      positions.forEach((position, i) => {
        for (let part = 0; part < width; part++) {
          const at = position * width + part;
          const update = from[i * width + part];
          to[at] = combine ? combine(to[at], update) : update;
        }
      });
      return [out];
    },
  });
}

export const scatterElements = scatterOperator(
  "ScatterElements",
  [11, 13, 16, 18],
  "A copy of data with elements replaced: each update goes to its own position, but for one axis, where its index says.",
);

export const scatter = scatterOperator(
  "Scatter",
  [9, 11],
  "ScatterElements under its name before opset 11, without reduction.",
);
