/** Projective maps of the plane, as nine numbers row by row, the last one 1. */
import { InferlabError } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { node } from "./node.ts";

/** Solves A·x = b in place by elimination with row pivoting; undefined where A is singular. */
export function solve(a: number[][], b: number[]): number[] | undefined {
  const n = b.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++)
      if (Math.abs(a[row]![column]!) > Math.abs(a[pivot]![column]!)) pivot = row;
    if (!(Math.abs(a[pivot]![column]!) > 1e-12)) return undefined;
    [a[column], a[pivot]] = [a[pivot]!, a[column]!];
    [b[column], b[pivot]] = [b[pivot]!, b[column]!];
    for (let row = column + 1; row < n; row++) {
      const factor = a[row]![column]! / a[column]![column]!;
      for (let k = column; k < n; k++) a[row]![k]! -= factor * a[column]![k]!;
      b[row]! -= factor * b[column]!;
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) b[row]! -= a[row]![k]! * b[k]!;
    b[row]! /= a[row]![row]!;
  }
  return b;
}

/** The point a map sends `[x, y]` to. */
export function applyHomography(matrix: readonly number[], x: number, y: number): Point {
  const [a, b, c, d, e, f, g, h, i] = matrix as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const w = g * x + h * y + i;
  return [(a * x + b * y + c) / w, (d * x + e * y + f) / w];
}

export const homography = node(
  {
    name: "homography",
    group: "geometry",
    about: "The projective map, nine numbers row by row, that sends the four points `from` to the four points `to`.",
    inputs: [
      { name: "from", kind: "points" },
      { name: "to", kind: "points" },
    ],
    output: "matrix",
    parameters: {},
    example: "homography([[0, 0], [1, 0], [1, 1], [0, 1]], [[0, 0], [4, 1], [5, 5], [0, 4]])",
    source: "Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), §2.2.3",
  },
  (from: readonly Point[], to: readonly Point[]): number[] => {
    if (from.length !== 4 || to.length !== 4)
      throw new InferlabError("ARGUMENT", `homography: got ${from.length} and ${to.length} points, expected 4 and 4`);
    const a: number[][] = [];
    const b: number[] = [];
    for (let k = 0; k < 4; k++) {
      const [x, y] = from[k]!;
      const [u, v] = to[k]!;
      a.push([x, y, 1, 0, 0, 0, -x * u, -y * u], [0, 0, 0, x, y, 1, -x * v, -y * v]);
      b.push(u, v);
    }
    const solution = solve(a, b);
    if (!solution?.every(Number.isFinite))
      throw new InferlabError("ARGUMENT", "homography: three of the points lie on a line or two are the same", {
        details: { from, to },
      });
    return [...solution, 1];
  },
);
