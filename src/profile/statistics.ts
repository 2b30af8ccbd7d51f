/** Numbers of repeated measurements: medians with their spread, and whether two lists differ by more than chance. */

/** What repeated measurements of one thing came to. Units: those of the measurements. */
export interface Sample {
  readonly median: number;
  /** Half the distance between the quartiles: half of the measurements lie within it of the middle. */
  readonly spread: number;
  readonly min: number;
  readonly p95: number;
  readonly count: number;
}

const ascending = (values: Iterable<number>): Float64Array => Float64Array.from(values).sort();

/** The value below which a share `q` of a sorted list lies, between its two neighbours where it falls between them. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const next = Math.min(sorted.length - 1, low + 1);
  return sorted[low]! + (sorted[next]! - sorted[low]!) * (at - low);
}

export function sampleOf(values: Iterable<number>): Sample {
  const sorted = ascending(values);
  return {
    median: quantile(sorted, 0.5),
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2,
    min: sorted[0] ?? Number.NaN,
    p95: quantile(sorted, 0.95),
    count: sorted.length,
  };
}

/** P(|Z| ≥ |z|) of the normal distribution, within 1.2e-7. Source: Numerical Recipes, erfc by Chebyshev fitting. */
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * x);
  const coefficients = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  let sum = 0;
  for (const c of coefficients.toReversed()) sum = sum * t + c;
  return t * Math.exp(-x * x + sum);
}

/**
 * The probability that two lists as different as these come from one distribution (Mann–Whitney's U test, two-sided, normal
 * approximation with ties and continuity corrected). It asks nothing of the distribution, so a few disturbed runs do no harm.
 * 1 where a list is too short to say anything (fewer than 4 values).
 */
export function differenceByChance(a: readonly number[], b: readonly number[]): number {
  const [n, m] = [a.length, b.length];
  if (n < 4 || m < 4) return 1;
  const all = [...a.map((value) => ({ value, first: true })), ...b.map((value) => ({ value, first: false }))].sort(
    (p, q) => p.value - q.value,
  );
  let rankSum = 0;
  let ties = 0;
  for (let i = 0; i < all.length; ) {
    let end = i;
    while (end < all.length && all[end]!.value === all[i]!.value) end++;
    const rank = (i + end + 1) / 2;
    for (let k = i; k < end; k++) if (all[k]!.first) rankSum += rank;
    ties += (end - i) ** 3 - (end - i);
    i = end;
  }
  const total = n + m;
  const u = rankSum - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  if (!(variance > 0)) return 1;
  return twoSided(Math.max(0, Math.abs(u - (n * m) / 2) - 0.5) / Math.sqrt(variance));
}
