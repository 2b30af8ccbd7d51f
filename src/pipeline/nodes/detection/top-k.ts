/** The best classes. */
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { floatsOf, labelAt, labelsParameter } from "./net-output.ts";

export interface TopKOptions {
  /** Default 5. */
  readonly k?: number;
  readonly labels?: readonly string[];
}

export interface RankedClass {
  readonly index: number;
  readonly label: string;
  readonly score: number;
}

export const topK = node(
  {
    name: "topK",
    group: "post-processing",
    about:
      "The k best classes of each row (last axis) of a tensor of floats, best first, as one list a row; the first of equal ones, NaN never.",
    inputs: [{ name: "scores", kind: "tensor" }],
    output: "list",
    parameters: {
      k: { type: "integer", min: 1, default: 5, about: "classes a row; all where there are fewer" },
      labels: labelsParameter,
    },
    example: "topK(cornerScores, { k: 1, labels: ['background', 'face'] })",
  },
  (scores: Tensor, { k = 5, labels }: TopKOptions = {}): RankedClass[][] => {
    const data = floatsOf(scores, "topK: scores");
    const length = scores.shape.at(-1) ?? 1;
    const numRows = length === 0 ? 0 : data.length / length;
    return Array.from({ length: numRows }, (_, row) => {
      // A sorted list of the best so far: k is small, and most values lose against its last.
      const best: number[] = [];
      for (let i = 0, at = row * length; i < length; i++, at++) {
        const value = data[at]!;
        if (Number.isNaN(value) || (best.length === k && !(value > data[row * length + best[k - 1]!]!))) continue;
        let place = best.length;
        while (place > 0 && value > data[row * length + best[place - 1]!]!) place--;
        best.splice(place, 0, i);
        if (best.length > k) best.pop();
      }
      return best.map((index) => ({ index, label: labelAt(labels, index), score: data[row * length + index]! }));
    });
  },
);
