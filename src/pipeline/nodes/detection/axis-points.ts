/** Key points from one distribution an axis (SimCC): RTMPose, RTMW. */
import { InferlabError } from "../../../base/errors.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import type { KeyPoint } from "./heat-map-points.ts";
import { bestOf, outputOf } from "./net-output.ts";

export interface AxisPointsOptions {
  /** Bins a pixel of the net's input. Default 2. */
  readonly split?: number;
}

export const axisPoints = node(
  {
    name: "axisPoints",
    group: "post-processing",
    about:
      "One point for each pair of rows of float32[1,points,width · split] and float32[1,points,height · split], in pixels of the net's input: the best bin of each axis; score is the lower of the two, 0 or less means not seen.",
    inputs: [
      { name: "x", kind: "tensor" },
      { name: "y", kind: "tensor" },
    ],
    output: "list",
    parameters: { split: { type: "number", min: 1e-6, default: 2, about: "bins a pixel of the net's input" } },
    example: "axisPoints(axisBins, axisBins)",
    source: "Li et al., SimCC: a Simple Coordinate Classification Perspective for Human Pose Estimation (2022)",
  },
  (x: Tensor, y: Tensor, { split = 2 }: AxisPointsOptions = {}): KeyPoint[] => {
    const across = outputOf(x, [-1, -1], "axisPoints: x");
    const down = outputOf(y, [across.shape[0]!, -1], "axisPoints: y");
    const [count, width] = across.shape as [number, number];
    const height = down.shape[1]!;
    if (width === 0 || height === 0) throw new InferlabError("ARGUMENT", "axisPoints: an axis has no bins");
    return Array.from({ length: count }, (_, k): KeyPoint => {
      const column = bestOf(across.data, k * width, width);
      const row = bestOf(down.data, k * height, height);
      const score = Math.min(across.data[k * width + column]!, down.data[k * height + row]!);
      return { x: column / split, y: row / split, score };
    });
  },
);
