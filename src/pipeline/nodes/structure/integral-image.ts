/** Sums over any rectangle in four look-ups. */
import type { Image } from "../../../base/image.ts";
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";

export interface IntegralImageOptions {
  /** Sums of squares instead: for variances. Default false. */
  readonly squared?: boolean;
}

export const integralImage = node(
  {
    name: "integralImage",
    group: "structure",
    about:
      "The sums of all levels above and to the left of each corner as float64[height+1,width+1,channels]: the sum over a rectangle is bottom right + top left − the other two.",
    inputs: [{ name: "image", kind: "image" }],
    output: "tensor",
    parameters: { squared: { type: "boolean", default: false, about: "sums of squares, for variances" } },
    example: "integralImage(mask)",
    source: "Crow, Summed-area tables for texture mapping (1984)",
  },
  ({ width, height, channels, data }: Image, { squared = false }: IntegralImageOptions = {}): Tensor<"float64"> => {
    const row = (width + 1) * channels;
    const sums = new Float64Array((height + 1) * row);
    for (let y = 0; y < height; y++)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let from = y * width * channels + c;
        let to = (y + 1) * row + channels + c;
        for (let x = 0; x < width; x++, from += channels, to += channels) {
          const level = data[from]!;
          sum += squared ? level * level : level;
          sums[to] = sums[to - row]! + sum;
        }
      }
    return new Tensor("float64", [height + 1, width + 1, channels], sums);
  },
);
