/** The discrete Fourier transform of any length, by splitting off the smallest prime factor again and again. */

function smallestFactor(n: number): number {
  for (let p = 2; p * p <= n; p++) if (n % p === 0) return p;
  return n;
}

/** X[k] = Σ x[j]·exp(sign·2πi·jk/n), for x = re + i·im at `from`, `from + step`, … */
function transform(
  re: Float64Array,
  im: Float64Array,
  from: number,
  step: number,
  n: number,
  sign: number,
): [Float64Array, Float64Array] {
  if (n === 1) return [Float64Array.of(re[from]!), Float64Array.of(im[from]!)];
  const p = smallestFactor(n);
  const m = n / p;
  const parts = Array.from({ length: p }, (_, r) =>
    m === 1
      ? ([Float64Array.of(re[from + r * step]!), Float64Array.of(im[from + r * step]!)] as const)
      : transform(re, im, from + r * step, step * p, m, sign),
  );
  const outRe = new Float64Array(n);
  const outIm = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    for (let r = 0; r < p; r++) {
      const angle = (sign * 2 * Math.PI * ((r * k) % n)) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const [a, b] = [parts[r]![0][k % m]!, parts[r]![1][k % m]!];
      outRe[k]! += a * c - b * s;
      outIm[k]! += a * s + b * c;
    }
  }
  return [outRe, outIm];
}

/** The transform, or with `inverse` the one that takes it back (divided by the length). */
export function fourier(re: Float64Array, im: Float64Array, inverse = false): [Float64Array, Float64Array] {
  const n = re.length;
  if (n === 0) return [re, im];
  const [a, b] = transform(re, im, 0, 1, n, inverse ? 1 : -1);
  if (inverse)
    for (let i = 0; i < n; i++) {
      a[i]! /= n;
      b[i]! /= n;
    }
  return [a, b];
}
