/** Pooling over all spatial axes at once. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { globalPlanes } from "../common/pooling.ts";
import { floats } from "../common/types.ts";
import { type AttributeSpecs, type Operator, operator } from "../operator.ts";

interface GlobalPoolSpec {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly attributes?: AttributeSpecs;
  /** The result of elements [from, from + count). */
  readonly reduce: (
    x: ArrayLike<number>,
    from: number,
    count: number,
    attrs: Readonly<Record<string, unknown>>,
  ) => number;
}

function globalPoolOperator({ name, since, doc, attributes = {}, reduce }: GlobalPoolSpec): Operator {
  return operator({
    name,
    since,
    doc,
    inputs: [{ name: "X", type: "T", doc: "[N,C,D1,…]." }],
    outputs: [{ name: "Y", type: "T", doc: "[N,C,1,…]." }],
    attributes,
    types: { T: floats },
    typing: "globalPool",
    infer(c) {
      const shape = c.shape(0)?.map((dim, axis) => (axis < 2 ? dim : 1));
      c.output(0, tensorType(c.dtype(0), shape));
    },
    reference(c) {
      const x = c.tensor(0);
      const { planes, plane, shape } = globalPlanes(c, x);
      const from = numbersOf(x);
      const out = new Float64Array(planes);
      for (let p = 0; p < planes; p++) out[p] = reduce(from, p * plane, plane, c.attrs);
      return [new Tensor(x.dtype, shape, fromNumbers(x.dtype, out))];
    },
    cost: (c) => ({ flops: (c.inputShape(0) ?? []).reduce((a, b) => a * b, 1), bytes: c.totalBytes }),
  });
}

export const globalAveragePool = globalPoolOperator({
  name: "GlobalAveragePool",
  since: [1, 22],
  doc: "Mean over all spatial axes of each channel.",
  reduce(x, from, count) {
    let sum = 0;
    for (let i = from; i < from + count; i++) sum += x[i]!;
    return sum / count;
  },
});
export const globalMaxPool = globalPoolOperator({
  name: "GlobalMaxPool",
  since: [1, 22],
  doc: "Largest element over all spatial axes of each channel.",
  reduce(x, from, count) {
    let best = Number.NEGATIVE_INFINITY;
    for (let i = from; i < from + count; i++) if (!(x[i]! <= best)) best = x[i]!;
    return best;
  },
});
export const globalLpPool = globalPoolOperator({
  name: "GlobalLpPool",
  since: [1, 2, 22],
  doc: "Lp norm over all spatial axes of each channel: (Σ |x|^p)^(1/p).",
  attributes: { p: { type: "int", default: 2, formerly: { type: "float", until: 1 }, doc: "Which norm." } },
  reduce(x, from, count, attrs) {
    const p = attrs["p"] as number;
    let sum = 0;
    for (let i = from; i < from + count; i++) sum += Math.abs(x[i]!) ** p;
    return sum ** (1 / p);
  },
});
