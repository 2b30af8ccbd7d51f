/** A voice out of the noise around it, as the sound comes in. */
import { InferlabError } from "../../../base/errors.ts";
import { Sound } from "../../../base/sound.ts";
import { node } from "../node.ts";
import { logSpectralGain } from "./log-spectral-amplitude.ts";
import { MinimumStatistics } from "./minimum-statistics.ts";
import { OverlapAddStream } from "./overlap-add-stream.ts";
import { type SoundLike, soundOf, soundPort } from "./windows.ts";

export interface SuppressNoiseOptions {
  /** Decibels by which noise alone is lowered at most. More sounds cleaner and less natural. Default 18. */
  readonly maxReduction?: number;
  /** 0 … 1: how long the last frame's voice is believed in. More is smoother, and slower at onsets. Default 0.98. */
  readonly smoothness?: number;
}

/** Milliseconds of a frame: the power of two nearest to it is taken. */
const frameMs = 32;
/** Least expected power of the voice over the noise: below it gains fluctuate audibly. */
const minPrior = 10 ** -2.5;
const maxPosterior = 1e4;
/** Power of a bin, of samples up to 1, below which a frame is digital silence and says nothing of the noise. */
const silence = 1e-13;

/**
 * Lowers noise that changes slowly under a voice, one channel. What comes out is as long as what went in and lags by
 * `latency` samples, 16 ms, and by the rest of a hop of 16 ms, until `end()`. The noise is known after a second and a half;
 * until then less is lowered. Samples that are no numbers are silence. In a pipeline: a stage with
 * `state: () => new NoiseSuppressor(16000)`.
 *
 * Sources: Ephraim, Malah, Speech Enhancement Using a Minimum Mean-Square Error Log-Spectral Amplitude Estimator (1985), with
 * the prior of their decision-directed way (1984), (51); noise as Martin, Minimum Statistics (2001).
 *
 * @example
 * const suppressor = new NoiseSuppressor(16000);
 * const out = [suppressor.push(samples), suppressor.end()];
 */
export class NoiseSuppressor {
  /** Samples by which the output lags. */
  readonly latency: number;
  private readonly stream: OverlapAddStream;
  private readonly statistics: MinimumStatistics;
  private readonly power: Float64Array;
  /** Power of the voice in the last frame. */
  private readonly voice: Float64Array;
  private readonly minGain: number;
  private readonly smoothness: number;
  private readonly silence: number;

  /** Errors: ARGUMENT for an option out of range. */
  constructor(sampleRate: number, { maxReduction = 18, smoothness = 0.98 }: SuppressNoiseOptions = {}) {
    if (!(sampleRate >= 1000) || !Number.isFinite(sampleRate))
      throw new InferlabError("ARGUMENT", `NoiseSuppressor: sampleRate is ${sampleRate}, expected at least 1000`);
    if (!(maxReduction >= 0) || !(smoothness >= 0 && smoothness < 1))
      throw new InferlabError(
        "ARGUMENT",
        `NoiseSuppressor: maxReduction ${maxReduction} and smoothness ${smoothness}, expected maxReduction ≥ 0 and 0 ≤ smoothness < 1`,
      );
    const size = 2 ** Math.round(Math.log2((sampleRate * frameMs) / 1000));
    const numBins = size / 2 + 1;
    this.stream = new OverlapAddStream({ size, hop: size / 2 });
    this.latency = this.stream.latency;
    this.statistics = new MinimumStatistics(numBins, size / 2 / sampleRate);
    this.power = new Float64Array(numBins);
    this.voice = new Float64Array(numBins);
    this.minGain = 10 ** (-maxReduction / 20);
    this.smoothness = smoothness;
    this.silence = silence * size;
  }

  /** Takes samples in, any number, and gives those that are finished. */
  push(samples: Float32Array): Float32Array {
    const known = samples.every(Number.isFinite) ? samples : samples.map((v) => (Number.isFinite(v) ? v : 0));
    return this.stream.pushNow(known, (spectrum) => this.lower(spectrum));
  }

  /** Gives what is still under way. */
  end(): Float32Array {
    return this.stream.endNow((spectrum) => this.lower(spectrum));
  }

  private lower(spectrum: Float32Array): undefined {
    const { power, voice, statistics, minGain, smoothness } = this;
    const { noise } = statistics;
    let total = 0;
    for (let k = 0; k < power.length; k++) {
      power[k] = spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2;
      total += power[k]!;
    }
    if (total <= this.silence * power.length) return;
    statistics.update(power);
    for (let k = 0; k < power.length; k++) {
      const level = Math.max(noise[k]!, this.silence);
      const posterior = Math.min(power[k]! / level, maxPosterior);
      const prior = (smoothness * voice[k]!) / level + (1 - smoothness) * Math.max(posterior - 1, 0);
      const gain = logSpectralGain(Math.max(prior, minPrior), posterior);
      voice[k] = gain * gain * power[k]!;
      const factor = Math.max(gain, minGain);
      spectrum[2 * k]! *= factor;
      spectrum[2 * k + 1]! *= factor;
    }
  }
}

export const suppressNoise = node(
  {
    name: "suppressNoise",
    group: "audio",
    about:
      "The sound with its steady noise lowered and the voice left, as long as it was: the noise is what no second and a half falls below. Frame by frame use a NoiseSuppressor, which lags by two hops of 16 ms at most.",
    inputs: soundPort,
    output: "audio",
    parameters: {
      maxReduction: { type: "number", min: 0, default: 18, about: "decibels by which noise alone is lowered at most" },
      smoothness: {
        type: "number",
        min: 0,
        max: 0.999,
        default: 0.98,
        about: "how long the last frame's voice is believed in: more is smoother, and slower at onsets",
      },
    },
    example: "suppressNoise(sound, { maxReduction: 12 })",
    source:
      "Ephraim, Malah, Speech Enhancement Using a Minimum Mean-Square Error Log-Spectral Amplitude Estimator (1985); Martin, Noise Power Spectral Density Estimation Based on Optimal Smoothing and Minimum Statistics (2001)",
  },
  (value: SoundLike, options: SuppressNoiseOptions = {}): Sound => {
    const { channels, sampleRate, length } = soundOf(value);
    return new Sound(
      channels.map((samples) => {
        const suppressor = new NoiseSuppressor(sampleRate, options);
        const out = new Float32Array(length);
        const head = suppressor.push(samples);
        out.set(head);
        out.set(suppressor.end(), head.length);
        return out;
      }),
      sampleRate,
    );
  },
);
