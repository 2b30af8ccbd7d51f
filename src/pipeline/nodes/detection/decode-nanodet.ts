/** Boxes whose four distances are distributions over bins (DFL): NanoDet, NanoDet-Plus, PicoDet, raw YOLO v8 heads. */
import { InferlabError } from "../../../base/errors.ts";
import type { Tensor } from "../../../base/tensor.ts";
import type { Box } from "../boxes.ts";
import { node } from "../node.ts";
import {
  asList,
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
  sigmoid,
} from "./net-output.ts";

export interface DecodeNanodetOptions extends DecodeOptions {
  /** Size of the net's input in pixels. Default 320. */
  readonly width?: number;
  readonly height?: number;
  /** Pixels between cells of each head. Default 8, 16, 32. */
  readonly strides?: readonly number[];
  /** Where in its cell a candidate lies, cells: 0.5 the middle, 0 the corner (NanoDet-Plus). Default 0.5. */
  readonly centre?: number;
  /** Whether the scores still need a sigmoid. Default false. */
  readonly logits?: boolean;
}

/** Mean bin of the softmax of `count` numbers. */
export function expectedBin(data: ArrayLike<number>, start: number, count: number): number {
  let top = -Infinity;
  for (let k = 0; k < count; k++) top = Math.max(top, data[start + k]!);
  let sum = 0;
  let weighted = 0;
  for (let k = 0; k < count; k++) {
    const e = Math.exp(data[start + k]! - top);
    sum += e;
    weighted += k * e;
  }
  return weighted / sum;
}

export const decodeNanodet = node(
  {
    name: "decodeNanodet",
    group: "post-processing",
    about:
      "Boxes, in pixels of the net's input, from class scores float32[1,n,classes] and distances float32[1,n,4·bins], one pair or one pair a stride: each side lies the softmax's mean bin · stride from the cell's centre.",
    inputs: [
      { name: "scores", kind: "tensor", list: true },
      { name: "distances", kind: "tensor", list: true },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.35),
      labels: labelsParameter,
      width: inputSizeParameter("width", 320),
      height: inputSizeParameter("height", 320),
      strides: { type: "numbers", min: 1, default: [8, 16, 32], about: "pixels between cells of each head" },
      centre: { type: "number", default: 0.5, about: "place of a candidate in its cell: 0.5 middle, 0 corner" },
      logits: { type: "boolean", default: false, about: "whether the scores still need a sigmoid" },
    },
    example: "decodeNanodet(classScores, binDistances, { width: 32, height: 32, strides: [16] })",
    source: "Li et al., Generalized Focal Loss (2020), §3.2; Lyu, NanoDet (2020)",
  },
  (
    scores: Tensor | readonly Tensor[],
    distances: Tensor | readonly Tensor[],
    options: DecodeNanodetOptions = {},
  ): Box[] => {
    const { minScore = 0.35, labels, width = 320, height = 320, strides = [8, 16, 32], centre = 0.5 } = options;
    const [scoreHeads, distanceHeads] = [asList(scores), asList(distances)];
    if (scoreHeads.length !== distanceHeads.length)
      throw new InferlabError(
        "ARGUMENT",
        `decodeNanodet: ${scoreHeads.length} tensors of scores, but ${distanceHeads.length} of distances`,
      );
    const together = scoreHeads.length === 1;
    if (!together && scoreHeads.length !== strides.length)
      throw new InferlabError("ARGUMENT", `decodeNanodet: ${scoreHeads.length} heads, but ${strides.length} strides`);
    const least = options.logits ? Math.log(minScore / (1 - minScore)) : minScore;
    const boxes: Box[] = [];
    scoreHeads.forEach((head, h) => {
      const own = together ? strides : [strides[h]!];
      const found = outputOf(head, [-1, -1], `decodeNanodet: scores ${h}`);
      const [count, numClasses] = found.shape as [number, number];
      const sides = outputOf(distanceHeads[h]!, [count, -1], `decodeNanodet: distances ${h}`);
      const numBins = sides.shape[1]! / 4;
      if (!Number.isInteger(numBins) || numBins < 1)
        throw new InferlabError(
          "ARGUMENT",
          `decodeNanodet: distances ${h} have ${sides.shape[1]} columns, expected 4 · bins`,
        );
      checkCells(`decodeNanodet: scores ${h}`, count, width, height, own);
      let index = 0;
      for (const stride of own)
        for (let row = 0; row < cells(height, stride); row++)
          for (let column = 0; column < cells(width, stride); column++, index++) {
            const best = bestOf(found.data, index * numClasses, numClasses);
            const raw = found.data[index * numClasses + best]!;
            if (!(raw >= least)) continue;
            const at = index * 4 * numBins;
            const [left, top, right, bottom] = [0, 1, 2, 3].map(
              (side) => expectedBin(sides.data, at + side * numBins, numBins) * stride,
            ) as [number, number, number, number];
            keep(boxes, {
              x: (column + centre) * stride - left,
              y: (row + centre) * stride - top,
              width: left + right,
              height: top + bottom,
              score: options.logits ? sigmoid(raw) : raw,
              label: labelAt(labels, best),
            });
          }
    });
    return boxes;
  },
);
