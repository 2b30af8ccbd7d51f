/** Convolutions, pooling and resizing: operators on the two axes of an image. They work on planes. */
import type { Dim } from "../../base/shapes.ts";
import type { Value } from "../ir/graph.ts";
import { elementwise, unary } from "./arithmetic.ts";
import { type Emitter, Operand } from "./emitter.ts";

type Pair = readonly [number, number];

/** SAME: the output has ceil(input / stride) elements, what is missing is added on both sides, the odd one behind. */
export type Padding = "SAME" | "VALID" | { readonly before: Pair; readonly after: Pair };

export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations?: Pair;
  readonly padding: Padding;
}

/** Attributes of ONNX for a window. Where the input's size is not known yet, SAME is left to the engine. */
function windowAttributes(
  e: Emitter,
  size: readonly Dim[],
  window: Window,
): Record<string, number[] | string | undefined> {
  const { kernel, strides, padding } = window;
  const dilations = window.dilations ?? [1, 1];
  for (const number of [...kernel, ...strides, ...dilations])
    if (!Number.isInteger(number) || number < 1) e.invalid(`a window, stride or dilation is ${number}`);
  const shared = {
    strides: [...strides],
    dilations: dilations.some((d) => d !== 1) ? [...dilations] : undefined,
  };
  if (padding === "VALID") return { ...shared, pads: [0, 0, 0, 0] };
  if (padding !== "SAME") return { ...shared, pads: [...padding.before, ...padding.after] };
  const totals = size.map((dim, i) => {
    const reach = (kernel[i]! - 1) * dilations[i]! + 1;
    if (strides[i] === 1) return reach - 1;
    if (typeof dim !== "number") return undefined;
    return Math.max(0, (Math.ceil(dim / strides[i]!) - 1) * strides[i]! + reach - dim);
  });
  if (totals.includes(undefined)) return { ...shared, auto_pad: "SAME_UPPER" };
  const before = (totals as number[]).map((total) => Math.floor(total / 2));
  return { ...shared, pads: [...before, ...(totals as number[]).map((total, i) => total - before[i]!)] };
}

function imageSize(e: Emitter, x: Operand): readonly Dim[] {
  const shape = e.shape(x);
  if (shape.length !== 4) return e.invalid(`the input has rank ${shape.length}, expected an image of rank 4`);
  return shape.slice(1, 3);
}

/** `weights` are [out, in / groups, height, width]. */
export function convolution(
  e: Emitter,
  x: Operand,
  weights: Value,
  bias: Operand | undefined,
  window: Omit<Window, "kernel">,
  groups = 1,
): Operand {
  const type = weights.type;
  const [, , height, width] = type?.kind === "tensor" ? (type.shape ?? []) : [];
  if (typeof height !== "number" || typeof width !== "number")
    return e.unsupported("the size of the weights is not known");
  const attributes = windowAttributes(e, imageSize(e, x), { ...window, kernel: [height, width] });
  const inputs = [e.planes(x), weights, bias && e.rows(bias)];
  if (!bias) inputs.pop();
  return new Operand({
    planes: e.node("Conv", inputs, {
      kernel_shape: [height, width],
      ...attributes,
      group: groups === 1 ? undefined : groups,
    }),
  });
}

/** `weights` are [in, out, height, width]; `size` is that of the output where the net says it. */
export function transposedConvolution(
  e: Emitter,
  x: Operand,
  weights: Value,
  bias: Operand | undefined,
  window: Omit<Window, "kernel">,
  size: readonly (Dim | undefined)[] | undefined,
): Operand {
  const type = weights.type;
  const [, , height, width] = type?.kind === "tensor" ? (type.shape ?? []) : [];
  if (typeof height !== "number" || typeof width !== "number")
    return e.unsupported("the size of the weights is not known");
  const kernel = [height, width];
  const dilations = window.dilations ?? [1, 1];
  const from = imageSize(e, x);
  const before: number[] = [];
  const after: number[] = [];
  const extra: number[] = [];
  from.forEach((dim, i) => {
    const stride = window.strides[i]!;
    const reach = (kernel[i]! - 1) * dilations[i]! + 1;
    const wanted = size?.[i];
    // What the plain formula makes more than is wanted is cut off, half of it in front.
    let surplus = window.padding === "SAME" ? Math.max(0, reach - stride) : 0;
    let missing = window.padding === "SAME" ? Math.max(0, stride - reach) : 0;
    if (typeof wanted === "number" && typeof dim === "number") {
      const full = (dim - 1) * stride + reach;
      surplus = Math.max(0, full - wanted);
      missing = Math.max(0, wanted - full);
      if (window.padding === "VALID" && surplus > 0) {
        before.push(0);
        after.push(surplus);
        extra.push(missing);
        return;
      }
    }
    before.push(Math.floor(surplus / 2));
    after.push(surplus - Math.floor(surplus / 2));
    extra.push(missing);
  });
  const inputs = [e.planes(x), weights, ...(bias ? [e.rows(bias)] : [])];
  return new Operand({
    planes: e.node("ConvTranspose", inputs, {
      kernel_shape: kernel,
      strides: [...window.strides],
      dilations: dilations.some((d) => d !== 1) ? [...dilations] : undefined,
      pads: [...before, ...after],
      output_padding: extra.some((n) => n > 0) ? extra : undefined,
    }),
  });
}

export function maxPool(e: Emitter, x: Operand, window: Window): Operand {
  const attributes = windowAttributes(e, imageSize(e, x), window);
  return new Operand({ planes: e.node("MaxPool", [e.planes(x)], { kernel_shape: [...window.kernel], ...attributes }) });
}

/** Mean of the elements that are there: padding does not count. */
export function averagePool(e: Emitter, x: Operand, window: Window): Operand {
  const attributes = windowAttributes(e, imageSize(e, x), window);
  return new Operand({
    planes: e.node("AveragePool", [e.planes(x)], { kernel_shape: [...window.kernel], ...attributes }),
  });
}

/** √ of the mean of squares. */
export const l2Pool = (e: Emitter, x: Operand, window: Window): Operand =>
  unary(e, "Sqrt", averagePool(e, elementwise(e, "Mul", [x, x]), window));

export interface ResizeOptions {
  readonly method: "bilinear" | "nearest";
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** To a size [height, width], given as numbers or computed. */
export function resize(e: Emitter, x: Operand, size: Operand, options: ResizeOptions): Operand {
  const attributes = { axes: [2, 3], ...resizeAttributes(options) };
  imageSize(e, x);
  return new Operand({ planes: e.node("Resize", [e.planes(x), undefined, undefined, e.int64(size)], attributes) });
}

/** By whole factors. */
export function upsample(e: Emitter, x: Operand, factors: Pair, method: ResizeOptions["method"]): Operand {
  const scales = new Float32Array([1, 1, ...factors]);
  const value = e.constantValue(`${e.scope}/scales`, floats(scales));
  imageSize(e, x);
  // Keras scales about pixel centres where it interpolates.
  const attributes = resizeAttributes({ method, alignCorners: false, halfPixelCenters: method === "bilinear" });
  return new Operand({ planes: e.node("Resize", [e.planes(x), undefined, value], attributes) });
}

function resizeAttributes({ method, alignCorners, halfPixelCenters }: ResizeOptions): Record<string, string> {
  const mode = alignCorners ? "align_corners" : halfPixelCenters ? "half_pixel" : "asymmetric";
  const shared = { mode: method === "bilinear" ? "linear" : "nearest", coordinate_transformation_mode: mode };
  if (method === "bilinear") return shared;
  return { ...shared, nearest_mode: mode === "asymmetric" ? "floor" : "round_prefer_ceil" };
}

import { Tensor } from "../../base/tensor.ts";

const floats = (data: Float32Array): Tensor => new Tensor("float32", [data.length], data);
