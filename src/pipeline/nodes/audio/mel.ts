/** Pitch as it is heard: mel filter banks and spectrograms. */
import { InferlabError } from "../../../base/errors.ts";
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { eachSpectrum, type StftOptions } from "./stft.ts";
import { frameCount, frameParameters, type SoundLike, soundOf, soundPort, windowParameter } from "./windows.ts";

export type MelScale = "htk" | "slaney";

/** Hertz to mel and back. HTK: 2595·lg(1 + f/700); Slaney: linear to 1000 Hz, then logarithmic. */
const scales: Record<MelScale, { readonly mel: (hertz: number) => number; readonly hertz: (mel: number) => number }> = {
  htk: {
    mel: (hertz) => 2595 * Math.log10(1 + hertz / 700),
    hertz: (mel) => 700 * (10 ** (mel / 2595) - 1),
  },
  slaney: {
    mel: (hertz) => (hertz < 1000 ? (3 * hertz) / 200 : 15 + (27 * Math.log(hertz / 1000)) / Math.log(6.4)),
    hertz: (mel) => (mel < 15 ? (200 * mel) / 3 : 1000 * 6.4 ** ((mel - 15) / 27)),
  },
};

export interface MelOptions {
  /** Default 80. */
  readonly numBands?: number;
  /** Lower end of the lowest band, Hz. Default 0. */
  readonly low?: number;
  /** Upper end of the highest band, Hz. Default: half the sample rate. */
  readonly high?: number;
  /** Default "htk". */
  readonly scale?: MelScale;
  /** Whether every band has the area 2 / width, as librosa has it, or the height 1. Default false. */
  readonly normalize?: boolean;
}

export interface MelFilterBankOptions extends MelOptions {
  readonly sampleRate: number;
  /** Samples of a frame. Default 512. */
  readonly size?: number;
}

const melParameters = {
  numBands: { type: "integer", min: 1, default: 80, about: "bands" },
  low: { type: "number", min: 0, default: 0, about: "lower end of the lowest band, Hz" },
  high: { type: "number", min: 0, optional: "half the sample rate", about: "upper end of the highest band, Hz" },
  scale: { type: "text", choices: ["htk", "slaney"], default: "htk", about: "formula of the mel scale" },
  normalize: {
    type: "boolean",
    default: false,
    about: "gives every band the area 2 / width (librosa) instead of height 1",
  },
} as const;

export const melFilterBank = node(
  {
    name: "melFilterBank",
    group: "audio",
    about:
      "The weights float32[bands,size/2+1] that make a spectrum's bins mel bands: triangles, each from the middle of the band below to that of the band above.",
    inputs: [],
    output: "tensor",
    parameters: {
      sampleRate: { type: "number", min: 1e-9, about: "samples a second" },
      size: { type: "integer", min: 1, default: 512, about: "samples of a frame" },
      ...melParameters,
    },
    example: "melFilterBank({ sampleRate: 16000, numBands: 40 })",
    source: "Davis, Mermelstein, Comparison of parametric representations for monosyllabic word recognition (1980)",
  },
  (options: MelFilterBankOptions): Tensor<"float32"> => {
    const { sampleRate, size = 512, numBands = 80, low = 0, high = sampleRate / 2, scale = "htk" } = options;
    if (!(low < high) || high > sampleRate / 2)
      throw new InferlabError(
        "ARGUMENT",
        `melFilterBank: bands from ${low} to ${high} Hz, expected low < high ≤ ${sampleRate / 2}`,
      );
    const { mel, hertz } = scales[scale];
    const [from, to] = [mel(low), mel(high)];
    const edges = Array.from({ length: numBands + 2 }, (_, i) => hertz(from + ((to - from) * i) / (numBands + 1)));
    const numBins = (size >> 1) + 1;
    const weights = new Float32Array(numBands * numBins);
    for (let band = 0; band < numBands; band++) {
      const [left, middle, right] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
      const height = options.normalize ? 2 / (right - left) : 1;
      for (let bin = 0; bin < numBins; bin++) {
        const f = (bin * sampleRate) / size;
        weights[band * numBins + bin] =
          height * Math.max(0, Math.min((f - left) / (middle - left), (right - f) / (right - middle)));
      }
    }
    return new Tensor("float32", [numBands, numBins], weights);
  },
);

export interface SpectrogramOptions extends StftOptions {
  /** 1: magnitudes, 2: power. Default 2. */
  readonly power?: 1 | 2;
  /** Whether values are decibels, with 1 at 0 and at least −100. Default false. */
  readonly decibels?: boolean;
}

const spectrogramParameters = {
  ...frameParameters(512, 128, true),
  window: windowParameter("hann"),
  power: { type: "integer", choices: [1, 2], default: 2, about: "1 magnitudes, 2 power" },
  decibels: { type: "boolean", default: false, about: "decibels, 1 at 0, at least -100" },
} as const;

/** 10·lg of power, 20·lg of magnitude. */
const toDecibels = (value: number, power: 1 | 2): number => Math.max(-100, (power === 2 ? 10 : 20) * Math.log10(value));

export const spectrogram = node(
  {
    name: "spectrogram",
    group: "audio",
    about: "The power or magnitude of each bin over time as float32[channels,frames,size/2+1].",
    inputs: soundPort,
    output: "tensor",
    parameters: spectrogramParameters,
    example: "spectrogram(sound, { size: 64, hop: 16, decibels: true })",
  },
  (value: SoundLike, options: SpectrogramOptions = {}): Tensor<"float32"> => {
    const { size = 512, hop = 128, centre = true, power = 2, decibels = false } = options;
    const sound = soundOf(value);
    const numBins = (size >> 1) + 1;
    const numFrames = frameCount(sound.length, size, hop, centre);
    const out = new Float32Array(sound.channels.length * numFrames * numBins);
    eachSpectrum(sound, options, (channel, frame, re, im) => {
      const at = (channel * numFrames + frame) * numBins;
      for (let k = 0; k < numBins; k++) {
        const squared = re[k]! * re[k]! + im[k]! * im[k]!;
        const level = power === 2 ? squared : Math.sqrt(squared);
        out[at + k] = decibels ? toDecibels(level, power) : level;
      }
    });
    return new Tensor("float32", [sound.channels.length, numFrames, numBins], out);
  },
);

export interface MelSpectrogramOptions extends SpectrogramOptions, MelOptions {}

export const melSpectrogram = node(
  {
    name: "melSpectrogram",
    group: "audio",
    about: "The power or magnitude in each mel band over time as float32[channels,frames,bands].",
    inputs: soundPort,
    output: "tensor",
    parameters: { ...spectrogramParameters, ...melParameters },
    example: "melSpectrogram(sound, { size: 256, numBands: 20 })",
  },
  (value: SoundLike, options: MelSpectrogramOptions = {}): Tensor<"float32"> => {
    const { size = 512, hop = 128, centre = true, power = 2, decibels = false, window = "hann" } = options;
    const { numBands = 80, low = 0, scale = "htk", normalize = false } = options;
    const sound = soundOf(value);
    const { high = sound.sampleRate / 2 } = options;
    const bank = melFilterBank({ sampleRate: sound.sampleRate, size, numBands, low, high, scale, normalize }).data;
    const numBins = (size >> 1) + 1;
    const numFrames = frameCount(sound.length, size, hop, centre);
    const out = new Float32Array(sound.channels.length * numFrames * numBands);
    const levels = new Float64Array(numBins);
    eachSpectrum(sound, { size, hop, centre, window }, (channel, frame, re, im) => {
      for (let k = 0; k < numBins; k++) {
        const squared = re[k]! * re[k]! + im[k]! * im[k]!;
        levels[k] = power === 2 ? squared : Math.sqrt(squared);
      }
      for (let band = 0; band < numBands; band++) {
        let sum = 0;
        for (let k = 0; k < numBins; k++) sum += bank[band * numBins + k]! * levels[k]!;
        out[(channel * numFrames + frame) * numBands + band] = decibels ? toDecibels(sum, power) : sum;
      }
    });
    return new Tensor("float32", [sound.channels.length, numFrames, numBands], out);
  },
);
