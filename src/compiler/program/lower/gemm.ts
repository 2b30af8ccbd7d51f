/** Matrix products (native/kernels/gemm): MatMul, Gemm and their fused forms. */
import { type StaticShape, sizeOf } from "../../../base/shapes.ts";
import { type LowerContext, lowering, type TensorRef } from "../lowering.ts";
import { type Instruction, instruction } from "../schema.ts";
import { type MeasuredKernel, type Trial, trial } from "../trial.ts";
import { type Activation, activationKinds, activationOf, residualKinds } from "./activation.ts";

export const gemmInstruction = instruction({
  name: "Gemm",
  doc: "C = act(alpha · A·B + beta · bias) (kernels/gemm) of A, B, bias?, residual?. sizes: m, n, k. strides: rows and columns of A, of B, of the bias. packed: B was made by PackGemm. batch and its strides: outermost first.",
  parameters: {
    sizes: "ints",
    strides: "ints",
    packed: "int",
    batch: "ints",
    aBatchStrides: "ints",
    bBatchStrides: "ints",
    alpha: "float",
    beta: "float",
    activation: "int",
    activationAlpha: "float",
    activationBeta: "float",
    residual: "int",
  },
});

export const packGemmInstruction = instruction({
  name: "PackGemm",
  doc: "A matrix B[k, n] in the panels Gemm reads (kernels/gemm); element (i, j) lies at i · rowStride + j · columnStride.",
  parameters: { k: "int", n: "int", rowStride: "int", columnStride: "int" },
});

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Elements between rows and columns. */
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly batch?: readonly number[];
  readonly aBatch?: readonly number[];
  readonly bBatch?: readonly number[];
  readonly bias?: TensorRef | undefined;
  readonly biasStrides?: readonly [number, number];
  readonly residual?: TensorRef | undefined;
  readonly alpha?: number;
  readonly beta?: number;
  readonly activation: Activation;
}

/** Rows of A up to which a B that was not packed is read where it lies (kernels/gemm: three tiles of rows, at least). */
const mostRowsInPlace = 18;

/** Emits a product of inputs 0 and 1. A B that is constant and shared by all batches is packed once, unless it was measured
 * to be read faster where it lies. */
export function emitProduct(c: LowerContext, p: Product): void {
  const shared = (p.bBatch ?? []).every((stride) => stride === 0);
  const canPack = c.constant(1) !== undefined && shared;
  const packing = { k: p.k, n: p.n, rowStride: p.b[0], columnStride: p.b[1] };
  const [a, given] = [c.in(0), c.in(1)];
  const parametersOf = (packed: boolean) => ({
    sizes: [p.m, p.n, p.k],
    strides: [...p.a, ...p.b, ...(p.biasStrides ?? [0, 0])],
    packed: Number(packed),
    batch: p.batch ?? [],
    aBatchStrides: p.aBatch ?? [],
    bBatchStrides: p.bBatch ?? [],
    alpha: p.alpha ?? 1,
    beta: p.beta ?? 1,
    activation: activationKinds.of(p.activation.kind),
    activationAlpha: p.activation.alpha,
    activationBeta: p.activation.beta,
    residual: residualKinds.of(p.residual ? "beforeActivation" : "none"),
  });
  const trialOf = (packed: boolean): Trial =>
    trial({
      name: packed ? "packed" : "in place",
      instruction: gemmInstruction,
      parameters: parametersOf(packed),
      inputs: [
        a.sizeBytes,
        packed
          ? {
              instruction: packGemmInstruction as Instruction,
              parameters: packing,
              inputBytes: given.sizeBytes,
            }
          : given.sizeBytes,
        p.bias?.sizeBytes,
        p.residual?.sizeBytes,
      ],
      outputBytes: c.outBytes(0),
    });
  const hasChoice = canPack && p.b[1] === 1 && p.m <= mostRowsInPlace && p.m * p.n * p.k > 0;
  const times = hasChoice
    ? c.measurements?.times(c.node.name || c.node.outputs[0]!.name, [trialOf(true), trialOf(false)])
    : undefined;
  const packed = canPack && (!times || times[0]! <= times[1]!);
  const b = packed ? c.prepare(packGemmInstruction, [given], packing) : given;
  // Rows of A and B are read until the last tile is written.
  const free = p.residual && p.residual.storage !== a.storage && p.residual.storage !== b.storage;
  const output = c.out(0, { inPlace: free ? p.residual : undefined });
  const modelled = packed ? "weights packed once" : "B read where it lies or packed on each run, whichever moves less";
  c.emit(gemmInstruction, {
    inputs: [a, b, p.bias, p.residual],
    outputs: [output],
    parameters: parametersOf(packed),
    kernel: `gemm_f32_${c.isa}`,
    reason: times ? "fastest of 2 measured" : modelled,
    measured: times
      ?.map((us, i): MeasuredKernel => ({ name: i === 0 ? "packed" : "in place", ms: us / 1000, layoutMs: 0 }))
      .sort((x, y) => x.ms - y.ms),
  });
}

/** Strides of broadcast batch dimensions, in matrices of `size` elements. */
function batchStrides(shape: readonly number[], batch: readonly number[], size: number): number[] {
  const own = shape.slice(0, -2);
  const strides = new Array<number>(batch.length).fill(0);
  let stride = size;
  for (let i = own.length - 1; i >= 0; i--) {
    if (own[i] !== 1) strides[batch.length - own.length + i] = stride;
    stride *= own[i]!;
  }
  return strides;
}

/** The batches of a product as kernels take them. */
export interface Batches {
  /** Rows of A in one product. */
  readonly rows: number;
  /** Batch dimensions other than 1, and the strides of A and of B along them. */
  readonly batch: readonly number[];
  readonly aBatch: readonly number[];
  readonly bBatch: readonly number[];
}

/** The operands of a MatMul as stacks of matrices: a vector is a row on the left, a column on the right. */
export function matricesOf(x: StaticShape, y: StaticShape): readonly [StaticShape, StaticShape] {
  return [x.length === 1 ? [1, ...x] : x, y.length === 1 ? [...y, 1] : y];
}

/**
 * The batches of A[…, m, k] · B[…, k, n], or why kernels cannot take them. `joins`: where one matrix B meets all batches of A
 * they are one product of all rows.
 */
export function batchesOf(
  a: StaticShape,
  b: StaticShape,
  [m, n, k]: readonly [number, number, number],
  joins = true,
): Batches | string {
  const rank = Math.max(a.length, b.length) - 2;
  const at = (shape: StaticShape, i: number) => shape[shape.length - 2 - rank + i] ?? 1;
  const batch = Array.from({ length: rank }, (_, i) => (at(a, i) === 1 ? at(b, i) : at(a, i)));
  if (joins && b.length === 2) return { rows: m * sizeOf(batch), batch: [], aBatch: [], bBatch: [] };
  const kept = batch.flatMap((size, i) => (size === 1 ? [] : [i]));
  if (kept.length > 6) return `${kept.length} batch dimensions, kernels take 6`;
  const strides = (shape: StaticShape, size: number) => {
    const all = batchStrides(shape, batch, size);
    return kept.map((i) => all[i]!);
  };
  return { rows: m, batch: kept.map((i) => batch[i]!), aBatch: strides(a, m * k), bBatch: strides(b, k * n) };
}

export const matMulLowering = lowering({
  operators: ["MatMul", "inferlab.FusedMatMul"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `no product kernel for ${c.dtype(0)}`;
    const activation = activationOf(c);
    if (!activation) return `no kernel applies ${String(c.attrs.activation)} to its result`;
    const [a, b] = matricesOf(c.shape(0), c.shape(1));
    const [m, k] = a.slice(-2) as [number, number];
    const n = b.at(-1)!;
    const batches = batchesOf(a, b, [m, n, k]);
    if (typeof batches === "string") return batches;
    const { rows, batch } = batches;
    let biasStrides: [number, number] = [0, 0];
    if (c.has(2)) {
      const bias = c.shape(2);
      const perRow = bias.slice(0, -1).some((dim) => dim !== 1);
      if (perRow && (batch.length > 0 || bias.slice(0, -1).reduce((p, q) => p * q, 1) !== rows))
        return "a bias of other rows than the product's";
      const columns = bias.at(-1) ?? 1;
      biasStrides = [perRow ? columns : 0, columns === 1 ? 0 : 1];
    }
    emitProduct(c, {
      m: rows,
      n,
      k,
      a: [k, 1],
      b: [n, 1],
      batch,
      aBatch: batches.aBatch,
      bBatch: batches.bBatch,
      bias: c.has(2) ? c.in(2) : undefined,
      biasStrides,
      residual: c.has(3) ? c.in(3) : undefined,
      activation,
    });
    return undefined;
  },
});

export const gemmLowering = lowering({
  operators: ["Gemm", "inferlab.FusedGemm"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `no product kernel for ${c.dtype(0)}`;
    const activation = activationOf(c);
    if (!activation) return `no kernel applies ${String(c.attrs.activation)} to its result`;
    const [a, b] = [c.shape(0), c.shape(1)];
    const [transA, transB] = [c.attrs.transA === 1, c.attrs.transB === 1];
    const [m, n] = c.outShape(0) as [number, number];
    const k = transA ? a[0]! : a[1]!;
    let biasStrides: [number, number] = [0, 0];
    if (c.has(2)) {
      const shape = c.shape(2);
      const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
      biasStrides = [rows === 1 ? 0 : columns, columns === 1 ? 0 : 1];
    }
    emitProduct(c, {
      m,
      n,
      k,
      a: transA ? [1, a[1]!] : [a[1]!, 1],
      b: transB ? [1, b[1]!] : [b[1]!, 1],
      bias: c.has(2) ? c.in(2) : undefined,
      biasStrides,
      alpha: typeof c.attrs.alpha === "number" ? c.attrs.alpha : 1,
      beta: typeof c.attrs.beta === "number" ? c.attrs.beta : 1,
      residual: c.has(3) ? c.in(3) : undefined,
      activation,
    });
    return undefined;
  },
});
