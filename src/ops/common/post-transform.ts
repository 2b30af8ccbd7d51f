/** What the operators of ai.onnx.ml do to a row of scores at the end. */
import { sigmoid } from "./special.ts";

interface Failing {
  fail(code: "ATTRIBUTE", message: string): never;
}

function softmaxOf(values: Float64Array, from: number, count: number, keepZeros: boolean): void {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + count; i++) max = Math.max(max, values[i]!);
  let sum = 0;
  for (let i = from; i < from + count; i++) {
    values[i] = keepZeros && Math.abs(values[i]!) <= 1e-7 ? 0 : Math.exp(values[i]! - max);
    sum += values[i]!;
  }
  for (let i = from; i < from + count; i++) values[i]! /= sum || 1;
}

/** Inverse of the normal distribution's cumulative function, after Giles (2010), "Approximating the erfinv function". */
function probit(p: number): number {
  const x = 2 * p - 1;
  let w = -Math.log((1 - x) * (1 + x));
  const terms =
    w < 5
      ? [
          2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
          0.246640727, 1.50140941,
        ]
      : [
          -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
          1.00167406, 2.83297682,
        ];
  w = w < 5 ? w - 2.5 : Math.sqrt(w) - 3;
  return Math.SQRT2 * x * terms.reduce((sum, term) => sum * w + term, 0);
}

/** Changes rows of `width` scores in place: NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT. Errors: ATTRIBUTE. */
export function postTransform(c: Failing, name: string, values: Float64Array, width: number): void {
  switch (name) {
    case "NONE":
      return;
    case "SOFTMAX":
    case "SOFTMAX_ZERO":
      for (let at = 0; at < values.length; at += width) softmaxOf(values, at, width, name === "SOFTMAX_ZERO");
      return;
    case "LOGISTIC":
      for (let i = 0; i < values.length; i++) values[i] = sigmoid(values[i]!);
      return;
    case "PROBIT":
      for (let i = 0; i < values.length; i++) values[i] = probit(values[i]!);
      return;
    default:
      c.fail(
        "ATTRIBUTE",
        `post_transform is ${JSON.stringify(name)}, expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT`,
      );
  }
}
