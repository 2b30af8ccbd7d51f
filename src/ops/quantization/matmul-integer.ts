import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { inferMatMul, multiplyMatrices, planMatMul } from "../common/matmul.ts";
import { withoutZero } from "../common/zero-points.ts";
import { operator } from "../operator.ts";

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
  typing: "matmul",
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
