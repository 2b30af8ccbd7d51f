/** Boxes and the plane they lie in. */
import { type Box, isSolid } from "../boxes.ts";
import { node } from "../node.ts";

export interface ClipBoxesOptions {
  readonly width: number;
  readonly height: number;
  /** Boxes of which less remains are left out, share of their area. Default 0. */
  readonly minShare?: number;
}

export const clipBoxes = node(
  {
    name: "clipBoxes",
    group: "post-processing",
    about:
      "The parts of the boxes that lie inside a picture of this size. Boxes outside it, without area or with NaN in them are left out.",
    inputs: [{ name: "boxes", kind: "boxes" }],
    output: "boxes",
    parameters: {
      width: { type: "number", min: 0, about: "width of the picture" },
      height: { type: "number", min: 0, about: "height of the picture" },
      minShare: { type: "number", min: 0, max: 1, default: 0, about: "least share of a box that must remain" },
    },
    example: "clipBoxes(detections, { width: 48, height: 32 })",
  },
  <B extends Box>(boxes: readonly B[], { width, height, minShare = 0 }: ClipBoxesOptions): B[] =>
    boxes.filter(isSolid).flatMap((box) => {
      const [x, y] = [Math.max(0, box.x), Math.max(0, box.y)];
      const [w, h] = [Math.min(width, box.x + box.width) - x, Math.min(height, box.y + box.height) - y];
      const remains = w > 0 && h > 0 && (w * h) / (box.width * box.height) >= minShare;
      return remains ? [{ ...box, x, y, width: w, height: h }] : [];
    }),
);

export interface ScaleBoxesOptions {
  /** Factor of x and widths. */
  readonly x: number;
  /** Factor of y and heights. Default: that of x. */
  readonly y?: number;
  /** Added after scaling, pixels: where a crop began. Default 0. */
  readonly left?: number;
  readonly top?: number;
}

export const scaleBoxes = node(
  {
    name: "scaleBoxes",
    group: "post-processing",
    about: "The boxes, and the points some carry, scaled and then moved: from a net's input or a crop to the picture.",
    inputs: [{ name: "boxes", kind: "boxes" }],
    output: "boxes",
    parameters: {
      x: { type: "number", about: "factor of x and widths" },
      y: { type: "number", optional: "that of x", about: "factor of y and heights" },
      left: { type: "number", default: 0, about: "added to x after scaling" },
      top: { type: "number", default: 0, about: "added to y after scaling" },
    },
    example: "scaleBoxes(detections, { x: 2, left: 10 })",
  },
  <B extends Box & { readonly points?: readonly (readonly [number, number])[] }>(
    boxes: readonly B[],
    { x, y = x, left = 0, top = 0 }: ScaleBoxesOptions,
  ): B[] =>
    boxes.map((box) => ({
      ...box,
      x: box.x * x + left,
      y: box.y * y + top,
      width: box.width * x,
      height: box.height * y,
      ...(box.points ? { points: box.points.map(([u, v]) => [u * x + left, v * y + top] as const) } : {}),
    })),
);
