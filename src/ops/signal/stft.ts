import { addDims, floorDivDims, subDims } from "../../base/dims.ts";
import type { Dim } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims } from "../common/axes.ts";
import { fromNumbers, toIntegers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";
import { fourier } from "./fourier.ts";

export const stft = operator({
  name: "STFT",
  since: [17],
  doc: "The short-time Fourier transform: overlapping frames of a signal, each under a window, transformed. [batch, frames, bins, 2].",
  inputs: [
    { name: "signal", type: "T1", doc: "[batch, length, 1] real or [batch, length, 2] complex." },
    { name: "frame_step", type: "T2", doc: "Scalar: samples from one frame to the next." },
    { name: "window", type: "T1", optional: true, doc: "[frame length]." },
    { name: "frame_length", type: "T2", optional: true, doc: "Scalar; default: the window's length." },
  ],
  outputs: [{ name: "output", type: "T1" }],
  attributes: { onesided: { type: "int", default: 1, doc: "1: the half of the bins that is not redundant." } },
  infer(c) {
    const signal = c.shape(0);
    if (signal && signal.length < 2) c.fail("SHAPE", `signal is [${signal.join(",")}], expected [batch,length,1 or 2]`);
    const step = knownDims(c, 1)?.[0];
    const frame: Dim | undefined = c.type(3) ? knownDims(c, 3)?.[0] : c.shape(2)?.[0];
    const frames =
      signal && step !== undefined && frame !== undefined
        ? addDims(floorDivDims(subDims(signal[1]!, frame), step), 1)
        : c.freshDim();
    const bins = frame === undefined ? c.freshDim() : c.attrs.onesided ? addDims(floorDivDims(frame, 2), 1) : frame;
    c.output(0, tensorType(c.dtype(0), [signal?.[0] ?? c.freshDim(), frames, bins, 2]));
  },
  reference(c) {
    const signal = c.tensor(0);
    const [batch = 0, length = 0, parts = 1] = signal.shape;
    const step = toIntegers(c.tensor(1))[0]!;
    const window = c.optionalTensor(2);
    const frameInput = c.optionalTensor(3);
    const frame = frameInput ? toIntegers(frameInput)[0]! : (window?.size ?? Number.NaN);
    if (signal.rank < 2 || (parts !== 1 && parts !== 2) || !(frame >= 1 && frame <= length) || !(step >= 1))
      c.fail(
        "SHAPE",
        `signal is [${signal.shape.join(",")}] with frame_length ${frame} and frame_step ${step}, expected [batch,length,1 or 2], a frame in it and a step of 1 or more`,
      );
    if (window && window.size !== frame) c.fail("SHAPE", `window has ${window.size} elements, expected ${frame}`);
    const weights = window ? toNumbers(window) : new Float64Array(frame).fill(1);
    const data = toNumbers(signal);
    const frames = Math.floor((length - frame) / step) + 1;
    const bins = c.attrs.onesided ? Math.floor(frame / 2) + 1 : frame;
    const out = new Float64Array(batch * frames * bins * 2);
    for (let b = 0; b < batch; b++)
      for (let f = 0; f < frames; f++) {
        const at = (t: number) => (b * length + f * step + t) * parts;
        const re = Float64Array.from({ length: frame }, (_, t) => data[at(t)]! * weights[t]!);
        const im = Float64Array.from({ length: frame }, (_, t) => (parts === 2 ? data[at(t) + 1]! * weights[t]! : 0));
        const [x, y] = fourier(re, im);
        for (let k = 0; k < bins; k++) {
          const to = ((b * frames + f) * bins + k) * 2;
          out[to] = x[k]!;
          out[to + 1] = y[k]!;
        }
      }
    return [new Tensor(signal.dtype, [batch, frames, bins, 2], fromNumbers(signal.dtype, out))];
  },
  cost(c) {
    const [batch = 0, frames = 0, bins = 0] = c.outputShape(0);
    return { flops: 5 * batch * frames * bins * Math.log2(Math.max(2, bins)), bytes: c.totalBytes };
  },
});
