/** Filters that order their neighbourhood: median, erosion, dilation and what is made of them. */
import { type Border, borderParameter, borderTable } from "./border.ts";
import { type Alike, blankLike, densePixels, type Picture, type Pixels, pictureLike, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";

export const medianBlur = pictureNode<{ readonly radius?: number; readonly border?: Border }>(
  {
    name: "medianBlur",
    group: "filters",
    about:
      "The median of the (2·radius + 1)² pixels around each pixel, channel by channel: removes specks and keeps edges.",
    parameters: {
      radius: { type: "integer", min: 0, max: 100, default: 1, about: "pixels on each side" },
      border: { ...borderParameter, choices: ["replicate", "reflect101", "reflect", "wrap"], default: "replicate" },
    },
    example: "medianBlur(photo, { radius: 2 })",
    source: "Huang, Yang, Tang, A fast two-dimensional median filtering algorithm (1979)",
  },
  (image, { radius = 1, border = "replicate", into }) => {
    const { data, width, height, channels } = densePixels(image);
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    if (width === 0 || height === 0) return picture;
    const out = pixels.data;
    const xs = borderTable(width, radius, border);
    const ys = borderTable(height, radius, border);
    const size = 2 * radius + 1;
    const middle = (size * size) >> 1;
    const at = (row: number, column: number, c: number): number => data[(row * width + column) * channels + c]!;
    const counts = new Int32Array(256);
    const sorted = new Float32Array(size * size);
    for (let y = 0; y < height; y++)
      for (let c = 0; c < channels; c++) {
        if (data instanceof Float32Array) {
          for (let x = 0; x < width; x++) {
            for (let j = 0, k = 0; j < size; j++)
              for (let i = 0; i < size; i++) sorted[k++] = at(ys[y + j]!, xs[x + i]!, c);
            out[(y * width + x) * channels + c] = sorted.sort()[middle]!;
          }
          continue;
        }
        // A histogram that slides along the row; `below` counts the levels under `level`.
        counts.fill(0);
        let [level, below] = [0, 0];
        const change = (column: number, by: 1 | -1): void => {
          for (let j = 0; j < size; j++) {
            const v = at(ys[y + j]!, column, c);
            counts[v]! += by;
            if (v < level) below += by;
          }
        };
        for (let i = 0; i < size; i++) change(xs[i]!, 1);
        for (let x = 0; x < width; x++) {
          if (x > 0) {
            change(xs[x - 1]!, -1);
            change(xs[x + size - 1]!, 1);
          }
          while (below > middle) below -= counts[--level]!;
          while (below + counts[level]! <= middle) below += counts[level++]!;
          out[(y * width + x) * channels + c] = level;
        }
      }
    return picture;
  },
);

export interface MorphologyOptions {
  /** Pixels on each side. Default 1. */
  readonly radius?: number;
  /** Default "square". */
  readonly shape?: "square" | "disc" | "cross";
  /** Times it is done. Default 1. */
  readonly times?: number;
}

const morphologyParameters = {
  radius: { type: "integer", min: 0, max: 500, default: 1, about: "pixels on each side" },
  shape: { type: "text", choices: ["square", "disc", "cross"], default: "square", about: "the neighbourhood" },
  times: { type: "integer", min: 0, max: 1000, default: 1, about: "times it is done" },
} as const;

/** Half the width of the neighbourhood at each row's distance from its middle. */
function reaches(radius: number, shape: "square" | "disc" | "cross"): number[] {
  return Array.from({ length: radius + 1 }, (_, dy) => {
    if (shape === "square") return radius;
    if (shape === "cross") return dy === 0 ? radius : 0;
    return Math.floor(Math.sqrt(radius * radius - dy * dy));
  });
}

/** Greatest (sign 1) or least (sign -1) level around each pixel; what lies outside the picture does not count. */
function extreme({ data, width, height, channels }: Pixels, reach: readonly number[], sign: 1 | -1): Pixels {
  const out = blankLike(data, data.length);
  const radius = reach.length - 1;
  const row = width * channels;
  // The extreme of each row over 2·r + 1 pixels, by r, made once each.
  const byReach = new Map<number, Float32Array>();
  for (const r of new Set(reach)) {
    const lines = new Float32Array(data.length);
    for (let y = 0; y < height; y++)
      for (let c = 0; c < channels; c++) {
        // Monotonic queue of columns: each enters and leaves once.
        const queue = new Int32Array(width);
        let [head, tail] = [0, 0];
        const level = (x: number): number => sign * data[y * row + x * channels + c]!;
        for (let x = 0, next = 0; x < width; x++) {
          for (; next < width && next <= x + r; next++) {
            while (tail > head && level(queue[tail - 1]!) <= level(next)) tail--;
            queue[tail++] = next;
          }
          while (queue[head]! < x - r) head++;
          lines[y * row + x * channels + c] = level(queue[head]!);
        }
      }
    byReach.set(r, lines);
  }
  for (let y = 0; y < height; y++)
    for (let i = 0; i < row; i++) {
      let best = Number.NEGATIVE_INFINITY;
      for (let dy = -radius; dy <= radius; dy++) {
        if (y + dy < 0 || y + dy >= height) continue;
        const v = byReach.get(reach[Math.abs(dy)]!)![(y + dy) * row + i]!;
        if (v > best) best = v;
      }
      out[y * row + i] = sign * best;
    }
  return { data: out, offset: 0, rowStride: row, width, height, channels };
}

function morph<P extends Picture>(
  image: P,
  { radius = 1, shape = "square", times = 1 }: MorphologyOptions,
  signs: readonly (1 | -1)[],
): Alike<P> {
  const source = densePixels(image);
  const reach = reaches(radius, shape);
  let pixels: Pixels = { ...source, data: source.data.slice() };
  for (const sign of signs) for (let i = 0; i < times; i++) pixels = extreme(pixels, reach, sign);
  return pictureLike(image, pixels.width, pixels.height, pixels.channels, pixels.data);
}

export const dilate = pictureNode<MorphologyOptions>(
  {
    name: "dilate",
    group: "filters",
    about: "The greatest level around each pixel: bright regions grow. Exact.",
    parameters: morphologyParameters,
    example: "dilate(mask, { radius: 2, shape: 'disc' })",
    source: "Serra, Image Analysis and Mathematical Morphology (1982)",
  },
  (image, options) => morph(image, options, [1]),
);

export const erode = pictureNode<MorphologyOptions>(
  {
    name: "erode",
    group: "filters",
    about: "The least level around each pixel: bright regions shrink. Exact.",
    parameters: morphologyParameters,
    example: "erode(mask)",
    source: "Serra, Image Analysis and Mathematical Morphology (1982)",
  },
  (image, options) => morph(image, options, [-1]),
);

export const morphOpen = pictureNode<MorphologyOptions>(
  {
    name: "morphOpen",
    group: "filters",
    about: "The picture eroded and then dilated: bright specks vanish, what is larger keeps its size.",
    parameters: morphologyParameters,
    example: "morphOpen(mask)",
  },
  (image, options) => morph(image, options, [-1, 1]),
);

export const morphClose = pictureNode<MorphologyOptions>(
  {
    name: "morphClose",
    group: "filters",
    about: "The picture dilated and then eroded: dark gaps close, what is larger keeps its size.",
    parameters: morphologyParameters,
    example: "morphClose(mask, { radius: 3 })",
  },
  (image, options) => morph(image, options, [1, -1]),
);
