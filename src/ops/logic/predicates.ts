/** Operators that ask something of each element; the result is bool. */
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { mapElements, sameAsInput } from "../common/elementwise.ts";
import { isEncodedFloat, numbersOf } from "../common/numbers.ts";
import { float8s, floats } from "../common/types.ts";
import { type InferContext, operator } from "../operator.ts";

const boolLikeInput = (c: Pick<InferContext, "output" | "shape">): void => c.output(0, tensorType("bool", c.shape(0)));

export const not = operator({
  name: "Not",
  since: [1],
  doc: "Elementwise negation of a bool.",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "T" }],
  types: { T: ["bool"] },
  infer: sameAsInput,
  reference: (c) => [mapElements(c.tensor(0), (x) => (x ? 0 : 1))],
});

export const isNaNOp = operator({
  name: "IsNaN",
  since: [9, 13, 20],
  doc: "Whether each element is NaN.",
  inputs: [{ name: "X", type: "T1" }],
  outputs: [{ name: "Y", type: "bool" }],
  types: { T1: [...floats, ...float8s] },
  typing: "same",
  infer: boolLikeInput,
  reference(c) {
    const x = c.tensor(0);
    return [
      new Tensor(
        "bool",
        x.shape,
        Uint8Array.from(numbersOf(x), (v) => (Number.isNaN(v) ? 1 : 0)),
      ),
    ];
  },
});

export const isInfOp = operator({
  name: "IsInf",
  since: [10, 20],
  doc: "Whether each element is infinite; one sign may be left out.",
  inputs: [{ name: "X", type: "T1" }],
  outputs: [{ name: "Y", type: "bool" }],
  attributes: {
    detect_negative: { type: "int", default: 1, doc: "0: minus infinity does not count." },
    detect_positive: { type: "int", default: 1, doc: "0: plus infinity does not count." },
  },
  types: { T1: [...floats, ...float8s] },
  typing: "same",
  infer: boolLikeInput,
  reference(c) {
    const x = c.tensor(0);
    const { detect_negative: negative, detect_positive: positive } = c.attrs;
    const test = (v: number): number =>
      (positive && v === Number.POSITIVE_INFINITY) || (negative && v === Number.NEGATIVE_INFINITY) ? 1 : 0;
    const from = isEncodedFloat(x.dtype) ? numbersOf(x) : (x.data as Float32Array);
    return [new Tensor("bool", x.shape, Uint8Array.from(from, test))];
  },
});
