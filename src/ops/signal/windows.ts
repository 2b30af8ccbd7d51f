/** Cosine windows: a0 - a1·cos(2πi/N) + a2·cos(4πi/N), periodic over N = size, symmetric over N = size - 1. */
import { dtypeFromOnnx } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { fromNumbers, toIntegers } from "../common/numbers.ts";
import { type Operator, operator } from "../operator.ts";

const dtypeOf = (c: {
  readonly attrs: { readonly output_datatype: number };
  fail(code: "ATTRIBUTE", text: string): never;
}) =>
  dtypeFromOnnx(c.attrs.output_datatype) ??
  c.fail("ATTRIBUTE", `output_datatype is ${c.attrs.output_datatype}, which is no ONNX type`);

function windowOperator(name: string, what: string, a0: number, a1: number, a2: number): Operator {
  return operator({
    name,
    since: [17],
    doc: `${what} window of a given length.`,
    inputs: [{ name: "size", type: "T1", doc: "Scalar." }],
    outputs: [{ name: "output", type: "T2" }],
    attributes: {
      output_datatype: { type: "int", default: 1, doc: "ONNX code of the output's type (default float32)." },
      periodic: { type: "int", default: 1, doc: "0: symmetric." },
    },
    types: { T1: ["int32", "int64"] },
    infer: (c) => c.output(0, tensorType(dtypeOf(c), [knownDims(c, 0)?.[0] ?? c.freshDim()])),
    reference(c) {
      const size = toIntegers(c.tensor(0))[0] ?? Number.NaN;
      if (!(size >= 0 && size < 2 ** 31)) c.fail("VALUE", `size is ${size}, expected 0 or more`);
      const over = c.attrs.periodic ? size : size - 1;
      const values = Float64Array.from({ length: size }, (_, i) => {
        const x = over === 0 ? 0 : (2 * Math.PI * i) / over;
        return a0 - a1 * Math.cos(x) + a2 * Math.cos(2 * x);
      });
      const dtype = dtypeOf(c);
      return [new Tensor(dtype, [size], fromNumbers(dtype, values))];
    },
    cost: perOutputElement(4),
  });
}

export const hannWindow = windowOperator("HannWindow", "A Hann", 0.5, 0.5, 0);
export const hammingWindow = windowOperator("HammingWindow", "A Hamming", 25 / 46, 21 / 46, 0);
export const blackmanWindow = windowOperator("BlackmanWindow", "A Blackman", 0.42, 0.5, 0.08);
