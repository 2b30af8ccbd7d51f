/** Slices picked and replaced by coordinates: GatherND and ScatterND (native/kernels/copy). */
import { byteLength } from "../../../base/dtypes.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { lowering } from "../lowering.ts";
import { instruction } from "../schema.ts";

export const gatherNdInstruction = instruction({
  name: "GatherNd",
  doc: "y[b, n] = x[b, indices[b, n]]: slices of slice_bytes; the int64 coordinates go into `dims`, a negative one counts from the end.",
  parameters: { dims: "ints", batch: "int", count: "int", sliceBytes: "int" },
});

export const scatterNdInstruction = instruction({
  name: "ScatterNd",
  doc: "y is x, but y[indices[n]] = updates[n], n ascending: slices of slice_bytes; coordinates as those of GatherNd. y may be x.",
  parameters: { dims: "ints", count: "int", sliceBytes: "int" },
});

export const gatherNdLowering = lowering({
  operators: ["GatherND"],
  lower(c) {
    const [data, indices] = [c.shape(0), c.shape(1)];
    const batchDims = (c.attrs.batch_dims as number | undefined) ?? 0;
    const end = batchDims + indices.at(-1)!;
    c.emit(gatherNdInstruction, {
      inputs: [c.in(0), c.in(1)],
      outputs: [c.out(0)],
      parameters: {
        dims: data.slice(batchDims, end),
        batch: sizeOf(data.slice(0, batchDims)),
        count: sizeOf(indices.slice(batchDims, -1)),
        sliceBytes: byteLength(c.dtype(0), sizeOf(data.slice(end))),
      },
      kernel: "gather_nd",
      reason: "slices by coordinates",
      flops: 0,
    });
    return undefined;
  },
});

export const scatterNdLowering = lowering({
  operators: ["ScatterND"],
  lower(c) {
    const [data, indices] = [c.shape(0), c.shape(1)];
    const reduction = (c.attrs.reduction as string | undefined) ?? "none";
    if (reduction !== "none") return `a scatter that combines by ${reduction}`;
    const depth = indices.at(-1)!;
    const slice = data.slice(depth);
    const count = sizeOf(indices.slice(0, -1));
    if (sizeOf(c.shape(2)) !== count * sizeOf(slice)) return "updates that do not fit the indices";
    const [x, coordinates, updates] = [c.in(0), c.in(1), c.in(2)];
    // What is read while the slices are written must lie elsewhere.
    const apart = coordinates.storage !== x.storage && updates.storage !== x.storage;
    c.emit(scatterNdInstruction, {
      inputs: [x, coordinates, updates],
      outputs: [c.out(0, { inPlace: apart ? x : undefined })],
      parameters: { dims: data.slice(0, depth), count, sliceBytes: byteLength(c.dtype(0), sizeOf(slice)) },
      kernel: "scatter_nd",
      reason: "slices by coordinates",
      flops: 0,
    });
    return undefined;
  },
});
