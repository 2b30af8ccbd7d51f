import { subDims } from "../../base/dims.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { activation } from "../common/activations.ts";
import { collector } from "../common/elementwise.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const causalConvWithState = operator({
  name: "CausalConvWithState",
  since: [27],
  doc: "Depthwise convolution along the last axis that sees present and past only; the last k-1 inputs are the state of the next call.",
  inputs: [
    { name: "input", type: "T", doc: "[B,C,L]." },
    { name: "weight", type: "T", doc: "[C,1,k]." },
    { name: "bias", type: "T", optional: true, doc: "[C]." },
    { name: "past_state", type: "T", optional: true, doc: "[B,C,k-1]. Default zeros." },
  ],
  outputs: [
    { name: "output", type: "T", doc: "[B,C,L]." },
    { name: "present_state", type: "T", doc: "[B,C,k-1]." },
  ],
  attributes: { activation: { type: "string", default: "none", doc: "none, silu or swish." } },
  types: { T: floats },
  infer(c) {
    const [x, w] = [c.shape(0), c.shape(1)];
    if ((x && x.length !== 3) || (w && w.length !== 3))
      c.fail("SHAPE", `input is [${x}] and weight [${w}], expected [B,C,L] and [C,1,k]`);
    c.output(0, tensorType(c.dtype(0), x));
    c.output(1, tensorType(c.dtype(0), x && w && [x[0]!, x[1]!, subDims(w[2]!, 1)]));
  },
  reference(c) {
    const [x, w, bias, past] = [c.tensor(0), c.tensor(1), c.optionalTensor(2), c.optionalTensor(3)];
    const named = c.attrs.activation;
    if (!["none", "silu", "swish"].includes(named))
      c.fail("ATTRIBUTE", `activation is ${JSON.stringify(named)}, expected none, silu or swish`);
    if (x.rank !== 3) c.fail("SHAPE", `input is [${x.shape}], expected [B,C,L]`);
    const [batch, channels, length] = x.shape as [number, number, number];
    if (w.rank !== 3 || w.shape[0] !== channels || w.shape[1] !== 1 || w.shape[2] === 0)
      c.fail("SHAPE", `weight is [${w.shape}], expected [${channels},1,k]`);
    const k = w.shape[2]!;
    const state = [batch, channels, k - 1];
    if (past && past.shape.join() !== state.join())
      c.fail("SHAPE", `past_state is [${past.shape}], expected [${state}]`);
    const f = named === "none" ? (v: number) => v : activation("Swish")!;
    const [from, weights, old] = [numbersOf(x), numbersOf(w), past && numbersOf(past)];
    const biases = bias && numbersOf(bias);
    const { values, done } = collector(x.dtype, x.size);
    const present = new Float64Array(batch * channels * (k - 1));
    const line = new Float64Array(k - 1 + length);
    for (let row = 0; row < batch * channels; row++) {
      const channel = row % channels;
      for (let i = 0; i < k - 1; i++) line[i] = old ? old[row * (k - 1) + i]! : 0;
      for (let i = 0; i < length; i++) line[k - 1 + i] = from[row * length + i]!;
      for (let i = 0; i < length; i++) {
        let sum = biases ? biases[channel]! : 0;
        for (let tap = 0; tap < k; tap++) sum += weights[channel * k + tap]! * line[i + tap]!;
        values[row * length + i] = f(sum);
      }
      present.set(line.subarray(length), row * (k - 1));
    }
    return [new Tensor(x.dtype, x.shape, done()), new Tensor(x.dtype, state, fromNumbers(x.dtype, present))];
  },
});
