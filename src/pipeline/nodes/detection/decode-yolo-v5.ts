/** Boxes of YOLO v5 and v7: one row a candidate, boxes decoded in the net. */
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import {
  bestOf,
  type DecodeOptions,
  keep,
  labelAt,
  labelsParameter,
  minScoreParameter,
  outputOf,
} from "./net-output.ts";
import type { MaskedBox } from "./prototype-masks.ts";

export interface DecodeYoloV5Options extends DecodeOptions {
  /** Mask coefficients at the end of each row. Default 0. */
  readonly numMasks?: number;
}

export const decodeYoloV5 = node(
  {
    name: "decodeYoloV5",
    group: "post-processing",
    about:
      "Boxes, in pixels of the net's input, from a YOLO v5 or v7 output float32[1,n,5+classes] whose rows are cx, cy, width, height, objectness, classes; score = objectness · best class. Overlapping ones are left to nms.",
    inputs: [{ name: "output", kind: "tensor" }],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.25),
      labels: labelsParameter,
      numMasks: { type: "integer", min: 0, default: 0, about: "mask coefficients at the end of each row" },
    },
    example: "decodeYoloV5(yoloRows, { labels: ['cat', 'dog'] })",
    source: "Jocher et al., YOLOv5 (2020): export without its own NMS",
  },
  (output: Tensor, { minScore = 0.25, labels, numMasks = 0 }: DecodeYoloV5Options = {}): MaskedBox[] => {
    const { data, shape } = outputOf(output, [-1, -1], "decodeYoloV5: output");
    const [count, columns] = shape as [number, number];
    const numClasses = columns - 5 - numMasks;
    outputOf(output, [-1, Math.max(6 + numMasks, columns)], "decodeYoloV5: output");
    const boxes: MaskedBox[] = [];
    for (let at = 0; at < count * columns; at += columns) {
      const objectness = data[at + 4]!;
      if (!(objectness >= minScore)) continue; // a class is at most 1
      const best = bestOf(data, at + 5, numClasses);
      const score = objectness * data[at + 5 + best]!;
      if (!(score >= minScore)) continue;
      const [width, height] = [data[at + 2]!, data[at + 3]!];
      const box = { x: data[at]! - width / 2, y: data[at + 1]! - height / 2, width, height, score };
      const end = at + columns;
      const masks = numMasks > 0 ? { coefficients: Float32Array.from(data.subarray(end - numMasks, end)) } : {};
      keep(boxes, { ...box, label: labelAt(labels, best), ...masks });
    }
    return boxes;
  },
);
