/** Products of 8-bit matrices (native/kernels/qgemm): MatMulInteger, QLinearMatMul and those of com.microsoft. */
import type { DType } from "../../../base/dtypes.ts";
import { sizeOf } from "../../../base/shapes.ts";
import { type LowerContext, lowering, type TensorRef } from "../lowering.ts";
import { instruction } from "../schema.ts";
import { batchesOf, matricesOf } from "./gemm.ts";

export const quantizedGemmInstruction = instruction({
  name: "QuantizedGemm",
  doc: "C = Σ (A - aZero)·(B - bZero) + bias, scaled and rounded where C is no int32 (kernels/qgemm), of A, B, aZero?, bZero?, aScale?, bScale?, yScale?, yZero?, bias?. sizes: m, n, k. strides: rows and columns of A, of B. types: whether A and B are signed, C (int32, float32, uint8, int8), whether the bias is float32. along: whether aZero and aScale are one a row, bZero and bScale one a column, in the order of the operands. packed: B was made by PackQuantizedColumns. batch and its strides: outermost first.",
  parameters: {
    sizes: "ints",
    strides: "ints",
    types: "ints",
    along: "ints",
    packed: "int",
    batch: "ints",
    aBatchStrides: "ints",
    bBatchStrides: "ints",
    alpha: "float",
  },
});

export const packQuantizedColumnsInstruction = instruction({
  name: "PackQuantizedColumns",
  doc: "A matrix B[k, n] of bytes in the panels QuantizedGemm reads (kernels/qgemm); element (i, j) lies at i · rowStride + j · columnStride.",
  parameters: { k: "int", n: "int", isSigned: "int", rowStride: "int", columnStride: "int" },
});

export const packQuantizedRowsInstruction = instruction({
  name: "PackQuantizedRows",
  doc: "Dense rows A[m, k] of bytes less their zero points, as int16, and their sums (kernels/qgemm). zeroPerRow: one a row.",
  parameters: { m: "int", k: "int", isSigned: "int", zeroPerRow: "int" },
});

/** How instructions number the type of a quantised result (qgemm::Output). */
const outputs: readonly DType[] = ["int32", "float32", "uint8", "int8"];
export const outputCode = (dtype: DType): number => outputs.indexOf(dtype);

export const isByte = (dtype: DType): boolean => dtype === "int8" || dtype === "uint8";
export const isSigned = (dtype: DType): number => Number(dtype === "int8");

/** Where the inputs of an operator stand. */
interface Operands {
  readonly a: number;
  readonly b: number;
  readonly aZero?: number;
  readonly bZero?: number;
  readonly aScale?: number;
  readonly bScale?: number;
  readonly yScale?: number;
  readonly yZero?: number;
  readonly bias?: number;
}

/** A as it was quantised in front: it stands for the node's input. */
export interface QuantizedInput {
  readonly a: TensorRef;
  readonly zero: TensorRef;
  readonly scale: TensorRef;
}

/** Emits a product; `given` stands for A, its zero point and scale. */
export function emitQuantizedProduct(
  c: LowerContext,
  o: Operands,
  attrs: { readonly transA?: boolean; readonly transB?: boolean; readonly alpha?: number } = {},
  given?: QuantizedInput,
): string | undefined {
  const aType = given ? given.a.dtype : c.dtype(o.a);
  const [bType, result] = [c.dtype(o.b), c.outDtype(0)];
  const has = (index: number | undefined): index is number => index !== undefined && c.has(index);
  for (const dtype of [aType, bType]) if (!isByte(dtype)) return `no 8-bit product kernel for ${dtype}`;
  if (outputCode(result) < 0) return `no 8-bit product kernel with a result of ${result}`;
  for (const index of [o.aScale, o.bScale, o.yScale])
    if (has(index) && c.dtype(index) !== "float32") return `scales of ${c.dtype(index)}`;
  const [a, b] = matricesOf(c.shape(o.a), c.shape(o.b));
  const [m, k] = (attrs.transA ? [a[1], a[0]] : a.slice(-2)) as [number, number];
  const n = attrs.transB ? b[0]! : b.at(-1)!;
  const one = (index: number | undefined): boolean => !has(index) || sizeOf(c.shape(index)) === 1;
  /** Whether an operand lies along rows or columns; undefined where it is neither that nor one number. */
  const along = (index: number | undefined, size: number): boolean | undefined => {
    if (one(index)) return false;
    const shape = c.shape(index!);
    return shape.length === 1 && shape[0] === size ? true : undefined;
  };
  const [aZeros, bZeros, aScales, bScales] = [
    along(o.aZero, m),
    along(o.bZero, n),
    along(o.aScale, m),
    along(o.bScale, n),
  ];
  if (aZeros === undefined || bZeros === undefined || aScales === undefined || bScales === undefined)
    return "scales or zero points that are a stack of their own";
  if (aScales && bScales) return "scales of rows and of columns";
  if (has(o.yScale) && !one(o.yScale)) return "several scales of the result";
  const floatBias = has(o.bias) && c.dtype(o.bias) === "float32";
  if (has(o.bias)) {
    const shape = c.shape(o.bias);
    if (sizeOf(shape) !== n || shape.at(-1) !== n) return "a bias that is not one a column";
  }

  const batches = batchesOf(a, b, [m, n, k], !aZeros && !aScales);
  if (typeof batches === "string") return batches;
  const { rows, batch, aBatch, bBatch } = batches;
  const bStrides: readonly [number, number] = attrs.transB ? [1, k] : [n, 1];
  const packed = c.constant(o.b) !== undefined && bBatch.every((stride) => stride === 0);
  const weights = c.in(o.b);
  const ref = (index: number | undefined) => (has(index) ? c.in(index) : undefined);
  const inputs = [
    given ? given.a : c.in(o.a),
    packed
      ? c.prepare(packQuantizedColumnsInstruction, [weights], {
          k,
          n,
          isSigned: isSigned(bType),
          rowStride: bStrides[0],
          columnStride: bStrides[1],
        })
      : weights,
    given ? given.zero : ref(o.aZero),
    ref(o.bZero),
    given ? given.scale : ref(o.aScale),
    ref(o.bScale),
    ref(o.yScale),
    ref(o.yZero),
    ref(o.bias),
  ];
  c.emit(quantizedGemmInstruction, {
    inputs,
    outputs: [c.out(0)],
    parameters: {
      sizes: [rows, n, k],
      strides: [...(attrs.transA ? [1, m] : [k, 1]), ...bStrides],
      types: [isSigned(aType), isSigned(bType), outputCode(result), Number(floatBias)],
      along: [aZeros, bZeros, aScales, bScales].map(Number),
      packed: Number(packed),
      batch,
      aBatchStrides: aBatch,
      bBatchStrides: bBatch,
      alpha: attrs.alpha ?? 1,
    },
    kernel: `qgemm_${c.isa}`,
    reason: packed ? "weights packed once" : "both sides packed by each run",
  });
  return undefined;
}

export const matMulIntegerLowering = lowering({
  operators: ["MatMulInteger"],
  lower: (c) => emitQuantizedProduct(c, { a: 0, b: 1, aZero: 2, bZero: 3 }),
});

export const qLinearMatMulLowering = lowering({
  operators: ["QLinearMatMul"],
  lower: (c) => emitQuantizedProduct(c, { a: 0, aScale: 1, aZero: 2, b: 3, bScale: 4, bZero: 5, yScale: 6, yZero: 7 }),
});

export const matMulIntegerToFloatLowering = lowering({
  operators: ["com.microsoft.MatMulIntegerToFloat"],
  lower: (c) => emitQuantizedProduct(c, { a: 0, b: 1, aScale: 2, bScale: 3, aZero: 4, bZero: 5, bias: 6 }),
});

export const qGemmLowering = lowering({
  operators: ["com.microsoft.QGemm"],
  lower: (c) =>
    emitQuantizedProduct(
      c,
      { a: 0, aScale: 1, aZero: 2, b: 3, bScale: 4, bZero: 5, bias: 6, yScale: 7, yZero: 8 },
      {
        transA: c.attrs.transA === 1,
        transB: c.attrs.transB === 1,
        alpha: typeof c.attrs.alpha === "number" ? c.attrs.alpha : 1,
      },
    ),
});
