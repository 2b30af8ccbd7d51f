/** Frames of a sound that arrives piece by piece: analysis, work on the spectrum, synthesis, without an end in sight. */
import { InferlabError } from "../../../base/errors.ts";
import { FourierPlan } from "./fourier-plan.ts";
import { type WindowName, windowOf } from "./windows.ts";

export interface OverlapAddStreamOptions {
  /** Samples of a frame. Default 512. */
  readonly size?: number;
  /** Samples from a frame to the next. Default 256. */
  readonly hop?: number;
  /** Before the transform and after it. Default "sqrtHann". */
  readonly window?: WindowName;
}

/** A frame's spectrum: bins 0 … size/2, real and imaginary part by turns; changed in place, or another one returned. */
export type SpectrumWork = (
  spectrum: Float32Array,
  frame: number,
) => Float32Array | undefined | Promise<Float32Array | undefined>;

export type PromptSpectrumWork = (spectrum: Float32Array, frame: number) => Float32Array | undefined;

/** Hands out spectra with the numbers of their frames, is given what became of them, and ends with samples. */
type Steps = Generator<[spectrum: Float32Array, frame: number], Float32Array, Float32Array | undefined>;

async function waitFor(steps: Steps, work: SpectrumWork): Promise<Float32Array> {
  let step = steps.next();
  while (!step.done) step = steps.next(await work(...step.value));
  return step.value;
}

function runNow(steps: Steps, work: PromptSpectrumWork): Float32Array {
  let step = steps.next();
  while (!step.done) step = steps.next(work(...step.value));
  return step.value;
}

/**
 * Passes a sound through work on its spectra. What comes out is as long as what went in and lags by `size − hop` samples
 * until `end()`; with work that changes nothing it is the sound itself. In a pipeline: a stage with
 * `state: () => new OverlapAddStream()`.
 *
 * @example
 * const stream = new OverlapAddStream({ size: 512, hop: 256 });
 * const out = await stream.push(samples, (spectrum) => spectrum.map((v) => v / 2)); // half as loud
 */
export class OverlapAddStream {
  /** Samples by which the output lags. */
  readonly latency: number;
  private readonly size: number;
  private readonly hop: number;
  private readonly window: Float64Array;
  /** Sum of squared windows at each place of a hop, the same for every hop. */
  private readonly weights: Float64Array;
  private readonly plan: FourierPlan;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  /** The last `size` samples, as far as they have come. */
  private readonly waiting: Float32Array;
  private numWaiting: number;
  private readonly sums: Float64Array;
  private frame = 0;
  /** Output still to be dropped: what lies before the first sample. */
  private lead: number;
  private numIn = 0;
  private numOut = 0;

  /** Errors: ARGUMENT where frames leave gaps, or windows do. */
  constructor({ size = 512, hop = 256, window = "sqrtHann" }: OverlapAddStreamOptions = {}) {
    if (!Number.isSafeInteger(size) || !Number.isSafeInteger(hop) || hop < 1 || size < 2 || hop > size)
      throw new InferlabError("ARGUMENT", `a stream needs 1 ≤ hop ≤ size, got hop ${hop} and size ${size}`);
    this.size = size;
    this.hop = hop;
    this.window = windowOf(window, size);
    this.weights = new Float64Array(hop);
    this.window.forEach((w, i) => {
      this.weights[i % hop]! += w * w;
    });
    if (this.weights.some((w) => !(w > 1e-6)))
      throw new InferlabError("ARGUMENT", `windows ${window} of ${size} every ${hop} samples leave gaps`, {
        hint: "a shorter hop closes them",
      });
    this.plan = new FourierPlan(size);
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    this.waiting = new Float32Array(size);
    this.latency = size - hop;
    // Silence before the first sample, so that every sample lies under as many windows.
    this.numWaiting = size - hop;
    this.lead = size - hop;
    this.sums = new Float64Array(size);
  }

  /** Takes samples in, any number, and gives those that are finished. */
  push(samples: Float32Array, work: SpectrumWork): Promise<Float32Array> {
    return waitFor(this.pushed(samples), work);
  }

  /** As `push`, at once, with work that waits for nothing. */
  pushNow(samples: Float32Array, work: PromptSpectrumWork): Float32Array {
    return runNow(this.pushed(samples), work);
  }

  /** Gives what is still under way: after it the output is as long as the input. */
  end(work: SpectrumWork): Promise<Float32Array> {
    return waitFor(this.ended(), work);
  }

  /** As `end`, at once, with work that waits for nothing. */
  endNow(work: PromptSpectrumWork): Float32Array {
    return runNow(this.ended(), work);
  }

  private *pushed(samples: Float32Array): Steps {
    this.numIn += samples.length;
    const parts: Float32Array[] = [];
    for (let at = 0; at < samples.length; ) {
      const taken = Math.min(samples.length - at, this.size - this.numWaiting);
      this.waiting.set(samples.subarray(at, at + taken), this.numWaiting);
      this.numWaiting += taken;
      at += taken;
      if (this.numWaiting === this.size) parts.push(yield* this.step());
    }
    return this.joined(parts);
  }

  private *ended(): Steps {
    const parts: Float32Array[] = [];
    let left = this.numIn - this.numOut;
    while (left > 0) {
      this.waiting.fill(0, this.numWaiting);
      this.numWaiting = this.size;
      const part = yield* this.step();
      parts.push(part.subarray(0, left));
      left -= part.length;
    }
    return this.joined(parts);
  }

  private joined(parts: readonly Float32Array[]): Float32Array {
    const out = new Float32Array(parts.reduce((sum, p) => sum + p.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    this.numOut += out.length;
    return out;
  }

  /** One frame: its spectrum through the work and back, and the hop that no later frame reaches. */
  private *step(): Steps {
    const { size, hop, window, re, im, waiting, sums, plan } = this;
    for (let i = 0; i < size; i++) re[i] = waiting[i]! * window[i]!;
    im.fill(0);
    plan.forward(re, im);
    const numBins = (size >> 1) + 1;
    const spectrum = new Float32Array(2 * numBins);
    for (let k = 0; k < numBins; k++) {
      spectrum[2 * k] = re[k]!;
      spectrum[2 * k + 1] = im[k]!;
    }
    const changed = (yield [spectrum, this.frame++]) ?? spectrum;
    if (changed.length !== 2 * numBins)
      throw new InferlabError("ARGUMENT", `the work returned ${changed.length} numbers, expected ${2 * numBins}`);
    for (let k = 0; k < size; k++) {
      const bin = k < numBins ? k : size - k;
      const edge = bin === 0 || 2 * bin === size;
      re[k] = changed[2 * bin]!;
      im[k] = edge ? 0 : k < numBins ? changed[2 * bin + 1]! : -changed[2 * bin + 1]!;
    }
    plan.inverse(re, im);
    for (let i = 0; i < size; i++) sums[i]! += re[i]! * window[i]!;
    const out = new Float32Array(hop);
    for (let i = 0; i < hop; i++) out[i] = sums[i]! / this.weights[i]!;
    sums.copyWithin(0, hop);
    sums.fill(0, size - hop);
    waiting.copyWithin(0, hop);
    this.numWaiting = size - hop;
    const dropped = Math.min(this.lead, hop);
    this.lead -= dropped;
    return out.subarray(dropped);
  }
}
