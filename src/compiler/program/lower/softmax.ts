import { sizeOf } from "../../../base/shapes.ts";
import { lowering } from "../lowering.ts";
import { instruction } from "../schema.ts";
import { emitCast, float32Scratch, widenedInput } from "./half.ts";

export const softmaxInstruction = instruction({
  name: "Softmax",
  doc: "Softmax (or its logarithm) of float32 x[outer, axis, inner] along the middle axis; y may be x.",
  parameters: { logarithm: "int", outer: "int", axis: "int", inner: "int" },
});

export const softmaxLowering = lowering({
  operators: ["Softmax", "LogSoftmax"],
  lower(c) {
    const isHalf = c.dtype(0) === "float16";
    if (c.dtype(0) !== "float32" && !isHalf) return `softmax of ${c.dtype(0)}`;
    const shape = c.shape(0);
    // Before opset 13 all axes from `axis` on count as one.
    const flattens = c.version < 13;
    const given = (c.attrs.axis as number | undefined) ?? (flattens ? 1 : -1);
    const axis = given < 0 ? given + shape.length : given;
    const logarithm = c.node.op === "LogSoftmax";
    const x = isHalf ? widenedInput(c, 0) : c.in(0);
    const output = isHalf ? float32Scratch(c, shape) : c.out(0, { inPlace: x });
    c.emit(softmaxInstruction, {
      inputs: [x],
      outputs: [output],
      parameters: {
        logarithm: logarithm ? 1 : 0,
        outer: sizeOf(shape.slice(0, axis)),
        axis: flattens ? sizeOf(shape.slice(axis)) : (shape[axis] ?? 1),
        inner: flattens ? 1 : sizeOf(shape.slice(axis + 1)),
      },
      kernel: logarithm ? "log_softmax_f32" : "softmax_f32",
      reason: flattens || axis === shape.length - 1 ? "rows" : "columns side by side",
      ...(isHalf ? { flops: 14 * sizeOf(shape) } : {}),
    });
    if (isHalf) emitCast(c, output, c.out(0), "the result is float16");
    return undefined;
  },
});
