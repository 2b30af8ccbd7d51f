/**
 * Scaled dot-product attention over heads held as [batch, heads, length, size] in doubles. A group of query heads may share
 * a key and value head: query head h uses key head ⌊h / (queryHeads / keyHeads)⌋.
 */

import type { DType } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { fromNumbers, numbersOf } from "./numbers.ts";

export interface Heads {
  readonly values: Float64Array;
  readonly batch: number;
  readonly heads: number;
  readonly length: number;
  /** Elements of a head's vector. */
  readonly size: number;
}

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** Heads of [B,H,L,D], or of [B,L,H·D] with the number of heads said. Errors: SHAPE. */
export function headsOf(c: Failing, t: Tensor, numHeads: number | undefined, name: string): Heads {
  const from = numbersOf(t);
  if (t.rank === 4) {
    const [batch, heads, length, size] = t.shape as [number, number, number, number];
    return { values: Float64Array.from(from), batch, heads, length, size };
  }
  if (t.rank !== 3) c.fail("SHAPE", `${name} is ${t.dtype}[${t.shape}], expected [B,H,L,D] or [B,L,H·D]`);
  const [batch, length, width] = t.shape as [number, number, number];
  if (!numHeads || width % numHeads !== 0)
    c.fail(
      "ATTRIBUTE",
      `${name} is [${t.shape}] with ${numHeads ?? "no"} heads, expected a number of heads that divides ${width}`,
    );
  const size = width / numHeads;
  const values = new Float64Array(from.length);
  for (let b = 0; b < batch; b++)
    for (let l = 0; l < length; l++)
      for (let h = 0; h < numHeads; h++)
        for (let d = 0; d < size; d++)
          values[((b * numHeads + h) * length + l) * size + d] = from[(b * length + l) * width + h * size + d]!;
  return { values, batch, heads: numHeads, length, size };
}

/** Heads as a tensor: [B,H,L,D], or packed as [B,L,H·D]. */
export function headsTensor(heads: Heads, dtype: DType, packed: boolean): Tensor {
  const { values, batch, heads: count, length, size } = heads;
  if (!packed) return new Tensor(dtype, [batch, count, length, size], fromNumbers(dtype, values));
  const out = new Float64Array(values.length);
  for (let b = 0; b < batch; b++)
    for (let l = 0; l < length; l++)
      for (let h = 0; h < count; h++)
        for (let d = 0; d < size; d++)
          out[((b * length + l) * count + h) * size + d] = values[((b * count + h) * length + l) * size + d]!;
  return new Tensor(dtype, [batch, length, count * size], fromNumbers(dtype, out));
}

/** `past` followed by `now` along the length. Errors: SHAPE where they do not fit. */
export function appendHeads(c: Failing, past: Heads | undefined, now: Heads, name: string): Heads {
  if (!past) return now;
  if (past.batch !== now.batch || past.heads !== now.heads || past.size !== now.size)
    c.fail(
      "SHAPE",
      `past ${name} is [${past.batch},${past.heads},${past.length},${past.size}], expected [${now.batch},${now.heads},P,${now.size}]`,
    );
  const length = past.length + now.length;
  const values = new Float64Array(now.batch * now.heads * length * now.size);
  for (let i = 0; i < now.batch * now.heads; i++) {
    values.set(
      past.values.subarray(i * past.length * now.size, (i + 1) * past.length * now.size),
      i * length * now.size,
    );
    values.set(
      now.values.subarray(i * now.length * now.size, (i + 1) * now.length * now.size),
      (i * length + past.length) * now.size,
    );
  }
  return { ...now, values, length };
}

/** scale · q·kᵀ of every query head: [batch, queryHeads, queries, keys]. */
export function attentionScores(c: Failing, q: Heads, k: Heads, scale: number): Float64Array {
  if (q.batch !== k.batch || q.size !== k.size)
    c.fail(
      "SHAPE",
      `query heads are [${q.batch},·,·,${q.size}], key heads [${k.batch},·,·,${k.size}], expected one batch and head size`,
    );
  if (k.heads === 0 || q.heads % k.heads !== 0)
    c.fail("SHAPE", `${q.heads} query heads over ${k.heads} key heads, expected a multiple`);
  const group = q.heads / k.heads;
  const out = new Float64Array(q.batch * q.heads * q.length * k.length);
  let at = 0;
  for (let b = 0; b < q.batch; b++)
    for (let h = 0; h < q.heads; h++) {
      const keys = (b * k.heads + Math.floor(h / group)) * k.length;
      for (let i = 0; i < q.length; i++) {
        const row = ((b * q.heads + h) * q.length + i) * q.size;
        for (let j = 0; j < k.length; j++) {
          const column = (keys + j) * k.size;
          let sum = 0;
          for (let d = 0; d < q.size; d++) sum += q.values[row + d]! * k.values[column + d]!;
          out[at++] = sum * scale;
        }
      }
    }
  return out;
}

/** Softmax of rows of `length` elements, in place. */
export function softmaxRows(values: Float64Array, length: number): void {
  for (let start = 0; start < values.length; start += length) {
    let max = Number.NEGATIVE_INFINITY;
    for (let i = start; i < start + length; i++) max = Math.max(max, values[i]!);
    let sum = 0;
    for (let i = start; i < start + length; i++) sum += values[i] = Math.exp(values[i]! - max);
    for (let i = start; i < start + length; i++) values[i]! /= sum;
  }
}

/** probabilities · v: [batch, queryHeads, queries, size]. */
export function attentionOutput(c: Failing, probabilities: Float64Array, q: Heads, v: Heads): Heads {
  const keys = v.length;
  if (probabilities.length !== q.batch * q.heads * q.length * keys)
    c.fail("SHAPE", `value heads have length ${keys}, expected that of the keys`);
  const group = q.heads / v.heads;
  const values = new Float64Array(q.batch * q.heads * q.length * v.size);
  for (let b = 0; b < q.batch; b++)
    for (let h = 0; h < q.heads; h++) {
      const source = (b * v.heads + Math.floor(h / group)) * keys;
      for (let i = 0; i < q.length; i++) {
        const row = (b * q.heads + h) * q.length + i;
        for (let j = 0; j < keys; j++) {
          const share = probabilities[row * keys + j]!;
          for (let d = 0; d < v.size; d++) values[row * v.size + d]! += share * v.values[(source + j) * v.size + d]!;
        }
      }
    }
  return { values, batch: q.batch, heads: q.heads, length: q.length, size: v.size };
}
