/** What the pooling operators share: shapes, and planes of windows reduced tap by tap. */
import { type Dim, formatType, type Shape, sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import type { SharedCostContext, SharedInferContext } from "../operator.ts";
import {
  resolveWindow,
  type Window,
  type WindowAttributes,
  type WindowWalk,
  walkWindows,
  windowAttributes,
  windowOutput,
  windowPadsBegin,
  windowSpan,
} from "./windows.ts";

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

export const poolAttributes = {
  ...windowAttributes,
  kernel_shape: { type: "ints", required: true, doc: "Size of the window along each spatial axis." },
  ceil_mode: { type: "int", default: 0, since: 10, doc: "1: a last window may reach past the padded input." },
} as const;

function windowOf(c: Failing, attrs: WindowAttributes, rank: number): Window {
  const kernel = attrs.kernel_shape ?? [];
  if (rank < 3 || kernel.length !== rank - 2)
    c.fail("SHAPE", `kernel_shape has ${kernel.length} entries, input X has rank ${rank}`, "pooling takes [N,C,…]");
  return resolveWindow(c, attrs, kernel);
}

/** Shape of the pooled [N,C,D1,…]. */
export function pooledDims(c: Failing, attrs: WindowAttributes, x: Shape): Dim[] {
  return [...x.slice(0, 2), ...windowOutput(c, windowOf(c, attrs, x.length), x.slice(2))];
}

/** Shape of the pooled outputs 0 … numOutputs - 1; those after the first are int64. */
export function inferPool(c: SharedInferContext, attrs: WindowAttributes): void {
  const x = c.shape(0);
  const shape = x && pooledDims(c, attrs, x);
  c.output(0, tensorType(c.dtype(0), shape));
  if (c.numOutputs > 1) c.output(1, tensorType("int64", shape));
}

export interface PoolPlan {
  readonly window: Window;
  readonly walk: WindowWalk;
  readonly shape: readonly number[];
  /** N·C. */
  readonly planes: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly padsBegin: readonly number[];
}

export function planPool(c: Failing, x: Tensor, attrs: WindowAttributes): PoolPlan {
  const window = windowOf(c, attrs, x.rank);
  const input = x.shape.slice(2);
  const output = windowOutput(c, window, input) as number[];
  const padsBegin = windowPadsBegin(window, input, output);
  const walk = walkWindows(window, input, output, padsBegin);
  return {
    window,
    walk,
    shape: [...x.shape.slice(0, 2), ...output],
    planes: sizeOf(x.shape.slice(0, 2)),
    input,
    output,
    padsBegin,
  };
}

/** Calls visit(out, in) for every pair of output and input element of a plane that meet, taps in row-major order. */
export function forEachMeeting(walk: WindowWalk, visit: (out: number, at: number) => void): void {
  for (const rows of walk.rows)
    for (let r = 0; r < rows.length; r += 3) {
      const end = rows[r]! + rows[r + 2]!;
      let at = rows[r + 1]!;
      for (let out = rows[r]!; out < end; out++) {
        visit(out, at);
        at += walk.step;
      }
    }
}

/** Elements each output averages over: those inside the input, or (count_include_pad) inside the padded input. */
function counts(plan: PoolPlan, includePad: boolean): Float64Array {
  const out = new Float64Array(plan.walk.outputSize);
  if (!includePad) {
    forEachMeeting(plan.walk, (o) => {
      out[o]! += 1;
    });
    return out;
  }
  out.fill(1);
  const { window, input, output, padsBegin } = plan;
  let inner = 1;
  for (let axis = input.length - 1; axis >= 0; axis--) {
    // Padding that auto_pad added is as wide as the windows reach; explicit padding ends where it was said to.
    const explicit = window.autoPad === "NOTSET";
    const end = explicit ? input[axis]! + window.padsEnd[axis]! : Number.POSITIVE_INFINITY;
    for (let i = 0; i < out.length; i++) {
      const start = (Math.floor(i / inner) % output[axis]!) * window.strides[axis]! - padsBegin[axis]!;
      const over = Math.max(0, start + windowSpan(window, axis) - end);
      out[i]! *= window.kernel[axis]! - Math.ceil(over / window.dilations[axis]!);
    }
    inner *= output[axis]!;
  }
  return out;
}

/** The mean of each window, all planes one after the other. `includePad`: padding counts as zeros. */
export function averagePlanes(plan: PoolPlan, from: ArrayLike<number>, includePad: boolean): Float64Array {
  const { inputSize, outputSize } = plan.walk;
  const divisor = counts(plan, includePad);
  const out = new Float64Array(plan.planes * outputSize);
  for (let p = 0; p < plan.planes; p++) {
    const [inBase, outBase] = [p * inputSize, p * outputSize];
    forEachMeeting(plan.walk, (o, at) => {
      out[outBase + o]! += from[inBase + at]!;
    });
    for (let o = 0; o < outputSize; o++) out[outBase + o]! /= divisor[o]!;
  }
  return out;
}

/** One operation a window element. */
export function poolCost(c: SharedCostContext, kernel: readonly number[] = []): { flops: number; bytes: number } {
  return { flops: sizeOf(c.outputShape(0)) * sizeOf(kernel), bytes: c.totalBytes };
}

/** Spatial axes of [N,C,…]; fails below rank 2. */
export function globalPlanes(c: Failing, x: Tensor): { planes: number; plane: number; shape: number[] } {
  if (x.rank < 2) c.fail("SHAPE", `input X is ${formatType(x.dtype, x.shape)}, expected rank 2 or more: [N,C,…]`);
  return {
    planes: sizeOf(x.shape.slice(0, 2)),
    plane: sizeOf(x.shape.slice(2)),
    shape: x.shape.map((dim, axis) => (axis < 2 ? dim : 1)),
  };
}
