/** Measures of polygons and the pixels inside them; used by several nodes. */
import type { Point } from "../../base/image.ts";
import { node } from "./node.ts";

export const polygonArea = node(
  {
    name: "polygonArea",
    group: "structure",
    about:
      "The area of a simple polygon in square pixels: positive where its corners run clockwise on the screen. 0 for fewer than 3 points.",
    inputs: [{ name: "polygon", kind: "points" }],
    output: "number",
    parameters: {},
    example: "polygonArea([[0, 0], [4, 0], [4, 3], [0, 3]])",
    source: "the shoelace formula",
  },
  (polygon: readonly Point[]): number => {
    let sum = 0;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [x0, y0] = polygon[j]!;
      const [x1, y1] = polygon[i]!;
      sum += x0 * y1 - x1 * y0;
    }
    return sum / 2;
  },
);

export const polygonPerimeter = node(
  {
    name: "polygonPerimeter",
    group: "structure",
    about: "The length of a polygon's closed outline in pixels.",
    inputs: [{ name: "polygon", kind: "points" }],
    output: "number",
    parameters: {},
    example: "polygonPerimeter([[0, 0], [4, 0], [4, 3], [0, 3]])",
  },
  (polygon: readonly Point[]): number => {
    let sum = 0;
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++)
      sum += Math.hypot(polygon[i]![0] - polygon[j]![0], polygon[i]![1] - polygon[j]![1]);
    return sum;
  },
);

/**
 * Calls `span` for each run of pixels whose centres lie inside the polygon (even-odd), clipped to the grid; `end` is not
 * part of it.
 */
export function polygonSpans(
  polygon: readonly Point[],
  width: number,
  height: number,
  span: (y: number, start: number, end: number) => void,
): void {
  let top = Infinity;
  let bottom = -Infinity;
  for (const [, y] of polygon) {
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const firstRow = Math.max(0, Math.ceil(top - 0.5));
  const lastRow = Math.min(height - 1, Math.floor(bottom - 0.5));
  for (let row = firstRow; row <= lastRow; row++) {
    const y = row + 0.5;
    const crossings: number[] = [];
    for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
      const [x0, y0] = polygon[j]!;
      const [x1, y1] = polygon[i]!;
      // Half-open in y, so that a corner on the line counts once.
      if (y0 <= y === y1 <= y) continue;
      crossings.push(x0 + ((y - y0) * (x1 - x0)) / (y1 - y0));
    }
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const start = Math.max(0, Math.ceil(crossings[k]! - 0.5));
      const end = Math.min(width, Math.ceil(crossings[k + 1]! - 0.5));
      if (end > start) span(row, start, end);
    }
  }
}
