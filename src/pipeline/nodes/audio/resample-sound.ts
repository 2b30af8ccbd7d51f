/** Another sample rate. */
import { Sound } from "../../../base/sound.ts";
import { node } from "../node.ts";
import { type SoundLike, soundOf, soundPort } from "./windows.ts";

export interface ResampleSoundOptions {
  /** Samples a second wanted. */
  readonly sampleRate: number;
  /** Zeros of the sinc on each side: more are steeper and slower. Default 24. */
  readonly zeros?: number;
  /** Where the filter begins to fall, share of the lower Nyquist frequency. Default 0.95. */
  readonly rolloff?: number;
}

/** Weights of more phases than this are worked out sample by sample instead of kept. */
const maxTable = 2 ** 21;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

export const resampleSound = node(
  {
    name: "resampleSound",
    group: "audio",
    about:
      "The sound at another sample rate, ⌈length · new / old⌉ samples: a sinc under a Hann window, one filter for each of the phases, so that nothing above the lower Nyquist frequency folds down.",
    inputs: soundPort,
    output: "audio",
    parameters: {
      sampleRate: { type: "integer", min: 1, about: "samples a second wanted" },
      zeros: { type: "integer", min: 1, max: 512, default: 24, about: "zeros of the sinc on each side" },
      rolloff: { type: "number", min: 0.1, max: 1, default: 0.95, about: "end of the passband, share of Nyquist" },
    },
    example: "resampleSound(sound, { sampleRate: 8000 })",
    source: "Smith, Digital Audio Resampling (2002)",
  },
  (value: SoundLike, { sampleRate, zeros = 24, rolloff = 0.95 }: ResampleSoundOptions): Sound => {
    const sound = soundOf(value);
    const from = sound.sampleRate;
    if (from === sampleRate) return sound;
    // A rate that is no integer has no exact ratio of integers: a millionth is near enough.
    const scale = Number.isInteger(from) ? 1 : 1e6;
    const divisor = gcd(Math.round(from * scale), sampleRate * scale);
    const up = (sampleRate * scale) / divisor;
    const down = Math.round(from * scale) / divisor;
    const cutoff = rolloff * Math.min(1, up / down);
    const reach = zeros / cutoff;
    const half = Math.ceil(reach);
    const taps = 2 * half;
    /** Weights of the samples around a place `fraction` behind sample 0, from sample 1 − half on; they sum to 1. */
    const weigh = (fraction: number, out: Float64Array, at: number): void => {
      let sum = 0;
      for (let k = 0; k < taps; k++) {
        const t = k + 1 - half - fraction;
        const x = Math.PI * t * cutoff;
        const sinc = t === 0 ? 1 : Math.sin(x) / x;
        const w = Math.abs(t) >= reach ? 0 : sinc * (0.5 + 0.5 * Math.cos((Math.PI * t) / reach));
        out[at + k] = w;
        sum += w;
      }
      for (let k = 0; k < taps; k++) out[at + k] = out[at + k]! / sum;
    };
    const kept = up * taps <= maxTable;
    const table = new Float64Array(kept ? up * taps : taps);
    if (kept) for (let phase = 0; phase < up; phase++) weigh(phase / up, table, phase * taps);
    const length = Math.ceil((sound.length * up) / down);
    const channels = sound.channels.map((samples) => {
      const out = new Float64Array(length);
      for (let i = 0, whole = 0, phase = 0; i < length; i++) {
        if (!kept) weigh(phase / up, table, 0);
        const row = kept ? phase * taps : 0;
        const first = whole + 1 - half;
        const start = Math.max(0, -first);
        const end = Math.min(taps, samples.length - first);
        let sum = 0;
        for (let k = start; k < end; k++) sum += samples[first + k]! * table[row + k]!;
        out[i] = sum;
        phase += down;
        whole += Math.floor(phase / up);
        phase %= up;
      }
      return Float32Array.from(out);
    });
    return new Sound(channels, sampleRate);
  },
);
