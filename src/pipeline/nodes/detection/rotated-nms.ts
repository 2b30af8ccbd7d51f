/** Rotated boxes: overlap, and keeping one of each pile. */
import type { Point } from "../../../base/image.ts";
import { rectangleCorners } from "../min-area-rectangle.ts";
import { node } from "../node.ts";
import { polygonArea } from "../polygon.ts";
import { clipByConvex } from "../structure/clip-polygon.ts";
import { BoxGrid, boxColumns } from "./box-grid.ts";
import { byScore } from "./suppress.ts";

/** A rectangle that may stand askew: what minAreaRectangle returns, with a score and a label. */
export interface RotatedBox {
  readonly centre: Point;
  readonly width: number;
  readonly height: number;
  /** Direction of the width, radians, clockwise on the screen. */
  readonly angle: number;
  readonly score?: number;
  readonly label?: string;
}

const isSolid = ({ centre: [x, y], width, height, angle }: RotatedBox): boolean =>
  [x, y, width, height, angle].every(Number.isFinite) && width > 0 && height > 0;

const cornersOf = ({ centre, width, height, angle }: RotatedBox): readonly Point[] =>
  rectangleCorners(centre, width, height, angle);

function commonShare(a: readonly Point[], b: readonly Point[]): number {
  const both = Math.abs(polygonArea(clipByConvex(a, b)));
  const union = Math.abs(polygonArea(a)) + Math.abs(polygonArea(b)) - both;
  return union > 0 ? both / union : 0;
}

export const rotatedOverlaps = node(
  {
    name: "rotatedOverlaps",
    group: "post-processing",
    about:
      "Intersection over union of each rotated box of `a` (rows: centre, width, height, angle) with each of `b`, as a list of rows. Boxes without area or with NaN overlap nothing.",
    inputs: [
      { name: "a", kind: "list" },
      { name: "b", kind: "list" },
    ],
    output: "list",
    parameters: {},
    example: "rotatedOverlaps(rotatedBoxes, rotatedBoxes)",
  },
  (a: readonly RotatedBox[], b: readonly RotatedBox[]): number[][] => {
    const others = b.map((box) => (isSolid(box) ? cornersOf(box) : undefined));
    return a.map((box) => {
      const corners = isSolid(box) ? cornersOf(box) : undefined;
      return others.map((other) => (corners && other ? commonShare(corners, other) : 0));
    });
  },
);

export interface RotatedNmsOptions {
  /** Default 0.3. */
  readonly threshold?: number;
  /** Default 0. */
  readonly minScore?: number;
  /** Default true. */
  readonly perLabel?: boolean;
}

export const rotatedNms = node(
  {
    name: "rotatedNms",
    group: "post-processing",
    about:
      "The rotated boxes that remain when each pile of overlapping ones is reduced to its best, best score first. Boxes without area or with NaN in them are left out; a box without a score counts as 1.",
    inputs: [{ name: "boxes", kind: "list" }],
    output: "list",
    parameters: {
      threshold: { type: "number", min: 0, max: 1, default: 0.3, about: "overlap above which the weaker box goes" },
      minScore: { type: "number", default: 0, about: "boxes with a lower score are left out" },
      perLabel: { type: "boolean", default: true, about: "only boxes with the same label compete" },
    },
    example: "rotatedNms(rotatedBoxes)",
  },
  <B extends RotatedBox>(boxes: readonly B[], options: RotatedNmsOptions = {}): B[] => {
    const { threshold = 0.3, minScore = 0, perLabel = true } = options;
    const solid = boxes.filter((box) => isSolid(box) && (box.score ?? 1) >= minScore);
    const corners = solid.map(cornersOf);
    // Only boxes whose upright rectangles overlap can overlap themselves.
    const upright = boxColumns(
      corners.map((points) => {
        const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
        const [x, y] = [Math.min(...xs), Math.min(...ys)];
        return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
      }),
    );
    const grid = new BoxGrid(upright);
    const kept: B[] = [];
    for (const i of byScore(Float64Array.from(solid, (box) => box.score ?? 1))) {
      const covered = grid.visit(
        i,
        (k) =>
          (!perLabel || solid[k]!.label === solid[i]!.label) &&
          upright.left[k]! < upright.right[i]! &&
          upright.left[i]! < upright.right[k]! &&
          upright.top[k]! < upright.bottom[i]! &&
          upright.top[i]! < upright.bottom[k]! &&
          commonShare(corners[k]!, corners[i]!) > threshold,
      );
      if (covered) continue;
      kept.push(solid[i]!);
      grid.add(i);
    }
    return kept;
  },
);
