/** Where a shape lies, how it is spread and turned. */
import { InferlabError } from "../../../base/errors.ts";
import type { Image, Point } from "../../../base/image.ts";
import { node } from "../node.ts";

export interface Moments {
  /** Area, or the sum of levels. */
  readonly m00: number;
  readonly centre: Point;
  /** Central moments of second and third order: Σ (x − cx)ᵖ (y − cy)ᵠ. */
  readonly mu20: number;
  readonly mu11: number;
  readonly mu02: number;
  readonly mu30: number;
  readonly mu21: number;
  readonly mu12: number;
  readonly mu03: number;
  /** Direction of the greatest spread, radians, clockwise on the screen, more than −90° and at most 90°. */
  readonly angle: number;
  /** Hu's seven numbers, alike for a shape moved, turned or enlarged; the seventh changes its sign when mirrored. */
  readonly hu: readonly number[];
}

type Raw = readonly [
  m00: number,
  m10: number,
  m01: number,
  m20: number,
  m11: number,
  m02: number,
  m30: number,
  m21: number,
  m12: number,
  m03: number,
];

/** Raw moments are about `origin`, near the shape, so that little is lost in the differences. */
function describe([m00, m10, m01, m20, m11, m02, m30, m21, m12, m03]: Raw, origin: Point): Moments {
  if (m00 === 0) {
    const none = { mu20: 0, mu11: 0, mu02: 0, mu30: 0, mu21: 0, mu12: 0, mu03: 0 };
    return { m00, centre: [Number.NaN, Number.NaN], ...none, angle: 0, hu: new Array<number>(7).fill(0) };
  }
  const [cx, cy] = [m10 / m00, m01 / m00];
  const mu20 = m20 - cx * m10;
  const mu11 = m11 - cx * m01;
  const mu02 = m02 - cy * m01;
  const mu30 = m30 - 3 * cx * m20 + 2 * cx * cx * m10;
  const mu21 = m21 - 2 * cx * m11 - cy * m20 + 2 * cx * cx * m01;
  const mu12 = m12 - 2 * cy * m11 - cx * m02 + 2 * cy * cy * m10;
  const mu03 = m03 - 3 * cy * m02 + 2 * cy * cy * m01;
  const [second, third] = [m00 ** -2, m00 ** -2.5];
  const [n20, n11, n02] = [mu20 * second, mu11 * second, mu02 * second];
  const [n30, n21, n12, n03] = [mu30 * third, mu21 * third, mu12 * third, mu03 * third];
  const [p, q] = [n30 + n12, n21 + n03];
  const [r, s] = [n30 - 3 * n12, 3 * n21 - n03];
  const hu = [
    n20 + n02,
    (n20 - n02) ** 2 + 4 * n11 ** 2,
    r * r + s * s,
    p * p + q * q,
    r * p * (p * p - 3 * q * q) + s * q * (3 * p * p - q * q),
    (n20 - n02) * (p * p - q * q) + 4 * n11 * p * q,
    s * p * (p * p - 3 * q * q) - r * q * (3 * p * p - q * q),
  ];
  const centre: Point = [origin[0] + cx, origin[1] + cy];
  return { m00, centre, mu20, mu11, mu02, mu30, mu21, mu12, mu03, angle: Math.atan2(2 * mu11, mu20 - mu02) / 2, hu };
}

export const polygonMoments = node(
  {
    name: "polygonMoments",
    group: "structure",
    about:
      "Area, centre, central moments, direction and Hu's invariants of the inside of a simple polygon, whichever way it runs; the centre of one without area is NaN.",
    inputs: [{ name: "polygon", kind: "points" }],
    output: "object",
    parameters: {},
    example: "polygonMoments([[0, 0], [4, 0], [4, 3], [0, 3]])",
    source:
      "Steger, On the calculation of arbitrary moments of polygons (1996); Hu, Visual pattern recognition by moment invariants (1962)",
  },
  (polygon: readonly Point[]): Moments => {
    const origin: Point = polygon[0] ?? [0, 0];
    const sums = new Array<number>(10).fill(0);
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [x, y] = [polygon[j]![0] - origin[0], polygon[j]![1] - origin[1]];
      const [u, v] = [polygon[i]![0] - origin[0], polygon[i]![1] - origin[1]];
      const a = x * v - u * y;
      const terms = [
        1 / 2,
        (x + u) / 6,
        (y + v) / 6,
        (x * x + x * u + u * u) / 12,
        (x * (2 * y + v) + u * (y + 2 * v)) / 24,
        (y * y + y * v + v * v) / 12,
        ((x + u) * (x * x + u * u)) / 20,
        (x * x * (3 * y + v) + 2 * x * u * (y + v) + u * u * (y + 3 * v)) / 60,
        (y * y * (3 * x + u) + 2 * y * v * (x + u) + v * v * (x + 3 * u)) / 60,
        ((y + v) * (y * y + v * v)) / 20,
      ];
      terms.forEach((term, k) => {
        sums[k] = sums[k]! + a * term;
      });
    }
    const sign = sums[0]! < 0 ? -1 : 1;
    return describe(sums.map((v) => v * sign) as unknown as Raw, origin);
  },
);

export interface ImageMomentsOptions {
  /** Whether every level above 0 weighs 1. Default false: levels are the weights. */
  readonly binary?: boolean;
}

export const imageMoments = node(
  {
    name: "imageMoments",
    group: "structure",
    about:
      "Sum of levels, centre, central moments, direction and Hu's invariants of a grey picture, a pixel's level at its centre; the centre of a black picture is NaN.",
    inputs: [{ name: "mask", kind: "image" }],
    output: "object",
    parameters: { binary: { type: "boolean", default: false, about: "every level above 0 weighs 1" } },
    example: "imageMoments(mask, { binary: true })",
    source: "Hu, Visual pattern recognition by moment invariants (1962)",
  },
  (mask: Image, { binary = false }: ImageMomentsOptions = {}): Moments => {
    const { width, height, channels, data } = mask;
    if (channels !== 1)
      throw new InferlabError("ARGUMENT", `imageMoments: mask has ${channels} channels, expected 1 (grey)`);
    const origin: Point = [width / 2, height / 2];
    const sums = new Array<number>(10).fill(0);
    for (let row = 0; row < height; row++) {
      const y = row + 0.5 - origin[1];
      let [w0, w1, w2, w3] = [0, 0, 0, 0];
      for (let column = 0; column < width; column++) {
        const level = data[row * width + column]!;
        const weight = binary ? Math.sign(level) : level;
        const x = column + 0.5 - origin[0];
        w0 += weight;
        w1 += weight * x;
        w2 += weight * x * x;
        w3 += weight * x * x * x;
      }
      [w0, w1, w0 * y, w2, w1 * y, w0 * y * y, w3, w2 * y, w1 * y * y, w0 * y * y * y].forEach((v, k) => {
        sums[k] = sums[k]! + v;
      });
    }
    return describe(sums as unknown as Raw, origin);
  },
);
