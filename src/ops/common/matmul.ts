/** Matrix products over plain number arrays, with the batching and the vector rules of numpy.matmul. */
import { type Dim, type Shape, sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { InferContext } from "../operator.ts";
import { broadcastDims, broadcastShapes, forEachStridedRow, repeatStrides } from "./broadcast.ts";
import { numbersOf } from "./numbers.ts";
import { multiplyTile, rowBlock, tileWidth } from "./tile.ts";

type Numbers = ArrayLike<number>;

interface Failing {
  fail(code: "SHAPE", message: string, hint?: string): never;
}

/** Shape of A·B with symbols; a vector is a row on the left, a column on the right, and its axis of 1 is dropped. */
export function inferMatMul(c: Pick<InferContext, "freshDim"> & Failing, a: Shape, b: Shape): Dim[] {
  checkMatMul(c, a, b);
  const batch = broadcastDims(c, [a.slice(0, -2), b.slice(0, -2)])!;
  return [...batch, ...(a.length > 1 ? [a[a.length - 2]!] : []), ...(b.length > 1 ? [b[b.length - 1]!] : [])];
}

function checkMatMul(c: Failing, a: Shape, b: Shape): void {
  if (a.length === 0 || b.length === 0)
    c.fail("SHAPE", `inputs are [${a.join(",")}] and [${b.join(",")}], expected rank 1 or more`, "use Mul for scalars");
  const left = a[a.length - 1]!;
  const right = b[b.length === 1 ? 0 : b.length - 2]!;
  if (typeof left === "number" && typeof right === "number" && left !== right)
    c.fail("SHAPE", `input A is [${a.join(",")}], B is [${b.join(",")}]: ${left} columns meet ${right} rows`);
}

export interface MatMulPlan {
  /** The result's shape. */
  readonly shape: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Offsets in elements of each pair of matrices. */
  readonly aOffsets: readonly number[];
  readonly bOffsets: readonly number[];
}

export function planMatMul(c: Failing, a: readonly number[], b: readonly number[]): MatMulPlan {
  checkMatMul(c, a, b);
  const depth = a[a.length - 1]!;
  const rows = a.length > 1 ? a[a.length - 2]! : 1;
  const columns = b.length > 1 ? b[b.length - 1]! : 1;
  const [aBatch, bBatch] = [a.slice(0, -2), b.slice(0, -2)];
  const batch = broadcastShapes(c, [aBatch, bBatch]);
  const aOffsets: number[] = [];
  const bOffsets: number[] = [];
  const strides = [
    repeatStrides(aBatch, batch).map((s) => s * rows * depth),
    repeatStrides(bBatch, batch).map((s) => s * depth * columns),
  ];
  forEachStridedRow(batch, strides, (_, [ia, ib], length, [sa, sb]) => {
    for (let i = 0; i < length; i++) {
      aOffsets.push(ia! + i * sa!);
      bOffsets.push(ib! + i * sb!);
    }
  });
  const shape = [...batch, ...(a.length > 1 ? [rows] : []), ...(b.length > 1 ? [columns] : [])];
  return { shape, rows, columns, depth, aOffsets, bOffsets };
}

/** out[i,j] = Σ_k a[i,k]·b[k,j] of every pair of the plan, summed in doubles. */
export function multiplyMatrices(a: Numbers, b: Numbers, plan: MatMulPlan, out: { [i: number]: number }): void {
  const size = plan.rows * plan.columns;
  for (let pair = 0; pair < plan.aOffsets.length; pair++) {
    const multiply = plan.rows >= rowBlock ? multiplyByTiles : multiplyByRows;
    multiply(a, plan.aOffsets[pair]!, b, plan.bOffsets[pair]!, plan, out, pair * size);
  }
}

/** The plan's product plus a bias for each column. Errors: SHAPE for a bias of another size. */
export function multiplyWithBias(
  c: Failing,
  a: Numbers,
  b: Numbers,
  plan: MatMulPlan,
  bias: Tensor | undefined,
): Float64Array {
  const { columns } = plan;
  if (bias && bias.size !== columns) c.fail("SHAPE", `bias is [${bias.shape}], expected [${columns}]`);
  const sums = new Float64Array(sizeOf(plan.shape));
  multiplyMatrices(a, b, plan, sums);
  const extra = bias && numbersOf(bias);
  if (extra) for (let i = 0; i < sums.length; i++) sums[i]! += extra[i % columns]!;
  return sums;
}

type Multiply = (
  a: Numbers,
  aAt: number,
  b: Numbers,
  bAt: number,
  plan: MatMulPlan,
  out: { [i: number]: number },
  to: number,
) => void;

/** Few rows: each is a sum of scaled rows of B. */
const multiplyByRows: Multiply = (a, aAt, b, bAt, { rows, columns, depth }, out, to) => {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    sums.fill(0);
    for (let k = 0; k < depth; k++) {
      const factor = a[aAt + i * depth + k]!;
      const row = bAt + k * columns;
      for (let j = 0; j < columns; j++) sums[j]! += b[row + j]! * factor;
    }
    for (let j = 0; j < columns; j++) out[to + i * columns + j] = sums[j]!;
  }
};

/** Many rows: tiles of B's columns against blocks of A's rows. */
const multiplyByTiles: Multiply = (a, aAt, b, bAt, { rows, columns, depth }, out, to) => {
  const width = tileWidth(depth, columns);
  const tile = new Float64Array(depth * width);
  const weights = new Float64Array(depth * rowBlock);
  const sums = new Float64Array(rowBlock * width);
  for (let start = 0; start < columns; start += width) {
    const count = Math.min(width, columns - start);
    if (count < width) tile.fill(0);
    for (let k = 0; k < depth; k++)
      for (let j = 0; j < count; j++) tile[k * width + j] = b[bAt + k * columns + start + j]!;
    for (let i = 0; i < rows; i += rowBlock) {
      const block = Math.min(rowBlock, rows - i);
      weights.fill(0);
      for (let f = 0; f < block; f++)
        for (let k = 0; k < depth; k++) weights[k * rowBlock + f] = a[aAt + (i + f) * depth + k]!;
      multiplyTile(tile, width, weights, depth, sums);
      for (let f = 0; f < block; f++)
        for (let j = 0; j < count; j++) out[to + (i + f) * columns + start + j] = sums[f * width + j]!;
    }
  }
};

/** The same for 64-bit integers, where doubles would lose bits; the result wraps. */
export function multiplyBigMatrices(a: BigInt64Array, b: BigInt64Array, plan: MatMulPlan, out: BigInt64Array): void {
  const { rows, columns, depth } = plan;
  let to = 0;
  for (let pair = 0; pair < plan.aOffsets.length; pair++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0n;
        for (let k = 0; k < depth; k++)
          sum += a[plan.aOffsets[pair]! + i * depth + k]! * b[plan.bOffsets[pair]! + k * columns + j]!;
        out[to++] = sum;
      }
}

/** The product of two matrices of whole numbers modulo 2^32, for int32 and uint32. */
export function multiplyIntMatrices(a: Numbers, b: Numbers, plan: MatMulPlan, out: { [i: number]: number }): void {
  const { rows, columns, depth } = plan;
  let to = 0;
  for (let pair = 0; pair < plan.aOffsets.length; pair++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < depth; k++)
          sum =
            (sum + Math.imul(a[plan.aOffsets[pair]! + i * depth + k]!, b[plan.bOffsets[pair]! + k * columns + j]!)) | 0;
        out[to++] = sum;
      }
}
