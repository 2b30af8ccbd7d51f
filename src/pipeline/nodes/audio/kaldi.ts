/** Features as the Kaldi tools compute them: what most speech nets were trained on. */
import { InferlabError } from "../../../base/errors.ts";
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { FourierPlan } from "./fourier-plan.ts";
import {
  frameCount,
  type SoundLike,
  soundOf,
  soundPort,
  type WindowName,
  windowOf,
  windowParameter,
} from "./windows.ts";

export interface KaldiFbankOptions {
  /** Default 80. */
  readonly numBands?: number;
  /** Length of a frame in ms. Default 25. */
  readonly frameMs?: number;
  /** From a frame to the next in ms. Default 10. */
  readonly hopMs?: number;
  /** Lower end of the lowest band, Hz. Default 20. */
  readonly low?: number;
  /** Upper end of the highest band, Hz; 0 or less counts down from half the sample rate. Default 0. */
  readonly high?: number;
  /** Default "povey". */
  readonly window?: WindowName;
  /** Share of the sample before that is taken off each. Default 0.97. */
  readonly preEmphasis?: number;
  /** Factor on samples of −1 to 1: 32768 for nets trained on 16-bit numbers. Default 32768. */
  readonly amplitude?: number;
  /** Whether each frame's mean is taken off. Default true. */
  readonly removeOffset?: boolean;
}

const fbankParameters = {
  numBands: { type: "integer", min: 3, default: 80, about: "mel bands" },
  frameMs: { type: "number", min: 0.1, default: 25, about: "length of a frame, ms" },
  hopMs: { type: "number", min: 0.1, default: 10, about: "from a frame to the next, ms" },
  low: { type: "number", min: 0, default: 20, about: "lower end of the lowest band, Hz" },
  high: { type: "number", default: 0, about: "upper end of the highest, Hz; 0 or less from half the rate down" },
  window: windowParameter("povey"),
  preEmphasis: { type: "number", min: 0, max: 1, default: 0.97, about: "share of the sample before taken off each" },
  amplitude: { type: "number", default: 32768, about: "factor on samples of -1 to 1" },
  removeOffset: { type: "boolean", default: true, about: "takes each frame's mean off" },
} as const;

const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700);

/** Least power whose logarithm is taken: the epsilon of 32-bit floats. */
const leastPower = 2 ** -23;

function fbank(
  value: SoundLike,
  options: KaldiFbankOptions,
  where: string,
): { rows: Float64Array[]; numBands: number } {
  const { numBands = 80, frameMs = 25, hopMs = 10, low = 20, window = "povey", preEmphasis = 0.97 } = options;
  const { amplitude = 32768, removeOffset = true } = options;
  const sound = soundOf(value);
  const { samples, sampleRate } = sound;
  const nyquist = sampleRate / 2;
  const high = (options.high ?? 0) > 0 ? options.high! : nyquist + (options.high ?? 0);
  if (!(low < high) || high > nyquist)
    throw new InferlabError("ARGUMENT", `${where}: bands from ${low} to ${high} Hz, expected low < high ≤ ${nyquist}`);
  const size = Math.floor((sampleRate * frameMs) / 1000);
  const hop = Math.floor((sampleRate * hopMs) / 1000);
  if (size < 2 || hop < 1) throw new InferlabError("ARGUMENT", `${where}: frames of ${size} samples every ${hop}`);
  let padded = 1;
  while (padded < size) padded *= 2;
  // Triangles in mel, the bin at half the rate left out.
  const numBins = padded / 2;
  const [from, to] = [mel(low), mel(high)];
  const step = (to - from) / (numBands + 1);
  const bank = Array.from({ length: numBands }, (_, band) => {
    const [left, middle, right] = [0, 1, 2].map((k) => from + (band + k) * step) as [number, number, number];
    return Float64Array.from({ length: numBins }, (__, bin) => {
      const m = mel((bin * sampleRate) / padded);
      return m > left && m < right ? (m <= middle ? (m - left) / (middle - left) : (right - m) / (right - middle)) : 0;
    });
  });
  const shape = windowOf(window, size, false);
  const plan = new FourierPlan(padded);
  const [re, im] = [new Float64Array(padded), new Float64Array(padded)];
  const rows = Array.from({ length: frameCount(samples.length, size, hop, false) }, (_, frame) => {
    re.fill(0);
    im.fill(0);
    let mean = 0;
    for (let i = 0; i < size; i++) {
      re[i] = samples[frame * hop + i]! * amplitude;
      mean += re[i]! / size;
    }
    if (removeOffset) for (let i = 0; i < size; i++) re[i] = re[i]! - mean;
    for (let i = size - 1; i > 0; i--) re[i] = re[i]! - preEmphasis * re[i - 1]!;
    re[0] = re[0]! - preEmphasis * re[0]!;
    for (let i = 0; i < size; i++) re[i] = re[i]! * shape[i]!;
    plan.forward(re, im);
    return Float64Array.from(bank, (weights) => {
      let sum = 0;
      for (let k = 0; k < numBins; k++) sum += weights[k]! * (re[k]! * re[k]! + im[k]! * im[k]!);
      return Math.log(Math.max(leastPower, sum));
    });
  });
  return { rows, numBands };
}

export const kaldiFbank = node(
  {
    name: "kaldiFbank",
    group: "audio",
    about:
      "Logarithmic mel energies float32[frames,bands] of a sound (several channels are mixed) as Kaldi's compute-fbank-feats has them, without dither; only whole frames.",
    inputs: soundPort,
    output: "tensor",
    parameters: fbankParameters,
    example: "kaldiFbank(sound, { numBands: 23 })",
    source: "Povey et al., The Kaldi Speech Recognition Toolkit (2011), feat/feature-fbank",
  },
  (value: SoundLike, options: KaldiFbankOptions = {}): Tensor<"float32"> => {
    const { rows, numBands } = fbank(value, options, "kaldiFbank");
    const out = new Float32Array(rows.length * numBands);
    rows.forEach((row, i) => {
      out.set(row, i * numBands);
    });
    return new Tensor("float32", [rows.length, numBands], out);
  },
);

export interface MfccOptions extends KaldiFbankOptions {
  /** Default 13. */
  readonly numCoefficients?: number;
  /** Higher coefficients are raised by 1 + L/2·sin(πk/L); 0 leaves them. Default 22. */
  readonly lifter?: number;
}

export const mfcc = node(
  {
    name: "mfcc",
    group: "audio",
    about:
      "Mel-frequency cepstral coefficients float32[frames,coefficients] as Kaldi's compute-mfcc-feats has them with use-energy=false: the orthonormal cosine transform of kaldiFbank's rows, liftered.",
    inputs: soundPort,
    output: "tensor",
    parameters: {
      ...fbankParameters,
      numBands: { ...fbankParameters.numBands, default: 23 },
      numCoefficients: { type: "integer", min: 1, default: 13, about: "coefficients, at most as many as bands" },
      lifter: { type: "number", min: 0, default: 22, about: "raises higher coefficients; 0 leaves them" },
    },
    example: "mfcc(sound)",
    source: "Povey et al., The Kaldi Speech Recognition Toolkit (2011), feat/feature-mfcc",
  },
  (value: SoundLike, options: MfccOptions = {}): Tensor<"float32"> => {
    const { numCoefficients = 13, lifter = 22, ...rest } = options;
    const { rows, numBands } = fbank(value, { ...rest, numBands: rest.numBands ?? 23 }, "mfcc");
    if (numCoefficients > numBands)
      throw new InferlabError("ARGUMENT", `mfcc: ${numCoefficients} coefficients of ${numBands} bands`);
    const out = new Float32Array(rows.length * numCoefficients);
    for (let k = 0; k < numCoefficients; k++) {
      const norm = Math.sqrt((k === 0 ? 1 : 2) / numBands);
      const lift = lifter > 0 ? 1 + (lifter / 2) * Math.sin((Math.PI * k) / lifter) : 1;
      const cosines = Float64Array.from({ length: numBands }, (_, n) => Math.cos((Math.PI * k * (n + 0.5)) / numBands));
      rows.forEach((row, i) => {
        let sum = 0;
        for (let n = 0; n < numBands; n++) sum += row[n]! * cosines[n]!;
        out[i * numCoefficients + k] = sum * norm * lift;
      });
    }
    return new Tensor("float32", [rows.length, numCoefficients], out);
  },
);
