/**
 * Activation formulas by name: one place for the operators of that name, for the activations of LSTM, GRU and RNN, and for
 * those that a fused operator applies to its result. Parameters come in the order of `defaults`.
 */
import { erf, sigmoid, softplus } from "./special.ts";

type Formula = (x: number, alpha: number, beta: number) => number;

interface ActivationRow {
  readonly f: Formula;
  /** Values of alpha and beta where none are given; its length is the number of parameters. */
  readonly defaults: readonly number[];
}

const row = (f: Formula, ...defaults: number[]): ActivationRow => ({ f, defaults });

const table: Readonly<Record<string, ActivationRow>> = {
  Affine: row((x, alpha, beta) => alpha * x + beta, 1, 0),
  Celu: row((x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x / alpha)), 1),
  Clip: row((x, low, high) => Math.min(Math.max(x, low), high), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
  Elu: row((x, alpha) => (x >= 0 ? x : alpha * Math.expm1(x)), 1),
  Gelu: row((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  GeluTanh: row((x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
  HardSigmoid: row((x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta)), 0.2, 0.5),
  HardSwish: row((x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  LeakyRelu: row((x, alpha) => (x >= 0 ? x : alpha * x), 0.01),
  Mish: row((x) => x * Math.tanh(softplus(x))),
  ParametricSoftplus: row((x, alpha, beta) => alpha * softplus(beta * x), 1, 1),
  QuickGelu: row((x, alpha) => x * sigmoid(alpha * x), 1.702),
  Relu: row((x) => Math.max(x, 0)),
  ScaledTanh: row((x, alpha, beta) => alpha * Math.tanh(beta * x), 1, 1),
  Selu: row((x, alpha, gamma) => gamma * (x > 0 ? x : alpha * Math.expm1(x)), 1.6732632423543772, 1.0507009873554805),
  Shrink: row((x, lambda, bias) => (x < -lambda ? x + bias : x > lambda ? x - bias : 0), 0.5, 0),
  Sigmoid: row(sigmoid),
  Softplus: row(softplus),
  Softsign: row((x) => x / (1 + Math.abs(x))),
  Swish: row((x, alpha) => x * sigmoid(alpha * x), 1),
  Tanh: row(Math.tanh),
  ThresholdedRelu: row((x, alpha) => (x > alpha ? x : 0), 1),
};

export const activationNames = Object.keys(table);

/** The named formula with its parameters bound; undefined for a name that is not in the table. Names ignore case. */
export function activation(
  name: string,
  params: readonly (number | undefined)[] = [],
): ((x: number) => number) | undefined {
  const found = table[name] ?? table[activationNames.find((n) => n.toLowerCase() === name.toLowerCase()) ?? ""];
  if (!found) return undefined;
  const [alpha = 0, beta = 0] = found.defaults.map((value, i) => params[i] ?? value);
  const { f } = found;
  return found.defaults.length === 0 ? (f as (x: number) => number) : (x) => f(x, alpha, beta);
}

/** How many parameters the named activation takes; 0 for an unknown name. */
export function activationArity(name: string): number {
  const found = table[name] ?? table[activationNames.find((n) => n.toLowerCase() === name.toLowerCase()) ?? ""];
  return found?.defaults.length ?? 0;
}
