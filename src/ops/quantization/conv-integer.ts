import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { convolutionCost, convolve, inferConvolution, planConvolution } from "../common/convolution.ts";
import { numbersOf } from "../common/numbers.ts";
import { scalarOf } from "../common/quantization.ts";
import { windowAttributes } from "../common/windows.ts";
import { operator, type ReferenceContext } from "../operator.ts";

const attributes = {
  ...windowAttributes,
  group: { type: "int", default: 1, doc: "Channels are cut into so many groups." },
} as const;

/** Filters less their zero points: one for all or one a filter. Errors: SHAPE. */
export function filtersWithoutZero(
  c: Pick<ReferenceContext, "fail">,
  w: Tensor,
  zeroPoint: Tensor | undefined,
): Float64Array {
  const out = Float64Array.from(numbersOf(w));
  if (!zeroPoint) return out;
  const zeros = numbersOf(zeroPoint);
  if (zeros.length !== 1 && zeros.length !== w.shape[0])
    c.fail("SHAPE", `w_zero_point is [${zeroPoint.shape}], expected one element or ${w.shape[0]}: one a filter`);
  const perFilter = sizeOf(w.shape.slice(1));
  for (let i = 0; i < out.length; i++) out[i]! -= zeros[zeros.length === 1 ? 0 : Math.floor(i / perFilter)]!;
  return out;
}

export const convInteger = operator({
  name: "ConvInteger",
  since: [10],
  doc: "Convolution of 8-bit tensors less their zero points, as int32. Padding counts as the zero point.",
  inputs: [
    { name: "x", type: "T1", doc: "[N,C,D1,…]." },
    { name: "w", type: "T2", doc: "[M,C/group,k1,…]." },
    { name: "x_zero_point", type: "T1", optional: true, doc: "Scalar. Default 0." },
    { name: "w_zero_point", type: "T2", optional: true, doc: "One, or one a filter. Default 0." },
  ],
  outputs: [{ name: "y", type: "T3" }],
  attributes,
  types: { T1: ["int8", "uint8"], T2: ["int8", "uint8"], T3: ["int32"] },
  typing: "conv",
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType("int32", x && inferConvolution(c, x, c.shape(1), c.attrs)));
  },
  reference(c) {
    const [x, w, xZero] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    const plan = planConvolution(c, x.shape, w.shape, c.attrs);
    const zero = xZero ? scalarOf(c, xZero, "x_zero_point") : 0;
    const from = Float64Array.from(numbersOf(x), (v) => v - zero);
    const out = new Int32Array(sizeOf(plan.shape));
    convolve(from, x.shape, filtersWithoutZero(c, w, c.optionalTensor(3)), w.shape, plan, undefined, out);
    return [new Tensor("int32", plan.shape, out)];
  },
  cost: convolutionCost,
});
