/** The largest elements along an axis (native/kernels/topk). */
import { sizeOf } from "../../../base/shapes.ts";
import { lowering } from "../lowering.ts";
import { instruction } from "../schema.ts";

export const topKInstruction = instruction({
  name: "TopK",
  doc: "The k largest (or smallest) elements of float32 x[outer, axis, inner] along the middle axis, best first, and their positions (int64).",
  parameters: { largest: "int", outer: "int", axis: "int", inner: "int", k: "int" },
});

export const topKLowering = lowering({
  operators: ["TopK"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `TopK of ${c.dtype(0)}`;
    // A K beyond the axis is the reference's to refuse.
    const shape = c.shape(0);
    const axis = (((c.attrs.axis as number | undefined) ?? -1) + shape.length) % shape.length;
    const outputs = [0, 1].filter((index) => c.isOutputUsed(index));
    const k = c.outShape(outputs[0]!)[axis]!;
    if (k > shape[axis]!) return `K is ${k}, the axis has ${shape[axis]}`;
    const x = c.in(0);
    c.emit(topKInstruction, {
      inputs: [x],
      outputs: [0, 1].map((index) => (c.isOutputUsed(index) ? c.out(index) : undefined)),
      parameters: {
        largest: Number(c.attrs.largest !== 0),
        outer: sizeOf(shape.slice(0, axis)),
        axis: shape[axis]!,
        inner: sizeOf(shape.slice(axis + 1)),
        k,
      },
      kernel: "top_k_f32",
      reason: "a heap of the best so far",
    });
    return undefined;
  },
});
