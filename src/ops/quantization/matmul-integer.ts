import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { inferMatMul, multiplyMatrices, planMatMul } from "../common/matmul.ts";
import { numbersOf } from "../common/numbers.ts";
import { operator, type ReferenceContext } from "../operator.ts";

/**
 * The values of a matrix (or stack of them) less their zero points: one for all, one a row (`along` = -2) or one a column
 * (-1). Errors: SHAPE.
 */
export function withoutZero(
  c: Pick<ReferenceContext, "fail">,
  x: Tensor,
  zeroPoint: Tensor | undefined,
  along: -1 | -2,
  name: string,
): Float64Array {
  const out = Float64Array.from(numbersOf(x));
  if (!zeroPoint) return out;
  const zeros = numbersOf(zeroPoint);
  if (zeros.length === 1) {
    for (let i = 0; i < out.length; i++) out[i]! -= zeros[0]!;
    return out;
  }
  const columns = x.shape[x.rank - 1] ?? 1;
  const rows = x.rank > 1 ? x.shape[x.rank - 2]! : 1;
  const expected = along === -1 ? columns : rows;
  // Besides [K] a zero point may be a stack of rows or columns, one for each matrix.
  const perMatrix = zeros.length === out.length / (along === -1 ? rows : columns);
  if (zeros.length !== expected && !perMatrix)
    c.fail("SHAPE", `${name} is [${zeroPoint.shape}], expected one element or ${expected} for [${x.shape}]`);
  for (let i = 0; i < out.length; i++) {
    const matrix = perMatrix ? Math.floor(i / (rows * columns)) : 0;
    const at = along === -1 ? i % columns : Math.floor(i / columns) % rows;
    out[i]! -= zeros[matrix * expected + at]!;
  }
  return out;
}

export const matMulInteger = operator({
  name: "MatMulInteger",
  since: [10],
  doc: "(A - a_zero_point) · (B - b_zero_point) of 8-bit matrices as int32.",
  inputs: [
    { name: "A", type: "T1", doc: "[…,M,K]." },
    { name: "B", type: "T2", doc: "[…,K,N]." },
    { name: "a_zero_point", type: "T1", optional: true, doc: "One, or one a row." },
    { name: "b_zero_point", type: "T2", optional: true, doc: "One, or one a column." },
  ],
  outputs: [{ name: "Y", type: "T3", doc: "[…,M,N]." }],
  types: { T1: ["int8", "uint8"], T2: ["int8", "uint8"], T3: ["int32"] },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType("int32", a && b && inferMatMul(c, a, b)));
  },
  reference(c) {
    const [a, b] = [c.tensor(0), c.tensor(1)];
    const plan = planMatMul(c, a.shape, b.shape);
    const out = new Int32Array(sizeOf(plan.shape));
    const left = withoutZero(c, a, c.optionalTensor(2), -2, "a_zero_point");
    multiplyMatrices(left, withoutZero(c, b, c.optionalTensor(3), -1, "b_zero_point"), plan, out);
    return [new Tensor("int32", plan.shape, out)];
  },
  cost: (c) => ({ flops: 2 * sizeOf(c.outputShape(0)) * (c.inputShape(0)?.at(-1) ?? 0), bytes: c.totalBytes }),
});
