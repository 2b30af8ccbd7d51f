/** Fewer corners, the same shape. */
import type { Point } from "../../../base/image.ts";
import { node } from "../node.ts";

export interface SimplifyPolygonOptions {
  /** Pixels a corner left out may lie off the result. */
  readonly tolerance: number;
  /** Whether the last point is joined to the first. Default true. */
  readonly closed?: boolean;
}

/** Distance of p from the stretch between a and b. */
function fromStretch([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  const t = square > 0 ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / square)) : 0;
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}

/** Marks the points of `from` … `to` that are kept, the ends among them; a list of stretches instead of recursion. */
function mark(points: readonly Point[], from: number, to: number, tolerance: number, kept: Uint8Array): void {
  const at = (i: number): Point => points[i % points.length]!;
  const open: [number, number][] = [[from, to]];
  kept[from % points.length] = kept[to % points.length] = 1;
  for (let stretch = open.pop(); stretch; stretch = open.pop()) {
    const [a, b] = stretch;
    let furthest = -1;
    let most = tolerance;
    for (let i = a + 1; i < b; i++) {
      const distance = fromStretch(at(i), at(a), at(b));
      if (distance > most) {
        most = distance;
        furthest = i;
      }
    }
    if (furthest < 0) continue;
    kept[furthest % points.length] = 1;
    open.push([a, furthest], [furthest, b]);
  }
}

export const simplifyPolygon = node(
  {
    name: "simplifyPolygon",
    group: "structure",
    about:
      "Some of a polygon's points, in order, such that none left out lies further than the tolerance from the sides that remain.",
    inputs: [{ name: "polygon", kind: "points" }],
    output: "points",
    parameters: {
      tolerance: { type: "number", min: 0, about: "pixels a corner left out may lie off" },
      closed: { type: "boolean", default: true, about: "whether the last point is joined to the first" },
    },
    example: "simplifyPolygon([[0, 0], [2, 0.1], [4, 0], [4, 4]], { tolerance: 0.5 })",
    source: "Douglas, Peucker, Algorithms for the reduction of the number of points (1973); Ramer (1972)",
  },
  (polygon: readonly Point[], { tolerance, closed = true }: SimplifyPolygonOptions): Point[] => {
    const count = polygon.length;
    if (count < 3) return [...polygon];
    const kept = new Uint8Array(count);
    if (!closed) mark(polygon, 0, count - 1, tolerance, kept);
    else {
      // A ring has no ends: it is cut at its first point and the one furthest from it.
      let far = 0;
      let most = -1;
      polygon.forEach(([x, y], i) => {
        const distance = Math.hypot(x - polygon[0]![0], y - polygon[0]![1]);
        if (distance > most) {
          most = distance;
          far = i;
        }
      });
      mark(polygon, 0, far, tolerance, kept);
      mark(polygon, far, count, tolerance, kept);
    }
    return polygon.filter((_, i) => kept[i]);
  },
);
