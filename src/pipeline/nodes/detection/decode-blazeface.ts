/** Faces (and hands, and bodies) of MediaPipe's single-shot detectors: fixed square anchors. */
import { InferlabError } from "../../../base/errors.ts";
import type { Point } from "../../../base/image.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import {
  asList,
  inputSizeParameter,
  keep,
  minScoreParameter,
  outputOf,
  type PointedBox,
  sigmoid,
} from "./net-output.ts";

export interface DecodeBlazeFaceOptions {
  /** Default 0.5. */
  readonly minScore?: number;
  /** Side of the net's square input in pixels. Default 128. */
  readonly size?: number;
  /** Pixels between cells, layer by layer. Default 8, 16, 16, 16 (128 px); [16, 32, 32, 32] for 256 px, [4] for 192 px. */
  readonly strides?: readonly number[];
  /** Anchors a layer puts on each cell. Default 2; 1 for the full-range net. */
  readonly anchorsPerCell?: number;
}

/** Centres of the anchors in 0…1, x and y by turns: layers of one stride share a grid, cell after cell. */
export function mediapipeAnchors(size: number, strides: readonly number[], anchorsPerCell: number): Float64Array {
  const centres: number[] = [];
  for (let layer = 0; layer < strides.length; ) {
    const stride = strides[layer]!;
    let last = layer;
    while (strides[last + 1] === stride) last++;
    const grid = Math.ceil(size / stride);
    for (let cell = 0; cell < grid * grid; cell++)
      for (let k = 0; k < anchorsPerCell * (last - layer + 1); k++)
        centres.push(((cell % grid) + 0.5) / grid, (Math.floor(cell / grid) + 0.5) / grid);
    layer = last + 1;
  }
  return Float64Array.from(centres);
}

export const decodeBlazeFace = node(
  {
    name: "decodeBlazeFace",
    group: "post-processing",
    about:
      "Faces, in pixels of the net's input, with their key points, from score logits float32[1,n,1] and regressions float32[1,n,4+2k] of BlazeFace and its kin (lists are joined): everything relative to anchors by the input's side. Overlapping ones are left to nms.",
    inputs: [
      { name: "scores", kind: "tensor", list: true },
      { name: "boxes", kind: "tensor", list: true },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.5),
      size: inputSizeParameter("width", 128),
      strides: { type: "numbers", min: 1, default: [8, 16, 16, 16], about: "pixels between cells, layer by layer" },
      anchorsPerCell: { type: "integer", min: 1, default: 2, about: "anchors a layer puts on each cell" },
    },
    example: "decodeBlazeFace(anchorLogits, anchorBoxes, { size: 32, strides: [16], anchorsPerCell: 1 })",
    source: "Bazarevsky et al., BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs (2019)",
  },
  (
    scores: Tensor | readonly Tensor[],
    boxes: Tensor | readonly Tensor[],
    options: DecodeBlazeFaceOptions = {},
  ): PointedBox[] => {
    const { minScore = 0.5, size = 128, strides = [8, 16, 16, 16], anchorsPerCell = 2 } = options;
    const [scoreList, boxList] = [asList(scores), asList(boxes)];
    if (scoreList.length !== boxList.length)
      throw new InferlabError(
        "ARGUMENT",
        `decodeBlazeFace: ${scoreList.length} tensors of scores, but ${boxList.length} of boxes`,
      );
    const anchors = mediapipeAnchors(size, strides, anchorsPerCell);
    const faces: PointedBox[] = [];
    let anchor = 0;
    scoreList.forEach((scoreTensor, part) => {
      const logits = outputOf(scoreTensor, [-1, 1], `decodeBlazeFace: scores ${part}`);
      const count = logits.shape[0]!;
      const { data, shape } = outputOf(boxList[part]!, [count, -1], `decodeBlazeFace: boxes ${part}`);
      const columns = shape[1]!;
      for (let i = 0; i < count; i++, anchor++) {
        const score = sigmoid(logits.data[i]!);
        if (!(score >= minScore)) continue;
        const [ax, ay] = [anchors[2 * anchor]! * size, anchors[2 * anchor + 1]! * size];
        const at = i * columns;
        const [width, height] = [data[at + 2]!, data[at + 3]!];
        const x = data[at]! + ax - width / 2;
        const y = data[at + 1]! + ay - height / 2;
        const points = Array.from(
          { length: (columns - 4) >> 1 },
          (_, k): Point => [data[at + 4 + 2 * k]! + ax, data[at + 5 + 2 * k]! + ay],
        );
        keep(faces, { x, y, width, height, score, label: "face", points });
      }
    });
    if (anchor !== anchors.length / 2)
      throw new InferlabError(
        "ARGUMENT",
        `decodeBlazeFace: ${anchor} candidates, expected ${anchors.length / 2} for size ${size} and strides ${strides.join(", ")}`,
      );
    return faces;
  },
);
