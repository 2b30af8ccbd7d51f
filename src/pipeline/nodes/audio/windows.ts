/** Windows and cutting into frames: what the nodes of this folder share. */
import { InferlabError } from "../../../base/errors.ts";
import { Sound } from "../../../base/sound.ts";
import type { NodePort, Parameter } from "../node.ts";

/** A sound, or one channel with its rate. */
export type SoundLike = Sound | { readonly samples: Float32Array; readonly sampleRate: number };

export const soundPort = [{ name: "sound", kind: "audio" }] as const satisfies readonly NodePort[];

export const soundOf = (value: SoundLike): Sound =>
  value instanceof Sound
    ? value
    : "channels" in value
      ? new Sound((value as Sound).channels, value.sampleRate)
      : new Sound(value.samples, value.sampleRate);

const cosines = (a0: number, a1: number, a2: number) => (t: number) =>
  a0 - a1 * Math.cos(2 * Math.PI * t) + a2 * Math.cos(4 * Math.PI * t);
const hann = cosines(0.5, 0.5, 0);

const shapes = {
  hann,
  hamming: cosines(0.54, 0.46, 0),
  blackman: cosines(0.42, 0.5, 0.08),
  /** Kaldi's: a Hann window that does not reach zero as fast. */
  povey: (t: number) => hann(t) ** 0.85,
  /** Its square is a Hann window: for analysis and synthesis both. */
  sqrtHann: (t: number) => Math.sqrt(Math.max(0, hann(t))),
  rectangle: () => 1,
} as const;

export type WindowName = keyof typeof shapes;

/** A window of `size`; "periodic" repeats after `size` samples (spectra), else it is symmetric (Kaldi). */
export function windowOf(name: WindowName, size: number, periodic = true): Float64Array {
  const over = periodic ? size : Math.max(1, size - 1);
  return Float64Array.from({ length: size }, (_, i) => (size === 1 ? 1 : shapes[name](i / over)));
}

export const windowParameter = (value: WindowName): Parameter => ({
  type: "text",
  choices: Object.keys(shapes),
  default: value,
  about: "shape each frame is multiplied by",
});

export interface FrameOptions {
  /** Samples of a frame. */
  readonly size?: number;
  /** Samples from a frame to the next. */
  readonly hop?: number;
  /** Whether frame i is centred on sample i · hop, the sound mirrored at its ends. */
  readonly centre?: boolean;
}

export const frameParameters = (size: number, hop: number, centre: boolean) =>
  ({
    size: { type: "integer", min: 1, default: size, about: "samples of a frame" },
    hop: { type: "integer", min: 1, default: hop, about: "samples from a frame to the next" },
    centre: { type: "boolean", default: centre, about: "whether frames are centred, the sound mirrored at its ends" },
  }) as const satisfies Record<string, Parameter>;

/** Frames of a sound of `length` samples. */
export const frameCount = (length: number, size: number, hop: number, centre: boolean): number =>
  centre
    ? length === 0
      ? 0
      : 1 + Math.floor(length / hop)
    : length < size
      ? 0
      : 1 + Math.floor((length - size) / hop);

/** Index into a signal of `length` that goes on mirrored at both ends, the ends not doubled. */
export function mirrored(index: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const at = ((index % period) + period) % period;
  return at < length ? at : period - at;
}

/** Frame `index` of a channel, times the window. */
export function readFrame(
  samples: Float32Array,
  index: number,
  hop: number,
  centre: boolean,
  window: Float64Array,
  out: Float64Array,
): void {
  const start = index * hop - (centre ? window.length >> 1 : 0);
  if (start >= 0 && start + window.length <= samples.length)
    for (let i = 0; i < window.length; i++) out[i] = samples[start + i]! * window[i]!;
  else for (let i = 0; i < window.length; i++) out[i] = samples[mirrored(start + i, samples.length)]! * window[i]!;
}

/** Errors: ARGUMENT where a hop leaves gaps between frames. */
export function checkHop(where: string, size: number, hop: number): void {
  if (hop > size)
    throw new InferlabError("ARGUMENT", `${where}: hop is ${hop}, expected at most the frame's size, ${size}`);
}
