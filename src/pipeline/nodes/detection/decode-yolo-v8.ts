/** Boxes, key points and mask coefficients of YOLO v8 and v11: one column a candidate. */
import { InferlabError } from "../../../base/errors.ts";
import type { Point } from "../../../base/image.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { type DecodeOptions, keep, labelAt, labelsParameter, minScoreParameter, outputOf } from "./net-output.ts";
import type { MaskedBox } from "./prototype-masks.ts";

export interface DecodeYoloV8Options extends DecodeOptions {
  /** Mask coefficients behind the classes. Default 0. */
  readonly numMasks?: number;
  /** Key points behind the classes, each x, y, score. Default 0. */
  readonly numPoints?: number;
}

/** A box with what the net says about it besides. */
export interface YoloBox extends MaskedBox {
  readonly points?: readonly Point[];
  readonly pointScores?: readonly number[];
}

export const decodeYoloV8 = node(
  {
    name: "decodeYoloV8",
    group: "post-processing",
    about:
      "Boxes, in pixels of the net's input, from a YOLO v8, v9 or v11 output float32[1,4+classes,n] whose columns are cx, cy, width, height, classes, and mask coefficients or key points. Overlapping ones are left to nms.",
    inputs: [{ name: "output", kind: "tensor" }],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.25),
      labels: labelsParameter,
      numMasks: { type: "integer", min: 0, default: 0, about: "mask coefficients behind the classes" },
      numPoints: { type: "integer", min: 0, default: 0, about: "key points behind the classes, each x, y, score" },
    },
    example: "decodeYoloV8(yoloColumns, { labels: ['cat', 'dog'], minScore: 0.3 })",
    source: "Jocher et al., Ultralytics YOLOv8 (2023) and YOLO11 (2024): export without its own NMS",
  },
  (output: Tensor, options: DecodeYoloV8Options = {}): YoloBox[] => {
    const { minScore = 0.25, labels, numMasks = 0, numPoints = 0 } = options;
    const { data, shape } = outputOf(output, [-1, -1], "decodeYoloV8: output");
    const [rows, count] = shape as [number, number];
    const numClasses = rows - 4 - numMasks - 3 * numPoints;
    if (numClasses < 1)
      throw new InferlabError(
        "ARGUMENT",
        `decodeYoloV8: output has ${rows} rows, expected at least ${5 + numMasks + 3 * numPoints}`,
        { hint: "rows: 4 of the box, one a class, then masks or key points; decodeYoloV5 takes [1,n,5+classes]" },
      );
    const boxes: YoloBox[] = [];
    // The best class of every candidate, class by class: the memory is read in its order.
    const scores = new Float64Array(count).fill(-Infinity);
    const classes = new Int32Array(count);
    for (let k = 0; k < numClasses; k++)
      for (let i = 0, at = (4 + k) * count; i < count; i++, at++)
        if (data[at]! > scores[i]!) {
          scores[i] = data[at]!;
          classes[i] = k;
        }
    for (let i = 0; i < count; i++) {
      if (!(scores[i]! >= minScore)) continue;
      const [width, height] = [data[2 * count + i]!, data[3 * count + i]!];
      const extra = (row: number): number => data[(4 + numClasses + row) * count + i]!;
      const points = Array.from({ length: numPoints }, (_, k): Point => [extra(3 * k), extra(3 * k + 1)]);
      keep(boxes, {
        x: data[i]! - width / 2,
        y: data[count + i]! - height / 2,
        width,
        height,
        score: scores[i]!,
        label: labelAt(labels, classes[i]!),
        ...(numMasks > 0 ? { coefficients: Float32Array.from({ length: numMasks }, (_, k) => extra(k)) } : {}),
        ...(numPoints > 0 ? { points, pointScores: points.map((_, k) => extra(3 * k + 2)) } : {}),
      });
    }
    return boxes;
  },
);
