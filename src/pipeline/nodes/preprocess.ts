/**
 * crop, toRgb, resize and toTensor in a row, as one pass from the picture's bytes to the tensor's numbers: no picture in
 * between, grey is resized once and not three times, rows are filtered when they are needed and stay in the cache. The
 * results are those of the nodes one after the other, to the last bit.
 */
import { Image } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { CropOptions } from "./crop.ts";
import { type ResizeOptions, resize, type Taps, tapsFor, targetSize } from "./resize.ts";
import { toRgb } from "./to-rgb.ts";
import { levelTables, type ToTensorOptions, tensorFor, writeNative } from "./to-tensor.ts";

export type PreprocessStep =
  | { readonly node: "crop"; readonly options: CropOptions }
  | { readonly node: "toRgb"; readonly options: { readonly background?: readonly number[] } }
  | { readonly node: "resize"; readonly options: ResizeOptions }
  | { readonly node: "toTensor"; readonly options: ToTensorOptions };

/** Part of a picture, in place. */
interface View {
  readonly data: Uint8Array;
  /** Of the first byte, and bytes from a row to the next one. */
  readonly offset: number;
  readonly rowBytes: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  /** Grey that counts as RGB. */
  readonly repeats: boolean;
}

const viewOf = ({ data, width, height, channels }: Image): View => ({
  data,
  offset: 0,
  rowBytes: width * channels,
  width,
  height,
  channels,
  repeats: false,
});

function cropView(view: View, { x, y, width, height }: CropOptions): View {
  const left = Math.min(view.width, Math.max(0, x));
  const top = Math.min(view.height, Math.max(0, y));
  const right = Math.max(left, Math.min(view.width, x + width));
  const bottom = Math.max(top, Math.min(view.height, y + height));
  const offset = view.offset + top * view.rowBytes + left * view.channels;
  return { ...view, offset, width: right - left, height: bottom - top };
}

function copyOf({ data, offset, rowBytes, width, height, channels }: View): Image {
  const bytes = width * channels;
  const out = new Uint8Array(height * bytes);
  for (let y = 0; y < height; y++)
    out.set(data.subarray(offset + y * rowBytes, offset + y * rowBytes + bytes), y * bytes);
  return new Image(width, height, channels as 1 | 3 | 4, out);
}

/** Where the elements of a tensor lie: steps from a pixel, channel and row to the next. */
interface Target {
  readonly data: Float32Array;
  readonly pixel: number;
  readonly plane: number;
  readonly row: number;
  /** For each channel of the tensor: channel it is read from, and its levels' values. */
  readonly sources: readonly { readonly channel: number; readonly table: Float32Array }[];
}

function writeRow(levels: Uint8Array, from: number, view: View, width: number, y: number, target: Target): void {
  const { data, pixel, plane, row, sources } = target;
  const { channels } = view;
  for (let c = 0; c < sources.length; c++) {
    const { channel, table } = sources[c]!;
    let at = from + channel;
    let to = c * plane + y * row;
    for (let x = 0; x < width; x++, at += channels, to += pixel) data[to] = table[levels[at]!]!;
  }
}

/** The same arithmetic as resize(), a row at a time: two filtered source rows too many are never made. */
function writeResized(view: View, width: number, height: number, across: Taps, down: Taps, target: Target): void {
  const { data, channels } = view;
  const length = width * channels;
  const levels = new Uint8Array(length);
  if (across.count === 1 && down.count === 1) {
    for (let y = 0; y < height; y++) {
      const row = view.offset + down.first[y]! * view.rowBytes;
      let at = 0;
      for (let x = 0; x < width; x++) {
        const from = row + across.first[x]! * channels;
        for (let c = 0; c < channels; c++) levels[at++] = data[from + c]!;
      }
      writeRow(levels, 0, view, width, y, target);
    }
    return;
  }
  // Filtered source rows by their number modulo the ring's size.
  const ring = new Float32Array(down.count * length);
  const held = new Int32Array(down.count).fill(-1);
  const line = new Float32Array(length);
  const used: number[] = [];
  for (let y = 0; y < height; y++) {
    used.length = 0;
    for (let t = 0; t < down.count; t++) {
      if (down.weights[y * down.count + t] === 0) continue;
      const sourceRow = down.first[y]! + t;
      const slot = sourceRow % down.count;
      if (held[slot] !== sourceRow) {
        filterRow(data, view.offset + sourceRow * view.rowBytes, channels, across, ring, slot * length, width);
        held[slot] = sourceRow;
      }
      used.push(t);
    }
    const at = (k: number): number => ((down.first[y]! + used[k]!) % down.count) * length;
    const weight = (k: number): number => down.weights[y * down.count + used[k]!]!;
    if (used.length === 1) mixOne(levels, ring, at(0), weight(0));
    else if (used.length === 2) mixTwo(levels, ring, at(0), weight(0), at(1), weight(1));
    else {
      line.fill(0.5);
      for (let k = 0; k < used.length; k++) addRow(line, ring, at(k), weight(k));
      for (let i = 0; i < length; i++) levels[i] = Math.min(255, Math.max(0, line[i]!));
    }
    writeRow(levels, 0, view, width, y, target);
  }
}

/** One row of the picture, filtered across; each channel's sum in the order of the taps. */
function filterRow(
  data: Uint8Array,
  source: number,
  channels: number,
  { count, first, weights }: Taps,
  out: Float32Array,
  start: number,
  width: number,
): void {
  let at = start;
  if (channels === 3) {
    for (let x = 0; x < width; x++) {
      let pixel = source + first[x]! * 3;
      const end = (x + 1) * count;
      let [a, b, c] = [0, 0, 0];
      for (let w = x * count; w < end; w++, pixel += 3) {
        const weight = weights[w]!;
        a += weight * data[pixel]!;
        b += weight * data[pixel + 1]!;
        c += weight * data[pixel + 2]!;
      }
      out[at] = a;
      out[at + 1] = b;
      out[at + 2] = c;
      at += 3;
    }
    return;
  }
  for (let x = 0; x < width; x++) {
    const from = source + first[x]! * channels;
    const end = (x + 1) * count;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let w = x * count, pixel = from + c; w < end; w++, pixel += channels) sum += weights[w]! * data[pixel]!;
      out[at++] = sum;
    }
  }
}

// Rounded to float32 after each row, as the sum of resize() is, which stands in an array of them.
const clamped = (value: number): number => Math.min(255, Math.max(0, value));

function mixOne(levels: Uint8Array, ring: Float32Array, a: number, wa: number): void {
  for (let i = 0; i < levels.length; i++) levels[i] = clamped(Math.fround(0.5 + wa * ring[a + i]!));
}

function mixTwo(levels: Uint8Array, ring: Float32Array, a: number, wa: number, b: number, wb: number): void {
  for (let i = 0; i < levels.length; i++)
    levels[i] = clamped(Math.fround(Math.fround(0.5 + wa * ring[a + i]!) + wb * ring[b + i]!));
}

function addRow(line: Float32Array, ring: Float32Array, a: number, weight: number): void {
  for (let i = 0; i < line.length; i++) line[i] = line[i]! + weight * ring[a + i]!;
}

/** A function that does the steps; the last one is toTensor. Errors: those of the nodes. */
export function preprocess(steps: readonly PreprocessStep[]): (image: Image) => Tensor<"float32"> {
  const before = steps.slice(0, -1);
  const last = steps[steps.length - 1]!;
  if (last.node !== "toTensor") throw new RangeError("the last step is toTensor");
  const tables = new Map<number, Float32Array[]>();
  return (image) => {
    let view = viewOf(image);
    let pending: ResizeOptions | undefined;
    const settle = (): void => {
      if (!pending) return;
      view = { ...viewOf(resize(copyOf(view), pending)), repeats: view.repeats };
      pending = undefined;
    };
    for (const step of before) {
      if (step.node === "toRgb" && view.channels === 1) view = { ...view, repeats: true };
      else if (step.node === "toRgb" && view.channels === 4) {
        settle();
        view = viewOf(toRgb(copyOf(view), step.options));
      } else if (step.node === "crop") {
        settle();
        view = cropView(view, step.options);
      } else if (step.node === "resize") {
        settle();
        pending = step.options;
      }
    }
    const [width, height] = pending ? targetSize(view, pending) : [view.width, view.height];
    return toTensorFrom(view, width, height, pending, last.options, tables);
  };
}

function toTensorFrom(
  view: View,
  width: number,
  height: number,
  resized: ResizeOptions | undefined,
  options: ToTensorOptions,
  tables: Map<number, Float32Array[]>,
): Tensor<"float32"> {
  const channels = view.channels === 1 && !view.repeats ? 1 : 3;
  const outWidth = options.width ?? Math.max(1, width);
  const outHeight = options.height ?? Math.max(1, height);
  const { layout = "nchw", order = "rgb" } = options;
  if (width > outWidth || height > outHeight)
    throw new RangeError(`the picture is ${width}×${height}, expected at most ${outWidth}×${outHeight}`);
  let levels = tables.get(channels);
  if (!levels) {
    levels = levelTables(channels, options);
    tables.set(channels, levels);
  }
  const shape = layout === "nchw" ? [1, channels, outHeight, outWidth] : [1, outHeight, outWidth, channels];
  const tensor = tensorFor(shape, width === outWidth && height === outHeight, options);
  const { data } = tensor;
  const [pixel, plane, row] =
    layout === "nchw" ? [1, outHeight * outWidth, outWidth] : [channels, 1, outWidth * channels];
  const across = resized && tapsFor(view.width, width, resized);
  const down = resized && tapsFor(view.height, height, resized);
  const picture = { ...view, rowStride: view.rowBytes };
  const place = { offset: 0, pixel, row, plane };
  if (
    writeNative(picture, width, height, across && down && [across, down], data, place, channels, options, view.repeats)
  )
    return tensor;
  const sources = levels.map((table, c) => {
    const channel = order === "bgr" ? channels - 1 - c : c;
    return { table, channel: view.repeats ? 0 : channel };
  });
  const target: Target = { data, pixel, plane, row, sources };
  if (across && down) writeResized(view, width, height, across, down, target);
  else for (let y = 0; y < height; y++) writeRow(view.data, view.offset + y * view.rowBytes, view, width, y, target);
  return tensor;
}
