import { stridesOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { outputLike, resolveAxis } from "../common/axes.ts";
import { take } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

type Failing = { fail(code: "VALUE" | "SHAPE", message: string): never };

/** For each element of `indices`: the element of `data` at its own position, but for the axis, where the index says. */
export function elementPositions(c: Failing, data: Tensor, indices: Tensor, axis: number): Float64Array {
  if (indices.rank !== data.rank || indices.shape.some((dim, i) => i !== axis && dim > data.shape[i]!))
    c.fail(
      "SHAPE",
      `indices is [${indices.shape.join(",")}], expected at most [${data.shape.join(",")}] but for axis ${axis}`,
    );
  const length = data.shape[axis]!;
  const strides = stridesOf(data.shape);
  const own = stridesOf(indices.shape);
  const at = toIntegers(indices);
  const positions = new Float64Array(at.length);
  for (let i = 0; i < at.length; i++) {
    const index = at[i]!;
    if (index < -length || index >= length)
      c.fail(
        "VALUE",
        `index is ${index}, expected one of [-${length}, ${length - 1}] for axis ${axis} of data[${data.shape.join(",")}]`,
      );
    let position = (index < 0 ? index + length : index) * strides[axis]!;
    let rest = i;
    for (let a = 0; a < strides.length; a++) {
      const step = Math.floor(rest / own[a]!);
      rest -= step * own[a]!;
      if (a !== axis) position += step * strides[a]!;
    }
    positions[i] = position;
  }
  return positions;
}

export const gatherElements = operator({
  name: "GatherElements",
  since: [11, 13],
  doc: "For each element of indices, the element of data at the same position, but for one axis, where the index says which.",
  inputs: [
    { name: "data", type: "T" },
    { name: "indices", type: "Tind", doc: "Same rank as data; negative ones count from the end." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: { axis: { type: "int", default: 0, doc: "The axis that the indices replace." } },
  types: { Tind: ["int32", "int64"] },
  typing: "rank",
  infer: (c) => outputLike(c, 0, c.shape(1)),
  reference(c) {
    const data = c.tensor(0);
    const indices = c.tensor(1);
    return [take(data, indices.shape, elementPositions(c, data, indices, resolveAxis(c, c.attrs.axis, data.rank)))];
  },
});
