import { formatType, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { perOutputElement } from "../common/cost.ts";
import { collector } from "../common/elementwise.ts";
import { numbersOf, numberTensor } from "../common/numbers.ts";
import { consumedInputs, floats } from "../common/types.ts";
import { type Attributes, operator } from "../operator.ts";

type Numbers = ArrayLike<number>;

const attributes = {
  ...consumedInputs,
  epsilon: { type: "float", default: 1e-5, doc: "Added to the variance." },
  momentum: { type: "float", default: 0.9, doc: "Share of the old running statistics that stays; training only." },
  training_mode: { type: "int", default: 0, since: 14, doc: "1: normalise with the batch's own statistics." },
  spatial: { type: "int", default: 1, until: 8, doc: "0: statistics of every element instead of every channel." },
  is_test: { type: "int", default: 0, until: 6, doc: "1: inference." },
} as const;

const inputs = [
  { name: "X", type: "T", doc: "[N,C,…]." },
  { name: "scale", type: "T1", doc: "[C]." },
  { name: "B", type: "T1", doc: "[C]." },
  { name: "input_mean", type: "T2", doc: "[C]." },
  { name: "input_var", type: "T2", doc: "[C]." },
] as const;

/** Before version 14 a node that asks for statistics is one of training. */
function isTraining(c: { version: number; attrs: Attributes<typeof attributes>; numOutputs: number }): boolean {
  if (c.version >= 14) return c.attrs.training_mode === 1;
  return c.numOutputs > 1 && !(c.version < 7 && c.attrs.is_test === 1);
}

export const batchNormalization = operator({
  name: "BatchNormalization",
  since: [1, 6, 7, 9, 14, 15],
  doc: "(X - mean) / sqrt(variance + epsilon) · scale + B for each channel.",
  inputs,
  outputs: [
    { name: "Y", type: "T" },
    { name: "running_mean", type: "T2", optional: true, doc: "Training only." },
    { name: "running_var", type: "T2", optional: true, doc: "Training only." },
    { name: "saved_mean", type: "T2", optional: true, until: 13 },
    { name: "saved_var", type: "T2", optional: true, until: 13 },
  ],
  attributes,
  types: { T: floats, T1: floats, T2: floats },
  typing: "same",
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(c.dtype(0), x));
    const channels = x && x.length >= 2 && c.attrs.spatial !== 0 ? x[1] : undefined;
    for (const [i, { name }] of inputs.entries()) {
      const length = i > 0 && c.type(i)?.kind === "tensor" ? c.shape(i)?.[0] : undefined;
      if (typeof channels === "number" && typeof length === "number" && length !== channels)
        c.fail(
          "SHAPE",
          `input ${name} is ${formatType(c.dtype(i), c.shape(i))}, expected [${channels}] for X ${formatType(c.dtype(0), x)}`,
        );
    }
    const statistics = c.type(3)?.kind === "tensor" ? tensorType(c.dtype(3), c.shape(3)) : undefined;
    if (statistics) for (let i = 1; i < c.numOutputs; i++) c.output(i, statistics);
  },
  reference(c) {
    const x = c.tensor(0);
    if (x.rank < 1) c.fail("SHAPE", `input X is ${formatType(x.dtype, x.shape)}, expected [N,C,…]`);
    const perElement = c.version < 9 && c.attrs.spatial === 0;
    const channels = x.rank < 2 ? 1 : perElement ? sizeOf(x.shape.slice(1)) : x.shape[1]!;
    const plane = x.rank < 2 ? 1 : perElement ? 1 : sizeOf(x.shape.slice(2));
    const batch = x.shape[0]!;
    const [scale, shift, givenMean, givenVariance] = [1, 2, 3, 4].map((i) => {
      const t = c.tensor(i);
      if (t.size !== channels)
        c.fail(
          "SHAPE",
          `input ${inputs[i]!.name} is ${formatType(t.dtype, t.shape)}, expected [${channels}] for X ${formatType(x.dtype, x.shape)}`,
        );
      return numbersOf(t);
    }) as unknown as [Numbers, Numbers, Numbers, Numbers];
    const from = numbersOf(x);
    const training = isTraining(c);
    const mean = Float64Array.from(givenMean);
    const variance = Float64Array.from(givenVariance);
    if (training) batchStatistics(from, batch, channels, plane, mean, variance);
    const { values, done } = collector(x.dtype, from.length);
    for (let n = 0; n < batch; n++)
      for (let ch = 0; ch < channels; ch++) {
        const factor = scale[ch]! / Math.sqrt(variance[ch]! + c.attrs.epsilon);
        const offset = shift[ch]! - mean[ch]! * factor;
        const base = (n * channels + ch) * plane;
        for (let i = base; i < base + plane; i++) values[i] = from[i]! * factor + offset;
      }
    const y = new Tensor(x.dtype, x.shape, done());
    if (!training) return [y];
    const { dtype, shape } = c.tensor(3);
    const blend = (old: ArrayLike<number>, now: Float64Array): Tensor =>
      numberTensor(
        dtype,
        shape,
        now.map((v, i) => old[i]! * c.attrs.momentum + v * (1 - c.attrs.momentum)),
      );
    const running = [blend(givenMean, mean), blend(givenVariance, variance)];
    if (c.version >= 14) return [y, ...running];
    return [y, ...running, numberTensor(dtype, shape, mean), numberTensor(dtype, shape, variance)];
  },
  cost: perOutputElement(2),
});

/** Mean and population variance of each channel over batch and plane. */
function batchStatistics(
  x: ArrayLike<number>,
  batch: number,
  channels: number,
  plane: number,
  mean: Float64Array,
  variance: Float64Array,
): void {
  const count = batch * plane;
  for (let ch = 0; ch < channels; ch++) {
    let sum = 0;
    let squares = 0;
    for (const pass of [0, 1]) {
      const center = sum / count;
      for (let n = 0; n < batch; n++) {
        const base = (n * channels + ch) * plane;
        for (let i = base; i < base + plane; i++) {
          if (pass === 0) sum += x[i]!;
          else squares += (x[i]! - center) ** 2;
        }
      }
    }
    mean[ch] = sum / count;
    variance[ch] = squares / count;
  }
}
