/** Boxes of CenterNet: every peak of a class's heat map is the centre of an object. */
import { InferlabError } from "../../../base/errors.ts";
import type { Tensor } from "../../../base/tensor.ts";
import type { Box } from "../boxes.ts";
import { node } from "../node.ts";
import {
  type DecodeOptions,
  keep,
  labelAt,
  labelsParameter,
  minScoreParameter,
  outputOf,
  sigmoid,
} from "./net-output.ts";

export interface DecodeCenternetOptions extends DecodeOptions {
  /** Shifts of the centres inside their cells, two channels of the heat map's size. Default: none. */
  readonly offsets?: Tensor;
  /** Pixels of the net's input between cells. Default 4. */
  readonly stride?: number;
  /** Order of the axes of all maps. Default "nchw". */
  readonly layout?: "nchw" | "nhwc";
  /** Whether the heat map still needs a sigmoid. Default false. */
  readonly logits?: boolean;
  /** Unit of the sizes: "cells", or "pixels" of the net's input. Default "cells". */
  readonly unit?: "cells" | "pixels";
  /** Boxes at most, best first. Default 100. */
  readonly maxBoxes?: number;
}

export const decodeCenternet = node(
  {
    name: "decodeCenternet",
    group: "post-processing",
    about:
      "Boxes, in pixels of the net's input and best first, at the peaks (greatest of 3 × 3) of heat maps float32[1,classes,h,w]; `sizes` has two channels, width and height, or four, the distances to left, top, right, bottom. No nms is needed.",
    inputs: [
      { name: "heat", kind: "tensor" },
      { name: "sizes", kind: "tensor" },
    ],
    output: "boxes",
    parameters: {
      minScore: minScoreParameter(0.3),
      labels: labelsParameter,
      offsets: { type: "any", optional: "none", about: "shifts of the centres in their cells, two channels x, y" },
      stride: { type: "number", min: 0, default: 4, about: "pixels of the net's input between cells" },
      layout: { type: "text", choices: ["nchw", "nhwc"], default: "nchw", about: "order of the axes of all maps" },
      logits: { type: "boolean", default: false, about: "whether the heat map still needs a sigmoid" },
      unit: { type: "text", choices: ["cells", "pixels"], default: "cells", about: "unit of the sizes" },
      maxBoxes: { type: "integer", min: 0, default: 100, about: "boxes at most" },
    },
    example: "decodeCenternet(heatMap, sizeMap, { stride: 4 })",
    source: "Zhou et al., Objects as Points (2019), §4",
  },
  (heat: Tensor, sizes: Tensor, options: DecodeCenternetOptions = {}): Box[] => {
    const { minScore = 0.3, labels, stride = 4, layout = "nchw", unit = "cells", maxBoxes = 100 } = options;
    const map = outputOf(heat, [-1, -1, -1], "decodeCenternet: heat");
    const planar = layout === "nchw";
    const [numClasses, height, width] = (planar ? map.shape : [map.shape[2], map.shape[0], map.shape[1]]) as [
      number,
      number,
      number,
    ];
    const mapOf = (tensor: Tensor, channels: number, name: string) =>
      outputOf(tensor, planar ? [channels, height, width] : [height, width, channels], `decodeCenternet: ${name}`);
    const side = mapOf(sizes, -1, "sizes");
    const numSides = planar ? side.shape[0]! : side.shape[2]!;
    if (numSides !== 2 && numSides !== 4)
      throw new InferlabError("ARGUMENT", `decodeCenternet: sizes have ${numSides} channels, expected 2 or 4`);
    const shift = options.offsets ? mapOf(options.offsets, 2, "offsets") : undefined;
    const read = (data: ArrayLike<number>, channels: number, channel: number, cell: number): number =>
      data[planar ? channel * width * height + cell : cell * channels + channel]!;

    const least = options.logits ? Math.log(minScore / (1 - minScore)) : minScore;
    const isPeak = (k: number, x: number, y: number, value: number): boolean => {
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++)
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++)
          if (read(map.data, numClasses, k, v * width + u) > value) return false;
      return true;
    };
    const boxes: Box[] = [];
    for (let k = 0; k < numClasses; k++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const cell = y * width + x;
          const value = read(map.data, numClasses, k, cell);
          if (!(value >= least) || !isPeak(k, x, y, value)) continue;
          const cx = (x + (shift ? read(shift.data, 2, 0, cell) : 0)) * stride;
          const cy = (y + (shift ? read(shift.data, 2, 1, cell) : 0)) * stride;
          const scale = unit === "cells" ? stride : 1;
          const sides = Array.from({ length: numSides }, (_, c) => read(side.data, numSides, c, cell) * scale);
          const [left, top, right, bottom] = (
            numSides === 4 ? sides : [sides[0]! / 2, sides[1]! / 2, sides[0]! / 2, sides[1]! / 2]
          ) as [number, number, number, number];
          keep(boxes, {
            x: cx - left,
            y: cy - top,
            width: left + right,
            height: top + bottom,
            score: options.logits ? sigmoid(value) : value,
            label: labelAt(labels, k),
          });
        }
    return boxes.sort((a, b) => b.score! - a.score!).slice(0, maxBoxes);
  },
);
