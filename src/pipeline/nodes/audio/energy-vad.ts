/** Where somebody speaks, by loudness alone. */
import { node } from "../node.ts";
import { type SoundLike, soundOf, soundPort } from "./windows.ts";

export interface EnergyVadOptions {
  /** Decibels above the noise at which speech begins. Default 12. */
  readonly margin?: number;
  /** Quieter than this (full scale is 0) is never speech, dB. Default −60. */
  readonly minLevel?: number;
  /** Shorter bursts are no speech, ms. Default 90. */
  readonly minSpeechMs?: number;
  /** Shorter pauses do not end speech, ms. Default 250. */
  readonly hangoverMs?: number;
}

/** A stretch of a sound, seconds. */
export interface SpeechSegment {
  readonly start: number;
  readonly end: number;
}

const hopMs = 10;
const frameMs = 30;
/** Share of the frames that are at least as quiet as what is taken for the noise. */
const noiseShare = 0.1;

export const energyVad = node(
  {
    name: "energyVad",
    group: "audio",
    about:
      "The stretches of speech, { start, end } in seconds: frames of 30 ms louder by `margin` than the quietest tenth of the sound, short bursts dropped, short pauses bridged. For quiet rooms; nets do better in noise.",
    inputs: soundPort,
    output: "list",
    parameters: {
      margin: { type: "number", min: 0, default: 12, about: "decibels above the noise at which speech begins" },
      minLevel: { type: "number", default: -60, about: "quieter than this is never speech, dB below full scale" },
      minSpeechMs: { type: "number", min: 0, default: 90, about: "shorter bursts are no speech, ms" },
      hangoverMs: { type: "number", min: 0, default: 250, about: "shorter pauses do not end speech, ms" },
    },
    example: "energyVad(sound)",
  },
  (value: SoundLike, options: EnergyVadOptions = {}): SpeechSegment[] => {
    const { margin = 12, minLevel = -60, minSpeechMs = 90, hangoverMs = 250 } = options;
    const { samples, sampleRate } = soundOf(value);
    const hop = Math.max(1, Math.round((sampleRate * hopMs) / 1000));
    const size = Math.max(1, Math.round((sampleRate * frameMs) / 1000));
    const numFrames = Math.ceil(samples.length / hop);
    const levels = Float64Array.from({ length: numFrames }, (_, frame) => {
      // Centred on its hop, and shorter at the ends.
      const from = Math.max(0, frame * hop + (hop >> 1) - (size >> 1));
      const to = Math.min(samples.length, from + size);
      let sum = 0;
      for (let i = from; i < to; i++) sum += Number.isNaN(samples[i]!) ? 0 : samples[i]! ** 2;
      return 10 * Math.log10(sum / Math.max(1, to - from) + 1e-12);
    });
    const noise = levels.toSorted()[Math.floor(numFrames * noiseShare)] ?? -120;
    const least = Math.max(minLevel, noise + margin);
    const spans: { start: number; end: number }[] = [];
    levels.forEach((level, frame) => {
      if (level < least) return;
      const open = spans.at(-1);
      if (open && (frame - open.end) * hopMs <= hangoverMs) open.end = frame + 1;
      else spans.push({ start: frame, end: frame + 1 });
    });
    return spans
      .filter(({ start, end }) => (end - start) * hopMs >= minSpeechMs)
      .map(({ start, end }) => ({
        start: (start * hop) / sampleRate,
        end: Math.min(samples.length, end * hop) / sampleRate,
      }));
  },
);
