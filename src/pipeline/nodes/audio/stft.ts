/** The short-time Fourier transform and back. */
import { InferlabError } from "../../../base/errors.ts";
import { formatType } from "../../../base/shapes.ts";
import { Sound } from "../../../base/sound.ts";
import { Tensor } from "../../../base/tensor.ts";
import { floatsOf } from "../detection/net-output.ts";
import { node } from "../node.ts";
import { FourierPlan } from "./fourier-plan.ts";
import {
  checkHop,
  type FrameOptions,
  frameCount,
  frameParameters,
  readFrame,
  type SoundLike,
  soundOf,
  soundPort,
  type WindowName,
  windowOf,
  windowParameter,
} from "./windows.ts";

export interface StftOptions extends FrameOptions {
  /** Default "hann". */
  readonly window?: WindowName;
}

/** Calls `each` with the spectrum of every frame of every channel: `length / 2 + 1` bins of the arrays count. */
export function eachSpectrum(
  sound: Sound,
  { size = 512, hop = 128, centre = true, window = "hann" }: StftOptions,
  each: (channel: number, frame: number, re: Float64Array, im: Float64Array) => void,
): { readonly numFrames: number; readonly numBins: number } {
  const numFrames = frameCount(sound.length, size, hop, centre);
  const plan = new FourierPlan(size);
  const shape = windowOf(window, size);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  sound.channels.forEach((samples, channel) => {
    for (let frame = 0; frame < numFrames; frame++) {
      readFrame(samples, frame, hop, centre, shape, re);
      im.fill(0);
      plan.forward(re, im);
      each(channel, frame, re, im);
    }
  });
  return { numFrames, numBins: (size >> 1) + 1 };
}

export const stft = node(
  {
    name: "stft",
    group: "audio",
    about:
      "The spectra of overlapping frames as float32[channels,frames,size/2+1,2], real and imaginary part. Any size; powers of two are fastest.",
    inputs: soundPort,
    output: "tensor",
    parameters: { ...frameParameters(512, 128, true), window: windowParameter("hann") },
    example: "stft(sound, { size: 64, hop: 16 })",
    source: "Allen, Rabiner, A unified approach to short-time Fourier analysis and synthesis (1977)",
  },
  (value: SoundLike, options: StftOptions = {}): Tensor<"float32"> => {
    const { size = 512, hop = 128, centre = true } = options;
    const sound = soundOf(value);
    const numBins = (size >> 1) + 1;
    const numFrames = frameCount(sound.length, size, hop, centre);
    const out = new Float32Array(sound.channels.length * numFrames * numBins * 2);
    eachSpectrum(sound, options, (channel, frame, re, im) => {
      const at = (channel * numFrames + frame) * numBins * 2;
      for (let k = 0; k < numBins; k++) {
        out[at + 2 * k] = re[k]!;
        out[at + 2 * k + 1] = im[k]!;
      }
    });
    return new Tensor("float32", [sound.channels.length, numFrames, numBins, 2], out);
  },
);

export interface IstftOptions extends FrameOptions {
  /** Default "hann". */
  readonly window?: WindowName;
  /** Samples a second of the result. */
  readonly sampleRate: number;
  /** Samples wanted. Default: as many as the frames reach. */
  readonly length?: number;
}

/** Sums of squared windows below it are no ground to divide by. */
const minWeight = 1e-8;

export const istft = node(
  {
    name: "istft",
    group: "audio",
    about:
      "The sound whose spectra are nearest to float32[channels,frames,bins,2]: frames are windowed again, added up and divided by the sum of squared windows. Takes stft back exactly where windows overlap everywhere.",
    inputs: [{ name: "spectra", kind: "tensor" }],
    output: "audio",
    parameters: {
      sampleRate: { type: "number", min: 1e-9, about: "samples a second of the result" },
      size: { type: "integer", min: 1, optional: "2 · (bins − 1)", about: "samples of a frame" },
      hop: { type: "integer", min: 1, default: 128, about: "samples from a frame to the next" },
      centre: { type: "boolean", default: true, about: "as in stft" },
      window: windowParameter("hann"),
      length: { type: "integer", min: 0, optional: "as the frames reach", about: "samples wanted" },
    },
    example: "istft(stft(sound, { size: 64, hop: 16 }), { hop: 16, sampleRate: 16000 })",
    source: "Griffin, Lim, Signal estimation from modified short-time Fourier transform (1984)",
  },
  (spectra: Tensor, options: IstftOptions): Sound => {
    const { hop = 128, centre = true, window = "hann", sampleRate } = options;
    const data = floatsOf(spectra, "istft: spectra");
    const [numChannels, numFrames, numBins, two] = spectra.shape as [number, number, number, number];
    const { size = 2 * (numBins - 1) } = options;
    if (spectra.rank !== 4 || two !== 2 || numChannels < 1 || size < 1 || numBins !== (size >> 1) + 1)
      throw new InferlabError(
        "ARGUMENT",
        `istft: spectra are ${formatType(spectra.dtype, spectra.shape)}, expected float32[channels,frames,${(size >> 1) + 1},2] for frames of ${size}`,
        { hint: "an odd size must be given" },
      );
    checkHop("istft", size, hop);
    const plan = new FourierPlan(size);
    const shape = windowOf(window, size);
    const reach = numFrames === 0 ? 0 : (numFrames - 1) * hop + size;
    const weights = new Float64Array(reach);
    for (let frame = 0; frame < numFrames; frame++)
      for (let i = 0; i < size; i++) weights[frame * hop + i]! += shape[i]! ** 2;
    const lead = centre ? size >> 1 : 0;
    const length = options.length ?? Math.max(0, reach - 2 * lead);
    const [re, im] = [new Float64Array(size), new Float64Array(size)];
    const channels = Array.from({ length: numChannels }, (_, channel) => {
      const sums = new Float64Array(reach);
      for (let frame = 0; frame < numFrames; frame++) {
        const at = (channel * numFrames + frame) * numBins * 2;
        // The upper half is the lower one's conjugate, as the sound is real.
        for (let k = 0; k < size; k++) {
          const bin = k < numBins ? k : size - k;
          re[k] = data[at + 2 * bin]!;
          im[k] = k < numBins ? data[at + 2 * bin + 1]! : -data[at + 2 * bin + 1]!;
        }
        im[0] = 0;
        if (size % 2 === 0) im[size >> 1] = 0;
        plan.inverse(re, im);
        for (let i = 0; i < size; i++) sums[frame * hop + i]! += re[i]! * shape[i]!;
      }
      return Float32Array.from({ length }, (__, i) => {
        const weight = weights[i + lead] ?? 0;
        return weight > minWeight ? sums[i + lead]! / weight : 0;
      });
    });
    return new Sound(channels, sampleRate);
  },
);
