/**
 * How loud the noise is under a voice: the least of each bin's smoothed power over the last second and a half, scaled up to the
 * mean of which it is the least. Needs no pauses and no voice detector.
 *
 * Source: Martin, Noise Power Spectral Density Estimation Based on Optimal Smoothing and Minimum Statistics (2001); numbers of
 * equations are the paper's.
 */

/** Seconds over which a minimum is looked for, and the parts these are cut into. */
const searchSeconds = 1.536;
const numParts = 8;

/** Smoothing: limits of the factor (11, 12), of the correction for sudden changes (9, 10), of the moments' factor (20). */
const maxSmoothing = 0.96;
const leastSmoothing = 0.3;
const minCorrection = 0.7;
const correctionMemory = 0.7;
const maxMomentMemory = 0.8;
/** Seconds in which power may fall by a factor e where the voice is loud (12). */
const fallSeconds = 0.064;

/** Limits of the degrees of freedom of smoothed power. */
const minFreedom = 2;
const maxFreedom = 14;

/** M(D) of table III. */
const meanOfMinimum: readonly (readonly [length: number, m: number])[] = [
  [1, 0],
  [2, 0.26],
  [5, 0.48],
  [8, 0.58],
  [10, 0.61],
  [15, 0.668],
  [20, 0.705],
  [30, 0.762],
  [40, 0.8],
  [60, 0.841],
  [80, 0.865],
  [120, 0.89],
  [140, 0.9],
  [160, 0.91],
];

/** Where smoothed power varies less than this, the noise may rise by so many decibels a second (table IV). */
const slopes: readonly (readonly [variation: number, decibels: number])[] = [
  [0.03, 47],
  [0.05, 31.4],
  [0.06, 15.7],
  [Infinity, 4.1],
];

/** M(D) between the lengths of the table: straight over the root of the length. */
function meanAt(length: number): number {
  const above = meanOfMinimum.findIndex(([l]) => l >= length);
  if (above < 0) return meanOfMinimum.at(-1)![1];
  if (above === 0) return 0;
  const [[l0, m0], [l1, m1]] = [meanOfMinimum[above - 1]!, meanOfMinimum[above]!];
  return m0 + ((m1 - m0) * (Math.sqrt(length) - Math.sqrt(l0))) / (Math.sqrt(l1) - Math.sqrt(l0));
}

export class MinimumStatistics {
  /** Power of the noise in each bin, as the last frame left it. */
  readonly noise: Float64Array;
  private readonly hopSeconds: number;
  /** Frames of a part. */
  private readonly partLength: number;
  private readonly smoothed: Float64Array;
  /** First and second moment of the smoothed power. */
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private correction = 1;
  private frame = 0;
  private inPart: number;
  private part = 0;
  /** Least corrected power of this part, with the corrections of a whole search and of a part. */
  private readonly least: Float64Array;
  private readonly leastOfPart: Float64Array;
  /** `least` of the latest parts. */
  private readonly parts: readonly Float64Array[];
  /** Bins whose minimum fell inside this part, neither at its begin nor at its end. */
  private readonly inside: Uint8Array;

  constructor(numBins: number, hopSeconds: number) {
    const bins = (): Float64Array => new Float64Array(numBins);
    const unknown = (): Float64Array => bins().fill(Infinity);
    this.hopSeconds = hopSeconds;
    this.partLength = Math.max(2, Math.round(searchSeconds / (hopSeconds * numParts)));
    this.inPart = this.partLength;
    [this.noise, this.smoothed, this.mean, this.square] = [bins(), bins(), bins(), bins()];
    [this.least, this.leastOfPart] = [unknown(), unknown()];
    this.parts = Array.from({ length: numParts }, unknown);
    this.inside = new Uint8Array(numBins);
  }

  /** Takes the power of the next frame's bins in, above 0 in sum. */
  update(power: Float64Array): void {
    const { noise, smoothed, mean, square, least, leastOfPart, inside, partLength, hopSeconds } = this;
    const numBins = power.length;
    const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
    const total = sum(power);
    /** Nothing is divided by less: 80 dB below the frame. */
    const floor = (total / numBins) * 1e-8;
    if (this.frame++ === 0) {
      noise.set(power);
      smoothed.set(power);
      mean.set(power);
      square.set(power.map((p) => p * p));
    }
    const sudden = 1 / (1 + (sum(smoothed) / total - 1) ** 2);
    this.correction = correctionMemory * this.correction + (1 - correctionMemory) * Math.max(sudden, minCorrection);
    const snr = sum(smoothed) / Math.max(sum(noise), floor);
    const slowest = Math.min(leastSmoothing, snr ** (-hopSeconds / fallSeconds));
    const inverses = new Float64Array(numBins);
    for (let k = 0; k < numBins; k++) {
      const level = Math.max(noise[k]!, floor);
      const best = (maxSmoothing * this.correction) / (1 + (smoothed[k]! / level - 1) ** 2);
      const a = Math.max(best, slowest);
      const p = a * smoothed[k]! + (1 - a) * power[k]!;
      const b = Math.min(a * a, maxMomentMemory);
      smoothed[k] = p;
      mean[k] = b * mean[k]! + (1 - b) * p;
      square[k] = b * square[k]! + (1 - b) * p * p;
      const variance = square[k]! - mean[k]! ** 2;
      inverses[k] = Math.max(
        Math.min(variance / (2 * level * level), 1 / minFreedom),
        1 / maxFreedom / (this.frame + 1),
      );
    }
    const variation = sum(inverses) / numBins;
    const spread = 1 + 2.12 * Math.sqrt(variation);
    const bias = (length: number): ((inverse: number) => number) => {
      const m = meanAt(length);
      return (inverse) => 1 + (2 * (length - 1) * (1 - m)) / (1 / inverse - 2 * m);
    };
    const [ofSearch, ofPart] = [bias(partLength * numParts), bias(partLength)];
    const isLast = this.inPart >= partLength;
    const isFirst = this.inPart <= 1;
    const found = new Uint8Array(numBins);
    for (let k = 0; k < numBins; k++) {
      const corrected = spread * smoothed[k]!;
      const whole = corrected * ofSearch(inverses[k]!);
      if (whole < least[k]!) {
        found[k] = 1;
        least[k] = whole;
        leastOfPart[k] = corrected * ofPart(inverses[k]!);
      }
      if (!isFirst && !isLast) {
        if (found[k]) inside[k] = 1;
        noise[k] = Math.min(leastOfPart[k]!, noise[k]!);
      }
    }
    if (isLast) this.endPart(found, variation);
    this.inPart = isLast ? 1 : this.inPart + 1;
  }

  /** The oldest part is forgotten; noise that rose inside the part is believed within limits. */
  private endPart(found: Uint8Array, variation: number): void {
    const { noise, least, leastOfPart, parts, inside, partLength, hopSeconds } = this;
    parts[this.part]!.set(least);
    this.part = (this.part + 1) % numParts;
    const [, decibels] = slopes.find(([limit]) => variation < limit)!;
    const rise = 10 ** ((decibels * partLength * hopSeconds) / 10);
    for (let k = 0; k < noise.length; k++) {
      let minimum = Math.min(...parts.map((part) => part[k]!));
      const rising = leastOfPart[k]!;
      if (inside[k] && !found[k] && rising < rise * minimum && rising > minimum) {
        minimum = rising;
        for (const part of parts) part[k] = minimum;
      }
      noise[k] = minimum;
    }
    inside.fill(0);
    least.fill(Infinity);
    leastOfPart.fill(Infinity);
  }
}
