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
  input_forget: { type: "int", default: 0, doc: "1: the forget gate is one less the input gate." },
} as const;

/**
 * i = f(W_i x + R_i h + P_i c), f likewise (or 1 - i), c' = f·c + i·g(W_c x + R_c h), o = f(W_o x + R_o h + P_o c'),
 * h' = o·h(c'). Gates lie in the order i, o, f, c.
 */
function lstmStep(step: Step, coupled: boolean): void {
  const { input, hidden, cell, clip, peepholes } = step;
  const [gate, candidate, output] = step.activations as [
    (x: number) => number,
    (x: number) => number,
    (x: number) => number,
  ];
  const size = hidden.length;
  const before = hidden.slice();
  for (let j = 0; j < size; j++) {
    const sum = (index: number): number => input[index * size + j]! + recur(step, index * size + j, before);
    const peep = (index: number, state: number): number => (peepholes ? peepholes[index * size + j]! * state : 0);
    const old = cell[j]!;
    const i = gate(clip(sum(0) + peep(0, old)));
    const f = coupled ? 1 - i : gate(clip(sum(2) + peep(2, old)));
    const next = f * old + i * candidate(clip(sum(3)));
    const o = gate(clip(sum(1) + peep(1, next)));
    cell[j] = next;
    hidden[j] = o * output(next);
  }
}

export const lstm = operator({
  name: "LSTM",
  since: [1, 7, 14, 22],
  doc: "One-layer LSTM over a sequence, in one or both directions, with optional peepholes.",
  inputs: [
    { name: "X", type: "T", doc: "[time,batch,input], or batch first with layout=1." },
    { name: "W", type: "T", doc: "[directions,4·hidden,input], gates i o f c." },
    { name: "R", type: "T", doc: "[directions,4·hidden,hidden]." },
    { name: "B", type: "T", optional: true, doc: "[directions,8·hidden]." },
    { name: "sequence_lens", type: "T1", optional: true, doc: "Steps of each batch element, [batch]." },
    { name: "initial_h", type: "T", optional: true },
    { name: "initial_c", type: "T", optional: true },
    { name: "P", type: "T", optional: true, doc: "Peepholes i o f, [directions,3·hidden]." },
  ],
  outputs: [
    { name: "Y", type: "T", optional: true, doc: "All hidden states, [time,directions,batch,hidden]." },
    { name: "Y_h", type: "T", optional: true, doc: "The last hidden state." },
    { name: "Y_c", type: "T", optional: true, doc: "The last cell state." },
  ],
  attributes,
  types: { T: floats, T1: ["int32"] },
  infer: (c) => inferRecurrent(c, c.attrs, 4),
  reference(c) {
    const coupled = c.attrs.input_forget === 1;
    return runRecurrent(c, c.attrs, {
      gates: 4,
      activations: ["Sigmoid", "Tanh", "Tanh"],
      hasCell: true,
      step: (step) => lstmStep(step, coupled),
    });
  },
  cost: recurrentCost,
});
