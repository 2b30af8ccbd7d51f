/** The factor on a noisy bin that leaves the least expected error of the logarithm of a voice's amplitude. */

const eulerGamma = 0.5772156649015329;

/** E₁(x) = ∫ₓ^∞ exp(−t)/t dt for x > 0, to 1e-13: the series up to 1, the continued fraction above (Abramowitz, Stegun 5.1.11, 5.1.22). */
export function exponentialIntegral(x: number): number {
  if (!(x <= 1)) {
    // Lentz's way through 1/(x + 1 − 1²/(x + 3 − 2²/(x + 5 − …))).
    let b = x + 1;
    let c = 1e300;
    let d = 1 / b;
    let h = d;
    for (let i = 1; i <= 100; i++) {
      b += 2;
      d = 1 / (b - i * i * d);
      c = b - (i * i) / c;
      h *= c * d;
      if (Math.abs(c * d - 1) < 1e-15) break;
    }
    return h * Math.exp(-x);
  }
  let sum = -eulerGamma - Math.log(x);
  for (let k = 1, term = -x; k < 30 && Math.abs(term) > 1e-17; k++, term *= -x / k) sum -= term / k;
  return sum;
}

/**
 * Gain of a bin: `prior` is the expected power of the voice over that of the noise, `posterior` the bin's power over that of
 * the noise; at most 1.
 *
 * Source: Ephraim, Malah, Speech Enhancement Using a Minimum Mean-Square Error Log-Spectral Amplitude Estimator (1985), (20).
 */
export function logSpectralGain(prior: number, posterior: number): number {
  const wiener = prior / (1 + prior);
  const v = Math.max(wiener * posterior, 1e-10);
  // Above 30 the integral is less than 1e-14.
  return Math.min(1, v > 30 ? wiener : wiener * Math.exp(exponentialIntegral(v) / 2));
}
