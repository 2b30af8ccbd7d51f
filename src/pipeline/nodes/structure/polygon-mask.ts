/** Polygons as pixels, and points in polygons. */
import { Image, type Point } from "../../../base/image.ts";
import { node } from "../node.ts";
import { polygonArea, polygonSpans } from "../polygon.ts";
import { clipByConvex } from "./clip-polygon.ts";

export interface PolygonMaskOptions {
  readonly width: number;
  readonly height: number;
}

export const polygonMask = node(
  {
    name: "polygonMask",
    group: "structure",
    about:
      "A grey picture of the size given: 255 where a pixel's centre lies inside the polygon (even-odd), 0 elsewhere.",
    inputs: [{ name: "polygon", kind: "points" }],
    output: "image",
    parameters: {
      width: { type: "integer", min: 0, max: 65535, about: "width of the picture" },
      height: { type: "integer", min: 0, max: 65535, about: "height of the picture" },
    },
    example: "polygonMask([[2, 2], [12, 4], [6, 12]], { width: 16, height: 16 })",
  },
  (polygon: readonly Point[], { width, height }: PolygonMaskOptions): Image => {
    const data = new Uint8Array(width * height);
    if (polygon.flat().every(Number.isFinite))
      polygonSpans(polygon, width, height, (y, start, end) => data.fill(255, y * width + start, y * width + end));
    return new Image(width, height, 1, data);
  },
);

export const isInsidePolygon = node(
  {
    name: "isInsidePolygon",
    group: "structure",
    about:
      "For each point whether it lies inside the polygon (even-odd), as a list; of points on a side those above or left of the inside count.",
    inputs: [
      { name: "points", kind: "points" },
      { name: "polygon", kind: "points" },
    ],
    output: "list",
    parameters: {},
    example: "isInsidePolygon([[1, 1], [9, 9]], [[0, 0], [4, 0], [4, 4], [0, 4]])",
    source: "Shimrat, Algorithm 112: Position of point relative to polygon (1962)",
  },
  (points: readonly Point[], polygon: readonly Point[]): boolean[] =>
    points.map(([px, py]) => {
      let inside = false;
      for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
        const [[x, y], [u, v]] = [polygon[i]!, polygon[j]!];
        if (y > py !== v > py && px < ((u - x) * (py - y)) / (v - y) + x) inside = !inside;
      }
      return inside;
    }),
);

export const polygonOverlap = node(
  {
    name: "polygonOverlap",
    group: "structure",
    about: "Intersection over union of a simple polygon and a convex one; 0 where one has no area.",
    inputs: [
      { name: "polygon", kind: "points" },
      { name: "convex", kind: "points" },
    ],
    output: "number",
    parameters: {},
    example: "polygonOverlap([[0, 0], [4, 0], [4, 4], [0, 4]], [[2, 0], [6, 0], [6, 4], [2, 4]])",
  },
  (polygon: readonly Point[], convex: readonly Point[]): number => {
    const [a, b] = [Math.abs(polygonArea(polygon)), Math.abs(polygonArea(convex))];
    if (!(a > 0 && b > 0)) return 0;
    const both = Math.abs(polygonArea(clipByConvex(polygon, convex)));
    return both / (a + b - both);
  },
);
