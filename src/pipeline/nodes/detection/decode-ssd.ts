/** Boxes of SSD: shifts of default boxes, scaled by variances. */
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

export interface DecodeSsdOptions extends DecodeOptions {
  /** Size in which the boxes are wanted, pixels. Default 300. */
  readonly width?: number;
  readonly height?: number;
  /** Factors on the shifts of the centre and on the logarithms of the sides. Default 0.1, 0.2. */
  readonly variances?: readonly number[];
  /** Class that means "nothing", −1 for none. Default 0. */
  readonly background?: number;
}

/** The box that the shifts at `at` make of an anchor: cx, cy, width, height in shares of the picture. */
export function shiftedAnchor(
  anchors: ArrayLike<number>,
  shifts: ArrayLike<number>,
  at: number,
  [centre, side]: readonly [number, number],
): [cx: number, cy: number, width: number, height: number] {
  const [ax, ay, aw, ah] = [anchors[at]!, anchors[at + 1]!, anchors[at + 2]!, anchors[at + 3]!];
  return [
    ax + shifts[at]! * centre * aw,
    ay + shifts[at + 1]! * centre * ah,
    aw * Math.exp(shifts[at + 2]! * side),
    ah * Math.exp(shifts[at + 3]! * side),
  ];
}

export const decodeSsd = node(
  {
    name: "decodeSsd",
    group: "post-processing",
    about:
      "Boxes of an SSD detector from shifts float32[1,n,4], class scores float32[1,n,classes] and its default boxes float32[n,4] (cx, cy, width, height in shares); the best class but the background counts. Overlapping ones are left to nms.",
    inputs: [
      { name: "shifts", kind: "tensor" },
      { name: "scores", kind: "tensor" },
      { name: "anchors", kind: "tensor" },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.5),
      labels: labelsParameter,
      width: inputSizeParameter("width", 300),
      height: inputSizeParameter("height", 300),
      variances: { type: "numbers", default: [0.1, 0.2], about: "factors on shifts of the centre and of the sides" },
      background: { type: "integer", min: -1, default: 0, about: "class that means nothing, -1 for none" },
    },
    example: "decodeSsd(cornerRows, cornerScores, ssdAnchors({ grids: [2], aspects: [1], between: false }))",
    source: "Liu et al., SSD: Single Shot MultiBox Detector (2016), §2.2",
  },
  (shifts: Tensor, scores: Tensor, anchors: Tensor, options: DecodeSsdOptions = {}): Box[] => {
    const { minScore = 0.5, labels, width = 300, height = 300, variances = [0.1, 0.2], background = 0 } = options;
    const moved = outputOf(shifts, [-1, 4], "decodeSsd: shifts");
    const count = moved.shape[0]!;
    const classes = outputOf(scores, [count, -1], "decodeSsd: scores");
    const numClasses = classes.shape[1]!;
    const defaults = outputOf(anchors, [count, 4], "decodeSsd: anchors").data;
    const factors = [variances[0] ?? 0.1, variances[1] ?? 0.2] as const;
    const boxes: Box[] = [];
    for (let i = 0; i < count; i++) {
      const at = i * numClasses;
      const first = background === 0 ? 1 : 0;
      let best = first + bestOf(classes.data, at + first, numClasses - first);
      if (best === background) {
        const before = bestOf(classes.data, at, background);
        const behind = background + 1 + bestOf(classes.data, at + background + 1, numClasses - background - 1);
        best = !(behind < numClasses) || classes.data[at + before]! >= classes.data[at + behind]! ? before : behind;
      }
      const score = classes.data[at + best]!;
      if (!(score >= minScore) || best >= numClasses) continue;
      const [cx, cy, w, h] = shiftedAnchor(defaults, moved.data, 4 * i, factors);
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
