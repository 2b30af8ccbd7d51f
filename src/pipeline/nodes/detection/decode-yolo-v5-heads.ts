/** Boxes of YOLO v5 from its raw heads: what an export without the last layer gives. */
import { InferlabError } from "../../../base/errors.ts";
import type { Tensor } from "../../../base/tensor.ts";
import type { Box } from "../boxes.ts";
import { node } from "../node.ts";
import {
  asList,
  bestOf,
  type DecodeOptions,
  keep,
  labelAt,
  labelsParameter,
  minScoreParameter,
  outputOf,
  sigmoid,
} from "./net-output.ts";

export interface DecodeYoloV5HeadsOptions extends DecodeOptions {
  /** Pixels between cells, one number a head. Default 8, 16, 32. */
  readonly strides?: readonly number[];
  /** Widths and heights of the anchors in pixels, three pairs a head in the heads' order. Default: those of COCO. */
  readonly anchors?: readonly number[];
}

const cocoAnchors = [10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326];

export const decodeYoloV5Heads = node(
  {
    name: "decodeYoloV5Heads",
    group: "post-processing",
    about:
      "Boxes, in pixels of the net's input, from the raw heads float32[1,anchors,h,w,5+classes] of YOLO v5: logits, centre = (2σ(t) − 0.5 + cell) · stride, side = (2σ(t))² · anchor.",
    inputs: [{ name: "heads", kind: "tensor", list: true }],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.25),
      labels: labelsParameter,
      strides: { type: "numbers", min: 1, default: [8, 16, 32], about: "pixels between cells, one number a head" },
      anchors: { type: "numbers", min: 0, default: cocoAnchors, about: "widths and heights, pixels, head by head" },
    },
    example: "decodeYoloV5Heads(yoloHead, { strides: [8], anchors: [10, 13] })",
    source: "Jocher et al., YOLOv5 (2020), models/yolo.py Detect",
  },
  (heads: Tensor | readonly Tensor[], options: DecodeYoloV5HeadsOptions = {}): Box[] => {
    const { minScore = 0.25, labels, strides = [8, 16, 32], anchors = cocoAnchors } = options;
    const list = asList(heads);
    if (strides.length !== list.length)
      throw new InferlabError("ARGUMENT", `decodeYoloV5Heads: ${list.length} heads, but ${strides.length} strides`);
    const boxes: Box[] = [];
    let anchorAt = 0;
    list.forEach((head, h) => {
      const { data, shape } = outputOf(head, [-1, -1, -1, -1], `decodeYoloV5Heads: head ${h}`);
      const [numAnchors, height, width, columns] = shape as [number, number, number, number];
      const stride = strides[h]!;
      if (anchorAt + 2 * numAnchors > anchors.length)
        throw new InferlabError(
          "ARGUMENT",
          `decodeYoloV5Heads: ${anchors.length / 2} anchors are too few: head ${h} has ${numAnchors}`,
        );
      // No class lifts a score above its objectness: cells are refused by their logit, without an exponential.
      const leastLogit = minScore > 0 ? Math.log(minScore / (1 - Math.min(minScore, 1))) : -Infinity;
      for (let a = 0, at = 0; a < numAnchors; a++)
        for (let row = 0; row < height; row++)
          for (let column = 0; column < width; column++, at += columns) {
            if (!(data[at + 4]! >= leastLogit - 1e-6)) continue;
            const best = bestOf(data, at + 5, columns - 5);
            const score = sigmoid(data[at + 4]!) * sigmoid(data[at + 5 + best]!);
            if (!(score >= minScore)) continue;
            const cx = (2 * sigmoid(data[at]!) - 0.5 + column) * stride;
            const cy = (2 * sigmoid(data[at + 1]!) - 0.5 + row) * stride;
            const w = (2 * sigmoid(data[at + 2]!)) ** 2 * anchors[anchorAt + 2 * a]!;
            const boxHeight = (2 * sigmoid(data[at + 3]!)) ** 2 * anchors[anchorAt + 2 * a + 1]!;
            const label = labelAt(labels, best);
            keep(boxes, { x: cx - w / 2, y: cy - boxHeight / 2, width: w, height: boxHeight, score, label });
          }
      anchorAt += 2 * numAnchors;
    });
    return boxes;
  },
);
