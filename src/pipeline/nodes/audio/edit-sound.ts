/** Cutting, joining and levelling sounds. */
import { InferlabError } from "../../../base/errors.ts";
import { Sound } from "../../../base/sound.ts";
import { node } from "../node.ts";
import { type SoundLike, soundOf, soundPort } from "./windows.ts";

export interface SliceSoundOptions {
  /** Seconds. Default 0. */
  readonly start?: number;
  /** Seconds. Default: the end. */
  readonly end?: number;
}

export const sliceSound = node(
  {
    name: "sliceSound",
    group: "audio",
    about: "The stretch of a sound from start to end, seconds, as far as there is sound.",
    inputs: soundPort,
    output: "audio",
    parameters: {
      start: { type: "number", min: 0, default: 0, about: "seconds" },
      end: { type: "number", min: 0, optional: "the end", about: "seconds" },
    },
    example: "sliceSound(sound, { start: 0.02, end: 0.05 })",
  },
  (value: SoundLike, { start = 0, end }: SliceSoundOptions = {}): Sound => {
    const sound = soundOf(value);
    const from = Math.round(start * sound.sampleRate);
    const to = end === undefined ? sound.length : Math.round(end * sound.sampleRate);
    return new Sound(
      sound.channels.map((c) => c.slice(from, Math.max(from, to))),
      sound.sampleRate,
    );
  },
);

export const mixToMono = node(
  {
    name: "mixToMono",
    group: "audio",
    about: "The mean of a sound's channels as one channel.",
    inputs: soundPort,
    output: "audio",
    parameters: {},
    example: "mixToMono(sound)",
  },
  (value: SoundLike): Sound => {
    const sound = soundOf(value);
    return new Sound(sound.samples, sound.sampleRate);
  },
);

export const joinSounds = node(
  {
    name: "joinSounds",
    group: "audio",
    about: "Sounds of one rate and as many channels, one after the other.",
    inputs: [{ name: "sounds", kind: "list" }],
    output: "audio",
    parameters: {},
    example: "joinSounds([sound, sound])",
  },
  (values: readonly SoundLike[]): Sound => {
    const [first, ...others] = values.map(soundOf);
    if (!first) throw new InferlabError("ARGUMENT", "joinSounds: no sounds, expected one at least");
    const odd = others.find((s) => s.sampleRate !== first.sampleRate || s.channels.length !== first.channels.length);
    if (odd)
      throw new InferlabError(
        "ARGUMENT",
        `joinSounds: ${odd.channels.length} channels at ${odd.sampleRate} Hz after ${first.channels.length} at ${first.sampleRate} Hz`,
        { hint: "resampleSound and mixToMono make them alike" },
      );
    const all = [first, ...others];
    const length = all.reduce((sum, s) => sum + s.length, 0);
    const channels = first.channels.map((_, c) => {
      const out = new Float32Array(length);
      let at = 0;
      for (const { channels: list } of all) {
        out.set(list[c]!, at);
        at += list[c]!.length;
      }
      return out;
    });
    return new Sound(channels, first.sampleRate);
  },
);

export interface NormalizeSoundOptions {
  /** Level wanted, dB below full scale. Default −1. */
  readonly level?: number;
  /** What is brought to the level: the greatest sample, or the root mean square. Default "peak". */
  readonly measure?: "peak" | "rms";
}

export const normalizeSound = node(
  {
    name: "normalizeSound",
    group: "audio",
    about:
      "The sound, all channels by one factor, with its peak or mean power at a level; silence stays silence. Samples that are not finite do not count.",
    inputs: soundPort,
    output: "audio",
    parameters: {
      level: { type: "number", default: -1, about: "level wanted, dB, full scale is 0" },
      measure: { type: "text", choices: ["peak", "rms"], default: "peak", about: "what is brought to the level" },
    },
    example: "normalizeSound(sound, { level: -20, measure: 'rms' })",
  },
  (value: SoundLike, { level = -1, measure = "peak" }: NormalizeSoundOptions = {}): Sound => {
    const { channels, sampleRate } = soundOf(value);
    let [peak, squares, count] = [0, 0, 0];
    for (const channel of channels)
      for (const sample of channel) {
        if (!Number.isFinite(sample)) continue;
        peak = Math.max(peak, Math.abs(sample));
        squares += sample * sample;
        count++;
      }
    const measured = measure === "peak" ? peak : Math.sqrt(squares / Math.max(1, count));
    const factor = measured > 0 ? 10 ** (level / 20) / measured : 1;
    return new Sound(
      channels.map((c) => c.map((sample) => sample * factor)),
      sampleRate,
    );
  },
);

export interface PreEmphasizeOptions {
  /** Share of the sample before that is taken off. Default 0.97. */
  readonly coefficient?: number;
}

export const preEmphasize = node(
  {
    name: "preEmphasize",
    group: "audio",
    about: "The sound with high frequencies raised: each sample less a share of the one before.",
    inputs: soundPort,
    output: "audio",
    parameters: { coefficient: { type: "number", min: 0, max: 1, default: 0.97, about: "share of the sample before" } },
    example: "preEmphasize(sound)",
  },
  (value: SoundLike, { coefficient = 0.97 }: PreEmphasizeOptions = {}): Sound => {
    const { channels, sampleRate } = soundOf(value);
    return new Sound(
      channels.map((c) => c.map((sample, i) => (i === 0 ? sample : sample - coefficient * c[i - 1]!))),
      sampleRate,
    );
  },
);

export interface ToneOptions {
  /** Hertz. Default 440. */
  readonly frequency?: number;
  /** Default 1. */
  readonly seconds?: number;
  /** Default 16000. */
  readonly sampleRate?: number;
  /** Greatest sample. Default 0.5. */
  readonly amplitude?: number;
}

export const tone = node(
  {
    name: "tone",
    group: "audio",
    about: "A sine wave, for trying things out.",
    inputs: [],
    output: "audio",
    parameters: {
      frequency: { type: "number", min: 0, default: 440, about: "hertz" },
      seconds: { type: "number", min: 0, max: 86400, default: 1, about: "length" },
      sampleRate: { type: "number", min: 1, default: 16000, about: "samples a second" },
      amplitude: { type: "number", default: 0.5, about: "greatest sample" },
    },
    example: "tone({ frequency: 880, seconds: 0.1 })",
  },
  ({ frequency = 440, seconds = 1, sampleRate = 16000, amplitude = 0.5 }: ToneOptions = {}): Sound =>
    new Sound(
      Float32Array.from(
        { length: Math.round(seconds * sampleRate) },
        (_, i) => amplitude * Math.sin((2 * Math.PI * frequency * i) / sampleRate),
      ),
      sampleRate,
    ),
);
