/** Which class every pixel belongs to. */
import { InferlabError } from "../../../base/errors.ts";
import { Image } from "../../../base/image.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { outputOf } from "./net-output.ts";

export interface SegmentationLabelsOptions {
  /** Order of the axes. Default "nchw". */
  readonly layout?: "nchw" | "nhwc";
  /** One channel: values above it are class 1. Default 0.5. */
  readonly threshold?: number;
}

export const segmentationLabels = node(
  {
    name: "segmentationLabels",
    group: "post-processing",
    about:
      "A grey picture whose levels are the best class of each pixel of float32[1,classes,h,w] (the first of equal ones); of one channel, 1 above the threshold and 0 elsewhere. NaN counts as least.",
    inputs: [{ name: "scores", kind: "tensor" }],
    output: "image",
    parameters: {
      layout: { type: "text", choices: ["nchw", "nhwc"], default: "nchw", about: "order of the axes" },
      threshold: { type: "number", default: 0.5, about: "of one channel: values above it are class 1" },
    },
    example: "segmentationLabels(heatMap)",
  },
  (scores: Tensor, { layout = "nchw", threshold = 0.5 }: SegmentationLabelsOptions = {}): Image => {
    const { data, shape } = outputOf(scores, [-1, -1, -1], "segmentationLabels: scores");
    const planar = layout === "nchw";
    const [channels, height, width] = (planar ? shape : [shape[2], shape[0], shape[1]]) as [number, number, number];
    if (channels < 1 || channels > 256)
      throw new InferlabError("ARGUMENT", `segmentationLabels: ${channels} classes, expected 1 to 256`);
    const plane = width * height;
    const labels = new Uint8Array(plane);
    if (channels === 1) for (let i = 0; i < plane; i++) labels[i] = data[i]! > threshold ? 1 : 0;
    else {
      const [cell, step] = planar ? [1, plane] : [channels, 1];
      const best = new Float64Array(plane).fill(-Infinity);
      for (let k = 0; k < channels; k++)
        for (let i = 0; i < plane; i++) {
          const value = data[i * cell + k * step]!;
          if (value > best[i]!) {
            best[i] = value;
            labels[i] = k;
          }
        }
    }
    return new Image(width, height, 1, labels);
  },
);
