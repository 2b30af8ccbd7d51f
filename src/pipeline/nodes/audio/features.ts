/** Rows of features as nets want them: frames cut, overlapped, stacked, levelled. */
import { InferlabError } from "../../../base/errors.ts";
import { formatType } from "../../../base/shapes.ts";
import { Sound } from "../../../base/sound.ts";
import { Tensor } from "../../../base/tensor.ts";
import { floatsOf } from "../detection/net-output.ts";
import { vectorsOf } from "../embeddings/vectors.ts";
import { node } from "../node.ts";
import {
  checkHop,
  type FrameOptions,
  frameCount,
  frameParameters,
  mirrored,
  type SoundLike,
  soundOf,
  soundPort,
} from "./windows.ts";

export const frameSound = node(
  {
    name: "frameSound",
    group: "audio",
    about: "The frames of a sound as float32[channels,frames,size], overlapping where the hop is shorter.",
    inputs: soundPort,
    output: "tensor",
    parameters: frameParameters(512, 256, false),
    example: "frameSound(sound, { size: 64, hop: 32 })",
  },
  (value: SoundLike, { size = 512, hop = 256, centre = false }: FrameOptions = {}): Tensor<"float32"> => {
    const sound = soundOf(value);
    const numFrames = frameCount(sound.length, size, hop, centre);
    const out = new Float32Array(sound.channels.length * numFrames * size);
    sound.channels.forEach((samples, c) => {
      for (let frame = 0; frame < numFrames; frame++) {
        const start = frame * hop - (centre ? size >> 1 : 0);
        const at = (c * numFrames + frame) * size;
        for (let i = 0; i < size; i++) out[at + i] = samples[mirrored(start + i, samples.length)]!;
      }
    });
    return new Tensor("float32", [sound.channels.length, numFrames, size], out);
  },
);

export interface OverlapAddOptions {
  /** Samples from a frame to the next. */
  readonly hop: number;
  readonly sampleRate: number;
}

export const overlapAdd = node(
  {
    name: "overlapAdd",
    group: "audio",
    about:
      "The sound that frames float32[channels,frames,size] make when each is added `hop` samples behind the one before.",
    inputs: [{ name: "frames", kind: "tensor" }],
    output: "audio",
    parameters: {
      hop: { type: "integer", min: 1, about: "samples from a frame to the next" },
      sampleRate: { type: "number", min: 1e-9, about: "samples a second of the result" },
    },
    example: "overlapAdd(frameSound(sound, { size: 64, hop: 64 }), { hop: 64, sampleRate: 16000 })",
  },
  (frames: Tensor, { hop, sampleRate }: OverlapAddOptions): Sound => {
    const data = floatsOf(frames, "overlapAdd: frames");
    if (frames.rank !== 3 || frames.shape[0] === 0)
      throw new InferlabError(
        "ARGUMENT",
        `overlapAdd: frames are ${formatType(frames.dtype, frames.shape)}, expected float32[channels,frames,size]`,
      );
    const [numChannels, numFrames, size] = frames.shape as [number, number, number];
    checkHop("overlapAdd", size, hop);
    const channels = Array.from({ length: numChannels }, (_, c) => {
      const out = new Float64Array(numFrames === 0 ? 0 : (numFrames - 1) * hop + size);
      for (let frame = 0; frame < numFrames; frame++)
        for (let i = 0; i < size; i++) out[frame * hop + i]! += data[(c * numFrames + frame) * size + i]!;
      return Float32Array.from(out);
    });
    return new Sound(channels, sampleRate);
  },
);

export interface StackFramesOptions {
  /** Rows side by side. Default 5. */
  readonly count?: number;
  /** Rows from one result to the next. Default 1. */
  readonly step?: number;
}

export const stackFrames = node(
  {
    name: "stackFrames",
    group: "audio",
    about:
      "Rows of float32[frames,d] side by side as float32[⌈frames/step⌉,count·d], the first and the last row repeated where the context reaches beyond: low frame rate features.",
    inputs: [{ name: "features", kind: "tensor" }],
    output: "tensor",
    parameters: {
      count: { type: "integer", min: 1, default: 5, about: "rows side by side" },
      step: { type: "integer", min: 1, default: 1, about: "rows from one result to the next" },
    },
    example: "stackFrames(kaldiFbank(sound), { count: 3, step: 2 })",
    source: "Pundak, Sainath, Lower Frame Rate Neural Network Acoustic Models (2016)",
  },
  (features: Tensor, { count = 5, step = 1 }: StackFramesOptions = {}): Tensor<"float32"> => {
    const { data, count: numRows, length } = vectorsOf(features, "stackFrames: features");
    const numOut = Math.ceil(numRows / step);
    const out = new Float32Array(numOut * count * length);
    const before = (count - 1) >> 1;
    for (let i = 0; i < numOut; i++)
      for (let k = 0; k < count; k++) {
        const row = Math.max(0, Math.min(numRows - 1, i * step + k - before));
        out.set(data.subarray(row * length, (row + 1) * length), (i * count + k) * length);
      }
    return new Tensor("float32", [numOut, count * length], out);
  },
);

export interface NormalizeFeaturesOptions {
  /** Whether deviations are made 1 too. Default true. */
  readonly variance?: boolean;
}

export const normalizeFeatures = node(
  {
    name: "normalizeFeatures",
    group: "audio",
    about:
      "The rows of float32[frames,d] with the mean of each column taken off and divided by its deviation (columns that do not change only lose their mean).",
    inputs: [{ name: "features", kind: "tensor" }],
    output: "tensor",
    parameters: { variance: { type: "boolean", default: true, about: "makes deviations 1 too" } },
    example: "normalizeFeatures(mfcc(sound))",
  },
  (features: Tensor, { variance = true }: NormalizeFeaturesOptions = {}): Tensor<"float32"> => {
    const { data, count, length } = vectorsOf(features, "normalizeFeatures: features");
    const out = new Float32Array(data.length);
    for (let column = 0; column < length; column++) {
      let [mean, squares] = [0, 0];
      for (let row = 0; row < count; row++) mean += data[row * length + column]! / count;
      for (let row = 0; row < count; row++) squares += (data[row * length + column]! - mean) ** 2 / count;
      const deviation = Math.sqrt(squares);
      const scale = variance && deviation > 1e-9 ? 1 / deviation : 1;
      for (let row = 0; row < count; row++) out[row * length + column] = (data[row * length + column]! - mean) * scale;
    }
    return new Tensor("float32", features.shape, out);
  },
);
