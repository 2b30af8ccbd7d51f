/** Running sums and products along an axis. */
import { allocate, type DType } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { resolveAxis } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { aroundAxis } from "../common/elements.ts";
import { collector, sameAsInput } from "../common/elementwise.ts";
import { isBig, numbersOf, toIntegers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { type Operator, operator } from "../operator.ts";

interface CumulativeSpec {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly neutral: 0 | 1;
  readonly number: (a: number, b: number) => number;
  readonly int: (a: number, b: number) => number;
  readonly big: (a: bigint, b: bigint) => bigint;
}

function cumulativeOperator(spec: CumulativeSpec): Operator {
  return operator({
    name: spec.name,
    since: spec.since,
    doc: spec.doc,
    inputs: [
      { name: "x", type: "T" },
      { name: "axis", type: "T2", doc: "Scalar: axis to run along." },
    ],
    outputs: [{ name: "y", type: "T" }],
    attributes: {
      exclusive: { type: "int", default: 0, doc: "1: an element does not count for its own position." },
      reverse: { type: "int", default: 0, doc: "1: from the end." },
    },
    types: { T: [...floats, "int32", "int64", "uint32", "uint64"], T2: ["int32", "int64"] },
    infer: sameAsInput,
    reference(c) {
      const x = c.tensor(0);
      const axis = resolveAxis(c, toIntegers(c.tensor(1))[0]!, x.rank);
      const { outer, length, inner } = aroundAxis(x.shape, axis);
      const { exclusive, reverse } = c.attrs;
      const run = <E>(from: ArrayLike<E>, to: { [i: number]: E }, neutral: E, f: (a: E, b: E) => E): void => {
        for (let o = 0; o < outer; o++)
          for (let i = 0; i < inner; i++) {
            let so = neutral;
            for (let l = 0; l < length; l++) {
              const at = (o * length + (reverse ? length - 1 - l : l)) * inner + i;
              const next = f(so, from[at]!);
              to[at] = exclusive ? so : next;
              so = next;
            }
          }
      };
      if (isBig(x.dtype)) {
        const out = allocate(x.dtype, x.size);
        run(x.data as BigInt64Array, out as BigInt64Array, BigInt(spec.neutral), spec.big);
        return [new Tensor(x.dtype, x.shape, out)];
      }
      const { values, done } = collector(x.dtype, x.size);
      const whole = x.dtype === "int32" || x.dtype === "uint32";
      run(numbersOf(x), values, spec.neutral as number, whole ? spec.int : spec.number);
      return [new Tensor<DType>(x.dtype, x.shape, done())];
    },
    cost: perOutputElement(1),
  });
}

export const cumSum = cumulativeOperator({
  name: "CumSum",
  since: [11, 14],
  doc: "Running sum along an axis.",
  neutral: 0,
  number: (a, b) => a + b,
  int: (a, b) => (a + b) | 0,
  big: (a, b) => BigInt.asIntN(64, a + b),
});
export const cumProd = cumulativeOperator({
  name: "CumProd",
  since: [26],
  doc: "Running product along an axis.",
  neutral: 1,
  number: (a, b) => a * b,
  int: Math.imul,
  big: (a, b) => BigInt.asIntN(64, a * b),
});
