/**
 * Reductions over axes. The axes are an attribute before version 18 (ReduceSum: 13), an optional input since. A reduction
 * over nothing gives the neutral element.
 */
import { productOfDims } from "../../base/dims.ts";
import { type DType, dtypes, isFloat } from "../../base/dtypes.ts";
import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { knownIntegers, optionalIntegers } from "../common/axes.ts";
import { fromNumbers, intRange, isBig, numbersOf } from "../common/numbers.ts";
import { inferReduction, planReduction, reductionAxes } from "../common/reduction.ts";
import { numerics } from "../common/types.ts";
import { type Operator, operator } from "../operator.ts";

type Numbers = ArrayLike<number>;

interface ReduceSpec {
  readonly name: string;
  readonly since?: readonly number[];
  readonly doc: string;
  readonly types?: readonly DType[];
  /** The result over x[start + members[…]]; `dtype` is the tensor's. */
  readonly reduce: (x: Numbers, start: number, members: Int32Array, dtype: DType) => number;
  /** For 64-bit integers: from the neutral element by steps; absent: over doubles. */
  readonly big?: { readonly neutral: (dtype: DType) => bigint; readonly step: (sum: bigint, x: bigint) => bigint };
  /** Shape arithmetic over all elements of a vector. */
  readonly dims?: (dims: readonly Dim[]) => Dim;
}

function reduceOperator(spec: ReduceSpec): Operator {
  const { name, since = [1, 11, 13, 18], doc, types = numerics, reduce, big } = spec;
  const axesInputSince = name === "ReduceSum" ? 13 : 18;
  return operator({
    name,
    since,
    doc,
    inputs: [
      { name: "data", type: "T" },
      { name: "axes", type: "int64", optional: true, since: axesInputSince, doc: "Axes to reduce; none: all." },
    ],
    outputs: [{ name: "reduced", type: "T" }],
    attributes: {
      axes: { type: "ints", until: axesInputSince - 1, doc: "Axes to reduce; none: all." },
      keepdims: { type: "int", default: 1, doc: "1: reduced axes stay, with size 1." },
      noop_with_empty_axes: { type: "int", default: 0, since: axesInputSince, doc: "1: no axes means none, not all." },
    },
    types: { T: types },
    typing: "reduce",
    infer(c) {
      const fromInput = c.version >= axesInputSince;
      const given = fromInput ? knownIntegers(c, 1) : c.attrs.axes;
      const known = !fromInput || given !== undefined || c.type(1) === undefined;
      const none = fromInput && c.attrs.noop_with_empty_axes === 1;
      inferReduction(c, c.dtype(0), given, known, c.attrs.keepdims === 1, none);
      const elements = c.dims(0);
      if (spec.dims && elements && known && !(none && !given?.length) && c.shape(0)?.length === 1)
        c.output(0, { kind: "tensor", dtype: c.dtype(0), shape: c.attrs.keepdims === 1 ? [1] : [] }, [
          spec.dims(elements),
        ]);
    },
    reference(c) {
      const x = c.tensor(0);
      const fromInput = c.version >= axesInputSince;
      const given = fromInput ? optionalIntegers(c, 1) : c.attrs.axes;
      const axes = reductionAxes(c, given, x.rank, fromInput && c.attrs.noop_with_empty_axes === 1);
      const { shape, starts, members } = planReduction(x.shape, axes, c.attrs.keepdims === 1);
      if (isBig(x.dtype) && big) {
        const data = x.data as BigInt64Array;
        const neutral = big.neutral(x.dtype);
        const out = starts.length
          ? Array.from(starts, (start) => {
              let sum = neutral;
              for (const member of members) sum = big.step(sum, data[start + member]!);
              return sum;
            })
          : [];
        const wrap = x.dtype === "int64" ? BigInt64Array.from(out) : BigUint64Array.from(out);
        return [new Tensor(x.dtype, shape, wrap)];
      }
      const from = numbersOf(x);
      const out = Float64Array.from(starts, (start) => reduce(from, start, members, x.dtype));
      return [new Tensor(x.dtype, shape, fromNumbers(x.dtype, out))];
    },
    cost: (c) => ({ flops: (c.inputShape(0) ?? []).reduce((a, b) => a * b, 1), bytes: c.totalBytes }),
  });
}

const absolute = (x: bigint): bigint => (x < 0n ? -x : x);
const zero = { neutral: () => 0n };
const range = (dtype: DType): [bigint, bigint] =>
  dtype === "int64" ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
const lowest = (dtype: DType): number => (isFloat(dtype) ? Number.NEGATIVE_INFINITY : intRange(dtype)[0]);
const highest = (dtype: DType): number => (isFloat(dtype) ? Number.POSITIVE_INFINITY : intRange(dtype)[1]);
const orderedTypes = [...numerics, "bool"] as const satisfies readonly DType[];
const orderedSince = [1, 11, 12, 13, 18, 20];

const sum: ReduceSpec["reduce"] = (x, start, members) => {
  let total = 0;
  for (let i = 0; i < members.length; i++) total += x[start + members[i]!]!;
  return total;
};
const sumOfSquares: ReduceSpec["reduce"] = (x, start, members) => {
  let total = 0;
  for (let i = 0; i < members.length; i++) total += x[start + members[i]!]! ** 2;
  return total;
};

export const reduceSum = reduceOperator({
  name: "ReduceSum",
  since: [1, 11, 13],
  doc: "Sum over axes.",
  reduce: sum,
  big: { ...zero, step: (total, x) => total + x },
});
export const reduceMean = reduceOperator({
  name: "ReduceMean",
  doc: "Mean over axes.",
  reduce: (x, start, members, dtype) => sum(x, start, members, dtype) / members.length,
});
export const reduceMax = reduceOperator({
  name: "ReduceMax",
  since: orderedSince,
  doc: "Largest element over axes; NaN where one is NaN.",
  types: orderedTypes,
  reduce(x, start, members, dtype) {
    let best = lowest(dtype);
    for (let i = 0; i < members.length; i++) best = Math.max(best, x[start + members[i]!]!);
    return best;
  },
  big: { neutral: (dtype) => range(dtype)[0], step: (best, x) => (x > best ? x : best) },
});
export const reduceMin = reduceOperator({
  name: "ReduceMin",
  since: orderedSince,
  doc: "Smallest element over axes; NaN where one is NaN.",
  types: orderedTypes,
  reduce(x, start, members, dtype) {
    let best = highest(dtype);
    for (let i = 0; i < members.length; i++) best = Math.min(best, x[start + members[i]!]!);
    return best;
  },
  big: { neutral: (dtype) => range(dtype)[1], step: (best, x) => (x < best ? x : best) },
});
export const reduceProd = reduceOperator({
  name: "ReduceProd",
  doc: "Product over axes.",
  reduce(x, start, members, dtype) {
    let product = 1;
    // 32-bit integers wrap at each step; doubles would lose the low bits.
    const whole = dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint";
    for (let i = 0; i < members.length; i++) {
      const value = x[start + members[i]!]!;
      product = whole ? Math.imul(product, value) : product * value;
    }
    return product;
  },
  big: { neutral: () => 1n, step: (product, x) => BigInt.asIntN(64, product * x) },
  dims: productOfDims,
});
export const reduceL1 = reduceOperator({
  name: "ReduceL1",
  doc: "Sum of absolute values over axes.",
  reduce(x, start, members) {
    let total = 0;
    for (let i = 0; i < members.length; i++) total += Math.abs(x[start + members[i]!]!);
    return total;
  },
  big: { ...zero, step: (total, x) => total + absolute(x) },
});
export const reduceL2 = reduceOperator({
  name: "ReduceL2",
  doc: "Root of the sum of squares over axes.",
  reduce: (x, start, members, dtype) => Math.sqrt(sumOfSquares(x, start, members, dtype)),
});
export const reduceSumSquare = reduceOperator({
  name: "ReduceSumSquare",
  doc: "Sum of squares over axes.",
  reduce: sumOfSquares,
  big: { ...zero, step: (total, x) => total + x * x },
});
export const reduceLogSum = reduceOperator({
  name: "ReduceLogSum",
  doc: "Logarithm of the sum over axes.",
  reduce: (x, start, members, dtype) => Math.log(sum(x, start, members, dtype)),
});
export const reduceLogSumExp = reduceOperator({
  name: "ReduceLogSumExp",
  doc: "Logarithm of the sum of eˣ over axes, without overflow.",
  reduce(x, start, members) {
    let max = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < members.length; i++) max = Math.max(max, x[start + members[i]!]!);
    if (!Number.isFinite(max)) return max;
    let total = 0;
    for (let i = 0; i < members.length; i++) total += Math.exp(x[start + members[i]!]! - max);
    return Math.log(total) + max;
  },
});
