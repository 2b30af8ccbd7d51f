import type { Shape } from "../../base/shapes.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { addBroadcast } from "../common/broadcast.ts";
import { strided } from "../common/elements.ts";
import { epilogueAttributes, finish, namedActivation } from "../common/epilogue.ts";
import { inferMatMul, multiplyMatrices, planMatMul } from "../common/matmul.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type SharedCostContext } from "../operator.ts";

const matMulCost = (c: SharedCostContext) => ({
  flops: 2 * sizeOf(c.outputShape(0)) * (c.inputShape(0)?.at(-1) ?? 0),
  bytes: c.totalBytes,
});

export const fusedMatMul = operator({
  name: "FusedMatMul",
  domain: "inferlab",
  since: [1],
  doc: "activation(A·B + bias + Z), rounded once.",
  inputs: [
    { name: "A", type: "T", doc: "[…,M,K]." },
    { name: "B", type: "T", doc: "[…,K,N]." },
    { name: "bias", type: "T", optional: true, doc: "Broadcasts to the result." },
    { name: "Z", type: "T", optional: true, doc: "Residual in the result's shape." },
  ],
  outputs: [{ name: "Y", type: "T", doc: "[…,M,N]." }],
  attributes: epilogueAttributes,
  types: { T: floats },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    namedActivation(c, c.attrs.activation, c.attrs.activation_params);
    c.output(0, tensorType(c.dtype(0), a && b && inferMatMul(c, a, b)));
  },
  reference(c) {
    const [a, b, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    const plan = planMatMul(c, a.shape, b.shape);
    const sums = new Float64Array(sizeOf(plan.shape));
    multiplyMatrices(numbersOf(a), numbersOf(b), plan, sums);
    if (bias) addBroadcast(c, sums, plan.shape, bias, "bias");
    const f = namedActivation(c, c.attrs.activation, c.attrs.activation_params);
    return [finish(c, sums, a, plan.shape, c.optionalTensor(3), f)];
  },
  cost: matMulCost,
});

/** Axes of A (or B) in the order the product wants them: batch, row, column. */
function axisOrder(rank: number, transpose: boolean, transposeBatch: boolean): number[] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  if (rank < 2) return axes;
  // transBatch: the axes but the last are turned left by one, [b1,…,M,K] from [M,b1,…,K].
  const turned = transposeBatch ? [...axes.slice(1, -1), 0, axes[rank - 1]!] : axes;
  return transpose ? [...turned.slice(0, -2), turned[rank - 1]!, turned[rank - 2]!] : turned;
}

function permuted(x: Tensor, order: readonly number[]): Tensor {
  if (order.every((axis, i) => axis === i)) return x;
  const strides = stridesOf(x.shape);
  return strided(
    x,
    order.map((axis) => x.shape[axis]!),
    order.map((axis) => strides[axis]!),
  );
}

const reordered = (shape: Shape, order: readonly number[]): Shape => order.map((axis) => shape[axis]!);

/** Written by ONNX Runtime's optimiser. */
export const microsoftFusedMatMul = operator({
  name: "FusedMatMul",
  domain: "com.microsoft",
  since: [1],
  doc: "alpha · A'·B' with inputs optionally transposed.",
  inputs: [
    { name: "A", type: "T" },
    { name: "B", type: "T" },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    alpha: { type: "float", default: 1, doc: "Factor of the product." },
    transA: { type: "int", default: 0, doc: "1: the last two axes of A are swapped." },
    transB: { type: "int", default: 0, doc: "1: the last two axes of B are swapped." },
    transBatchA: { type: "int", default: 0, doc: "1: the first axis of A is its row axis." },
    transBatchB: { type: "int", default: 0, doc: "1: the first axis of B is its row axis." },
  },
  types: { T: floats },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    const { transA, transB, transBatchA, transBatchB } = c.attrs;
    const shape =
      a &&
      b &&
      inferMatMul(
        c,
        reordered(a, axisOrder(a.length, transA === 1, transBatchA === 1)),
        reordered(b, axisOrder(b.length, transB === 1, transBatchB === 1)),
      );
    c.output(0, tensorType(c.dtype(0), shape));
  },
  reference(c) {
    const { alpha, transA, transB, transBatchA, transBatchB } = c.attrs;
    const a = permuted(c.tensor(0), axisOrder(c.tensor(0).rank, transA === 1, transBatchA === 1));
    const b = permuted(c.tensor(1), axisOrder(c.tensor(1).rank, transB === 1, transBatchB === 1));
    const plan = planMatMul(c, a.shape, b.shape);
    const sums = new Float64Array(sizeOf(plan.shape));
    multiplyMatrices(numbersOf(a), numbersOf(b), plan, sums);
    return [finish(c, sums, a, plan.shape, undefined, alpha === 1 ? undefined : (x) => x * alpha)];
  },
  cost: matMulCost,
});
