/** Comparing what two engines say. */

import { toNumbers } from "../../src/base/numbers.ts";
import type { Tensor } from "../../src/base/tensor.ts";

export interface Difference {
  /** Largest |got - expected| over atol + rtol·|expected|; at most 1 is within the tolerance. */
  readonly worst: number;
  readonly at: number;
  readonly maxAbs: number;
}

/** NaN equals NaN and an infinity itself; a different dtype or shape throws. */
export function difference(got: Tensor, expected: Tensor, rtol: number, atol: number): Difference {
  if (got.dtype !== expected.dtype || String(got.shape) !== String(expected.shape))
    throw new Error(`got ${got.dtype}[${got.shape}], expected ${expected.dtype}[${expected.shape}]`);
  const a = toNumbers(got);
  const b = toNumbers(expected);
  let worst = 0;
  let at = -1;
  let maxAbs = 0;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || a[i] === b[i]) continue;
    const abs = Math.abs(a[i]! - b[i]!);
    const ratio = Number.isFinite(abs) ? abs / (atol + rtol * Math.abs(b[i]!)) : Number.POSITIVE_INFINITY;
    if (ratio > worst) [worst, at] = [ratio, i];
    maxAbs = Math.max(maxAbs, abs);
  }
  return { worst, at, maxAbs };
}

/** Reproducible numbers in [0, 1): mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
