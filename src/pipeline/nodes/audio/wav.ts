/** WAV files in and out. */
import { InferlabError } from "../../../base/errors.ts";
import { formatBytes } from "../../../base/shapes.ts";
import { Sound } from "../../../base/sound.ts";
import { node } from "../node.ts";
import { type SoundLike, soundOf, soundPort } from "./windows.ts";

const pcm = 1;
const float = 3;
const extensible = 0xfffe;

type Reader = (view: DataView, at: number) => number;

const readers: Record<string, Reader> = {
  [`${pcm} 8`]: (view, at) => (view.getUint8(at) - 128) / 128,
  [`${pcm} 16`]: (view, at) => view.getInt16(at, true) / 2 ** 15,
  [`${pcm} 24`]: (view, at) => (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23,
  [`${pcm} 32`]: (view, at) => view.getInt32(at, true) / 2 ** 31,
  [`${float} 32`]: (view, at) => view.getFloat32(at, true),
  [`${float} 64`]: (view, at) => view.getFloat64(at, true),
};

const broken = (text: string, hint?: string): InferlabError => new InferlabError("FILE", `WAV: ${text}`, { hint });

/** The chunks of a RIFF file, as far as they reach: a last one cut short is given as long as it is. */
function chunksOf(view: DataView): Map<string, { readonly at: number; readonly size: number }> {
  const name = (at: number): string => String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
  if (view.byteLength < 12 || name(0) !== "RIFF" || name(8) !== "WAVE")
    throw broken(`${formatBytes(view.byteLength)} that do not begin with RIFF … WAVE`);
  const chunks = new Map<string, { at: number; size: number }>();
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8);
    if (!chunks.has(name(at))) chunks.set(name(at), { at: at + 8, size });
    at += 8 + size + (size % 2);
  }
  return chunks;
}

export const decodeWav = node(
  {
    name: "decodeWav",
    group: "audio",
    about:
      "The sound in the bytes of a WAV file: 8, 16, 24 or 32 bits, float or double, any channels; full scale is −1 to 1. A file cut short gives what is there.",
    inputs: [{ name: "bytes", kind: "any" }],
    output: "audio",
    parameters: {},
    example: "decodeWav(encodeWav(sound))",
    source:
      "IBM, Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (1991); WAVE_FORMAT_EXTENSIBLE (2001)",
  },
  (bytes: Uint8Array | ArrayBuffer): Sound => {
    if (!(bytes instanceof ArrayBuffer) && !ArrayBuffer.isView(bytes))
      throw new InferlabError("ARGUMENT", "decodeWav: bytes are no Uint8Array or ArrayBuffer", {
        hint: "read the file first: decodeWav(await readFile(path))",
      });
    const view =
      bytes instanceof ArrayBuffer
        ? new DataView(bytes)
        : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const chunks = chunksOf(view);
    const format = chunks.get("fmt ");
    const data = chunks.get("data");
    if (!format || format.size < 16 || !data) throw broken(`no ${data ? "fmt" : "data"} chunk`);
    const tag = view.getUint16(format.at, true);
    const numChannels = view.getUint16(format.at + 2, true);
    const sampleRate = view.getUint32(format.at + 4, true);
    const bits = view.getUint16(format.at + 14, true);
    const kind = tag === extensible && format.size >= 26 ? view.getUint16(format.at + 24, true) : tag;
    const read = readers[`${kind} ${bits}`];
    if (!read)
      throw broken(
        `format ${kind} with ${bits} bits, expected PCM of 8, 16, 24, 32 or float of 32, 64 bits`,
        "convert it to PCM",
      );
    if (numChannels === 0 || sampleRate === 0) throw broken(`${numChannels} channels at ${sampleRate} Hz`);
    const step = bits / 8;
    const length = Math.floor(data.size / (step * numChannels));
    const channels = Array.from({ length: numChannels }, () => new Float32Array(length));
    for (let i = 0, at = data.at; i < length; i++)
      for (let c = 0; c < numChannels; c++, at += step) channels[c]![i] = read(view, at);
    return new Sound(channels, sampleRate);
  },
);

export type WavFormat = "u8" | "s16" | "s24" | "s32" | "f32" | "f64";

/** To the nearest step, within the range; NaN is silence. */
const quantize = (value: number, scale: number): number =>
  Math.max(-scale, Math.min(scale - 1, Math.round((Number.isNaN(value) ? 0 : value) * scale)));

const writers: Record<
  WavFormat,
  { readonly tag: number; readonly bits: number; readonly write: (v: DataView, at: number, x: number) => void }
> = {
  u8: { tag: pcm, bits: 8, write: (v, at, x) => v.setUint8(at, quantize(x, 2 ** 7) + 128) },
  s16: { tag: pcm, bits: 16, write: (v, at, x) => v.setInt16(at, quantize(x, 2 ** 15), true) },
  s24: {
    tag: pcm,
    bits: 24,
    write: (v, at, x) => {
      const step = quantize(x, 2 ** 23);
      v.setUint16(at, step & 0xffff, true);
      v.setInt8(at + 2, step >> 16);
    },
  },
  s32: { tag: pcm, bits: 32, write: (v, at, x) => v.setInt32(at, quantize(x, 2 ** 31), true) },
  f32: { tag: float, bits: 32, write: (v, at, x) => v.setFloat32(at, x, true) },
  f64: { tag: float, bits: 64, write: (v, at, x) => v.setFloat64(at, x, true) },
};

export interface EncodeWavOptions {
  /** Default "s16". */
  readonly format?: WavFormat;
}

export const encodeWav = node(
  {
    name: "encodeWav",
    group: "audio",
    about:
      "The bytes of a WAV file with the sound, to the nearest step; what is beyond full scale is clipped, NaN is silence (floats keep both).",
    inputs: soundPort,
    output: "any",
    parameters: {
      format: {
        type: "text",
        choices: Object.keys(writers),
        default: "s16",
        about: "bits of a sample, unsigned, signed or float",
      },
    },
    example: "encodeWav(sound, { format: 's24' })",
  },
  (value: SoundLike, { format = "s16" }: EncodeWavOptions = {}): Uint8Array => {
    const { channels, sampleRate, length } = soundOf(value);
    const { tag, bits, write } = writers[format];
    const step = bits / 8;
    const size = length * channels.length * step;
    if (size > 0xffffffff - 64)
      throw new InferlabError("ARGUMENT", `encodeWav: ${formatBytes(size)}, a WAV file holds 4 GiB`);
    const view = new DataView(new ArrayBuffer(44 + size + (size % 2)));
    const text = (at: number, letters: string): void => {
      for (let i = 0; i < letters.length; i++) view.setUint8(at + i, letters.charCodeAt(i));
    };
    text(0, "RIFF");
    view.setUint32(4, view.byteLength - 8, true);
    text(8, "WAVEfmt ");
    view.setUint32(16, 16, true);
    view.setUint16(20, tag, true);
    view.setUint16(22, channels.length, true);
    view.setUint32(24, Math.round(sampleRate), true);
    view.setUint32(28, Math.round(sampleRate) * channels.length * step, true);
    view.setUint16(32, channels.length * step, true);
    view.setUint16(34, bits, true);
    text(36, "data");
    view.setUint32(40, size, true);
    for (let i = 0, at = 44; i < length; i++)
      for (const channel of channels) {
        write(view, at, channel[i]!);
        at += step;
      }
    return new Uint8Array(view.buffer);
  },
);
