/** Smoothing that stops at edges. */
import { type Border, borderParameter, borderTable } from "./border.ts";
import { callNative, geometry } from "./native.ts";
import {
  densePixels,
  expectAlike,
  fullLevel,
  type Picture,
  type Pixels,
  pixelsOf,
  saturating,
  targetFor,
} from "./picture.ts";
import { pictureNode } from "./picture-node.ts";

export interface BilateralOptions {
  readonly radius?: number;
  /** Standard deviation in levels (of 255; of 1 for float32). */
  readonly sigmaColour?: number;
  /** Standard deviation in pixels. */
  readonly sigmaSpace?: number;
  readonly border?: Border;
}

export const bilateralFilter = pictureNode<BilateralOptions>(
  {
    name: "bilateralFilter",
    group: "filters",
    about:
      "The mean of the pixels around each pixel, weighted by nearness and by likeness of colour (the sum of the channels' differences): smooths and keeps edges.",
    parameters: {
      radius: { type: "integer", min: 0, max: 50, default: 3, about: "pixels on each side, a disc" },
      sigmaColour: { type: "number", min: 1e-6, optional: "25, or 0.1 for float32", about: "deviation in levels" },
      sigmaSpace: { type: "number", min: 1e-6, default: 3, about: "deviation in pixels" },
      border: { ...borderParameter, choices: ["replicate", "reflect101", "reflect", "wrap"], default: "reflect101" },
    },
    example: "bilateralFilter(photo, { radius: 2 })",
    source: "Tomasi, Manduchi, Bilateral filtering for gray and color images (1998)",
  },
  (image, { radius = 3, sigmaColour, sigmaSpace = 3, border = "reflect101", into }) => {
    const { data, width, height, channels } = densePixels(image);
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    if (width === 0 || height === 0) return picture;
    const out = saturating(pixels.data);
    const sigma = sigmaColour ?? (data instanceof Float32Array ? 0.1 : 25);
    const [perColour, perSpace] = [-0.5 / (sigma * sigma), -0.5 / (sigmaSpace * sigmaSpace)];
    const xs = borderTable(width, radius, border);
    const ys = borderTable(height, radius, border);
    const near: (readonly [dx: number, dy: number, weight: number])[] = [];
    for (let dy = -radius; dy <= radius; dy++)
      for (let dx = -radius; dx <= radius; dx++) {
        const d = dx * dx + dy * dy;
        if (d <= radius * radius) near.push([dx, dy, Math.exp(d * perSpace)]);
      }
    const sums = new Float64Array(channels);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const to = (y * width + x) * channels;
        sums.fill(0);
        let total = 0;
        for (const [dx, dy, space] of near) {
          const from = (ys[y + dy + radius]! * width + xs[x + dx + radius]!) * channels;
          let distance = 0;
          for (let c = 0; c < channels; c++) distance += Math.abs(data[from + c]! - data[to + c]!);
          const weight = space * Math.exp(distance * distance * perColour);
          total += weight;
          for (let c = 0; c < channels; c++) sums[c]! += weight * data[from + c]!;
        }
        for (let c = 0; c < channels; c++) out[to + c] = sums[c]! / total;
      }
    return picture;
  },
);

/** Means over (2r + 1)², cut off at the picture's edges, by an integral picture. */
function boxMeans(values: Float64Array, width: number, height: number, r: number): Float64Array {
  const stride = width + 1;
  const sums = new Float64Array(stride * (height + 1));
  for (let y = 0; y < height; y++) {
    let line = 0;
    for (let x = 0; x < width; x++) {
      line += values[y * width + x]!;
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1]! + line;
    }
  }
  const out = new Float64Array(values.length);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - r), Math.min(height, y + r + 1)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - r), Math.min(width, x + r + 1)];
      const sum =
        sums[bottom * stride + right]! -
        sums[top * stride + right]! -
        sums[bottom * stride + left]! +
        sums[top * stride + left]!;
      out[y * width + x] = sum / ((bottom - top) * (right - left));
    }
  }
  return out;
}

/** Means of blocks of side × side pixels; those at the right and lower edge may be smaller. */
function blockMeans(values: Float64Array, width: number, height: number, side: number): Float64Array {
  const [across, down] = [Math.ceil(width / side), Math.ceil(height / side)];
  const sums = new Float64Array(across * down);
  const counts = new Float64Array(across * down);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const block = Math.floor(y / side) * across + Math.floor(x / side);
      sums[block]! += values[y * width + x]!;
      counts[block]!++;
    }
  return sums.map((sum, block) => sum / counts[block]!);
}

/** Where pixel i of a side lies between the middles of blocks: the two next to it, and the share of the second. */
function between(i: number, side: number, blocks: number): readonly [first: number, second: number, share: number] {
  const at = Math.min(Math.max((i + 0.5) / side - 0.5, 0), blocks - 1);
  const first = Math.floor(at);
  return [first, Math.min(first + 1, blocks - 1), at - first];
}

/** Values of blocks at every pixel, bilinear between the blocks' middles. */
function spreadBlocks(values: Float64Array, width: number, height: number, side: number): Float64Array {
  const [across, down] = [Math.ceil(width / side), Math.ceil(height / side)];
  const out = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom, dy] = between(y, side, down);
    for (let x = 0; x < width; x++) {
      const [left, right, dx] = between(x, side, across);
      const row = (from: number): number =>
        values[from * across + left]! * (1 - dx) + values[from * across + right]! * dx;
      out[y * width + x] = row(top) * (1 - dy) + row(bottom) * dy;
    }
  }
  return out;
}

/** One channel, as its numbers are. */
const channelOf = ({ data, width, height, channels }: Pixels, channel: number): Float64Array =>
  Float64Array.from({ length: width * height }, (_, i) => data[i * channels + channel]!);

/** Slope a and offset b of every pixel: p ≈ a · I + b in the windows it lies in, on average. */
function guidedCoefficients(
  I: Float64Array,
  p: Float64Array,
  [width, height]: readonly [width: number, height: number],
  radius: number,
  epsilon: number,
): readonly [a: Float64Array, b: Float64Array] {
  const mean = (values: Float64Array): Float64Array => boxMeans(values, width, height, radius);
  const [meanI, meanP] = [mean(I), mean(p)];
  const meanII = mean(I.map((v) => v * v));
  const meanIP = mean(I.map((v, i) => v * p[i]!));
  const slope = meanIP.map((v, i) => {
    const spread = meanII[i]! - meanI[i]! ** 2 + epsilon;
    return spread > 0 ? (v - meanI[i]! * meanP[i]!) / spread : 0;
  });
  return [mean(slope), mean(slope.map((a, i) => meanP[i]! - a * meanI[i]!))];
}

export interface GuidedFilterOptions {
  readonly radius?: number;
  readonly epsilon?: number;
  /** Coefficients are found in pictures so many times smaller. */
  readonly subsample?: number;
}

export const guidedFilter = pictureNode<GuidedFilterOptions, [guide: Picture]>(
  {
    name: "guidedFilter",
    group: "filters",
    about:
      "The picture smoothed where the guide (one channel, the same size) is smooth, with the guide's edges: refines masks and depth maps. What it costs does not depend on the radius.",
    others: [{ name: "guide", kind: "image", tensors: true }],
    parameters: {
      radius: { type: "integer", min: 0, max: 1000, default: 4, about: "pixels on each side" },
      epsilon: {
        type: "number",
        min: 0,
        default: 0.01,
        about: "variance, of levels from 0 to 1, that counts as smooth",
      },
      subsample: {
        type: "integer",
        min: 1,
        max: 64,
        default: 1,
        about:
          "how many times smaller the pictures are made to find what the filter does to them, with the radius; 1 is exact, a quarter of the radius differs little except at edges",
      },
    },
    example: "guidedFilter(mask, mask, { radius: 3 })",
    source: "He, Sun, Tang, Guided image filtering (2010); He, Sun, Fast guided filter (2015)",
  },
  (image, guide, { radius = 4, epsilon = 0.01, subsample = 1, into }) => {
    const source = pixelsOf(image);
    const guiding = pixelsOf(guide);
    expectAlike("guidedFilter", { ...source, channels: 1 }, guiding, false);
    const { width, height, channels } = source;
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    // In the guide's own units.
    const smooth = epsilon * fullLevel(guiding.data) ** 2;
    const params = [...geometry(source), ...geometry(guiding), ...geometry(pixels), radius, smooth, subsample];
    if (callNative("guided", params, [source.data, guiding.data], [pixels.data])) return picture;
    const I = channelOf(densePixels(guiding), 0);
    const small = blockMeans(I, width, height, subsample);
    const size = [Math.ceil(width / subsample), Math.ceil(height / subsample)] as const;
    const smallRadius = radius === 0 ? 0 : Math.max(1, Math.floor(radius / subsample + 0.5));
    const out = saturating(pixels.data);
    for (let c = 0; c < channels; c++) {
      const p = blockMeans(channelOf(densePixels(source), c), width, height, subsample);
      const [a, b] = guidedCoefficients(small, p, size, smallRadius, smooth).map((values) =>
        spreadBlocks(values, width, height, subsample),
      );
      for (let i = 0; i < width * height; i++) out[i * channels + c] = a![i]! * I[i]! + b![i]!;
    }
    return picture;
  },
);
