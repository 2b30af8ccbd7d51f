/** Random pictures of every kind a picture node takes, and the comparison of a node with its reference. */
import { expect } from "vitest";
import { type Channels, Image } from "../../src/base/image.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { View } from "../../src/base/view.ts";
import { type Border, borderIndex } from "../../src/pipeline/nodes/border.ts";
import { withoutNative } from "../../src/pipeline/nodes/native.ts";
import { densePixels, isPixelTensor, type Picture, pixelsOf } from "../../src/pipeline/nodes/picture.ts";
import { random } from "./random.ts";

export const rng = random(13);

/** Sizes that kernels trip over: one pixel, odd, just around a vector's width. */
export function randomSize(least = 1, most = 40): number {
  return rng.pick(
    [least, 1, 2, 3, rng.integer(1, most), rng.integer(1, most), 7, 16, 17, 31, 32, 33].map((n) => Math.max(least, n)),
  );
}

export function randomImage(
  width = randomSize(),
  height = randomSize(),
  channels: Channels = rng.pick([1, 3, 4]),
): Image {
  // Whole ranges of extreme levels as well as noise: saturation shows.
  const extreme = rng.real(0, 1) < 0.3;
  const level = (): number => (extreme ? rng.pick([0, 255]) : rng.integer(0, 255));
  return new Image(width, height, channels, Uint8Array.from({ length: width * height * channels }, level));
}

export function randomFloats(
  width = randomSize(),
  height = randomSize(),
  channels = rng.integer(1, 5),
): Tensor<"float32"> {
  const data = Float32Array.from({ length: width * height * channels }, () => rng.real(-1, 2));
  return new Tensor("float32", [height, width, channels], data);
}

/**
 * Part of a larger picture, in place: rows with gaps, sometimes every other pixel, upside down, or one channel of it; or the
 * first rows, behind which the array goes on.
 */
export function randomView(dtype: "uint8" | "float32", width: number, height: number, channels: number): Picture {
  const isHead = rng.integer(0, 4) === 0;
  const [step, flip, extra] = isHead ? [1, false, 0] : [rng.integer(1, 2), rng.integer(0, 1) === 1, rng.integer(0, 2)];
  const [w, h, c] = isHead ? [width, height + 2, channels] : [width * step + 3, height + 2, channels + extra];
  const whole =
    dtype === "uint8"
      ? new Tensor(
          "uint8",
          [h, w, c],
          Uint8Array.from({ length: h * w * c }, () => rng.integer(0, 255)),
        )
      : new Tensor(
          "float32",
          [h, w, c],
          Float32Array.from({ length: h * w * c }, () => rng.real(-1, 2)),
        );
  const all = View.of<"uint8" | "float32">(whole);
  if (isHead) return all.slice([0, height]) as View<"uint8">;
  const rows = flip ? ([height, 0, -1] as const) : ([1, height + 1] as const);
  return all.slice(rows, [2, 2 + width * step, step], [0, channels]) as View<"uint8">;
}

export function randomPicture(channels?: Channels, width = randomSize(), height = randomSize()): Picture {
  const c = channels ?? rng.pick([1, 3, 4]);
  const kind = rng.integer(0, 4);
  if (kind < 2) return randomImage(width, height, c);
  if (kind === 2) return randomFloats(width, height, channels ?? rng.integer(1, 5));
  return randomView(kind === 3 ? "uint8" : "float32", width, height, c);
}

/** Greatest difference of two pictures' levels; of one kind, type and size. */
export function worstDifference(a: unknown, b: unknown): number {
  const [x, y] = [a, b].map((p) => {
    expect(p instanceof Image || isPixelTensor(p)).toBe(true);
    return pixelsOf(p as Picture);
  });
  expect([x!.width, x!.height, x!.channels, x!.data.constructor]).toEqual([
    y!.width,
    y!.height,
    y!.channels,
    y!.data.constructor,
  ]);
  let worst = 0;
  x!.data.forEach((level, i) => {
    const difference = Math.abs(level - y!.data[i]!);
    if (!(difference <= worst)) worst = difference;
  });
  return worst;
}

/** Checks `run(picture)` against its reference on `count` random pictures. Tolerances are in levels of 255, and of float32. */
export function compareWithReference(
  run: (picture: Picture) => unknown,
  {
    count = 200,
    bytes = 0,
    floats = 1e-5,
    make = () => randomPicture(),
  }: {
    readonly count?: number;
    readonly bytes?: number;
    readonly floats?: number;
    readonly make?: () => Picture;
  } = {},
): void {
  for (let i = 0; i < count; i++) {
    const picture = make();
    const before = pixelsOf(picture).data.slice();
    const native = run(picture);
    const reference = withoutNative(() => run(picture));
    const isBytes = pixelsOf(picture).data instanceof Uint8Array;
    expect(worstDifference(native, reference)).toBeLessThanOrEqual(isBytes ? bytes : floats);
    const { data } = pixelsOf(picture);
    expect(
      data.every((level, k) => level === before[k]),
      "the input is as it was",
    ).toBe(true);
  }
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** The picture as a function of x, y, channel, with a border. */
export function reader(picture: Picture, border: Border, fill = 0): (x: number, y: number, c: number) => number {
  const { data, width, height, channels } = densePixels(picture);
  return (x, y, c) => {
    const [i, j] = [borderIndex(x, width, border), borderIndex(y, height, border)];
    return i < 0 || j < 0 ? fill : data[(j * width + i) * channels + c]!;
  };
}

/** Compares each level of a result with `level(x, y, c)`, rounded as uint8 is. */
export function expectLevels(result: unknown, level: (x: number, y: number, c: number) => number, tolerance = 0): void {
  const { data, width, height, channels } = densePixels(result as Picture);
  const isFloat = data instanceof Float32Array;
  let worst = 0;
  for (let i = 0; i < width * height * channels; i++) {
    const pixel = Math.floor(i / channels);
    const exact = level(pixel % width, Math.floor(pixel / width), i % channels);
    const wanted = isFloat ? exact : Math.min(255, Math.max(0, exact));
    const off = Math.abs(data[i]! - wanted);
    if (!(off <= worst)) worst = off;
  }
  expect(worst).toBeLessThanOrEqual(isFloat ? 1e-4 : 0.501 + tolerance);
}

export const times = (count: number, body: () => void): void => {
  for (let i = 0; i < count; i++) body();
};

/** A small picture of any kind and size. */
export const anyPicture = (channels?: Channels): Picture =>
  randomPicture(channels, randomSize(1, 12), randomSize(1, 12));

/** For definitions that are slow: at most 17 wide, 7 high. */
export const smallSize = (least = 1): number => Math.min(17, randomSize(least, 12));
/** Kernels go along rows: few will do. */
export const fewRows = (least = 1): number => Math.min(7, randomSize(least, 7));
export const small = (channels?: Channels, least = 1): Picture =>
  randomPicture(channels, smallSize(least), fewRows(least));
/** 8-bit pictures, also parts of larger ones. */
export const smallBytes = (channels: Channels = rng.pick([1, 3, 4]), least = 0): Picture =>
  rng.integer(0, 2) === 0
    ? randomView("uint8", smallSize(Math.max(1, least)), fewRows(Math.max(1, least)), channels)
    : randomImage(smallSize(least), fewRows(least), channels);
export const isBytes = (picture: Picture): boolean => densePixels(picture).data instanceof Uint8Array;
/** Levels of a channel. */
export const channelOf = (picture: Picture, c: number): number[] => {
  const { data, channels } = densePixels(picture);
  return Array.from(data).filter((_, i) => i % channels === c);
};
/** Borders that continue the picture. */
export const smooth: readonly Border[] = ["replicate", "reflect101", "reflect", "wrap"];
