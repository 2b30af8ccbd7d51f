/** Scores that sum to 1. */
import { InferlabError } from "../../../base/errors.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { floatsOf } from "./net-output.ts";

export interface SoftmaxOptions {
  /** Axis along which they sum to 1; negative ones count from the end. Default −1. */
  readonly axis?: number;
  /** Divides the logits: above 1 flatter, below 1 sharper. Default 1. */
  readonly temperature?: number;
}

export const softmax = node(
  {
    name: "softmax",
    group: "post-processing",
    about:
      "The softmax of a tensor of floats along an axis, as float32: exp(x / temperature) over its sum, safe for large x.",
    inputs: [{ name: "logits", kind: "tensor" }],
    output: "tensor",
    parameters: {
      axis: { type: "integer", default: -1, about: "axis along which the results sum to 1" },
      temperature: { type: "number", min: 1e-6, default: 1, about: "divides the logits" },
    },
    example: "softmax(cornerScores, { temperature: 2 })",
  },
  (logits: Tensor, { axis = -1, temperature = 1 }: SoftmaxOptions = {}): Tensor<"float32"> => {
    const data = floatsOf(logits, "softmax: logits");
    const { shape, rank } = logits;
    const at = axis < 0 ? axis + rank : axis;
    if (at < 0 || at >= rank)
      throw new InferlabError(
        "ARGUMENT",
        `softmax: axis is ${axis}, expected ${-rank} to ${rank - 1} for rank ${rank}`,
      );
    const length = shape[at]!;
    const step = sizeOf(shape.slice(at + 1));
    const out = new Float32Array(data.length);
    for (let start = 0; start < data.length; start += length * step)
      for (let inner = start; inner < start + step; inner++) {
        let top = -Infinity;
        for (let k = 0; k < length; k++) top = Math.max(top, data[inner + k * step]!);
        let sum = 0;
        for (let k = 0; k < length; k++) sum += Math.exp((data[inner + k * step]! - top) / temperature);
        for (let k = 0; k < length; k++)
          out[inner + k * step] = Math.exp((data[inner + k * step]! - top) / temperature) / sum;
      }
    return new Tensor("float32", shape, out);
  },
);
