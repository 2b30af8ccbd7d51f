/** Levels counted and mapped: histogram, equalisation, thresholds, curves, white balance. */
import { InferlabError } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { gaussianBlur } from "./gaussian-blur.ts";
import { boxBlur } from "./kernels-2d.ts";
import { node } from "./node.ts";
import {
  type Alike,
  densePixels,
  expectChannels,
  type Picture,
  type Pixels,
  saturating,
  targetFor,
} from "./picture.ts";
import { type Into, pictureNode } from "./picture-node.ts";

function expectBytes(name: string, { data }: Pixels): void {
  if (data instanceof Float32Array)
    throw new InferlabError("ARGUMENT", `${name}: the picture is float32, expected 8-bit levels`);
}

/** Each level through its channel's table. Exact. */
function mapLevels<P extends Picture>(
  name: string,
  image: P,
  tables: readonly ArrayLike<number>[],
  { into }: Into<P>,
): Alike<P> {
  const source = densePixels(image);
  expectBytes(name, source);
  const { data, width, height, channels } = source;
  const { picture, pixels } = targetFor(image, width, height, channels, into);
  const out = saturating(pixels.data);
  // Alpha stays.
  const colours = channels === 4 && tables.length < 4 ? 3 : channels;
  for (let i = 0; i < width * height * channels; i++) {
    const c = i % channels;
    out[i] = c < colours ? tables[tables.length === 1 ? 0 : c]![data[i]!]! : data[i]!;
  }
  return picture;
}

function countLevels({ data, width, height, channels }: Pixels): Float64Array[] {
  const counts = Array.from({ length: channels }, () => new Float64Array(256));
  for (let i = 0; i < width * height * channels; i++) counts[i % channels]![data[i]!]!++;
  return counts;
}

export const histogram = node(
  {
    name: "histogram",
    group: "tone",
    about: "How often each of the 256 levels occurs, one list a channel.",
    inputs: [{ name: "image", kind: "image", tensors: true }],
    output: "list",
    parameters: {},
    example: "histogram(photo)",
  },
  (image: Picture): number[][] => {
    const pixels = densePixels(image);
    expectBytes("histogram", pixels);
    return countLevels(pixels).map((counts) => Array.from(counts));
  },
);

/** The table that makes levels equally frequent, the first level that occurs going to 0. */
function equalising(counts: ArrayLike<number>, total: number): Float64Array {
  const table = new Float64Array(256);
  let first = 0;
  while (first < 255 && counts[first] === 0) first++;
  const rest = total - counts[first]!;
  let sum = -counts[first]!;
  for (let v = 0; v < 256; v++) {
    sum += v < first ? 0 : counts[v]!;
    table[v] = v <= first ? 0 : Math.round((sum * 255) / rest);
  }
  // One level only: nothing to spread.
  if (rest === 0) table[first] = first;
  return table;
}

export const equalizeHistogram = pictureNode<object>(
  {
    name: "equalizeHistogram",
    group: "tone",
    about:
      "The picture with its levels spread so that each is about equally frequent, channel by channel; alpha stays.",
    parameters: {},
    example: "equalizeHistogram(toGray(photo))",
  },
  (image, options) => {
    const pixels = densePixels(image);
    expectBytes("equalizeHistogram", pixels);
    const total = pixels.width * pixels.height;
    const tables = countLevels(pixels).map((counts) => equalising(counts, total));
    return mapLevels("equalizeHistogram", image, pixels.channels === 4 ? tables.slice(0, 3) : tables, options);
  },
);

export const clahe = pictureNode<{ readonly clipLimit?: number; readonly columns?: number; readonly rows?: number }>(
  {
    name: "clahe",
    group: "tone",
    about:
      "Contrast equalised tile by tile, with each tile's histogram cut off at clipLimit times its mean and what was cut spread over all levels; between tiles' middles the maps are mixed. Channel by channel; alpha stays.",
    parameters: {
      clipLimit: { type: "number", min: 1, default: 2, about: "greatest count of a level, in mean counts" },
      columns: { type: "integer", min: 1, max: 256, default: 8, about: "tiles across" },
      rows: { type: "integer", min: 1, max: 256, default: 8, about: "tiles down" },
    },
    example: "clahe(toGray(photo), { columns: 4, rows: 4 })",
    source: "Zuiderveld, Contrast limited adaptive histogram equalization (1994)",
  },
  (image, { clipLimit = 2, columns = 8, rows = 8, into }) => {
    const source = densePixels(image);
    expectBytes("clahe", source);
    const { data, width, height, channels } = source;
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    const out = saturating(pixels.data);
    const [nx, ny] = [Math.max(1, Math.min(columns, width)), Math.max(1, Math.min(rows, height))];
    const edge = (k: number, parts: number, size: number): number => Math.round((k * size) / parts);
    const colours = channels === 4 ? 3 : channels;
    for (let i = 3; channels === 4 && i < data.length; i += 4) out[i] = data[i]!;
    for (let c = 0; c < colours && data.length > 0; c++) {
      const maps: Float64Array[] = [];
      for (let j = 0; j < ny; j++)
        for (let i = 0; i < nx; i++) {
          const counts = new Float64Array(256);
          const [x0, x1, y0, y1] = [
            edge(i, nx, width),
            edge(i + 1, nx, width),
            edge(j, ny, height),
            edge(j + 1, ny, height),
          ];
          for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) counts[data[(y * width + x) * channels + c]!]!++;
          const total = (x1 - x0) * (y1 - y0);
          const most = Math.max(1, (clipLimit * total) / 256);
          let cut = 0;
          for (let v = 0; v < 256; v++) {
            cut += Math.max(0, counts[v]! - most);
            counts[v] = Math.min(counts[v]!, most);
          }
          let sum = 0;
          maps.push(counts.map((count) => ((sum += count + cut / 256) * 255) / total));
        }
      // Tiles on both sides of a position and the share of the second.
      const between = (at: number, parts: number, size: number): readonly [number, number, number] => {
        const t = ((at + 0.5) * parts) / size - 0.5;
        const low = Math.floor(t);
        return [Math.max(0, low), Math.min(parts - 1, low + 1), t - low];
      };
      for (let y = 0; y < height; y++) {
        const [top, bottom, fy] = between(y, ny, height);
        for (let x = 0; x < width; x++) {
          const [left, right, fx] = between(x, nx, width);
          const at = (y * width + x) * channels + c;
          const v = data[at]!;
          const upper = maps[top * nx + left]![v]! * (1 - fx) + maps[top * nx + right]![v]! * fx;
          const lower = maps[bottom * nx + left]![v]! * (1 - fx) + maps[bottom * nx + right]![v]! * fx;
          out[at] = upper * (1 - fy) + lower * fy;
        }
      }
    }
    return picture;
  },
);

/** The level that parts a histogram so that the variance between both sides is greatest. */
export function otsuLevel(counts: ArrayLike<number>): number {
  let [total, sum] = [0, 0];
  for (let v = 0; v < 256; v++) {
    total += counts[v]!;
    sum += v * counts[v]!;
  }
  let [best, level, below, belowSum] = [-1, 0, 0, 0];
  for (let v = 0; v < 256; v++) {
    below += counts[v]!;
    belowSum += v * counts[v]!;
    const above = total - below;
    if (below === 0 || above === 0) continue;
    const between = below * above * (belowSum / below - (sum - belowSum) / above) ** 2;
    if (between > best) [best, level] = [between, v];
  }
  return level;
}

export const threshold = pictureNode<{ readonly above?: number | "otsu"; readonly invert?: boolean }>(
  {
    name: "threshold",
    group: "tone",
    about:
      "White, 255 (1 for float32), where the level is above a threshold, 0 elsewhere, channel by channel. Otsu's threshold parts the 256 levels of a grey picture best.",
    parameters: {
      above: { type: "any", default: "otsu", about: "a level, or otsu" },
      invert: { type: "boolean", default: false, about: "0 and 255 change places" },
    },
    example: "threshold(toGray(photo))",
    source: "Otsu, A threshold selection method from gray-level histograms (1979)",
  },
  (image, { above = "otsu", invert = false, into }) => {
    const source = densePixels(image);
    if (above !== "otsu" && typeof above !== "number")
      throw new InferlabError("ARGUMENT", `threshold: above is ${JSON.stringify(above)}, expected a number or "otsu"`);
    let level = above as number;
    if (above === "otsu") {
      expectChannels("threshold", source, [1]);
      expectBytes("threshold", source);
      level = otsuLevel(countLevels(source)[0]!);
    }
    const { data, width, height, channels } = source;
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    const out = pixels.data;
    const high = data instanceof Float32Array ? 1 : 255;
    for (let i = 0; i < data.length; i++) out[i] = data[i]! > level !== invert ? high : 0;
    return picture;
  },
);

export const adaptiveThreshold = pictureNode<{
  readonly radius?: number;
  readonly offset?: number;
  readonly weights?: "mean" | "gaussian";
  readonly invert?: boolean;
}>(
  {
    name: "adaptiveThreshold",
    group: "tone",
    about:
      "White, 255, where a grey pixel is above the mean around it less an offset, 0 elsewhere: text on uneven paper.",
    parameters: {
      radius: { type: "integer", min: 1, max: 1000, default: 7, about: "pixels on each side" },
      offset: { type: "number", default: 5, about: "taken from the mean, levels" },
      weights: { type: "text", choices: ["mean", "gaussian"], default: "mean", about: "how the mean is weighted" },
      invert: { type: "boolean", default: false, about: "0 and 255 change places" },
    },
    example: "adaptiveThreshold(toGray(photo), { radius: 5 })",
  },
  (image, { radius = 7, offset = 5, weights = "mean", invert = false, into }) => {
    const source = densePixels(image);
    expectChannels("adaptiveThreshold", source, [1]);
    const border = "replicate";
    const smooth = weights === "mean" ? boxBlur : gaussianBlur;
    const around = densePixels(smooth<Picture>(image, { radius, border })).data;
    const { data, width, height } = source;
    const { picture, pixels } = targetFor(image, width, height, 1, into);
    const out = pixels.data;
    const high = data instanceof Float32Array ? 1 : 255;
    for (let i = 0; i < data.length; i++) out[i] = data[i]! > around[i]! - offset !== invert ? high : 0;
    return picture;
  },
);

export const applyLut = pictureNode<object, [table: ArrayLike<number>]>(
  {
    name: "applyLut",
    group: "tone",
    about:
      "Each 8-bit level replaced by its entry of a table of 256, or of 256 a channel one after the other; alpha stays unless it has a table. Exact.",
    others: [{ name: "table", kind: "numbers" }],
    parameters: {},
    example: "applyLut(photo, Array.from({ length: 256 }, (_, v) => 255 - v))",
  },
  (image, table, options) => {
    const { channels } = densePixels(image);
    const count = table.length / 256;
    if (count !== 1 && count !== channels && !(channels === 4 && count === 3))
      throw new InferlabError(
        "ARGUMENT",
        `applyLut: the table has ${table.length} entries, expected 256 or ${256 * channels}`,
      );
    const all = Array.from(table);
    return mapLevels(
      "applyLut",
      image,
      Array.from({ length: count }, (_, c) => all.slice(c * 256, c * 256 + 256)),
      options,
    );
  },
);

/** 256 levels of a curve through points in 0…255: monotone cubic between them, flat outside. */
function curveTable(points: readonly Point[]): Float64Array {
  const sorted = [...points].sort((a, b) => a[0] - b[0]);
  if (sorted.length === 0 || sorted.some(([x, y], i) => !Number.isFinite(x + y) || (i > 0 && x === sorted[i - 1]![0])))
    throw new InferlabError("ARGUMENT", "toneCurve: expected points [level, level] with different first numbers");
  const n = sorted.length;
  const slopes = Array.from(
    { length: n - 1 },
    (_, i) => (sorted[i + 1]![1] - sorted[i]![1]) / (sorted[i + 1]![0] - sorted[i]![0]),
  );
  // Fritsch and Carlson: tangents that keep each piece monotone.
  const tangents = sorted.map((_, i) => {
    if (i === 0) return slopes[0] ?? 0;
    if (i === n - 1) return slopes[n - 2]!;
    const [a, b] = [slopes[i - 1]!, slopes[i]!];
    return a * b <= 0 ? 0 : (2 * a * b) / (a + b);
  });
  return Float64Array.from({ length: 256 }, (_, v) => {
    if (v <= sorted[0]![0]) return sorted[0]![1];
    if (v >= sorted[n - 1]![0]) return sorted[n - 1]![1];
    const i = sorted.findIndex((p) => p[0] > v) - 1;
    const [[x0, y0], [x1, y1]] = [sorted[i]!, sorted[i + 1]!];
    const h = x1 - x0;
    const t = (v - x0) / h;
    return (
      y0 * (1 + 2 * t) * (1 - t) ** 2 +
      tangents[i]! * h * t * (1 - t) ** 2 +
      y1 * t * t * (3 - 2 * t) +
      tangents[i + 1]! * h * t * t * (t - 1)
    );
  });
}

export const toneCurve = pictureNode<object, [points: readonly Point[]]>(
  {
    name: "toneCurve",
    group: "tone",
    about:
      "The picture's 8-bit levels on a smooth curve through the points [level, new level], flat beyond the outer ones; alpha stays.",
    others: [{ name: "points", kind: "points" }],
    parameters: {},
    example: "toneCurve(photo, [[0, 0], [96, 72], [160, 192], [255, 255]])",
    source: "Fritsch, Carlson, Monotone piecewise cubic interpolation (1980)",
  },
  (image, points, options) => mapLevels("toneCurve", image, [curveTable(points)], options),
);

export const adjustGamma = pictureNode<{ readonly gamma?: number; readonly gain?: number }>(
  {
    name: "adjustGamma",
    group: "tone",
    about: "Levels as 255 · gain · (level / 255)^(1 / gamma): above 1 brightens the dark parts; alpha stays.",
    parameters: {
      gamma: { type: "number", min: 0.01, max: 100, default: 1, about: "exponent's inverse" },
      gain: { type: "number", min: 0, default: 1, about: "factor" },
    },
    example: "adjustGamma(photo, { gamma: 1.8 })",
  },
  (image, { gamma = 1, gain = 1, into }) => {
    const table = Float64Array.from({ length: 256 }, (_, v) => 255 * gain * (v / 255) ** (1 / gamma));
    return mapLevels("adjustGamma", image, [table], { into });
  },
);

export const whiteBalance = pictureNode<{
  readonly method?: "grey-world" | "white-patch";
  readonly percentile?: number;
}>(
  {
    name: "whiteBalance",
    group: "tone",
    about:
      "The picture with its channels scaled so that their means are equal (grey world), or so that their brightest levels are (white patch).",
    parameters: {
      method: {
        type: "text",
        choices: ["grey-world", "white-patch"],
        default: "grey-world",
        about: "what is made equal",
      },
      percentile: {
        type: "number",
        min: 0,
        max: 100,
        default: 99,
        about: "what counts as brightest, percent of pixels",
      },
    },
    example: "whiteBalance(photo)",
    source: "Buchsbaum, A spatial processor model for object colour perception (1980)",
  },
  (image, { method = "grey-world", percentile = 99, into }) => {
    const pixels = densePixels(image);
    expectBytes("whiteBalance", pixels);
    expectChannels("whiteBalance", pixels, [3, 4]);
    const total = pixels.width * pixels.height;
    const reference = countLevels(pixels)
      .slice(0, 3)
      .map((counts) => {
        if (method === "grey-world") return counts.reduce((s, n, v) => s + n * v, 0) / Math.max(1, total);
        let sum = 0;
        const at = counts.findIndex((n) => (sum += n) >= (total * percentile) / 100);
        return at < 0 ? 255 : at;
      });
    const goal = method === "grey-world" ? (reference[0]! + reference[1]! + reference[2]!) / 3 : 255;
    const tables = reference.map((r) => Float64Array.from({ length: 256 }, (_, v) => (r > 0 ? (v * goal) / r : v)));
    return mapLevels("whiteBalance", image, tables, { into });
  },
);
