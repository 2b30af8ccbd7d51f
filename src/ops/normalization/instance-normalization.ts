/** Normalisation of each image's channels, alone or in groups. */
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { perOutputElement } from "../common/cost.ts";
import { collector, sameAsInput } from "../common/elementwise.ts";
import { momentsOf } from "../common/normalize.ts";
import { numbersOf } from "../common/numbers.ts";
import { consumedInputs, floats } from "../common/types.ts";
import { operator, type ReferenceContext } from "../operator.ts";

/** (x - mean) / sqrt(variance + epsilon) over groups of channels, then scale and bias for each channel or group. */
function normalizeGroups(
  c: Pick<ReferenceContext, "fail">,
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  groups: number,
  epsilon: number,
): Tensor {
  if (x.rank < 2) c.fail("SHAPE", `input X is [${x.shape}], expected rank 2 or more: [N,C,…]`);
  const [batch, channels] = x.shape as [number, number];
  if (groups < 1 || channels % groups !== 0)
    c.fail("ATTRIBUTE", `num_groups is ${groups}, expected a divisor of ${channels} channels`);
  for (const [name, t] of [
    ["scale", scale],
    ["bias", bias],
  ] as const)
    if (t.size !== channels && t.size !== groups) c.fail("SHAPE", `${name} is [${t.shape}], expected [${channels}]`);
  const plane = sizeOf(x.shape.slice(2));
  const perGroup = channels / groups;
  const [from, scales, biases] = [numbersOf(x), numbersOf(scale), numbersOf(bias)];
  const index = (t: Tensor, channel: number): number =>
    t.size === channels ? channel : Math.floor(channel / perGroup);
  const { values, done } = collector(x.dtype, from.length);
  for (let n = 0; n < batch; n++)
    for (let g = 0; g < groups; g++) {
      const start = (n * channels + g * perGroup) * plane;
      const { mean, variance } = momentsOf(from, start, perGroup * plane);
      const inverse = 1 / Math.sqrt(variance + epsilon);
      for (let k = 0; k < perGroup; k++) {
        const channel = g * perGroup + k;
        const [s, b] = [scales[index(scale, channel)]!, biases[index(bias, channel)]!];
        const base = start + k * plane;
        for (let i = base; i < base + plane; i++) values[i] = (from[i]! - mean) * inverse * s + b;
      }
    }
  return new Tensor(x.dtype, x.shape, done());
}

export const instanceNormalization = operator({
  name: "InstanceNormalization",
  since: [1, 6, 22],
  doc: "(x - mean) / sqrt(variance + epsilon) · scale + B, with the statistics of each channel of each image.",
  inputs: [
    { name: "input", type: "T", doc: "[N,C,…]." },
    { name: "scale", type: "T", doc: "[C]." },
    { name: "B", type: "T", doc: "[C]." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: { ...consumedInputs, epsilon: { type: "float", default: 1e-5, doc: "Added to the variance." } },
  types: { T: floats },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    return [normalizeGroups(c, x, c.tensor(1), c.tensor(2), x.shape[1] ?? 1, c.attrs.epsilon)];
  },
  cost: perOutputElement(8),
});

export const groupNormalization = operator({
  name: "GroupNormalization",
  since: [18, 21],
  doc: "(X - mean) / sqrt(variance + epsilon) · scale + bias, with the statistics of groups of channels of each image.",
  inputs: [
    { name: "X", type: "T", doc: "[N,C,…]." },
    { name: "scale", type: "T", doc: "[C]; version 18: [num_groups]." },
    { name: "bias", type: "T", doc: "[C]; version 18: [num_groups]." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    epsilon: { type: "float", default: 1e-5, doc: "Added to the variance." },
    num_groups: { type: "int", required: true, doc: "Channels are cut into so many groups." },
    stash_type: { type: "int", default: 1, since: 21, doc: "ONNX code of the type of the statistics." },
  },
  types: { T: floats },
  infer: sameAsInput,
  reference: (c) => [normalizeGroups(c, c.tensor(0), c.tensor(1), c.tensor(2), c.attrs.num_groups, c.attrs.epsilon)],
  cost: perOutputElement(8),
});
