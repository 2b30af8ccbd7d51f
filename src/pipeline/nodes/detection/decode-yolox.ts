/** Boxes of YOLOX: free of anchors, cells of three strides one after the other. */
import type { Tensor } from "../../../base/tensor.ts";
import type { Box } from "../boxes.ts";
import { node } from "../node.ts";
import {
  bestOf,
  cells,
  checkCells,
  type DecodeOptions,
  inputSizeParameter,
  keep,
  labelAt,
  labelsParameter,
  minScoreParameter,
  outputOf,
} from "./net-output.ts";

export interface DecodeYoloxOptions extends DecodeOptions {
  /** Size of the net's input in pixels. Default 416. */
  readonly width?: number;
  readonly height?: number;
  /** Pixels between cells of each grid. Default 8, 16, 32. */
  readonly strides?: readonly number[];
}

export const decodeYolox = node(
  {
    name: "decodeYolox",
    group: "post-processing",
    about:
      "Boxes, in pixels of the net's input, from a YOLOX output float32[1,n,5+classes]: centre = (cell + t) · stride, side = exp(t) · stride, score = objectness · best class. Overlapping ones are left to nms.",
    inputs: [{ name: "output", kind: "tensor" }],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.3),
      labels: labelsParameter,
      width: inputSizeParameter("width", 416),
      height: inputSizeParameter("height", 416),
      strides: { type: "numbers", min: 1, default: [8, 16, 32], about: "pixels between cells of each grid" },
    },
    example: "decodeYolox(yoloxRows, { width: 32, height: 32, strides: [16] })",
    source: "Ge et al., YOLOX: Exceeding YOLO Series in 2021",
  },
  (output: Tensor, options: DecodeYoloxOptions = {}): Box[] => {
    const { minScore = 0.3, labels, width = 416, height = 416, strides = [8, 16, 32] } = options;
    const { data, shape } = outputOf(output, [-1, -1], "decodeYolox: output");
    const [count, columns] = shape as [number, number];
    outputOf(output, [-1, Math.max(6, columns)], "decodeYolox: output");
    checkCells("decodeYolox: output", count, width, height, strides);
    const boxes: Box[] = [];
    let at = 0;
    for (const stride of strides)
      for (let row = 0; row < cells(height, stride); row++)
        for (let column = 0; column < cells(width, stride); column++, at += columns) {
          const objectness = data[at + 4]!;
          if (!(objectness >= minScore)) continue;
          const best = bestOf(data, at + 5, columns - 5);
          const score = objectness * data[at + 5 + best]!;
          if (!(score >= minScore)) continue;
          const w = Math.exp(data[at + 2]!) * stride;
          const h = Math.exp(data[at + 3]!) * stride;
          const x = (column + data[at]!) * stride - w / 2;
          const y = (row + data[at + 1]!) * stride - h / 2;
          keep(boxes, { x, y, width: w, height: h, score, label: labelAt(labels, best) });
        }
    return boxes;
  },
);
