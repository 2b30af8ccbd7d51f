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

/** h' = f(W x + R h). */
function rnnStep(step: Step): void {
  const f = step.activations[0]!;
  const before = step.hidden.slice();
  for (let j = 0; j < before.length; j++) step.hidden[j] = f(step.clip(step.input[j]! + recur(step, j, before)));
}

export const rnn = operator({
  name: "RNN",
  since: [1, 7, 14, 22],
  doc: "One-layer plain recurrent net over a sequence, in one or both directions.",
  inputs: [
    { name: "X", type: "T", doc: "[time,batch,input], or batch first with layout=1." },
    { name: "W", type: "T", doc: "[directions,hidden,input]." },
    { name: "R", type: "T", doc: "[directions,hidden,hidden]." },
    { name: "B", type: "T", optional: true, doc: "[directions,2·hidden]." },
    { name: "sequence_lens", type: "T1", optional: true, doc: "Steps of each batch element, [batch]." },
    { name: "initial_h", type: "T", optional: true },
  ],
  outputs: [
    { name: "Y", type: "T", optional: true, doc: "All hidden states, [time,directions,batch,hidden]." },
    { name: "Y_h", type: "T", optional: true, doc: "The last hidden state." },
  ],
  attributes: recurrentAttributes,
  types: { T: floats, T1: ["int32"] },
  infer: (c) => inferRecurrent(c, c.attrs, 1),
  reference: (c) =>
    runRecurrent(c, c.attrs, { gates: 1, activations: ["Tanh"], hasCell: false, step: rnnStep }).slice(0, 2),
  cost: recurrentCost,
});
