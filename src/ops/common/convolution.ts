/** The arithmetic of convolutions over plain number arrays; operators add types, bias and quantisation around it. */
import { type Dim, formatType, type Shape, sizeOf } from "../../base/shapes.ts";
import type { InferContext, SharedCostContext } from "../operator.ts";
import { multiplyTile, rowBlock, tileWidth } from "./tile.ts";
import {
  resolveWindow,
  type Window,
  type WindowAttributes,
  type WindowWalk,
  walkWindows,
  windowOutput,
  windowPadsBegin,
} from "./windows.ts";

type Numbers = ArrayLike<number>;
type Writable = { [index: number]: number };

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** Attributes of Conv and its kin. */
export interface ConvolutionAttributes extends WindowAttributes {
  readonly group: number;
}

/** Checks x[N,C,…] against w[M,C/group,…]. Errors: SHAPE, ATTRIBUTE. */
export function checkConvolution(c: Failing, x: Shape, w: Shape, attrs: ConvolutionAttributes, bias?: Shape): void {
  const { group } = attrs;
  if (x.length < 3) c.fail("SHAPE", `input X is ${formatType("", x)}, expected rank 3 or more: [N,C,…]`);
  if (w.length !== x.length)
    c.fail("SHAPE", `input W is ${formatType("", w)}, expected rank ${x.length} as X ${formatType("", x)} has`);
  if (group < 1) c.fail("ATTRIBUTE", `group is ${group}, expected 1 or more`);
  const [channels, perGroup, filters] = [x[1]!, w[1]!, w[0]!];
  if (typeof channels === "number" && typeof perGroup === "number" && channels !== perGroup * group)
    c.fail(
      "SHAPE",
      `X has ${channels} channels, W ${formatType("", w)} with group ${group} expects ${perGroup * group}`,
      "is the input NHWC? ONNX convolutions take N,C,H,W",
    );
  if (typeof filters === "number" && filters % group !== 0)
    c.fail("SHAPE", `W has ${filters} filters, expected a multiple of group ${group}`);
  const biasLength = bias?.[0];
  if (
    bias &&
    (bias.length !== 1 || (typeof biasLength === "number" && typeof filters === "number" && biasLength !== filters))
  )
    c.fail("SHAPE", `input B is ${formatType("", bias)}, expected [${filters}]`);
}

/** The window of a convolution whose kernel is the tail of W's shape. */
export function convolutionWindow(c: Failing, attrs: WindowAttributes, w: readonly number[]): Window {
  const kernel = w.slice(2);
  const said = attrs.kernel_shape;
  if (said?.length && (said.length !== kernel.length || said.some((k, i) => k !== kernel[i])))
    c.fail("ATTRIBUTE", `kernel_shape is [${said.join(",")}], W says [${kernel.join(",")}]`);
  return resolveWindow(c, attrs, kernel);
}

/** Shape of a convolution's result; undefined dimensions where W's are not known. */
export function inferConvolution(
  c: Pick<InferContext, "freshDim"> & Failing,
  x: Shape,
  w: Shape | undefined,
  attrs: ConvolutionAttributes,
  bias?: Shape,
): Dim[] {
  if (w) checkConvolution(c, x, w, attrs, bias);
  const kernel = attrs.kernel_shape?.length ? attrs.kernel_shape : w?.slice(2);
  const spatial = x.slice(2);
  const known = kernel?.every((k) => typeof k === "number");
  const out = known
    ? windowOutput(c, resolveWindow(c, attrs, kernel as readonly number[]), spatial)
    : spatial.map(() => c.freshDim());
  return [x[0]!, w ? w[0]! : c.freshDim(), ...out];
}

export interface ConvolutionPlan {
  readonly walk: WindowWalk;
  readonly shape: readonly number[];
}

/** Output shape and walk of a convolution over static shapes. */
export function planConvolution(
  c: Failing,
  x: readonly number[],
  w: readonly number[],
  attrs: ConvolutionAttributes,
  bias?: readonly number[],
): ConvolutionPlan {
  checkConvolution(c, x, w, attrs, bias);
  const window = convolutionWindow(c, attrs, w);
  const input = x.slice(2);
  const output = windowOutput(c, window, input) as number[];
  const walk = walkWindows(window, input, output, windowPadsBegin(window, input, output));
  return { walk, shape: [x[0]!, w[0]!, ...output] };
}

/**
 * out[n,m,o] = bias[m] + Σ_c Σ_tap x[n, g·C/group + c, in(o,tap)] · w[m,c,tap], summed in doubles, rounded by `out` once.
 */
export function convolve(
  x: Numbers,
  xShape: readonly number[],
  w: Numbers,
  wShape: readonly number[],
  plan: ConvolutionPlan,
  bias: Numbers | undefined,
  out: Writable,
): void {
  const [batch, channels] = xShape as [number, number];
  const [filters, perGroup] = wShape as [number, number];
  const groups = perGroup === 0 ? 1 : channels / perGroup;
  const filtersPerGroup = filters / groups;
  const job: GroupJob = { x, w, bias, out, walk: plan.walk, perGroup, filtersPerGroup };
  for (let n = 0; n < batch; n++)
    for (let group = 0; group < groups; group++) {
      const input = (n * channels + group * perGroup) * plan.walk.inputSize;
      const firstFilter = group * filtersPerGroup;
      const output = (n * filters + firstFilter) * plan.walk.outputSize;
      if (filtersPerGroup >= rowBlock) convolveTiles(job, input, firstFilter, output);
      else convolvePlanes(job, input, firstFilter, output);
    }
}

/** One group of channels of one image. */
interface GroupJob {
  readonly x: Numbers;
  readonly w: Numbers;
  readonly bias: Numbers | undefined;
  readonly out: Writable;
  readonly walk: WindowWalk;
  readonly perGroup: number;
  readonly filtersPerGroup: number;
}

/** Few filters share an input (depthwise): each output plane gathers its taps directly. */
function convolvePlanes(job: GroupJob, input: number, firstFilter: number, output: number): void {
  const { x, w, bias, out, walk, perGroup, filtersPerGroup } = job;
  const { rows, step, inputSize, outputSize } = walk;
  const taps = rows.length;
  const sums = new Float64Array(outputSize);
  for (let m = 0; m < filtersPerGroup; m++) {
    sums.fill(bias ? bias[firstFilter + m]! : 0);
    for (let ch = 0; ch < perGroup; ch++)
      for (let tap = 0; tap < taps; tap++)
        multiplyAdd(
          sums,
          x,
          input + ch * inputSize,
          rows[tap]!,
          step,
          w[((firstFilter + m) * perGroup + ch) * taps + tap]!,
        );
    const base = output + m * outputSize;
    for (let i = 0; i < outputSize; i++) out[base + i] = sums[i]!;
  }
}

/** sums[out] += x[plane + in] · weight over all rows of a tap. */
function multiplyAdd(
  sums: Float64Array,
  x: Numbers,
  plane: number,
  rows: Int32Array,
  step: number,
  weight: number,
): void {
  for (let r = 0; r < rows.length; r += 3) {
    const end = rows[r]! + rows[r + 2]!;
    let at = plane + rows[r + 1]!;
    for (let o = rows[r]!; o < end; o++) {
      sums[o]! += x[at]! * weight;
      at += step;
    }
  }
}

/** Many filters share an input: a tile of it is laid out by tap once and multiplied with blocks of filters. */
function convolveTiles(job: GroupJob, input: number, firstFilter: number, output: number): void {
  const { x, w, bias, out, walk, perGroup, filtersPerGroup } = job;
  const { rows, step, inputSize, outputSize } = walk;
  const taps = rows.length;
  const depth = perGroup * taps;
  const width = tileWidth(depth, outputSize);
  const tile = new Float64Array(depth * width);
  const weights = new Float64Array(depth * rowBlock);
  const sums = new Float64Array(rowBlock * width);
  for (let start = 0; start < outputSize; start += width) {
    const count = Math.min(width, outputSize - start);
    tile.fill(0);
    for (let ch = 0; ch < perGroup; ch++)
      for (let tap = 0; tap < taps; tap++)
        gatherRows(
          tile,
          (ch * taps + tap) * width - start,
          x,
          input + ch * inputSize,
          rows[tap]!,
          step,
          start,
          start + count,
        );
    for (let m = 0; m < filtersPerGroup; m += rowBlock) {
      const block = Math.min(rowBlock, filtersPerGroup - m);
      weights.fill(0);
      for (let f = 0; f < block; f++) {
        const from = (firstFilter + m + f) * depth;
        for (let k = 0; k < depth; k++) weights[k * rowBlock + f] = w[from + k]!;
      }
      multiplyTile(tile, width, weights, depth, sums);
      for (let f = 0; f < block; f++) {
        const extra = bias ? bias[firstFilter + m + f]! : 0;
        const base = output + (m + f) * outputSize + start;
        for (let i = 0; i < count; i++) out[base + i] = sums[f * width + i]! + extra;
      }
    }
  }
}

/** tile[to + o] = x[plane + in] for the outputs o in [first, end) of a tap's rows. */
function gatherRows(
  tile: Float64Array,
  to: number,
  x: Numbers,
  plane: number,
  rows: Int32Array,
  step: number,
  first: number,
  end: number,
): void {
  for (let r = 0; r < rows.length; r += 3) {
    const out = rows[r]!;
    if (out >= end) return; // rows are in the order of their outputs
    const from = Math.max(out, first);
    const until = Math.min(out + rows[r + 2]!, end);
    let at = plane + rows[r + 1]! + (from - out) * step;
    for (let o = from; o < until; o++) {
      tile[to + o] = x[at]!;
      at += step;
    }
  }
}

/** A multiply-add a weight, a window and an image. */
export function convolutionCost(c: SharedCostContext): { flops: number; bytes: number } {
  const w = c.inputShape(1) ?? [0, 0];
  return { flops: 2 * sizeOf(c.outputShape(0)) * sizeOf(w.slice(1)), bytes: c.totalBytes };
}
