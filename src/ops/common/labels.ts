/** What the classifiers of ai.onnx.ml share: class labels, and two scores made of one. */
import type { Shape } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType, type ValueType } from "../../base/value-type.ts";
import { sigmoid } from "./special.ts";

export interface Labels {
  readonly dtype: "int64" | "string";
  readonly length: number;
  /** A tensor [rows] of the labels at these positions. */
  take(positions: readonly number[]): Tensor;
}

/** Labels are strings where strings are given, else integers. */
export function labelsOf(strings: readonly string[] | undefined, ints: readonly number[] | undefined): Labels {
  if (strings?.length)
    return {
      dtype: "string",
      length: strings.length,
      take: (at) =>
        new Tensor(
          "string",
          [at.length],
          at.map((i) => strings[i]!),
        ),
    };
  const list = ints ?? [];
  return {
    dtype: "int64",
    length: list.length,
    take: (at) =>
      new Tensor(
        "int64",
        [at.length],
        BigInt64Array.from(at, (i) => BigInt(list[i]!)),
      ),
  };
}

/** Types of a classifier's outputs: labels [N] and scores [N,count]. */
export function classifierTypes(x: Shape | undefined, labels: Labels, count: number): [ValueType, ValueType] {
  const rows = x && (x.length === 1 ? 1 : x[0]!);
  return [
    tensorType(labels.dtype, rows === undefined ? undefined : [rows]),
    tensorType("float32", rows === undefined ? undefined : [rows, count]),
  ];
}

/** Position of the largest of `count` scores from `from` on; the first of equal ones. */
export function argMax(scores: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (scores[from + i]! > scores[from + best]!) best = i;
  return best;
}

/** Scores of the negative and the positive class where there is one score: a probability, or a margin around 0. */
export function twoScores(score: number, kind: "probability" | "margin", transform: string): [number, number] {
  if (transform === "LOGISTIC") return [sigmoid(-score), sigmoid(score)];
  return kind === "probability" ? [1 - score, score] : [-score, score];
}
