/** Boxes of nets that end with their own NMS: one finished row a box. */
import type { Tensor } from "../../../base/tensor.ts";
import type { Box } from "../boxes.ts";
import { node } from "../node.ts";
import { type DecodeOptions, keep, labelAt, labelsParameter, minScoreParameter, outputOf } from "./net-output.ts";

export interface DecodeDetectionRowsOptions extends DecodeOptions {
  /** What x is multiplied by: the picture's width where the net gives shares. Default 1. */
  readonly width?: number;
  /** What y is multiplied by. Default 1. */
  readonly height?: number;
}

export const decodeDetectionRows = node(
  {
    name: "decodeDetectionRows",
    group: "post-processing",
    about:
      "Boxes from finished rows float32[1,n,6] of left, top, right, bottom, score, class: YOLO v10 and v26, CenterNet and others exported with their own selection.",
    inputs: [{ name: "rows", kind: "tensor" }],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.25),
      labels: labelsParameter,
      width: { type: "number", default: 1, about: "factor on x: the picture's width where the net gives shares" },
      height: { type: "number", default: 1, about: "factor on y" },
    },
    example: "decodeDetectionRows(finishedRows)",
  },
  (rows: Tensor, { minScore = 0.25, labels, width = 1, height = 1 }: DecodeDetectionRowsOptions = {}): Box[] => {
    const { data, shape } = outputOf(rows, [-1, 6], "decodeDetectionRows: rows");
    const boxes: Box[] = [];
    for (let at = 0; at < shape[0]! * 6; at += 6) {
      const score = data[at + 4]!;
      if (!(score >= minScore)) continue;
      keep(boxes, {
        x: data[at]! * width,
        y: data[at + 1]! * height,
        width: (data[at + 2]! - data[at]!) * width,
        height: (data[at + 3]! - data[at + 1]!) * height,
        score,
        label: labelAt(labels, Math.round(data[at + 5]!)),
      });
    }
    return boxes;
  },
);
