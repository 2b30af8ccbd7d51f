/** What two polygons have in common. */
import type { Point } from "../../../base/image.ts";
import { cross } from "../convex-hull.ts";
import { node } from "../node.ts";
import { polygonArea } from "../polygon.ts";

/** The part of a polygon to the right of the line from a to b (below it where the line goes right): one clipping step. */
function clipByLine(polygon: readonly Point[], a: Point, b: Point): Point[] {
  const out: Point[] = [];
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [from, to] = [polygon[j]!, polygon[i]!];
    const [before, after] = [cross(a, b, from), cross(a, b, to)];
    if (before >= 0 !== after >= 0) {
      const t = before / (before - after);
      out.push([from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t]);
    }
    if (after >= 0) out.push(to);
  }
  return out;
}

/** The common part of a polygon and a convex one, whichever way they run; fewer than 3 points where there is none. */
export function clipByConvex(polygon: readonly Point[], window: readonly Point[]): Point[] {
  const clockwise = polygonArea(window) >= 0 ? window : [...window].reverse();
  let out = [...polygon];
  for (let i = 0; i < clockwise.length && out.length > 0; i++)
    out = clipByLine(out, clockwise[i]!, clockwise[(i + 1) % clockwise.length]!);
  return out;
}

export const clipPolygon = node(
  {
    name: "clipPolygon",
    group: "structure",
    about:
      "The part of a polygon that lies inside a convex window, in the polygon's direction; no points where there is none. Parts of a concave polygon stay joined along the window's sides.",
    inputs: [
      { name: "polygon", kind: "points" },
      { name: "window", kind: "points" },
    ],
    output: "points",
    parameters: {},
    example: "clipPolygon([[0, 0], [4, 0], [4, 4], [0, 4]], [[2, 2], [6, 2], [6, 6], [2, 6]])",
    source: "Sutherland, Hodgman, Reentrant Polygon Clipping (1974)",
  },
  (polygon: readonly Point[], window: readonly Point[]): Point[] => {
    if (polygon.length < 3 || window.length < 3 || polygonArea(window) === 0) return [];
    const clipped = clipByConvex(polygon, window);
    return clipped.length < 3 || polygonArea(clipped) === 0 ? [] : clipped;
  },
);
