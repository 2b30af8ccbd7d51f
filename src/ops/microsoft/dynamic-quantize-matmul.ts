/** Products of 8-bit matrices whose result is float. */
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { dynamicScale } from "../common/dynamic-scale.ts";
import { inferMatMul, multiplyMatrices, planMatMul } from "../common/matmul.ts";
import { numbersOf } from "../common/numbers.ts";
import { requantize } from "../common/quantization.ts";
import { withoutZero } from "../common/zero-points.ts";
import { operator, type ReferenceContext, type SharedCostContext } from "../operator.ts";

const bytes = ["int8", "uint8"] as const;

const productCost = (c: SharedCostContext) => ({
  flops: 2 * sizeOf(c.outputShape(0)) * (c.inputShape(0)?.at(-1) ?? 0),
  bytes: c.totalBytes,
});

/** a·b times the scales (one each, or one a row of a, one a column of b), plus a bias of the columns. */
function scaledProduct(
  c: Pick<ReferenceContext, "fail">,
  a: Float64Array,
  aShape: readonly number[],
  b: Float64Array,
  bShape: readonly number[],
  scales: readonly [ArrayLike<number>, ArrayLike<number>],
  bias: Tensor | undefined,
): Tensor {
  const plan = planMatMul(c, aShape, bShape);
  const sums = new Float64Array(sizeOf(plan.shape));
  multiplyMatrices(a, b, plan, sums);
  const { rows, columns } = plan;
  const [aScales, bScales] = scales;
  if ((aScales.length !== 1 && aScales.length !== rows) || (bScales.length !== 1 && bScales.length !== columns))
    c.fail(
      "SHAPE",
      `scales have ${aScales.length} and ${bScales.length} elements, expected 1 or ${rows}, 1 or ${columns}`,
    );
  if (bias && bias.size !== columns) c.fail("SHAPE", `bias is [${bias.shape}], expected [${columns}]`);
  const extra = bias && numbersOf(bias);
  const out = Float32Array.from(sums, (v, i) => {
    const [row, column] = [Math.floor(i / columns) % rows, i % columns];
    const scaled = v * aScales[aScales.length === 1 ? 0 : row]! * bScales[bScales.length === 1 ? 0 : column]!;
    return scaled + (extra ? extra[column]! : 0);
  });
  return new Tensor("float32", plan.shape, out);
}

export const dynamicQuantizeMatMul = operator({
  name: "DynamicQuantizeMatMul",
  domain: "com.microsoft",
  since: [1],
  doc: "A, quantised to uint8 by its own range, times a quantised B; the result is float.",
  inputs: [
    { name: "A", type: "float32", doc: "[…,M,K]." },
    { name: "B", type: "T2", doc: "[…,K,N]." },
    { name: "b_scale", type: "float32", doc: "One, or one a column." },
    { name: "b_zero_point", type: "T2", optional: true, doc: "One, or one a column." },
    { name: "bias", type: "float32", optional: true, doc: "[N]." },
  ],
  outputs: [{ name: "Y", type: "float32" }],
  types: { T2: bytes },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType("float32", a && b && inferMatMul(c, a, b)));
  },
  reference(c) {
    const [a, b] = [c.tensor(0), c.tensor(1)];
    const data = numbersOf(a);
    const { scale, zeroPoint } = dynamicScale(data);
    const round = requantize("uint8");
    const left = Float64Array.from(data, (v) => round(Math.fround(v / scale), zeroPoint) - zeroPoint);
    const right = withoutZero(c, b, c.optionalTensor(3), -1, "b_zero_point");
    return [scaledProduct(c, left, a.shape, right, b.shape, [[scale], numbersOf(c.tensor(2))], c.optionalTensor(4))];
  },
  cost: productCost,
});

export const matMulIntegerToFloat = operator({
  name: "MatMulIntegerToFloat",
  domain: "com.microsoft",
  since: [1],
  doc: "Product of quantised matrices as float: (A - a_zero_point)·(B - b_zero_point)·a_scale·b_scale + bias.",
  inputs: [
    { name: "A", type: "T1", doc: "[…,M,K]." },
    { name: "B", type: "T2", doc: "[…,K,N]." },
    { name: "a_scale", type: "float32" },
    { name: "b_scale", type: "float32", doc: "One, or one a column." },
    { name: "a_zero_point", type: "T1", optional: true },
    { name: "b_zero_point", type: "T2", optional: true, doc: "One, or one a column." },
    { name: "bias", type: "float32", optional: true, doc: "[N]." },
  ],
  outputs: [{ name: "Y", type: "float32" }],
  types: { T1: bytes, T2: bytes },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType("float32", a && b && inferMatMul(c, a, b)));
  },
  reference(c) {
    const [a, b] = [c.tensor(0), c.tensor(1)];
    const left = withoutZero(c, a, c.optionalTensor(4), -2, "a_zero_point");
    const right = withoutZero(c, b, c.optionalTensor(5), -1, "b_zero_point");
    const scales = [numbersOf(c.tensor(2)), numbersOf(c.tensor(3))] as const;
    return [scaledProduct(c, left, a.shape, right, b.shape, scales, c.optionalTensor(6))];
  },
  cost: productCost,
});
