/**
 * What the picture nodes work on: an Image, or a tensor or view uint8 or float32 of shape [h,w] or [h,w,c]. A node answers in
 * kind: an Image for an Image, a tensor of the same type for a tensor. Levels of uint8 are rounded and kept within 0…255, those of
 * float32 are as they come.
 */
import { InferlabError } from "../../base/errors.ts";
import { type Channels, Image } from "../../base/image.ts";
import { formatType } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { View } from "../../base/view.ts";

/** Pixels by any of their names. */
export type Picture = Image | Tensor<"uint8"> | Tensor<"float32"> | View<"uint8"> | View<"float32">;

export type Levels = Uint8Array | Float32Array;

/** Elements of a picture where they lie: a row is dense, rows are `rowStride` elements apart. */
export interface Pixels {
  readonly data: Levels;
  /** Position of the first element. */
  readonly offset: number;
  readonly rowStride: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** What a node answers to a picture: the same kind. */
export type Alike<P> = P extends View<infer D extends "uint8" | "float32"> ? Tensor<D> : P;

/** Whether a value is a tensor or view that counts as a picture. */
export function isPixelTensor(value: unknown): value is Exclude<Picture, Image> {
  return (
    (value instanceof Tensor || value instanceof View) &&
    (value.dtype === "uint8" || value.dtype === "float32") &&
    (value.shape.length === 2 || value.shape.length === 3)
  );
}

/** A picture's elements where they lie; a view whose pixels are not side by side is copied. */
export function pixelsOf(picture: Picture): Pixels {
  if (picture instanceof Image) {
    const { data, width, height, channels } = picture;
    return { data, offset: 0, rowStride: width * channels, width, height, channels };
  }
  const [height = 0, width = 0, channels = 1] = picture.shape;
  if (channels === 0)
    throw new InferlabError("ARGUMENT", `a picture is ${formatType(picture.dtype, picture.shape)}, it has no channels`);
  if (picture instanceof View) {
    const [down = 0, across = 0, deep = 1] = picture.strides;
    if (down >= width * channels && across === channels && deep === 1)
      return { data: picture.data, offset: picture.offset, rowStride: down, width, height, channels };
    return pixelsOf(picture.toTensor() as Tensor<"uint8">);
  }
  return { data: picture.data, offset: 0, rowStride: width * channels, width, height, channels };
}

/** The same without gaps between rows and with the first element at 0; copied only where it must be. */
export function densePixels(picture: Picture | Pixels): Pixels {
  const { data, offset, rowStride, width, height, channels } = "rowStride" in picture ? picture : pixelsOf(picture);
  const row = width * channels;
  // Of a view of a picture's first rows the array goes on behind them.
  if (rowStride === row || height < 2) {
    const own = offset === 0 && data.length === row * height ? data : data.subarray(offset, offset + row * height);
    return { data: own, offset: 0, rowStride: row, width, height, channels };
  }
  const out = new (data.constructor as Uint8ArrayConstructor)(row * height);
  for (let y = 0; y < height; y++)
    out.set(data.subarray(offset + y * rowStride, offset + y * rowStride + row) as Uint8Array, y * row);
  return { data: out, offset: 0, rowStride: row, width, height, channels };
}

/** An array to write results into: uint8 rounds (halves to even) and saturates what is written. */
export function sinkFor(levels: Levels, length: number): Uint8ClampedArray | Float32Array {
  return levels instanceof Float32Array ? new Float32Array(length) : new Uint8ClampedArray(length);
}

/** The same elements, written as those of sinkFor are. */
export function saturating(levels: Levels): Uint8ClampedArray | Float32Array {
  if (levels instanceof Float32Array) return levels;
  return new Uint8ClampedArray(levels.buffer, levels.byteOffset, levels.length);
}

/** A picture about to be written, and its dense elements. */
export interface Target<P> {
  readonly picture: Alike<P>;
  readonly pixels: Pixels;
}

/**
 * What a node writes its result to: `into` where the caller gave one, memory that is not set to 0 otherwise. Errors: ARGUMENT
 * where `into` is not what the node is going to answer, or an Image cannot have so many channels.
 */
export function targetFor<P extends Picture>(
  like: P,
  width: number,
  height: number,
  channels: number,
  into?: Alike<P>,
): Target<P> {
  const dense = { offset: 0, rowStride: width * channels, width, height, channels };
  if (into) {
    expectTarget(like, dense, into as Picture);
    return { picture: into, pixels: { ...dense, data: (into as Exclude<Picture, View>).data } };
  }
  const levels = like.data instanceof Float32Array ? blankFloats : blankBytes;
  const data = levels(width * height * channels);
  return { picture: pictureLike(like, width, height, channels, data), pixels: { ...dense, data } };
}

/** Errors: ARGUMENT unless `into` is an Image or a tensor, as `like` is, of this size. */
function expectTarget(like: Picture, size: Omit<Pixels, "data">, into: Picture): void {
  const isImage = like instanceof Image;
  const dtype = like instanceof Image ? "uint8" : like.dtype;
  const name = (kind: boolean, type: string, { width, height, channels }: Omit<Pixels, "data">): string =>
    `${kind ? "an Image" : `a tensor ${type}`} of ${width}×${height}×${channels}`;
  const found =
    into instanceof Image || (into instanceof Tensor && isPixelTensor(into))
      ? name(into instanceof Image, into instanceof Image ? "uint8" : into.dtype, pixelsOf(into))
      : into instanceof View
        ? "a view"
        : "no picture";
  const expected = name(isImage, dtype, size);
  if (found !== expected)
    throw new InferlabError("ARGUMENT", `into is ${found}, expected ${expected}`, {
      hint: "a result is written into memory of its own kind and size; leave `into` out for a new picture",
    });
}

/** Copies a picture's elements into another of the same kind and size. Errors: as targetFor. */
export function copyInto<P extends Picture>(picture: Alike<P>, into: Alike<P>): Alike<P> {
  const { data, width, height, channels } = densePixels(picture as Picture);
  const { pixels } = targetFor(picture as Picture, width, height, channels, into as Alike<Picture>);
  pixels.data.set(data as Uint8Array);
  return into;
}

/** The elements of a picture, tensor or typed array. */
function memoryOf(value: unknown): ArrayBufferView | undefined {
  const memory = ArrayBuffer.isView(value) ? value : (value as { readonly data?: unknown } | null | undefined)?.data;
  return ArrayBuffer.isView(memory) ? memory : undefined;
}

/** Errors: ARGUMENT where `into` lies in the memory of one of the node's inputs. */
export function expectApart(node: string, into: unknown, inputs: readonly unknown[]): void {
  const target = memoryOf(into);
  for (const input of inputs) {
    const memory = memoryOf(input);
    if (!target || !memory || memory.buffer !== target.buffer) continue;
    if (target.byteOffset >= memory.byteOffset + memory.byteLength) continue;
    if (memory.byteOffset >= target.byteOffset + target.byteLength) continue;
    throw new InferlabError("ARGUMENT", `${node}: into lies in the memory of an input, expected memory of its own`, {
      hint: "a node never changes its inputs: take turns between two pictures",
    });
  }
}

/** An array of the same type whose elements are all going to be written: not set to 0 first. */
export function blankLike(levels: Levels, length: number): Levels {
  return levels instanceof Float32Array ? blankFloats(length) : blankBytes(length);
}

export const blankBytes = (length: number): Uint8Array => new Uint8Array(blankMemory(length));
export const blankFloats = (length: number): Float32Array<ArrayBuffer> => new Float32Array(blankMemory(length * 4));

/** Memory that is not set to 0: clearing a frame takes longer than some kernels do. */
function blankMemory(sizeBytes: number): ArrayBuffer {
  // An array of its own, not a part of Node's shared pool.
  return sizeBytes === 0 ? new ArrayBuffer(0) : (Buffer.allocUnsafeSlow(sizeBytes).buffer as ArrayBuffer);
}

/** Results as what the input was. Annotations do not follow. Errors: ARGUMENT where an Image cannot have so many channels. */
export function pictureLike<P extends Picture>(
  like: P,
  width: number,
  height: number,
  channels: number,
  data: Levels | Uint8ClampedArray,
): Alike<P> {
  const levels = data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer) : data;
  if (like instanceof Image) return new Image(width, height, channels as Channels, levels as Uint8Array) as Alike<P>;
  const shape = like.shape.length === 2 && channels === 1 ? [height, width] : [height, width, channels];
  return (
    levels instanceof Float32Array ? new Tensor("float32", shape, levels) : new Tensor("uint8", shape, levels)
  ) as Alike<P>;
}

/** The greatest level: 255, or 1 for float32, which by convention runs from 0 to 1. */
export const fullLevel = (levels: Levels): number => (levels instanceof Float32Array ? 1 : 255);

/** Errors: ARGUMENT unless the picture has one of these numbers of channels. */
export function expectChannels(node: string, { channels }: Pixels, expected: readonly number[]): void {
  if (!expected.includes(channels))
    throw new InferlabError(
      "ARGUMENT",
      `${node}: the picture has ${channels} channel${channels === 1 ? "" : "s"}, expected ${expected.join(" or ")}`,
      { hint: expected.includes(1) && channels > 1 ? "toGray(image) makes one" : "toRgb(image) makes three" },
    );
}

/** Errors: ARGUMENT for a picture without pixels. */
export function expectPixels(node: string, { width, height }: Pixels): void {
  if (width === 0 || height === 0)
    throw new InferlabError("ARGUMENT", `${node}: the picture is ${width}×${height}, it has no pixels`);
}

/** Errors: ARGUMENT unless both pictures have one size (and, where asked, type and channels). */
export function expectAlike(node: string, a: Pixels, b: Pixels, channels = true): void {
  if (a.width !== b.width || a.height !== b.height || (channels && a.channels !== b.channels))
    throw new InferlabError(
      "ARGUMENT",
      `${node}: the pictures are ${a.width}×${a.height}×${a.channels} and ${b.width}×${b.height}×${b.channels}, expected one size`,
      { hint: "resize one to the other's width and height" },
    );
  if (channels && a.data instanceof Float32Array !== b.data instanceof Float32Array)
    throw new InferlabError("ARGUMENT", `${node}: one picture is uint8 and one float32, expected one type`);
}
