import type { Dim, Shape } from "../../base/shapes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { broadcastDims, forEachRow, legacyShape } from "../common/broadcast.ts";
import { strided } from "../common/elements.ts";
import { multiplyBigMatrices, multiplyMatrices, planMatMul } from "../common/matmul.ts";
import { fromNumbers, isBig, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type ReferenceContext } from "../operator.ts";

const attributes = {
  alpha: { type: "float", default: 1, doc: "Factor of A'·B'." },
  beta: { type: "float", default: 1, doc: "Factor of C." },
  transA: { type: "int", default: 0, doc: "1: A' is A transposed." },
  transB: { type: "int", default: 0, doc: "1: B' is B transposed." },
  broadcast: { type: "int", default: 0, until: 6, doc: "1: C may be repeated to the result's shape." },
} as const;

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

/** alpha·A'·B' + beta·C, with f applied before rounding. */
export function gemmReference(
  c: Pick<ReferenceContext, "fail">,
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  attrs: { alpha: number; beta: number; transA: number; transB: number },
  biasShape: readonly number[] = bias?.shape ?? [],
  f?: (x: number) => number,
): Tensor {
  gemmShape(c, a.shape, b.shape, attrs);
  const [left, right] = [attrs.transA ? transposed(a) : a, attrs.transB ? transposed(b) : b];
  const plan = planMatMul(c, left.shape, right.shape);
  if (
    bias &&
    broadcastDims({ ...failing(c), freshDim: () => 0 }, [plan.shape, biasShape])!.join() !== plan.shape.join()
  )
    c.fail("SHAPE", `input C is [${bias.shape}], expected to broadcast to [${plan.shape}]`);
  if (isBig(a.dtype)) return bigGemm(left, right, bias, attrs, plan, biasShape);
  const out = new Float64Array(sizeOf(plan.shape));
  multiplyMatrices(numbersOf(left), numbersOf(right), plan, out);
  if (attrs.alpha !== 1) for (let i = 0; i < out.length; i++) out[i]! *= attrs.alpha;
  if (bias && attrs.beta !== 0) {
    const extra = numbersOf(bias);
    forEachRow(plan.shape, [biasShape], (at, [from], length, [step]) => {
      for (let i = 0; i < length; i++) out[at + i]! += attrs.beta * extra[from! + i * step!]!;
    });
  }
  if (f) for (let i = 0; i < out.length; i++) out[i] = f(out[i]!);
  return new Tensor(a.dtype, plan.shape, fromNumbers(a.dtype, out));
}

const failing = (c: Pick<ReferenceContext, "fail">): Failing => ({
  fail: (code, message, hint) => c.fail(code, message, hint),
});

function bigGemm(
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  attrs: { alpha: number; beta: number },
  plan: ReturnType<typeof planMatMul>,
  biasShape: readonly number[],
): Tensor {
  const out = a.dtype === "int64" ? new BigInt64Array(sizeOf(plan.shape)) : new BigUint64Array(sizeOf(plan.shape));
  multiplyBigMatrices(a.data as BigInt64Array, b.data as BigInt64Array, plan, out as BigInt64Array);
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

export const gemm = operator({
  name: "Gemm",
  since: [1, 6, 7, 9, 11, 13],
  doc: "alpha · A' · B' + beta · C of matrices, A' and B' optionally transposed; C broadcasts.",
  inputs: [
    { name: "A", type: "T", doc: "[M,K], or [K,M] with transA." },
    { name: "B", type: "T", doc: "[K,N], or [N,K] with transB." },
    { name: "C", type: "T", optional: true, doc: "Broadcasts to [M,N]." },
  ],
  outputs: [{ name: "Y", type: "T", doc: "[M,N]." }],
  attributes,
  types: { T: [...floats, "int32", "int64", "uint32", "uint64"] },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType(c.dtype(0), a && b && gemmShape(c, a, b, c.attrs)));
  },
  reference(c) {
    const [a, b, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    if (a.dtype !== b.dtype)
      c.fail("DTYPE", `inputs are ${a.dtype} and ${b.dtype}, expected one type`, "insert a Cast");
    const result = gemmShape(c, a.shape, b.shape, c.attrs) as [number, number];
    const shape =
      bias && c.version < 7 ? legacyShape(c, result, bias.shape, { broadcast: c.attrs.broadcast }) : bias?.shape;
    return [gemmReference(c, a, b, bias, c.attrs, shape)];
  },
  cost(c) {
    const a = c.inputShape(0) ?? [0, 0];
    return { flops: 2 * sizeOf(c.outputShape(0)) * a[c.attrs.transA ? 0 : 1]!, bytes: c.totalBytes };
  },
});
