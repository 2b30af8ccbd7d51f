/** alpha·A'·B' + beta·C, for Gemm and what is fused from it. */
import type { Dim, Shape } from "../../base/shapes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { forEachRow } from "./broadcast.ts";
import { strided } from "./elements.ts";
import { type MatMulPlan, multiplyBigMatrices, multiplyMatrices, planMatMul } from "./matmul.ts";
import { numbersOf } from "./numbers.ts";

export const gemmAttributes = {
  alpha: { type: "float", default: 1, doc: "Factor of A'·B'." },
  beta: { type: "float", default: 1, doc: "Factor of C." },
  transA: { type: "int", default: 0, doc: "1: A' is A transposed." },
  transB: { type: "int", default: 0, doc: "1: B' is B transposed." },
} as const;

export interface GemmFactors {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: number;
  readonly transB: number;
}

interface Failing {
  fail(code: "SHAPE", message: string, hint?: string): never;
}

/** [M,N] of A'·B'. Errors: SHAPE naming both. */
export function gemmShape(c: Failing, a: Shape, b: Shape, attrs: { transA: number; transB: number }): [Dim, Dim] {
  if (a.length !== 2 || b.length !== 2)
    c.fail(
      "SHAPE",
      `inputs A and B are [${a.join(",")}] and [${b.join(",")}], expected matrices`,
      "flatten them, or use MatMul",
    );
  const [m, k] = attrs.transA ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [kb, n] = attrs.transB ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  if (typeof k === "number" && typeof kb === "number" && k !== kb)
    c.fail(
      "SHAPE",
      `input B is [${b.join(",")}], expected [${attrs.transB ? `N,${k}` : `${k},N`}]`,
      `A is [${a.join(",")}]; set transA or transB`,
    );
  return [m, n];
}

const transposed = (x: Tensor): Tensor => strided(x, [x.shape[1]!, x.shape[0]!], [1, x.shape[1]!]);

interface Operands {
  readonly left: Tensor;
  readonly right: Tensor;
  readonly plan: MatMulPlan;
}

function operands(
  c: Failing,
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  attrs: GemmFactors,
  biasShape: readonly number[],
): Operands {
  gemmShape(c, a.shape, b.shape, attrs);
  const [left, right] = [attrs.transA ? transposed(a) : a, attrs.transB ? transposed(b) : b];
  const plan = planMatMul(c, left.shape, right.shape);
  const missing = 2 - biasShape.length;
  if (bias && (missing < 0 || biasShape.some((dim, i) => dim !== 1 && dim !== plan.shape[i + missing])))
    c.fail("SHAPE", `input C is [${bias.shape}], expected to broadcast to [${plan.shape}]`);
  return { left, right, plan };
}

/** The sums in doubles, not rounded yet. */
export function gemmSums(
  c: Failing,
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  attrs: GemmFactors,
  biasShape: readonly number[] = bias?.shape ?? [],
): { readonly shape: readonly number[]; readonly sums: Float64Array } {
  const { left, right, plan } = operands(c, a, b, bias, attrs, biasShape);
  const sums = new Float64Array(sizeOf(plan.shape));
  multiplyMatrices(numbersOf(left), numbersOf(right), plan, sums);
  if (attrs.alpha !== 1) for (let i = 0; i < sums.length; i++) sums[i]! *= attrs.alpha;
  if (bias && attrs.beta !== 0) {
    const extra = numbersOf(bias);
    forEachRow(plan.shape, [biasShape], (at, [from], length, [step]) => {
      for (let i = 0; i < length; i++) sums[at + i]! += attrs.beta * extra[from! + i * step!]!;
    });
  }
  return { shape: plan.shape, sums };
}

/** The same over 64-bit integers, exact but for factors that are not whole. */
export function gemmBig(
  c: Failing,
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  attrs: GemmFactors,
  biasShape: readonly number[] = bias?.shape ?? [],
): Tensor {
  const { left, right, plan } = operands(c, a, b, bias, attrs, biasShape);
  const out = a.dtype === "int64" ? new BigInt64Array(sizeOf(plan.shape)) : new BigUint64Array(sizeOf(plan.shape));
  multiplyBigMatrices(left.data as BigInt64Array, right.data as BigInt64Array, plan, out as BigInt64Array);
  const scaled = (x: bigint, factor: number): bigint =>
    Number.isInteger(factor) ? x * BigInt(factor) : BigInt(Math.trunc(Number(x) * factor));
  for (let i = 0; i < out.length; i++) out[i] = scaled(out[i]!, attrs.alpha);
  if (bias)
    forEachRow(plan.shape, [biasShape], (at, [from], length, [step]) => {
      for (let i = 0; i < length; i++)
        out[at + i] = out[at + i]! + scaled((bias.data as BigInt64Array)[from! + i * step!]!, attrs.beta);
    });
  return new Tensor(a.dtype as "int64", plan.shape, out as BigInt64Array);
}
