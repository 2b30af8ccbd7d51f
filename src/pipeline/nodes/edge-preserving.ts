/** Smoothing that stops at edges. */
import { type Border, borderParameter, borderTable } from "./border.ts";
import { densePixels, expectAlike, type Picture, saturating, targetFor } from "./picture.ts";
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

export const guidedFilter = pictureNode<{ readonly radius?: number; readonly epsilon?: number }, [guide: Picture]>(
  {
    name: "guidedFilter",
    group: "filters",
    about:
      "The picture smoothed where the guide (one channel, the same size) is smooth, with the guide's edges: refines masks and depth maps.",
    others: [{ name: "guide", kind: "image", tensors: true }],
    parameters: {
      radius: { type: "integer", min: 0, max: 1000, default: 4, about: "pixels on each side" },
      epsilon: {
        type: "number",
        min: 0,
        default: 0.01,
        about: "variance, of levels from 0 to 1, that counts as smooth",
      },
    },
    example: "guidedFilter(mask, mask, { radius: 3 })",
    source: "He, Sun, Tang, Guided image filtering (2010)",
  },
  (image, guide, { radius = 4, epsilon = 0.01, into }) => {
    const source = densePixels(image);
    const guiding = densePixels(guide);
    expectAlike("guidedFilter", { ...source, channels: 1 }, guiding, false);
    const { data, width, height, channels } = source;
    const full = (levels: unknown): number => (levels instanceof Float32Array ? 1 : 255);
    const n = width * height;
    const guideLevel = (i: number): number => guiding.data[i * guiding.channels]! / full(guiding.data);
    const I = Float64Array.from({ length: n }, (_, i) => guideLevel(i));
    const mean = (f: (i: number) => number): Float64Array =>
      boxMeans(
        Float64Array.from({ length: n }, (_, i) => f(i)),
        width,
        height,
        radius,
      );
    const meanI = mean((i) => I[i]!);
    const meanII = mean((i) => I[i]! * I[i]!);
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    const out = saturating(pixels.data);
    const scale = full(data);
    for (let c = 0; c < channels; c++) {
      const level = (i: number): number => data[i * channels + c]! / scale;
      const meanP = mean(level);
      const meanIP = mean((i) => I[i]! * level(i));
      const slope = meanIP.map((v, i) => {
        const spread = meanII[i]! - meanI[i]! ** 2 + epsilon;
        return spread > 0 ? (v - meanI[i]! * meanP[i]!) / spread : 0;
      });
      const a = boxMeans(slope, width, height, radius);
      const b = mean((i) => meanP[i]! - slope[i]! * meanI[i]!);
      for (let i = 0; i < n; i++) out[i * channels + c] = (a[i]! * I[i]! + b[i]!) * scale;
    }
    return picture;
  },
);
