/** A convex polygon grown on all sides. */
import { InferlabError } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { convexHull } from "./convex-hull.ts";
import { node } from "./node.ts";
import { polygonArea } from "./polygon.ts";

export interface OffsetConvexPolygonOptions {
  /** Pixels every side moves outwards. */
  readonly distance: number;
  /** Corners: an arc around the old corner, or the two sides prolonged until they meet. Default "round". */
  readonly join?: "round" | "miter";
  /** Largest distance of an arc's chord from the arc, pixels. Default 0.25. */
  readonly arcTolerance?: number;
}

export const offsetConvexPolygon = node(
  {
    name: "offsetConvexPolygon",
    group: "structure",
    about:
      "The convex polygon (the hull of the points given) whose sides lie `distance` pixels further out, clockwise on the screen.",
    inputs: [{ name: "polygon", kind: "points" }],
    output: "points",
    parameters: {
      distance: { type: "number", min: 0, about: "pixels every side moves outwards" },
      join: { type: "text", choices: ["round", "miter"], default: "round", about: "shape of the corners" },
      arcTolerance: { type: "number", min: 0.001, default: 0.25, about: "pixels between an arc and its chords" },
    },
    example: "offsetConvexPolygon([[2, 2], [6, 2], [6, 5], [2, 5]], { distance: 2, join: 'miter' })",
  },
  (polygon: readonly Point[], options: OffsetConvexPolygonOptions): Point[] => {
    const { distance, join = "round", arcTolerance = 0.25 } = options;
    const hull = convexHull(polygon);
    if (hull.length < 3 || polygonArea(hull) === 0)
      throw new InferlabError("ARGUMENT", `offsetConvexPolygon: the polygon has no area, ${polygon.length} points`);
    if (distance === 0) return hull;
    const normals = hull.map((p, i): Point => {
      const q = hull[(i + 1) % hull.length]!;
      const length = Math.hypot(q[0] - p[0], q[1] - p[1]);
      return [(q[1] - p[1]) / length, (p[0] - q[0]) / length];
    });
    const maxStep = 2 * Math.acos(Math.max(0, 1 - arcTolerance / distance));
    return hull.flatMap(([x, y], i): Point[] => {
      const before = normals[(i + hull.length - 1) % hull.length]!;
      const after = normals[i]!;
      const dot = before[0] * after[0] + before[1] * after[1];
      if (join === "miter") {
        const k = distance / (1 + dot);
        return [[x + (before[0] + after[0]) * k, y + (before[1] + after[1]) * k]];
      }
      const turn = Math.acos(Math.min(1, Math.max(-1, dot)));
      const steps = Math.max(1, Math.ceil(turn / maxStep));
      const start = Math.atan2(before[1], before[0]);
      return Array.from({ length: steps + 1 }, (_, s): Point => {
        const angle = start + (turn * s) / steps;
        return [x + Math.cos(angle) * distance, y + Math.sin(angle) * distance];
      });
    });
  },
);
