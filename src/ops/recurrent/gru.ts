import { recur, recurrentOperator, type Step } from "../common/recurrent.ts";

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

export const gru = recurrentOperator({
  name: "GRU",
  since: [1, 3, 7, 14, 22],
  doc: "One-layer GRU over a sequence, in one or both directions.",
  gates: ["z", "r", "h"],
  activations: ["Sigmoid", "Tanh"],
  flag: {
    name: "linear_before_reset",
    spec: { type: "int", default: 0, since: 3, doc: "1: the reset gate is applied after the product with R." },
  },
  step: gruStep,
});
