import { recur, recurrentOperator, type Step } from "../common/recurrent.ts";

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

export const lstm = recurrentOperator({
  name: "LSTM",
  since: [1, 7, 14, 22],
  doc: "One-layer LSTM over a sequence, in one or both directions, with optional peepholes.",
  gates: ["i", "o", "f", "c"],
  activations: ["Sigmoid", "Tanh", "Tanh"],
  hasCell: true,
  flag: {
    name: "input_forget",
    spec: { type: "int", default: 0, doc: "1: the forget gate is one less the input gate." },
  },
  step: lstmStep,
});
