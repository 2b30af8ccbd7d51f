/** The smallest circle around points. */
import type { Point } from "../../../base/image.ts";
import { randomSource } from "../../../base/random.ts";
import { convexHull } from "../convex-hull.ts";
import { node } from "../node.ts";

export interface Circle {
  readonly centre: Point;
  readonly radius: number;
}

const around = (a: Point, b: Point): Circle => ({
  centre: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
  radius: Math.hypot(a[0] - b[0], a[1] - b[1]) / 2,
});

/** The circle through three corners; undefined where they lie on a line. */
function through(a: Point, b: Point, c: Point): Circle | undefined {
  const [bx, by] = [b[0] - a[0], b[1] - a[1]];
  const [cx, cy] = [c[0] - a[0], c[1] - a[1]];
  const d = 2 * (bx * cy - by * cx);
  if (d === 0) return undefined;
  const [bb, cc] = [bx * bx + by * by, cx * cx + cy * cy];
  const [x, y] = [(cy * bb - by * cc) / d, (bx * cc - cx * bb) / d];
  return { centre: [a[0] + x, a[1] + y], radius: Math.hypot(x, y) };
}

/** Room for rounding, share of the radius. */
const slack = 1 + 1e-12;
const holds = ({ centre, radius }: Circle, p: Point): boolean =>
  Math.hypot(p[0] - centre[0], p[1] - centre[1]) <= radius * slack;

export const enclosingCircle = node(
  {
    name: "enclosingCircle",
    group: "structure",
    about:
      "Centre and radius of the smallest circle around the points; undefined for none. Points that are not finite are left out.",
    inputs: [{ name: "points", kind: "points" }],
    output: "object",
    parameters: {},
    example: "enclosingCircle([[0, 0], [4, 0], [0, 3]])",
    source: "Welzl, Smallest enclosing disks (1991), in rounds instead of recursion",
  },
  (points: readonly Point[]): Circle | undefined => {
    // Only corners of the hull can touch it.
    const hull = convexHull(points);
    if (hull.length === 0) return undefined;
    // In any order but round the hull few corners lie outside the circle so far: linear work.
    const next = randomSource(1);
    for (let i = hull.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [hull[i], hull[j]] = [hull[j]!, hull[i]!];
    }
    let circle: Circle = { centre: hull[0]!, radius: 0 };
    for (let i = 1; i < hull.length; i++) {
      if (holds(circle, hull[i]!)) continue;
      circle = { centre: hull[i]!, radius: 0 };
      for (let j = 0; j < i; j++) {
        if (holds(circle, hull[j]!)) continue;
        circle = around(hull[i]!, hull[j]!);
        for (let k = 0; k < j; k++)
          if (!holds(circle, hull[k]!)) circle = through(hull[i]!, hull[j]!, hull[k]!) ?? circle;
      }
    }
    return circle;
  },
);
