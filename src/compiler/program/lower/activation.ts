/** Activations that kernels apply to their result while it is in registers, and how a fused operator names them. */
import type { LowerContext } from "../lowering.ts";
import { codes } from "../schema.ts";

export const activationKinds = codes("ActivationKind", "Functions a kernel may apply to its result (kernels/common).", [
  "none",
  "relu",
  "clip",
  "leakyRelu",
  "hardSigmoid",
  "hardSwish",
  "sigmoid",
  "silu",
  "tanh",
  "prelu",
  "gelu",
  "elu",
]);

/** Where a second tensor of the result's shape is added. */
export const residualKinds = codes("ResidualKind", "Where a kernel adds a second tensor.", [
  "none",
  "beforeActivation",
  "afterActivation",
]);

export interface Activation {
  readonly kind: (typeof activationKinds.names)[number];
  readonly alpha: number;
  readonly beta: number;
}

export const noActivation: Activation = { kind: "none", alpha: 0, beta: 0 };

/** Names of src/ops/common/activations.ts with their default parameters → kinds. */
const table: Readonly<Record<string, (params: readonly number[]) => Activation>> = {
  Relu: () => ({ kind: "relu", alpha: 0, beta: 0 }),
  Clip: ([low, high]) => ({ kind: "clip", alpha: low ?? -Infinity, beta: high ?? Infinity }),
  LeakyRelu: ([alpha]) => ({ kind: "leakyRelu", alpha: alpha ?? 0.01, beta: 0 }),
  HardSigmoid: ([alpha, beta]) => ({ kind: "hardSigmoid", alpha: alpha ?? 0.2, beta: beta ?? 0.5 }),
  HardSwish: () => ({ kind: "hardSwish", alpha: 1 / 6, beta: 0.5 }),
  Sigmoid: () => ({ kind: "sigmoid", alpha: 0, beta: 0 }),
  Swish: ([alpha]) => ({ kind: "silu", alpha: alpha ?? 1, beta: 0 }),
  QuickGelu: ([alpha]) => ({ kind: "silu", alpha: alpha ?? 1.702, beta: 0 }),
  Tanh: () => ({ kind: "tanh", alpha: 0, beta: 0 }),
  Gelu: () => ({ kind: "gelu", alpha: 0, beta: 0 }),
  Elu: ([alpha]) => ({ kind: "elu", alpha: alpha ?? 1, beta: 0 }),
};

/** The activation a fused operator's attributes ask for; undefined where kernels do not have it. */
export function activationOf(c: Pick<LowerContext, "attrs">): Activation | undefined {
  const name = c.attrs.activation;
  if (typeof name !== "string" || name === "") return noActivation;
  return table[name]?.((c.attrs.activation_params as readonly number[] | undefined) ?? []);
}
