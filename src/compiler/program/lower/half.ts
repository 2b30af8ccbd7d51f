/** Float16 operands for kernels that compute in float32: widened before, narrowed after, which rounds once. */

import { dtypes } from "../../../base/dtypes.ts";
import { toNumbers } from "../../../base/numbers.ts";
import { sizeOf } from "../../../base/shapes.ts";
import type { Tensor } from "../../../base/tensor.ts";
import type { LowerContext, TensorRef } from "../lowering.ts";
import { elementwiseFunctions, elementwiseInstruction } from "./elementwise.ts";

/** Widened constants: the same array for every program, so that what is packed from it is packed once. */
const widened = new WeakMap<Tensor, Float32Array>();

/** Writes `to` from `from`, both row-major with as many elements. */
export function emitCast(c: LowerContext, from: TensorRef, to: TensorRef, reason: string): void {
  const [type, result] = [dtypes[from.dtype].onnx, dtypes[to.dtype].onnx];
  c.emit(elementwiseInstruction, {
    inputs: [from],
    outputs: [to],
    parameters: {
      dims: [sizeOf(to.shape)],
      inputs: [type, 1],
      steps: [elementwiseFunctions.of("cast"), type, result, 0, -1, -1],
      constants: [0, 0],
      outputs: [1],
    },
    kernel: `elementwise_cast_${from.dtype}`,
    reason,
    flops: 0,
  });
}

/** Row-major float32 memory for a node only. */
export function float32Scratch(c: LowerContext, shape: readonly number[]): TensorRef {
  return { ...c.scratch(4 * sizeOf(shape)), dtype: "float32", shape };
}

/** A float16 input as row-major float32: a constant beforehand, anything else by an instruction. */
export function widenedInput(c: LowerContext, index: number): TensorRef {
  const constant = c.constant(index);
  if (constant) {
    let array = widened.get(constant);
    if (!array) widened.set(constant, (array = Float32Array.from(toNumbers(constant))));
    return c.data(array, "float32", c.shape(index));
  }
  const to = float32Scratch(c, c.shape(index));
  emitCast(c, c.in(index), to, "the kernel computes in float32");
  return to;
}
