/**
 * Quantised numbers: q stands for (q - zeroPoint) · scale. A scale belongs to the whole tensor (one element), to a position
 * along an axis (1-D) or to a block of `blockSize` elements along the axis (same rank as the tensor).
 */
import type { DType } from "../../base/dtypes.ts";
import { formatType, sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { PortSpec } from "../operator.ts";
import { resolveAxis } from "./axes.ts";
import { aroundAxis } from "./elements.ts";
import { intRange, numbersOf, roundHalfEven } from "./numbers.ts";

interface Failing {
  fail(code: "SHAPE" | "DTYPE" | "VALUE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** Calls visit(element, index of its scale) for every element of a tensor of `shape`, in order. */
export function forEachScaled(
  c: Failing,
  shape: readonly number[],
  scale: Tensor,
  axisAttribute: number,
  blockSize: number,
  visit: (at: number, scaleAt: number) => void,
): void {
  const count = sizeOf(shape);
  const said = formatType(scale.dtype, scale.shape);
  if (scale.size === 1 && scale.rank <= 1) {
    for (let i = 0; i < count; i++) visit(i, 0);
    return;
  }
  const axis = resolveAxis(c, axisAttribute, shape.length);
  const { outer, length, inner } = aroundAxis(shape, axis);
  if (scale.rank === 1 && blockSize === 0) {
    if (scale.size !== length)
      c.fail("SHAPE", `scale is ${said}, expected [${length}]: one a position of axis ${axis} of [${shape}]`);
    for (let at = 0; at < count; at++) visit(at, Math.floor(at / inner) % length);
    return;
  }
  const blocks = scale.shape[axis] ?? 0;
  const fits = scale.rank === shape.length && scale.shape.every((dim, i) => i === axis || dim === shape[i]);
  // Without block_size the blocks are as large as they have to be.
  const block = blockSize > 0 ? blockSize : Math.ceil(length / Math.max(1, blocks));
  if (!fits || blocks !== Math.ceil(length / block))
    c.fail(
      "SHAPE",
      `scale is ${said}, expected the shape [${shape}] with axis ${axis} cut into blocks of ${block}`,
      "a scalar, one scale a position of the axis, or one a block",
    );
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (let l = 0; l < length; l++)
      for (let i = 0; i < inner; i++) visit(at++, (o * blocks + Math.floor(l / block)) * inner + i);
}

/** Fails where a zero point does not lie beside its scale. */
export function checkZeroPoint(c: Failing, scale: Tensor, zeroPoint: Tensor | undefined, name = "zero_point"): void {
  if (zeroPoint && zeroPoint.size !== scale.size)
    c.fail("SHAPE", `${name} is [${zeroPoint.shape}], expected the shape of its scale [${scale.shape}]`);
}

/** round(x) + zeroPoint clamped into an integer dtype. NaN becomes the zero point. */
export function requantize(dtype: DType): (x: number, zeroPoint: number) => number {
  const [low, high] = intRange(dtype);
  return (x, zeroPoint) => {
    const q = (Number.isNaN(x) ? 0 : roundHalfEven(x)) + zeroPoint;
    return Math.min(Math.max(q, low), high);
  };
}

/** What a sum of products is multiplied with: a · b / y of scales, in float32 step by step, as ONNX Runtime computes it. */
export function multiplierOf(a: number, b: number, y: number): number {
  return Math.fround(Math.fround(a * b) / y);
}

/** A sum of products in the steps of the result, not rounded yet: a product of float32, as ONNX Runtime computes it. */
export function rescale(sum: number, multiplier: number): number {
  return Math.fround(Math.fround(sum) * multiplier);
}

/** The only element of a scale or zero point. Errors: SHAPE where it has more. */
export function scalarOf(c: Failing, t: Tensor, name: string): number {
  if (t.size !== 1) c.fail("SHAPE", `${name} is ${formatType(t.dtype, t.shape)}, expected one element`);
  return numbersOf(t)[0]!;
}

/** Inputs and outputs of an operator from one quantised tensor to another: X and Y, and how the names of their scales begin. */
export function quantizedPorts(x: string, y: string, doc?: string): { inputs: PortSpec[]; outputs: PortSpec[] } {
  return {
    inputs: [
      { name: "X", type: "T", ...(doc ? { doc } : {}) },
      { name: `${x}_scale`, type: "float32" },
      { name: `${x}_zero_point`, type: "T", optional: true },
      { name: `${y}_scale`, type: "float32" },
      { name: `${y}_zero_point`, type: "T", optional: true },
    ],
    outputs: [{ name: "Y", type: "T" }],
  };
}
