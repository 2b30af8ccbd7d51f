import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { outputLike } from "../common/axes.ts";
import { copyElements } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

type Failing = { fail(code: "VALUE" | "SHAPE", message: string): never };

/** Offsets in elements of the slices that the last axis of `indices` names, below the first `batchDims` axes. */
export function slicePositions(
  c: Failing,
  shape: readonly number[],
  indices: Tensor,
  batchDims: number,
): { offsets: Float64Array; slice: number } {
  const depth = indices.shape.at(-1) ?? 0;
  if (indices.rank < 1 || batchDims + depth > shape.length || batchDims >= indices.rank)
    c.fail(
      "SHAPE",
      `indices is [${indices.shape.join(",")}], expected at most ${shape.length - batchDims} coordinates for data[${shape.join(",")}]`,
    );
  const strides = stridesOf(shape);
  const at = toIntegers(indices);
  const count = depth === 0 ? sizeOf(indices.shape.slice(0, -1)) : at.length / depth;
  const perBatch = sizeOf(indices.shape.slice(batchDims, -1));
  const batchStride = sizeOf(shape.slice(batchDims));
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let offset = batchDims ? Math.floor(i / perBatch) * batchStride : 0;
    for (let k = 0; k < depth; k++) {
      const index = at[i * depth + k]!;
      const size = shape[batchDims + k]!;
      if (index < -size || index >= size)
        c.fail(
          "VALUE",
          `index is ${index}, expected one of [-${size}, ${size - 1}] for axis ${batchDims + k} of data[${shape.join(",")}]`,
        );
      offset += (index < 0 ? index + size : index) * strides[batchDims + k]!;
    }
    offsets[i] = offset;
  }
  return { offsets, slice: sizeOf(shape.slice(batchDims + depth)) };
}

export const gatherND = operator({
  name: "GatherND",
  since: [11, 12, 13],
  doc: "Picks elements or slices by coordinates: the last axis of indices holds coordinates into the leading axes of data, after batch_dims axes that both share.",
  inputs: [
    { name: "data", type: "T" },
    { name: "indices", type: "int64" },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: { batch_dims: { type: "int", default: 0, since: 12, doc: "Leading axes that data and indices share." } },
  infer(c) {
    const data = c.shape(0);
    const indices = c.shape(1);
    const depth = indices?.at(-1);
    if (!data || !indices || typeof depth !== "number") return outputLike(c, 0, undefined);
    const batchDims = c.attrs.batch_dims ?? 0;
    if (batchDims + depth > data.length)
      c.fail(
        "SHAPE",
        `indices is [${indices.join(",")}], expected at most ${data.length - batchDims} coordinates for data[${data.join(",")}]`,
      );
    outputLike(c, 0, [...indices.slice(0, -1), ...data.slice(batchDims + depth)]);
  },
  reference(c) {
    const data = c.tensor(0);
    const indices = c.tensor(1);
    const batchDims = c.attrs.batch_dims ?? 0;
    const { offsets, slice } = slicePositions(c, data.shape, indices, batchDims);
    const depth = indices.shape.at(-1)!;
    const out = Tensor.zeros(data.dtype, [...indices.shape.slice(0, -1), ...data.shape.slice(batchDims + depth)]);
    offsets.forEach((offset, i) => {
      copyElements(data, offset, out, i * slice, slice);
    });
    return [out];
  },
});
