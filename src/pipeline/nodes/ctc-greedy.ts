/** Text from the per-step class scores of a CTC recogniser. */
import { InferlabError } from "../../base/errors.ts";
import { formatType } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { node } from "./node.ts";

export interface CtcGreedyOptions {
  /** What each class stands for, in the order of the classes without the blank. */
  readonly alphabet: readonly string[];
  /** Class that means "nothing". Default 0. */
  readonly blank?: number;
}

export interface CtcText {
  readonly text: string;
  /** Mean of the kept steps' scores; 0 for an empty text. */
  readonly score: number;
  /** Step at which each kept class begins: where along the line it stands. */
  readonly steps: readonly number[];
}

export const ctcGreedy = node(
  {
    name: "ctcGreedy",
    group: "text",
    about:
      "One text a batch element from scores float32[n,steps,classes]: the best class of each step, repeats merged, blanks dropped.",
    inputs: [{ name: "scores", kind: "tensor" }],
    output: "list",
    parameters: {
      alphabet: { type: "any", about: "what each class stands for, the blank left out" },
      blank: { type: "integer", min: 0, default: 0, about: "class that means nothing" },
    },
    example: "ctcGreedy(steps, { alphabet: ['a', 'b', ' '] })",
    source: "Graves et al., Connectionist Temporal Classification (2006), §3.2",
  },
  (scores: Tensor, { alphabet, blank = 0 }: CtcGreedyOptions): CtcText[] => {
    const [n, numSteps, numClasses] = scores.shape as [number, number, number];
    if (scores.dtype !== "float32" || scores.rank !== 3)
      throw new InferlabError(
        "ARGUMENT",
        `ctcGreedy: scores are ${formatType(scores.dtype, scores.shape)}, expected float32[n,steps,classes]`,
      );
    if (alphabet.length + 1 !== numClasses)
      throw new InferlabError(
        "ARGUMENT",
        `ctcGreedy: alphabet has ${alphabet.length} entries, expected ${numClasses - 1} for ${numClasses} classes with one blank`,
      );
    const values = scores.data as Float32Array;
    return Array.from({ length: n }, (_, line): CtcText => {
      let text = "";
      let sum = 0;
      let last = blank;
      const steps: number[] = [];
      for (let step = 0; step < numSteps; step++) {
        const base = (line * numSteps + step) * numClasses;
        let best = 0;
        for (let k = 1; k < numClasses; k++) if (values[base + k]! > values[base + best]!) best = k;
        if (best !== last && best !== blank) {
          text += alphabet[best > blank ? best - 1 : best]!;
          sum += values[base + best]!;
          steps.push(step);
        }
        last = best;
      }
      return { text, score: steps.length === 0 ? 0 : sum / steps.length, steps };
    });
  },
);
