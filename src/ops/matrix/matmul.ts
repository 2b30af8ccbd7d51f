import { allocate, type DType } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { collector } from "../common/elementwise.ts";
import {
  inferMatMul,
  multiplyBigMatrices,
  multiplyIntMatrices,
  multiplyMatrices,
  planMatMul,
} from "../common/matmul.ts";
import { isBig, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type ReferenceContext, type SharedCostContext, type SharedInferContext } from "../operator.ts";

/** Output 0 is A·B with the dtype of A (or `dtype`). */
export function inferProduct(c: SharedInferContext, dtype = c.dtype(0)): void {
  const [a, b] = [c.shape(0), c.shape(1)];
  c.output(0, tensorType(dtype, a && b && inferMatMul(c, a, b)));
}

/** A·B in the arithmetic of its dtype. */
export function matrixProduct(c: Pick<ReferenceContext, "fail">, a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== b.dtype) c.fail("DTYPE", `inputs are ${a.dtype} and ${b.dtype}, expected one type`, "insert a Cast");
  const plan = planMatMul(c, a.shape, b.shape);
  if (isBig(a.dtype)) {
    const out = allocate(a.dtype, sizeOf(plan.shape));
    multiplyBigMatrices(a.data as BigInt64Array, b.data as BigInt64Array, plan, out as BigInt64Array);
    return new Tensor(a.dtype, plan.shape, out);
  }
  const { values, done } = collector(a.dtype, sizeOf(plan.shape));
  const multiply = a.dtype === "int32" || a.dtype === "uint32" ? multiplyIntMatrices : multiplyMatrices;
  multiply(numbersOf(a), numbersOf(b), plan, values);
  return new Tensor<DType>(a.dtype, plan.shape, done());
}

/** A multiply-add a column of A for every element of the result. */
export function matMulCost(c: SharedCostContext): { flops: number; bytes: number } {
  const a = c.inputShape(0) ?? [0];
  return { flops: 2 * sizeOf(c.outputShape(0)) * (a[a.length - 1] ?? 0), bytes: c.totalBytes };
}

export const matMul = operator({
  name: "MatMul",
  since: [1, 9, 13],
  doc: "Matrix product A·B; leading axes are batches and broadcast, vectors are a row on the left and a column on the right.",
  inputs: [
    { name: "A", type: "T", doc: "[…,M,K] or [K]." },
    { name: "B", type: "T", doc: "[…,K,N] or [K]." },
  ],
  outputs: [{ name: "Y", type: "T", doc: "[…,M,N]." }],
  types: { T: [...floats, "int32", "int64", "uint32", "uint64"] },
  typing: "matmul",
  infer: (c) => inferProduct(c),
  reference: (c) => [matrixProduct(c, c.tensor(0), c.tensor(1))],
  cost: matMulCost,
});
