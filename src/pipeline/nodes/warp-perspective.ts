/** A quadrilateral of a picture straightened into an upright one. */
import { type Channels, Image, type Point } from "../../base/image.ts";
import { homography } from "./homography.ts";
import { node } from "./node.ts";

export type Quad = readonly [topLeft: Point, topRight: Point, bottomRight: Point, bottomLeft: Point];

export interface WarpPerspectiveOptions {
  /** Pixels of the result. Default: the longer of the quadrilateral's upper and lower side. */
  readonly width?: number;
  /** Default: the longer of its left and right side. */
  readonly height?: number;
  /** Default "linear". */
  readonly method?: "nearest" | "linear" | "cubic";
  /** What lies outside the picture: its edge pixels repeated, or `fill`. Default "replicate". */
  readonly border?: "replicate" | "constant";
  /** Level outside with border "constant". Default 0. */
  readonly fill?: number;
}

/** Samples at (x, y) in pixel-index coordinates and writes the channels to out[to…]. */
type Sampler = (x: number, y: number, out: Uint8Array, to: number) => void;

const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Keys' cubic, a = -0.75, at the four taps around fraction t. */
function cubicWeights(t: number, weights: Float64Array): void {
  const a = -0.75;
  const u = 1 - t;
  weights[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  weights[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weights[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  weights[3] = 1 - weights[0] - weights[1] - weights[2];
}

export function makeSampler(
  image: Image,
  method: "nearest" | "linear" | "cubic",
  border: "replicate" | "constant",
  fill: number,
): Sampler {
  const { width, height, channels, data } = image;
  const inside = (x: number, y: number): boolean => x >= 0 && y >= 0 && x < width && y < height;
  const level = (x: number, y: number, c: number): number => {
    if (border === "constant" && !inside(x, y)) return fill;
    const cx = x < 0 ? 0 : x >= width ? width - 1 : x;
    const cy = y < 0 ? 0 : y >= height ? height - 1 : y;
    return data[(cy * width + cx) * channels + c]!;
  };
  if (method === "nearest")
    return (x, y, out, to) => {
      const px = Math.round(x);
      const py = Math.round(y);
      for (let c = 0; c < channels; c++) out[to + c] = level(px, py, c);
    };
  if (method === "linear")
    return (x, y, out, to) => {
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      const fx = x - x0;
      const fy = y - y0;
      if (x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height) {
        const at = (y0 * width + x0) * channels;
        const below = at + width * channels;
        for (let c = 0; c < channels; c++) {
          const upper = data[at + c]! * (1 - fx) + data[at + channels + c]! * fx;
          const lower = data[below + c]! * (1 - fx) + data[below + channels + c]! * fx;
          out[to + c] = upper * (1 - fy) + lower * fy + 0.5;
        }
      } else
        for (let c = 0; c < channels; c++) {
          const upper = level(x0, y0, c) * (1 - fx) + level(x0 + 1, y0, c) * fx;
          const lower = level(x0, y0 + 1, c) * (1 - fx) + level(x0 + 1, y0 + 1, c) * fx;
          out[to + c] = upper * (1 - fy) + lower * fy + 0.5;
        }
    };
  const wx = new Float64Array(4);
  const wy = new Float64Array(4);
  return (x, y, out, to) => {
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    cubicWeights(x - x0, wx);
    cubicWeights(y - y0, wy);
    for (let c = 0; c < channels; c++) {
      let sum = 0.5;
      for (let j = 0; j < 4; j++) for (let i = 0; i < 4; i++) sum += wy[j]! * wx[i]! * level(x0 + i - 1, y0 + j - 1, c);
      out[to + c] = Math.min(255, Math.max(0, sum));
    }
  };
}

export const warpPerspective = node(
  {
    name: "warpPerspective",
    group: "geometry",
    about:
      "The part of the picture inside a quadrilateral, straightened to width × height; corners in the order top left, top right, bottom right, bottom left of the result.",
    inputs: [
      { name: "image", kind: "image" },
      { name: "quad", kind: "points" },
    ],
    output: "image",
    parameters: {
      width: { type: "integer", min: 1, max: 65535, optional: "the longer horizontal side", about: "pixels" },
      height: { type: "integer", min: 1, max: 65535, optional: "the longer vertical side", about: "pixels" },
      method: { type: "text", choices: ["nearest", "linear", "cubic"], default: "linear", about: "interpolation" },
      border: { type: "text", choices: ["replicate", "constant"], default: "replicate", about: "what lies outside" },
      fill: { type: "number", min: 0, max: 255, default: 0, about: "level outside with border constant" },
    },
    example: "warpPerspective(photo, [[8, 4], [60, 10], [58, 40], [6, 36]], { width: 52, height: 32 })",
  },
  (image: Image, quad: Quad, options: WarpPerspectiveOptions = {}): Image => {
    const [a, b, c, d] = quad;
    const width = options.width ?? Math.max(1, Math.round(Math.max(distance(a, b), distance(d, c))));
    const height = options.height ?? Math.max(1, Math.round(Math.max(distance(a, d), distance(b, c))));
    const channels: Channels = image.channels;
    const out = new Uint8Array(width * height * channels);
    if (image.width === 0 || image.height === 0) return new Image(width, height, channels, out);
    const corners: Quad = [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ];
    const m = homography(corners, quad);
    const sample = makeSampler(image, options.method ?? "linear", options.border ?? "replicate", options.fill ?? 0);
    let to = 0;
    for (let y = 0; y < height; y++) {
      const v = y + 0.5;
      for (let x = 0; x < width; x++, to += channels) {
        const u = x + 0.5;
        const w = m[6]! * u + m[7]! * v + 1;
        sample((m[0]! * u + m[1]! * v + m[2]!) / w - 0.5, (m[3]! * u + m[4]! * v + m[5]!) / w - 0.5, out, to);
      }
    }
    return new Image(width, height, channels, out);
  },
);
