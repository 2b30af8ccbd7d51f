/** Boxes of nets that decode them themselves and score every class: UltraFace, DETR and many more. */
import type { Tensor } from "../../../base/tensor.ts";
import type { Box } from "../boxes.ts";
import { node } from "../node.ts";
import {
  bestOf,
  type DecodeOptions,
  inputSizeParameter,
  keep,
  labelAt,
  labelsParameter,
  minScoreParameter,
  outputOf,
} from "./net-output.ts";

export interface DecodeScoredBoxesOptions extends DecodeOptions {
  /** What a row holds: two corners, a corner and a size, or a centre and a size. Default "xyxy". */
  readonly format?: "xyxy" | "xywh" | "cxcywh";
  /** What x and widths are multiplied by: the input's width where they are shares. Default 1. */
  readonly width?: number;
  /** What y and heights are multiplied by. Default 1. */
  readonly height?: number;
  /** First class that counts: 1 where class 0 is the background. Default 0. */
  readonly firstClass?: number;
}

export const decodeScoredBoxes = node(
  {
    name: "decodeScoredBoxes",
    group: "post-processing",
    about:
      "Boxes from rows float32[1,n,4] that the net decoded itself and class scores float32[1,n,classes]: UltraFace, DETR and others. Overlapping ones are left to nms.",
    inputs: [
      { name: "rows", kind: "tensor" },
      { name: "scores", kind: "tensor" },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.5),
      labels: labelsParameter,
      format: {
        type: "text",
        choices: ["xyxy", "xywh", "cxcywh"],
        default: "xyxy",
        about: "two corners, corner and size, or centre and size",
      },
      width: inputSizeParameter("width", 1),
      height: inputSizeParameter("height", 1),
      firstClass: { type: "integer", min: 0, default: 0, about: "first class that counts: 1 behind a background" },
    },
    example: "decodeScoredBoxes(cornerRows, cornerScores, { width: 320, height: 240, firstClass: 1 })",
  },
  (rows: Tensor, scores: Tensor, options: DecodeScoredBoxesOptions = {}): Box[] => {
    const { minScore = 0.5, labels, format = "xyxy", width = 1, height = 1, firstClass = 0 } = options;
    const { data, shape } = outputOf(rows, [-1, 4], "decodeScoredBoxes: rows");
    const classes = outputOf(scores, [shape[0]!, -1], "decodeScoredBoxes: scores");
    const numClasses = classes.shape[1]!;
    const boxes: Box[] = [];
    for (let i = 0; i < shape[0]!; i++) {
      const best = firstClass + bestOf(classes.data, i * numClasses + firstClass, numClasses - firstClass);
      const score = best < numClasses ? classes.data[i * numClasses + best]! : Number.NaN;
      if (!(score >= minScore)) continue;
      const [a, b, c, d] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!, data[4 * i + 3]!];
      const [w, h] = format === "xyxy" ? [c - a, d - b] : [c, d];
      const [x, y] = format === "cxcywh" ? [a - c / 2, b - d / 2] : [a, b];
      const label = labelAt(labels, best);
      keep(boxes, { x: x * width, y: y * height, width: w * width, height: h * height, score, label });
    }
    return boxes;
  },
);
