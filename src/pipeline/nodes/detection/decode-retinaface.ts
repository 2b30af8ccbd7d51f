/** Faces of RetinaFace: SSD-like anchors of two sizes a cell, five points. */
import type { Point } from "../../../base/image.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { shiftedAnchor } from "./decode-ssd.ts";
import { cells, inputSizeParameter, keep, minScoreParameter, outputOf, type PointedBox } from "./net-output.ts";

export interface DecodeRetinafaceOptions {
  /** Default 0.5. */
  readonly minScore?: number;
  /** Size of the net's input in pixels. Default 640. */
  readonly width?: number;
  readonly height?: number;
  /** Pixels between cells of each head. Default 8, 16, 32. */
  readonly strides?: readonly number[];
  /** Sides of the square anchors in pixels, the same number of them for each stride. Default 16, 32, 64, 128, 256, 512. */
  readonly anchorSizes?: readonly number[];
}

const variances = [0.1, 0.2] as const;

/** Anchors cx, cy, width, height in shares of the picture, stride by stride, cell by cell. */
export function retinafaceAnchors(
  width: number,
  height: number,
  strides: readonly number[],
  sizes: readonly number[],
): Float64Array {
  const each = Math.floor(sizes.length / strides.length);
  const rows: number[] = [];
  strides.forEach((stride, s) => {
    for (let y = 0; y < cells(height, stride); y++)
      for (let x = 0; x < cells(width, stride); x++)
        for (let k = 0; k < each; k++) {
          const size = sizes[s * each + k]!;
          rows.push(((x + 0.5) * stride) / width, ((y + 0.5) * stride) / height, size / width, size / height);
        }
  });
  return Float64Array.from(rows);
}

export const decodeRetinaface = node(
  {
    name: "decodeRetinaface",
    group: "post-processing",
    about:
      "Faces, in pixels of the net's input, with five points, from shifts float32[1,n,4], scores float32[1,n,2] (class 1 is a face) and point shifts float32[1,n,10] of RetinaFace. Overlapping ones are left to nms.",
    inputs: [
      { name: "shifts", kind: "tensor" },
      { name: "scores", kind: "tensor" },
      { name: "points", kind: "tensor" },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.5),
      width: inputSizeParameter("width", 640),
      height: inputSizeParameter("height", 640),
      strides: { type: "numbers", min: 1, default: [8, 16, 32], about: "pixels between cells of each head" },
      anchorSizes: {
        type: "numbers",
        min: 0,
        default: [16, 32, 64, 128, 256, 512],
        about: "sides of the anchors, pixels, as many for each stride",
      },
    },
    example:
      "decodeRetinaface(cornerRows, cornerScores, cellPoints, { width: 32, height: 32, strides: [16], anchorSizes: [24] })",
    source: "Deng et al., RetinaFace: Single-stage Dense Face Localisation in the Wild (2019)",
  },
  (shifts: Tensor, scores: Tensor, points: Tensor, options: DecodeRetinafaceOptions = {}): PointedBox[] => {
    const { minScore = 0.5, width = 640, height = 640, strides = [8, 16, 32] } = options;
    const anchors = retinafaceAnchors(width, height, strides, options.anchorSizes ?? [16, 32, 64, 128, 256, 512]);
    const count = anchors.length / 4;
    const moved = outputOf(shifts, [count, 4], "decodeRetinaface: shifts").data;
    const classes = outputOf(scores, [count, 2], "decodeRetinaface: scores").data;
    const marks = outputOf(points, [count, 10], "decodeRetinaface: points").data;
    const faces: PointedBox[] = [];
    for (let i = 0; i < count; i++) {
      const score = classes[2 * i + 1]!;
      if (!(score >= minScore)) continue;
      const [cx, cy, w, h] = shiftedAnchor(anchors, moved, 4 * i, variances);
      const [ax, ay, aw, ah] = [0, 1, 2, 3].map((k) => anchors[4 * i + k]!) as [number, number, number, number];
      keep(faces, {
        x: (cx - w / 2) * width,
        y: (cy - h / 2) * height,
        width: w * width,
        height: h * height,
        score,
        label: "face",
        points: [0, 1, 2, 3, 4].map(
          (k): Point => [
            (ax + marks[10 * i + 2 * k]! * variances[0] * aw) * width,
            (ay + marks[10 * i + 2 * k + 1]! * variances[0] * ah) * height,
          ],
        ),
      });
    }
    return faces;
  },
);
