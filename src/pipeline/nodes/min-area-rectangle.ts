/** The smallest rotated rectangle around points. */
import type { Point } from "../../base/image.ts";
import { convexHull } from "./convex-hull.ts";
import { node } from "./node.ts";
import type { Quad } from "./warp-perspective.ts";

export interface RotatedRectangle {
  readonly centre: Point;
  /** Pixels along the side whose direction is `angle`. */
  readonly width: number;
  readonly height: number;
  /** Direction of the width, radians, more than −45° and at most 45°; positive turns clockwise on the screen. */
  readonly angle: number;
  /** Corners from the top left one, clockwise on the screen. */
  readonly points: Quad;
}

/** The four corners of a rectangle, clockwise from its top left one. */
export function rectangleCorners(centre: Point, width: number, height: number, angle: number): Quad {
  const [cx, cy] = centre;
  const ux = (Math.cos(angle) * width) / 2;
  const uy = (Math.sin(angle) * width) / 2;
  const vx = (-Math.sin(angle) * height) / 2;
  const vy = (Math.cos(angle) * height) / 2;
  return [
    [cx - ux - vx, cy - uy - vy],
    [cx + ux - vx, cy + uy - vy],
    [cx + ux + vx, cy + uy + vy],
    [cx - ux + vx, cy - uy + vy],
  ];
}

export const minAreaRectangle = node(
  {
    name: "minAreaRectangle",
    group: "structure",
    about:
      "The rotated rectangle of smallest area around the points; width 0 or height 0 where they lie on a line. Undefined for no points.",
    inputs: [{ name: "points", kind: "points" }],
    output: "object",
    parameters: {},
    example: "minAreaRectangle([[0, 2], [2, 0], [6, 4], [4, 6]])",
    source: "Freeman, Shapira, Determining the minimum-area encasing rectangle (1975): a side lies on a hull edge",
  },
  (points: readonly Point[]): RotatedRectangle | undefined => {
    const hull = convexHull(points);
    if (hull.length === 0) return undefined;
    let best: { area: number; angle: number; left: number; right: number; top: number; bottom: number } | undefined;
    for (let i = 0; i < hull.length; i++) {
      const [x0, y0] = hull[i]!;
      const [x1, y1] = hull[(i + 1) % hull.length]!;
      const length = Math.hypot(x1 - x0, y1 - y0);
      const ux = length > 0 ? (x1 - x0) / length : 1;
      const uy = length > 0 ? (y1 - y0) / length : 0;
      let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
      for (const [x, y] of hull) {
        const u = x * ux + y * uy;
        const v = -x * uy + y * ux;
        if (u < left) left = u;
        if (u > right) right = u;
        if (v < top) top = v;
        if (v > bottom) bottom = v;
      }
      const area = (right - left) * (bottom - top);
      if (!best || area < best.area) best = { area, angle: Math.atan2(uy, ux), left, right, top, bottom };
    }
    const { left, right, top, bottom } = best!;
    const cos = Math.cos(best!.angle);
    const sin = Math.sin(best!.angle);
    const u = (left + right) / 2;
    const v = (top + bottom) / 2;
    const centre: Point = [u * cos - v * sin, u * sin + v * cos];
    // Quarter turns swap the sides until the width points to the right.
    let angle = best!.angle;
    let [width, height] = [right - left, bottom - top];
    while (angle > Math.PI / 4 + 1e-9 || angle <= -Math.PI / 4 + 1e-9) {
      angle += angle > 0 ? -Math.PI / 2 : Math.PI / 2;
      [width, height] = [height, width];
    }
    return { centre, width, height, angle, points: rectangleCorners(centre, width, height, angle) };
  },
);
