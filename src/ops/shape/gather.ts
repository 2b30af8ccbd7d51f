import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { knownDims, knownIntegers, outputLike, resolveAxis } from "../common/axes.ts";
import { aroundAxis, copyElements } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const gather = operator({
  name: "Gather",
  since: [1, 11, 13],
  doc: "Picks slices along an axis: output[…, i…, …] = data[…, indices[i…], …]. Rank of the output is rank(data) - 1 + rank(indices).",
  inputs: [
    { name: "data", type: "T" },
    {
      name: "indices",
      type: "Tind",
      doc: "Positions along the axis; negative ones count from the end (version 11 on).",
    },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: { axis: { type: "int", default: 0, doc: "Axis to pick from." } },
  types: { Tind: ["int32", "int64"] },
  typing: "gather",
  infer(c) {
    const data = c.shape(0);
    const indices = c.shape(1);
    if (!data || !indices) return outputLike(c, 0, undefined);
    const axis = resolveAxis(c, c.attrs.axis, data.length);
    const shape = [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)];
    const from = data.length === 1 && indices.length <= 1 ? knownDims(c, 0) : undefined;
    const at = from && knownIntegers(c, 1);
    const dims = at?.map((i): Dim => {
      const dim = from![i < 0 ? i + from!.length : i];
      return dim ?? c.fail("VALUE", `index ${i} is outside data[${data.join(",")}]`);
    });
    outputLike(c, 0, shape, dims);
  },
  reference(c) {
    const data = c.tensor(0);
    const indices = c.tensor(1);
    const axis = resolveAxis(c, c.attrs.axis, data.rank);
    const { outer, length, inner } = aroundAxis(data.shape, axis);
    const out = Tensor.zeros(data.dtype, [
      ...data.shape.slice(0, axis),
      ...indices.shape,
      ...data.shape.slice(axis + 1),
    ]);
    const at = toIntegers(indices).map((index) => {
      if (index < -length || index >= length)
        c.fail(
          "VALUE",
          `index is ${index}, expected one of [-${length}, ${length - 1}] for axis ${axis} of data[${data.shape.join(",")}]`,
        );
      return index < 0 ? index + length : index;
    });
    let to = 0;
    for (let o = 0; o < outer; o++)
      for (const index of at) {
        copyElements(data, (o * length + index) * inner, out, to, inner);
        to += inner;
      }
    return [out];
  },
});
