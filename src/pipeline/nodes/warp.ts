/** Pictures sampled at computed places: what warpAffine, warpPerspective and remap have in common. */
import { InferlabError } from "../../base/errors.ts";
import { type Border, borderIndex, borders } from "./border.ts";
import { callNative, geometry } from "./native.ts";
import { type Alike, densePixels, expectPixels, type Picture, type Pixels, pixelsOf, targetFor } from "./picture.ts";
import type { Into } from "./picture-node.ts";

export const warpMethods = ["nearest", "linear", "cubic"] as const;
export type WarpMethod = (typeof warpMethods)[number];

export interface SampleOptions {
  /** Default "linear". */
  readonly method?: WarpMethod;
  /** What lies outside the picture. */
  readonly border?: Border;
  /** Level outside with border "constant". Default 0. */
  readonly fill?: number;
}

/** The options' descriptions, for the nodes that sample. */
export const sampleParameters = (border: Border) =>
  ({
    method: { type: "text", choices: warpMethods, default: "linear", about: "interpolation" },
    border: { type: "text", choices: borders, default: border, about: "what lies outside the picture" },
    fill: { type: "number", default: 0, about: "level outside with border constant" },
  }) as const;

/** For each pixel of the result where it is read in the source, both in pixels: a matrix 3×3 of pixel positions, or two maps. */
export type Places = { readonly matrix: readonly number[] } | { readonly x: Float32Array; readonly y: Float32Array };

/** Places beyond this count as this far; a NaN lies far to the left. As native/vision/warp.h. */
const far = 1e8;
const bounded = (v: number): number => (v > -far ? Math.min(v, far) : -far);

/** Keys' cubic, a = -0.75, at the four taps around fraction t. */
function cubicWeights(t: number, weights: Float64Array): void {
  const a = -0.75;
  const u = 1 - t;
  weights[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  weights[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weights[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  weights[3] = 1 - weights[0] - weights[1] - weights[2];
}

/** The picture of width × height whose pixel (x, y) is sampled at its place. Errors: ARGUMENT for a picture without pixels. */
export function warp<P extends Picture>(
  node: string,
  image: P,
  width: number,
  height: number,
  places: Places,
  { method = "linear", border = "replicate", fill = 0, into }: SampleOptions & Into<P>,
): Alike<P> {
  const source = pixelsOf(image);
  expectPixels(node, source);
  const isMap = "x" in places;
  if (isMap && (places.x.length !== width * height || places.y.length !== width * height))
    throw new InferlabError(
      "ARGUMENT",
      `${node}: the maps have ${places.x.length} and ${places.y.length} places, expected ${width * height}`,
    );
  const { picture, pixels } = targetFor(image, width, height, source.channels, into);
  const params = [
    ...geometry(source),
    ...geometry(pixels),
    warpMethods.indexOf(method),
    borders.indexOf(border),
    fill,
    isMap ? 1 : 0,
    ...(isMap ? [] : places.matrix),
  ];
  const inputs = isMap ? [source.data, places.x, places.y] : [source.data];
  if (!callNative("warp", params, inputs, [pixels.data])) {
    const at = isMap ? mapPlaces(places.x, places.y) : matrixPlaces(places.matrix, width);
    sampleAll(densePixels(source), pixels.data, width * height, at, method, border, fill);
  }
  return picture;
}

/** Writes the place of pixel i, in indices of source pixels, to `to`. */
type PlaceOf = (i: number, to: Float64Array) => void;

function mapPlaces(x: Float32Array, y: Float32Array): PlaceOf {
  return (i, to) => {
    to[0] = x[i]! - 0.5;
    to[1] = y[i]! - 0.5;
  };
}

function matrixPlaces(m: readonly number[], width: number): PlaceOf {
  return (i, to) => {
    const u = (i % width) + 0.5;
    const v = Math.floor(i / width) + 0.5;
    const w = m[6]! * u + m[7]! * v + m[8]!;
    to[0] = (m[0]! * u + m[1]! * v + m[2]!) / w - 0.5;
    to[1] = (m[3]! * u + m[4]! * v + m[5]!) / w - 0.5;
  };
}

function sampleAll(
  { data, width, height, channels }: Pixels,
  out: Uint8Array | Float32Array,
  count: number,
  placeOf: PlaceOf,
  method: WarpMethod,
  border: Border,
  fill: number,
): void {
  const place = new Float64Array(2);
  const [low, high] = method === "nearest" ? [0, 0] : method === "linear" ? [0, 1] : [-1, 2];
  const wx = Float64Array.of(0, 1, 0, 0);
  const wy = Float64Array.of(0, 1, 0, 0);
  const rounding = data instanceof Float32Array ? 0 : 0.5;
  for (let i = 0; i < count; i++) {
    placeOf(i, place);
    const [px, py] = [bounded(place[0]!), bounded(place[1]!)];
    const x0 = method === "nearest" ? Math.round(px) : Math.floor(px);
    const y0 = method === "nearest" ? Math.round(py) : Math.floor(py);
    if (method === "linear") {
      wx[2] = px - x0;
      wy[2] = py - y0;
      wx[1] = 1 - wx[2];
      wy[1] = 1 - wy[2];
    } else if (method === "cubic") {
      cubicWeights(px - x0, wx);
      cubicWeights(py - y0, wy);
    }
    for (let c = 0; c < channels; c++) {
      let sum = rounding;
      for (let j = low; j <= high; j++) {
        const row = borderIndex(y0 + j, height, border);
        for (let k = low; k <= high; k++) {
          const column = borderIndex(x0 + k, width, border);
          const level = row < 0 || column < 0 ? fill : data[(row * width + column) * channels + c]!;
          sum += wy[j + 1]! * wx[k + 1]! * level;
        }
      }
      out[i * channels + c] = rounding ? Math.min(255, Math.max(0, sum)) : sum;
    }
  }
}
