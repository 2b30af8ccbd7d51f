/** Boxes of FastestDet: one candidate a cell of one grid. */
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
  sigmoid,
} from "./net-output.ts";

export interface DecodeFastestdetOptions extends DecodeOptions {
  /** Size in which the boxes are wanted, pixels: the net's input or the picture. Default 352. */
  readonly width?: number;
  readonly height?: number;
}

export const decodeFastestdet = node(
  {
    name: "decodeFastestdet",
    group: "post-processing",
    about:
      "Boxes from a FastestDet output float32[1,5+classes,h,w]: channels objectness, x, y, width, height, classes; centre = cell + tanh, sides = sigmoid of the picture's, score = objectness^0.6 · class^0.4. Overlapping ones are left to nms.",
    inputs: [{ name: "output", kind: "tensor" }],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.5),
      labels: labelsParameter,
      width: inputSizeParameter("width", 352),
      height: inputSizeParameter("height", 352),
    },
    example: "decodeFastestdet(cellMap, { width: 352, height: 352 })",
    source: "dog-qiuqiu, FastestDet (2022)",
  },
  (output: Tensor, options: DecodeFastestdetOptions = {}): Box[] => {
    const { minScore = 0.5, labels, width = 352, height = 352 } = options;
    const { data, shape } = outputOf(output, [-1, -1, -1], "decodeFastestdet: output");
    const [channels, rows, columns] = shape as [number, number, number];
    outputOf(output, [Math.max(6, channels), rows, columns], "decodeFastestdet: output");
    const plane = rows * columns;
    const boxes: Box[] = [];
    for (let i = 0; i < plane; i++) {
      const best = bestOf(data, 5 * plane + i, channels - 5, plane);
      const score = data[i]! ** 0.6 * data[(5 + best) * plane + i]! ** 0.4;
      if (!(score >= minScore)) continue;
      const cx = ((i % columns) + Math.tanh(data[plane + i]!)) / columns;
      const cy = (Math.floor(i / columns) + Math.tanh(data[2 * plane + i]!)) / rows;
      const [w, h] = [sigmoid(data[3 * plane + i]!), sigmoid(data[4 * plane + i]!)];
      keep(boxes, {
        x: (cx - w / 2) * width,
        y: (cy - h / 2) * height,
        width: w * width,
        height: h * height,
        score,
        label: labelAt(labels, best),
      });
    }
    return boxes;
  },
);
