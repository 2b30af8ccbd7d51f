/** How far every pixel is from the nearest unset one. */
import { InferlabError } from "../../../base/errors.ts";
import type { Image } from "../../../base/image.ts";
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";

export interface DistanceTransformOptions {
  /** Levels above it are set. Default 0. */
  readonly above?: number;
  /** Straight, or the sum of both axes. Default "euclidean". */
  readonly metric?: "euclidean" | "manhattan";
}

/** Squared distances along one line: the lower envelope of parabolas over its places. */
function lineDistances(
  values: Float64Array,
  count: number,
  out: Float64Array,
  vertex: Int32Array,
  border: Float64Array,
): void {
  let top = -1;
  for (let q = 0; q < count; q++) {
    if (values[q] === Infinity) continue;
    let meet = -Infinity;
    while (top >= 0) {
      const v = vertex[top]!;
      meet = (values[q]! + q * q - (values[v]! + v * v)) / (2 * (q - v));
      if (meet > border[top]!) break;
      top--;
      meet = -Infinity;
    }
    vertex[++top] = q;
    border[top] = meet;
  }
  if (top < 0) {
    out.fill(Infinity, 0, count);
    return;
  }
  for (let q = 0, k = 0; q < count; q++) {
    while (k < top && border[k + 1]! < q) k++;
    out[q] = (q - vertex[k]!) ** 2 + values[vertex[k]!]!;
  }
}

export const distanceTransform = node(
  {
    name: "distanceTransform",
    group: "structure",
    about:
      "The distance in pixels from each set pixel of a grey picture to the nearest unset one, exactly, as float32[height,width]; 0 for unset pixels, infinity where nothing is unset.",
    inputs: [{ name: "mask", kind: "image" }],
    output: "tensor",
    parameters: {
      above: { type: "number", min: 0, max: 255, default: 0, about: "levels above it are set" },
      metric: {
        type: "text",
        choices: ["euclidean", "manhattan"],
        default: "euclidean",
        about: "straight, or the sum of both axes",
      },
    },
    example: "distanceTransform(mask)",
    source: "Felzenszwalb, Huttenlocher, Distance Transforms of Sampled Functions (2012)",
  },
  (mask: Image, { above = 0, metric = "euclidean" }: DistanceTransformOptions = {}): Tensor<"float32"> => {
    const { width, height, data, channels } = mask;
    if (channels !== 1)
      throw new InferlabError("ARGUMENT", `distanceTransform: mask has ${channels} channels, expected 1 (grey)`);
    const grid = Float64Array.from(data, (level) => (level > above ? Infinity : 0));
    if (metric === "manhattan") {
      // Two sweeps: what is above or left, then what is below or right.
      for (let i = 0; i < grid.length; i++) {
        const [left, up] = [i % width > 0 ? grid[i - 1]! + 1 : Infinity, i >= width ? grid[i - width]! + 1 : Infinity];
        grid[i] = Math.min(grid[i]!, left, up);
      }
      for (let i = grid.length - 1; i >= 0; i--) {
        const right = (i + 1) % width > 0 ? (grid[i + 1] ?? Infinity) + 1 : Infinity;
        grid[i] = Math.min(grid[i]!, right, (grid[i + width] ?? Infinity) + 1);
      }
      return new Tensor("float32", [height, width], Float32Array.from(grid));
    }
    const longest = Math.max(width, height);
    const [line, out, border] = [new Float64Array(longest), new Float64Array(longest), new Float64Array(longest)];
    const vertex = new Int32Array(longest);
    for (let x = 0; x < width; x++) {
      for (let y = 0; y < height; y++) line[y] = grid[y * width + x]!;
      lineDistances(line, height, out, vertex, border);
      for (let y = 0; y < height; y++) grid[y * width + x] = out[y]!;
    }
    for (let y = 0; y < height; y++) {
      line.set(grid.subarray(y * width, (y + 1) * width));
      lineDistances(line, width, out, vertex, border);
      for (let x = 0; x < width; x++) grid[y * width + x] = Math.sqrt(out[x]!);
    }
    return new Tensor("float32", [height, width], Float32Array.from(grid));
  },
);
