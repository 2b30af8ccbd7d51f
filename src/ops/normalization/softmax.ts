/** Softmax and its kin. Before version 13 the input was seen as a matrix cut at `axis`; since then one axis is meant. */
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { resolveAxis } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { aroundAxis } from "../common/elements.ts";
import { collector, sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { type Operator, operator } from "../operator.ts";

interface SoftmaxSpec {
  readonly name: string;
  readonly doc: string;
  /** Reads `length` elements of x from `from` on, `step` apart; writes as many of y. */
  readonly row: (x: ArrayLike<number>, y: { [i: number]: number }, from: number, length: number, step: number) => void;
}

function softmaxOperator({ name, doc, row }: SoftmaxSpec): Operator {
  return operator({
    name,
    since: [1, 11, 13],
    doc,
    inputs: [{ name: "input", type: "T" }],
    outputs: [{ name: "output", type: "T" }],
    attributes: {
      axis: {
        type: "int",
        doc: "Axis to work along (default -1); before version 13 the first axis of the row (default 1).",
      },
    },
    types: { T: floats },
    typing: "same",
    infer(c) {
      const rank = c.shape(0)?.length;
      if (rank !== undefined && c.version >= 13 && rank > 0) resolveAxis(c, c.attrs.axis ?? -1, rank);
      sameAsInput(c);
    },
    reference(c) {
      const x = c.tensor(0);
      const from = numbersOf(x);
      const { values, done } = collector(x.dtype, from.length);
      const axis = c.attrs.axis ?? (c.version < 13 ? 1 : -1);
      if (c.version < 13) {
        // An axis equal to the rank is allowed: rows of one element.
        const cut = axis === x.rank ? axis : resolveAxis(c, axis, Math.max(1, x.rank));
        const length = sizeOf(x.shape.slice(cut));
        for (let at = 0; at < from.length; at += length) row(from, values, at, length, 1);
      } else {
        const { outer, length, inner } = aroundAxis(x.shape, x.rank === 0 ? 0 : resolveAxis(c, axis, x.rank));
        for (let o = 0; o < outer; o++)
          for (let i = 0; i < inner; i++) row(from, values, o * length * inner + i, length, inner);
      }
      return [new Tensor(x.dtype, x.shape, done())];
    },
    cost: perOutputElement(14),
  });
}

/** Largest element; taken off before exp so that nothing overflows. */
function largest(x: ArrayLike<number>, from: number, length: number, step: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0, at = from; i < length; i++, at += step) if (!(x[at]! <= max)) max = x[at]!;
  return max;
}

export const softmax = softmaxOperator({
  name: "Softmax",
  doc: "eˣ / Σ eˣ along an axis.",
  row(x, y, from, length, step) {
    const max = largest(x, from, length, step);
    const exps = new Float64Array(length);
    let sum = 0;
    for (let i = 0; i < length; i++) sum += exps[i] = Math.exp(x[from + i * step]! - max);
    for (let i = 0; i < length; i++) y[from + i * step] = exps[i]! / sum;
  },
});

export const logSoftmax = softmaxOperator({
  name: "LogSoftmax",
  doc: "x - log Σ eˣ along an axis.",
  row(x, y, from, length, step) {
    const max = largest(x, from, length, step);
    let sum = 0;
    for (let i = 0; i < length; i++) sum += Math.exp(x[from + i * step]! - max);
    const log = Math.log(sum) + max;
    for (let i = 0; i < length; i++) y[from + i * step] = x[from + i * step]! - log;
  },
});

export const hardmax = softmaxOperator({
  name: "Hardmax",
  doc: "1 at the first largest element along an axis, else 0.",
  row(x, y, from, length, step) {
    let best = 0;
    for (let i = 1; i < length; i++) if (x[from + i * step]! > x[from + best * step]!) best = i;
    for (let i = 0; i < length; i++) y[from + i * step] = i === best ? 1 : 0;
  },
});
