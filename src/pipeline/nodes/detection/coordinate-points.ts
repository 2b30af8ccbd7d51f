/** Key points that a net gives as coordinates: MoveNet, face meshes, hands. */
import { InferlabError } from "../../../base/errors.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import type { KeyPoint } from "./heat-map-points.ts";
import { floatsOf } from "./net-output.ts";

export interface CoordinatePointsOptions {
  /** What a point's numbers mean, in their order: x, y, z (depth) and s (score). Default "yxs", MoveNet's. */
  readonly order?: string;
  /** What x is multiplied by: the picture's width where the net gives shares. Default 1. */
  readonly width?: number;
  /** What y is multiplied by. Default 1. */
  readonly height?: number;
}

/** A point that may have a depth. */
export interface SpacePoint extends KeyPoint {
  readonly z?: number;
}

export const coordinatePoints = node(
  {
    name: "coordinatePoints",
    group: "post-processing",
    about:
      "The points of a regression output, float32[1,…,points · numbers] in rows or flat, with their scores (1 where the net gives none) and depths (as given).",
    inputs: [{ name: "output", kind: "tensor" }],
    output: "list",
    parameters: {
      order: { type: "text", default: "yxs", about: "meaning of a point's numbers: x, y, z (depth), s (score)" },
      width: { type: "number", default: 1, about: "factor of x: the picture's width where x are shares" },
      height: { type: "number", default: 1, about: "factor of y: the picture's height where y are shares" },
    },
    example: "coordinatePoints(cellPoints, { order: 'xy', width: 64 })",
  },
  (output: Tensor, { order = "yxs", width = 1, height = 1 }: CoordinatePointsOptions = {}): SpacePoint[] => {
    const [x, y, z, s] = ["x", "y", "z", "s"].map((name) => order.indexOf(name)) as [number, number, number, number];
    if (x < 0 || y < 0 || !/^(?:([xyzs])(?!.*\1))+$/.test(order))
      throw new InferlabError(
        "ARGUMENT",
        `coordinatePoints: order is ${JSON.stringify(order)}, expected x, y and perhaps z, s, each once`,
      );
    const data = floatsOf(output, "coordinatePoints: output");
    if (data.length % order.length !== 0)
      throw new InferlabError(
        "ARGUMENT",
        `coordinatePoints: output has ${data.length} numbers, expected a multiple of ${order.length}`,
        { hint: `order is ${JSON.stringify(order)}` },
      );
    return Array.from({ length: data.length / order.length }, (_, k): SpacePoint => {
      const at = k * order.length;
      return {
        x: data[at + x]! * width,
        y: data[at + y]! * height,
        ...(z < 0 ? {} : { z: data[at + z]! }),
        score: s < 0 ? 1 : data[at + s]!,
      };
    });
  },
);
