import { recur, recurrentOperator, type Step } from "../common/recurrent.ts";

/** h' = f(W x + R h). */
function rnnStep(step: Step): void {
  const f = step.activations[0]!;
  const before = step.hidden.slice();
  for (let j = 0; j < before.length; j++) step.hidden[j] = f(step.clip(step.input[j]! + recur(step, j, before)));
}

export const rnn = recurrentOperator({
  name: "RNN",
  since: [1, 7, 14, 22],
  doc: "One-layer plain recurrent net over a sequence, in one or both directions.",
  gates: [],
  activations: ["Tanh"],
  step: rnnStep,
});
