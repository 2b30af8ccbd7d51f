/** The convex hull of points. */
import type { Point } from "../../base/image.ts";
import { node } from "./node.ts";

/** Twice the signed area of the triangle o, a, b: positive where the turn is clockwise on the screen (y down). */
export const cross = (o: Point, a: Point, b: Point): number =>
  (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);

export const convexHull = node(
  {
    name: "convexHull",
    group: "structure",
    about:
      "The corners of the smallest convex polygon around the points, clockwise on the screen from the leftmost one; no corner lies on a side. Points with a coordinate that is not finite are left out.",
    inputs: [{ name: "points", kind: "points" }],
    output: "points",
    parameters: {},
    example: "convexHull([[0, 0], [4, 0], [2, 1], [4, 4], [0, 4]])",
    source: "Andrew, Another efficient algorithm for convex hulls in two dimensions (1979)",
  },
  (points: readonly Point[]): Point[] => {
    const sorted = points
      .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
      .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    const half = (list: readonly Point[]): Point[] => {
      const hull: Point[] = [];
      for (const p of list) {
        while (hull.length >= 2 && cross(hull[hull.length - 2]!, hull[hull.length - 1]!, p) <= 0) hull.pop();
        hull.push(p);
      }
      return hull;
    };
    const upper = half(sorted);
    const lower = half(sorted.reverse());
    const hull = [...upper.slice(0, -1), ...lower.slice(0, -1)];
    const [first, second] = hull;
    const isPoint = first && second && hull.length === 2 && first[0] === second[0] && first[1] === second[1];
    return hull.length === 0 || isPoint ? sorted.slice(0, 1) : hull;
  },
);
