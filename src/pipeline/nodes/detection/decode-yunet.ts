/** Faces of YuNet: class, objectness, box and five points a cell, three strides. */
import { InferlabError } from "../../../base/errors.ts";
import type { Point } from "../../../base/image.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { asList, cells, inputSizeParameter, keep, minScoreParameter, outputOf, type PointedBox } from "./net-output.ts";

export interface DecodeYunetOptions {
  /** Default 0.6. */
  readonly minScore?: number;
  /** Size of the net's input in pixels. Default 320. */
  readonly width?: number;
  readonly height?: number;
  /** Pixels between cells of each head. Default 8, 16, 32. */
  readonly strides?: readonly number[];
}

export const decodeYunet = node(
  {
    name: "decodeYunet",
    group: "post-processing",
    about:
      "Faces, in pixels of the net's input, with their points (right eye, left eye, nose, right and left corner of the mouth), from the heads of YuNet, one tensor a stride in each list; score = √(class · objectness). Overlapping ones are left to nms.",
    inputs: [
      { name: "classes", kind: "tensor", list: true },
      { name: "objectness", kind: "tensor", list: true },
      { name: "boxes", kind: "tensor", list: true },
      { name: "points", kind: "tensor", list: true },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.6),
      width: inputSizeParameter("width", 320),
      height: inputSizeParameter("height", 320),
      strides: { type: "numbers", min: 1, default: [8, 16, 32], about: "pixels between cells of each head" },
    },
    example: "decodeYunet(cellScores, cellScores, cellBoxes, cellPoints, { width: 32, height: 32, strides: [16] })",
    source: "Wu et al., YuNet: A Tiny Millisecond-level Face Detector (2023)",
  },
  (
    classes: Tensor | readonly Tensor[],
    objectness: Tensor | readonly Tensor[],
    boxes: Tensor | readonly Tensor[],
    points: Tensor | readonly Tensor[],
    options: DecodeYunetOptions = {},
  ): PointedBox[] => {
    const { minScore = 0.6, width = 320, height = 320, strides = [8, 16, 32] } = options;
    const heads = {
      classes: asList(classes),
      objectness: asList(objectness),
      boxes: asList(boxes),
      points: asList(points),
    };
    for (const [name, list] of Object.entries(heads))
      if (list.length !== strides.length)
        throw new InferlabError("ARGUMENT", `decodeYunet: ${name} are ${list.length}, but ${strides.length} strides`);
    const clamp = (v: number): number => Math.min(1, Math.max(0, v));
    const faces: PointedBox[] = [];
    strides.forEach((stride, h) => {
      const [columns, rows] = [cells(width, stride), cells(height, stride)];
      const count = columns * rows;
      const [cls, obj, box, kps] = (["classes", "objectness", "boxes", "points"] as const).map(
        (name, i) => outputOf(heads[name][h]!, [count, [1, 1, 4, 10][i]!], `decodeYunet: ${name} ${h}`).data,
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      for (let i = 0; i < count; i++) {
        const score = Math.sqrt(clamp(cls[i]!) * clamp(obj[i]!));
        if (!(score >= minScore)) continue;
        const [column, row] = [i % columns, Math.floor(i / columns)];
        const w = Math.exp(box[4 * i + 2]!) * stride;
        const boxHeight = Math.exp(box[4 * i + 3]!) * stride;
        keep(faces, {
          x: (column + box[4 * i]!) * stride - w / 2,
          y: (row + box[4 * i + 1]!) * stride - boxHeight / 2,
          width: w,
          height: boxHeight,
          score,
          label: "face",
          points: [0, 1, 2, 3, 4].map(
            (k): Point => [(column + kps[10 * i + 2 * k]!) * stride, (row + kps[10 * i + 2 * k + 1]!) * stride],
          ),
        });
      }
    });
    return faces;
  },
);
