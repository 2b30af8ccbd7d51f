/** Resize: one separable filter, whatever the method; methods differ in the weights only. */

import { InferlabError } from "../../base/errors.ts";
import { callNative, geometry } from "./native.ts";
import { densePixels, type Pixels, pixelsOf, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";

export type ResizeMethod = "nearest" | "linear" | "cubic" | "area" | "lanczos";

export interface ResizeOptions {
  /** Pixels. Left out: follows from `height` and the picture's proportions. */
  readonly width?: number;
  /** Pixels. Left out: follows from `width`. */
  readonly height?: number;
  /** Default "linear". */
  readonly method?: ResizeMethod;
  /** Widens the filter when shrinking, so that fine patterns blur away instead of aliasing. Default: only lanczos. */
  readonly antialias?: boolean;
  /** Where samples lie: pixel centres at i + 0.5, or first and last sample on the corners. Default "half-pixel". */
  readonly coordinates?: "half-pixel" | "align-corners";
}

/** For each output position: first source index and the weights from there on, `taps` a position. */
export interface Taps {
  readonly count: number;
  readonly first: Int32Array;
  readonly weights: Float32Array;
}

const kernels: Record<Exclude<ResizeMethod, "nearest" | "area">, { support: number; at: (x: number) => number }> = {
  linear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic with a = -0.75, as OpenCV's INTER_CUBIC.
  cubic: {
    support: 2,
    at: (x) => {
      const t = Math.abs(x);
      const a = -0.75;
      if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      return t < 2 ? (((t - 5) * t + 8) * t - 4) * a : 0;
    },
  },
  lanczos: {
    support: 3,
    at: (x) => {
      if (x === 0) return 1;
      if (Math.abs(x) >= 3) return 0;
      const p = Math.PI * x;
      return (3 * Math.sin(p) * Math.sin(p / 3)) / (p * p);
    },
  },
};

export function makeTaps(
  from: number,
  to: number,
  method: ResizeMethod,
  antialias: boolean,
  coordinates: "half-pixel" | "align-corners",
): Taps {
  const scale = from / to;
  const centre =
    coordinates === "half-pixel"
      ? (i: number) => (i + 0.5) * scale - 0.5
      : (i: number) => (to === 1 ? 0 : (i * (from - 1)) / (to - 1));
  const first = new Int32Array(to);
  if (method === "nearest") {
    // Half-pixel nearest is the pixel the centre falls into; over whole numbers, so that no rounding moves it.
    for (let i = 0; i < to; i++) {
      const at = coordinates === "half-pixel" ? Math.floor(((2 * i + 1) * from) / (2 * to)) : Math.round(centre(i));
      first[i] = Math.min(from - 1, Math.max(0, at));
    }
    return { count: 1, first, weights: new Float32Array(to).fill(1) };
  }
  const area = method === "area";
  const filter = area ? undefined : kernels[method];
  const stretch = antialias ? Math.max(1, scale) : 1;
  const reach = filter ? filter.support * stretch : Math.max(1, scale) / 2;
  const count = Math.min(from, Math.ceil(reach) * 2 + 1);
  const weights = new Float32Array(to * count);
  for (let i = 0; i < to; i++) {
    const c = centre(i);
    // Growing by area is growing by linear weights over one output pixel: overlap of [c - reach, c + reach].
    const start = Math.min(from - count, Math.max(0, Math.floor(c - reach + 0.5)));
    first[i] = start;
    let sum = 0;
    const lowest = Math.floor(c - reach);
    const highest = Math.ceil(c + reach);
    for (let s = lowest; s <= highest; s++) {
      const weight = filter
        ? filter.at((s - c) / stretch)
        : Math.max(0, Math.min(s + 0.5, c + reach) - Math.max(s - 0.5, c - reach));
      if (weight === 0) continue;
      // Outside the picture the edge pixel is repeated.
      const tap = Math.min(from - 1, Math.max(0, s)) - start;
      if (tap < 0 || tap >= count) continue;
      weights[i * count + tap] = weights[i * count + tap]! + weight;
      sum += weight;
    }
    for (let t = 0; t < count; t++) weights[i * count + t] = weights[i * count + t]! / sum;
  }
  return { count, first, weights };
}

/** Sizes asked for, with a missing one filled in so that the proportions stay. */
export function targetSize(
  image: { readonly width: number; readonly height: number },
  { width, height }: ResizeOptions,
): [number, number] {
  if (width === undefined && height === undefined)
    throw new InferlabError("ARGUMENT", "resize: neither width nor height is given", {
      hint: "example: resize(photo, { width: 64 })",
    });
  if (image.width === 0 || image.height === 0)
    throw new InferlabError("ARGUMENT", `resize: the picture is ${image.width}×${image.height}, it has no pixels`);
  return [
    width ?? Math.max(1, Math.round((image.width * height!) / image.height)),
    height ?? Math.max(1, Math.round((image.height * width!) / image.width)),
  ];
}

/** Copies pixels, no arithmetic: exact. */
function resizeNearest({ data, width: row, channels }: Pixels, target: Pixels, across: Taps, down: Taps): void {
  for (let y = 0; y < target.height; y++) {
    const source = down.first[y]! * row;
    let at = target.offset + y * target.rowStride;
    for (let x = 0; x < target.width; x++) {
      const from = (source + across.first[x]!) * channels;
      for (let c = 0; c < channels; c++) target.data[at++] = data[from + c]!;
    }
  }
}

/** Rows first into float, then columns; only the source rows that some output row needs. */
function resizeFiltered(pixels: Pixels, target: Pixels, across: Taps, down: Taps): void {
  const { channels, data } = pixels;
  const rowLength = target.width * channels;
  const rows = new Float32Array(pixels.height * rowLength);
  const { count, first, weights } = across;
  for (let y = 0; y < pixels.height; y++) {
    const source = y * pixels.width * channels;
    let at = y * rowLength;
    for (let x = 0; x < target.width; x++) {
      const from = source + first[x]! * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = 0; t < count; t++) sum += weights[x * count + t]! * data[from + t * channels + c]!;
        rows[at++] = sum;
      }
    }
  }
  const isFloat = data instanceof Float32Array;
  const line = new Float32Array(rowLength);
  for (let y = 0; y < target.height; y++) {
    line.fill(isFloat ? 0 : 0.5);
    for (let t = 0; t < down.count; t++) {
      const weight = down.weights[y * down.count + t]!;
      if (weight === 0) continue;
      const from = (down.first[y]! + t) * rowLength;
      for (let i = 0; i < rowLength; i++) line[i] = line[i]! + weight * rows[from + i]!;
    }
    const to = target.offset + y * target.rowStride;
    if (isFloat) target.data.set(line, to);
    else for (let i = 0; i < rowLength; i++) target.data[to + i] = Math.min(255, Math.max(0, line[i]!));
  }
}

const known = new Map<string, Taps>();

/** makeTaps, remembered: frames of a stream have one size, and a stream of many sizes does not fill the memory. */
export function tapsFor(from: number, to: number, options: ResizeOptions): Taps {
  const { method = "linear", coordinates = "half-pixel", antialias = method === "lanczos" } = options;
  const key = `${from} ${to} ${method} ${coordinates} ${antialias}`;
  let taps = known.get(key);
  if (!taps) {
    taps = makeTaps(from, to, method, antialias, coordinates);
    if (known.size >= 32) known.clear();
    known.set(key, taps);
  }
  return taps;
}

/** Fills the target with the source at the target's size: natively where there is an addon. */
export function resizePixels(source: Pixels, target: Pixels, options: ResizeOptions): void {
  const across = tapsFor(source.width, target.width, options);
  const down = tapsFor(source.height, target.height, options);
  const params = [...geometry(source), ...geometry(target), across.count, down.count];
  const tables = [across.first, across.weights, down.first, down.weights];
  if (callNative("resize", params, [source.data, ...tables], [target.data])) return;
  const make = options.method === "nearest" ? resizeNearest : resizeFiltered;
  make(densePixels(source), target, across, down);
}

export const resize = pictureNode<ResizeOptions>(
  {
    name: "resize",
    group: "geometry",
    about:
      "The picture at another size; repeats the edge pixels outside. 8-bit levels are within 1 of the exact sum, nearest copies pixels.",
    parameters: {
      width: { type: "integer", min: 1, max: 65535, about: "pixels", optional: "follows from height" },
      height: { type: "integer", min: 1, max: 65535, about: "pixels", optional: "follows from width" },
      method: {
        type: "text",
        choices: ["nearest", "linear", "cubic", "area", "lanczos"],
        default: "linear",
        about: "how pixels between pixels are made",
      },
      antialias: { type: "boolean", optional: "true for lanczos only", about: "widen the filter when shrinking" },
      coordinates: {
        type: "text",
        choices: ["half-pixel", "align-corners"],
        default: "half-pixel",
        about: "where samples lie",
      },
    },
    example: "resize(photo, { width: 64, method: 'cubic' })",
  },
  (image, options) => {
    const source = pixelsOf(image);
    const [width, height] = targetSize(source, options);
    const { picture, pixels } = targetFor(image, width, height, source.channels, options.into);
    resizePixels(source, pixels, options);
    return picture;
  },
);
