import {
  inferRecurrent,
  recur,
  recurrentAttributes,
  recurrentCost,
  runRecurrent,
  type Step,
} from "../common/recurrent.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

const attributes = {
  ...recurrentAttributes,
  linear_before_reset: {
    type: "int",
    default: 0,
    since: 3,
    doc: "1: the reset gate is applied after the product with R.",
  },
} as const;

/** z, r = f(W x + R h); ĥ = g(W_h x + R_h (r·h)), or g(W_h x + r·(R_h h)); h' = (1 - z)·ĥ + z·h. Gates: z, r, h. */
function gruStep(step: Step, linearBeforeReset: boolean): void {
  const { input, hidden, clip } = step;
  const [gate, candidate] = step.activations as [(x: number) => number, (x: number) => number];
  const size = hidden.length;
  const before = hidden.slice();
  const reset = new Float64Array(size);
  for (let j = 0; j < size; j++) reset[j] = gate(clip(input[size + j]! + recur(step, size + j, before)));
  const gated = linearBeforeReset ? before : before.map((h, j) => h * reset[j]!);
  for (let j = 0; j < size; j++) {
    const z = gate(clip(input[j]! + recur(step, j, before)));
    const recurrent = recur(step, 2 * size + j, gated);
    const h = candidate(clip(input[2 * size + j]! + (linearBeforeReset ? reset[j]! * recurrent : recurrent)));
    hidden[j] = (1 - z) * h + z * before[j]!;
  }
}

export const gru = operator({
  name: "GRU",
  since: [1, 3, 7, 14, 22],
  doc: "One-layer GRU over a sequence, in one or both directions.",
  inputs: [
    { name: "X", type: "T", doc: "[time,batch,input], or batch first with layout=1." },
    { name: "W", type: "T", doc: "[directions,3·hidden,input], gates z r h." },
    { name: "R", type: "T", doc: "[directions,3·hidden,hidden]." },
    { name: "B", type: "T", optional: true, doc: "[directions,6·hidden]." },
    { name: "sequence_lens", type: "T1", optional: true, doc: "Steps of each batch element, [batch]." },
    { name: "initial_h", type: "T", optional: true },
  ],
  outputs: [
    { name: "Y", type: "T", optional: true, doc: "All hidden states, [time,directions,batch,hidden]." },
    { name: "Y_h", type: "T", optional: true, doc: "The last hidden state." },
  ],
  attributes,
  types: { T: floats, T1: ["int32"] },
  infer: (c) => inferRecurrent(c, c.attrs, 3),
  reference(c) {
    const linear = c.attrs.linear_before_reset === 1;
    const run = runRecurrent(c, c.attrs, {
      gates: 3,
      activations: ["Sigmoid", "Tanh"],
      hasCell: false,
      step: (step) => gruStep(step, linear),
    });
    return run.slice(0, 2);
  },
  cost: recurrentCost,
});
