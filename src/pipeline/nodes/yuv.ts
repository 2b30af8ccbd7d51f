/** Frames of cameras and decoders: luma and chroma, in six layouts, both ways, to the published 8-bit integer formulas. */
import { InferlabError } from "../../base/errors.ts";
import { Image } from "../../base/image.ts";
import { callNative, denseGeometry, geometry } from "./native.ts";
import { describeValue, node } from "./node.ts";
import { expectApart, expectChannels, pixelsOf, targetFor } from "./picture.ts";

export const yuvFormats = ["nv12", "nv21", "i420", "yv12", "yuyv", "uyvy"] as const;
/** nv12, nv21: 4:2:0, U and V (V and U) in one plane. i420, yv12: 4:2:0, three planes, U (V) first. yuyv, uyvy: 4:2:2, packed. */
export type YuvFormat = (typeof yuvFormats)[number];

export interface YuvOptions {
  /** Layout of the frame. Default "nv12". */
  readonly format?: YuvFormat;
  /** Matrix: BT.601 (also JPEG's) or BT.709. Default "601". */
  readonly standard?: "601" | "709";
  /** Levels of luma: 16…235, or all 256. Default "limited". */
  readonly range?: "limited" | "full";
  /** Bytes from one row of luma (of packed samples) to the next. Default: no gap. */
  readonly stride?: number;
  /** Bytes from one row of chroma to the next. Default: that of the luma rows, halved for planes of U and V. */
  readonly chromaStride?: number;
}

interface Factors {
  readonly offset: number;
  readonly y: number;
  readonly rv: number;
  readonly gu: number;
  readonly gv: number;
  readonly bu: number;
}

interface Weights {
  readonly y: readonly number[];
  readonly u: readonly number[];
  readonly v: readonly number[];
}

/** R = (y·(Y − offset) + rv·(V − 128) + 128) >> 8, … : the matrices of BT.601-7 and BT.709-6 in units of 1/256. */
const toRgbFactors: Readonly<Record<string, Factors>> = {
  "601 limited": { offset: 16, y: 298, rv: 409, gu: -100, gv: -208, bu: 516 },
  "709 limited": { offset: 16, y: 298, rv: 459, gu: -55, gv: -136, bu: 541 },
  "601 full": { offset: 0, y: 256, rv: 359, gu: -88, gv: -183, bu: 454 },
  "709 full": { offset: 0, y: 256, rv: 403, gu: -48, gv: -120, bu: 475 },
};

/** Y = ((y·rgb + 128) >> 8) + offset, U = ((u·rgb + 128) >> 8) + 128, V likewise. */
const fromRgbWeights: Readonly<Record<string, Weights>> = {
  "601 limited": { y: [66, 129, 25], u: [-38, -74, 112], v: [112, -94, -18] },
  "709 limited": { y: [47, 157, 16], u: [-26, -86, 112], v: [112, -102, -10] },
  "601 full": { y: [77, 150, 29], u: [-43, -85, 128], v: [128, -107, -21] },
  "709 full": { y: [54, 183, 19], u: [-29, -99, 128], v: [128, -116, -12] },
};

/** Where one kind of sample lies in a frame: first byte, bytes from row to row and from sample to sample. */
interface Plane {
  readonly offset: number;
  readonly stride: number;
  readonly step: number;
}

interface FrameLayout {
  readonly y: Plane;
  readonly u: Plane;
  readonly v: Plane;
  /** Rows of pixels that share a row of chroma. */
  readonly sharedRows: 1 | 2;
  readonly sizeBytes: number;
}

/** Chroma of an odd width or height covers the last column or row alone: half sizes are rounded up. */
function layoutOf(
  name: string,
  width: number,
  height: number,
  { format = "nv12", stride, chromaStride }: YuvOptions,
): FrameLayout {
  const [halfWidth, halfHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const check = (what: string, value: number, least: number): number => {
    if (value < least)
      throw new InferlabError(
        "ARGUMENT",
        `${name}: ${what} is ${value} bytes, expected at least ${least} for a width of ${width}`,
      );
    return value;
  };
  if (format === "yuyv" || format === "uyvy") {
    if (chromaStride !== undefined)
      throw new InferlabError("ARGUMENT", `${name}: chromaStride is given, ${format} has no chroma plane`);
    const row = check("stride", stride ?? 4 * halfWidth, 4 * halfWidth);
    const at = (offset: number, step: number): Plane => ({ offset, stride: row, step });
    const [y, u] = format === "yuyv" ? [0, 1] : [1, 0];
    // The last row may end with its last sample.
    return {
      y: at(y, 2),
      u: at(u, 4),
      v: at(u + 2, 4),
      sharedRows: 1,
      sizeBytes: sizeOfRows(height, row, 4 * halfWidth),
    };
  }
  const luma = check("stride", stride ?? width, width);
  const chromaOffset = luma * height;
  const y: Plane = { offset: 0, stride: luma, step: 1 };
  if (format === "nv12" || format === "nv21") {
    const row = check("chromaStride", chromaStride ?? Math.max(stride ?? 0, 2 * halfWidth), 2 * halfWidth);
    const [u, v] = format === "nv12" ? [0, 1] : [1, 0];
    const at = (first: number): Plane => ({ offset: chromaOffset + first, stride: row, step: 2 });
    return {
      y,
      u: at(u),
      v: at(v),
      sharedRows: 2,
      sizeBytes: chromaOffset + sizeOfRows(halfHeight, row, 2 * halfWidth),
    };
  }
  const row = check("chromaStride", chromaStride ?? Math.max(Math.ceil((stride ?? 0) / 2), halfWidth), halfWidth);
  const first: Plane = { offset: chromaOffset, stride: row, step: 1 };
  const second: Plane = { offset: chromaOffset + row * halfHeight, stride: row, step: 1 };
  const [u, v] = format === "i420" ? [first, second] : [second, first];
  return { y, u, v, sharedRows: 2, sizeBytes: second.offset + sizeOfRows(halfHeight, row, halfWidth) };
}

const sizeOfRows = (rows: number, stride: number, last: number): number =>
  rows === 0 ? 0 : (rows - 1) * stride + last;
const planeParams = ({ offset, stride, step }: Plane): number[] => [offset, stride, step];
const key = ({ standard = "601", range = "limited" }: YuvOptions): string => `${standard} ${range}`;

/** A factor as 256 · whole + rest: native sums of the rests fit 16 bits (native/vision/yuv.h). */
function split(factor: number): [whole: number, rest: number] {
  const whole = Math.round(factor / 256);
  return [whole, factor - 256 * whole];
}

const parameters = {
  format: { type: "text", choices: yuvFormats, default: "nv12", about: "layout of the frame" },
  standard: { type: "text", choices: ["601", "709"], default: "601", about: "matrix: BT.601 or BT.709" },
  range: { type: "text", choices: ["limited", "full"], default: "limited", about: "levels of luma: 16…235 or 0…255" },
  stride: { type: "integer", min: 0, optional: "no gap", about: "bytes from one row of luma to the next" },
  chromaStride: {
    type: "integer",
    min: 0,
    optional: "follows from stride",
    about: "bytes from one row of chroma to the next",
  },
} as const;

export const yuvToRgb = node(
  {
    name: "yuvToRgb",
    group: "colour",
    about:
      "An RGB picture of a frame's bytes: R = (298·(Y − 16) + 409·(V − 128) + 128) >> 8 and so on, exactly. Chroma is repeated, not interpolated; odd sizes have a last column or row of their own chroma.",
    inputs: [{ name: "frame", kind: "numbers" }],
    output: "image",
    parameters: {
      width: { type: "integer", min: 0, max: 65535, about: "pixels" },
      height: { type: "integer", min: 0, max: 65535, about: "pixels" },
      ...parameters,
      into: { type: "any", optional: "a new picture", about: "an RGB Image of this size, written and returned" },
    },
    example: "yuvToRgb(rgbToYuv(photo), { width: 64, height: 48 })",
    source: "ITU-R BT.601-7 and BT.709-6, their matrices in units of 1/256",
  },
  (
    frame: Uint8Array,
    options: YuvOptions & { readonly width: number; readonly height: number; readonly into?: Image },
  ): Image => {
    const { width, height, into } = options;
    const layout = layoutOf("yuvToRgb", width, height, options);
    if (!(frame instanceof Uint8Array))
      throw new InferlabError("ARGUMENT", "yuvToRgb: the frame is not a Uint8Array", { hint: "frames are bytes" });
    if (frame.length < layout.sizeBytes)
      throw new InferlabError(
        "ARGUMENT",
        `yuvToRgb: the frame has ${frame.length} bytes, expected ${layout.sizeBytes} for ${options.format ?? "nv12"} ${width}×${height}`,
        { hint: "a gap between rows is said with stride and chromaStride" },
      );
    expectApart("yuvToRgb", into, [frame]);
    const { picture } = targetFor(noPicture, width, height, 3, into);
    const f = toRgbFactors[key(options)]!;
    const params = [
      ...denseGeometry(width, height, 3),
      layout.sharedRows,
      ...[layout.y, layout.u, layout.v].flatMap(planeParams),
      ...[0, 1, 2],
      f.offset,
      f.y - 256,
      ...[f.rv, f.gu, f.gv, f.bu].flatMap(split),
    ];
    if (!callNative("fromYuv", params, [frame, frame, frame], [picture.data]))
      toRgbReference(frame, layout, f, width, height, picture.data);
    return picture;
  },
);

/** An Image by kind. */
const noPicture = new Image(0, 0, 3, new Uint8Array(0));

const clip = (v: number): number => Math.max(0, Math.min(255, v));

function toRgbReference(
  frame: Uint8Array,
  { y, u, v, sharedRows }: FrameLayout,
  f: Factors,
  width: number,
  height: number,
  out: Uint8Array,
): void {
  for (let row = 0, to = 0; row < height; row++) {
    const chroma = Math.floor(row / sharedRows);
    for (let x = 0; x < width; x++, to += 3) {
      const c = f.y * (frame[y.offset + row * y.stride + x * y.step]! - f.offset) + 128;
      const d = frame[u.offset + chroma * u.stride + (x >> 1) * u.step]! - 128;
      const e = frame[v.offset + chroma * v.stride + (x >> 1) * v.step]! - 128;
      out[to] = clip((c + f.rv * e) >> 8);
      out[to + 1] = clip((c + f.gu * d + f.gv * e) >> 8);
      out[to + 2] = clip((c + f.bu * d) >> 8);
    }
  }
}

/** `into`, or new bytes; 0 where rows have gaps. */
function frameFor(
  sizeBytes: number,
  image: Image,
  { into, stride, chromaStride }: YuvOptions & { readonly into?: Uint8Array },
): Uint8Array {
  if (into === undefined) return new Uint8Array(sizeBytes);
  if (!(into instanceof Uint8Array) || into.length !== sizeBytes)
    throw new InferlabError("ARGUMENT", `rgbToYuv: into is ${describeBytes(into)}, expected ${sizeBytes} bytes`);
  expectApart("rgbToYuv", into, [image]);
  return stride === undefined && chromaStride === undefined ? into : into.fill(0);
}

const describeBytes = (into: unknown): string =>
  into instanceof Uint8Array ? `${into.length} bytes` : describeValue(into);

export const rgbToYuv = node(
  {
    name: "rgbToYuv",
    group: "colour",
    about:
      "The bytes of a frame made of an RGB or RGBA picture: Y = ((66·R + 129·G + 25·B + 128) >> 8) + 16 and so on, exactly; chroma of the mean colour of the pixels that share it. Bytes in gaps are 0.",
    inputs: [{ name: "image", kind: "image" }],
    output: "numbers",
    parameters: {
      ...parameters,
      into: { type: "any", optional: "new bytes", about: "a Uint8Array of the frame's length, written and returned" },
    },
    example: "rgbToYuv(photo, { format: 'i420', standard: '709' })",
    source: "ITU-R BT.601-7 and BT.709-6, their matrices in units of 1/256",
  },
  (image: Image, options: YuvOptions & { readonly into?: Uint8Array } = {}): Uint8Array => {
    const pixels = pixelsOf(image);
    expectChannels("rgbToYuv", pixels, [3, 4]);
    const { width, height, channels } = pixels;
    const layout = layoutOf("rgbToYuv", width, height, options);
    const { y, u, v, sharedRows } = layout;
    const out = frameFor(layout.sizeBytes, image, options);
    const weights = fromRgbWeights[key(options)]!;
    const offset = options.range === "full" ? 0 : 16;
    const params = [
      ...geometry(pixels),
      sharedRows,
      ...[y, u, v].flatMap(planeParams),
      ...[0, 1, 2],
      offset,
      ...weights.y,
      ...weights.u,
      ...weights.v,
    ];
    if (!callNative("toYuv", params, [pixels.data], [out, out, out])) {
      const data = image.data;
      const level = (px: number, py: number, c: number): number => data[(py * width + px) * channels + c]!;
      const mix = (w: readonly number[], at: (c: number) => number): number =>
        (w[0]! * at(0) + w[1]! * at(1) + w[2]! * at(2) + 128) >> 8;
      for (let row = 0; row < height; row++)
        for (let x = 0; x < width; x++)
          out[y.offset + row * y.stride + x * y.step] = mix(weights.y, (c) => level(x, row, c)) + offset;
      for (let row = 0; row < Math.ceil(height / sharedRows); row++)
        for (let x = 0; x < Math.ceil(width / 2); x++) {
          const [left, right] = [2 * x, Math.min(width - 1, 2 * x + 1)];
          const [top, bottom] = [row * sharedRows, Math.min(height - 1, (row + 1) * sharedRows - 1)];
          const mean = (c: number): number =>
            (level(left, top, c) + level(right, top, c) + level(left, bottom, c) + level(right, bottom, c) + 2) >> 2;
          out[u.offset + row * u.stride + x * u.step] = clip(mix(weights.u, mean) + 128);
          out[v.offset + row * v.stride + x * v.step] = clip(mix(weights.v, mean) + 128);
        }
    }
    // The second luma of a pair that has one pixel only.
    if (y.step === 2 && width % 2 === 1)
      for (let row = 0; row < height; row++) {
        const at = y.offset + row * y.stride + (width - 1) * 2;
        out[at + 2] = out[at]!;
      }
    return out;
  },
);
