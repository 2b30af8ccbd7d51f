/** Activations without parameters; the formulas are in common/activations.ts. */
import { activation } from "../common/activations.ts";
import { unaryOperator } from "../common/elementwise.ts";
import { floats, signed } from "../common/types.ts";
import type { Operator } from "../operator.ts";

/** Of floats; `flops` an element. */
const activationOperator = (name: string, since: readonly number[], what: string, flops: number): Operator =>
  unaryOperator({ name, since, doc: `Elementwise ${what}.`, types: floats, f: activation(name)!, flops });

export const relu = unaryOperator({
  name: "Relu",
  since: [1, 6, 13, 14],
  doc: "Elementwise max(x, 0).",
  types: signed,
  f: activation("Relu")!,
  big: (x) => (x < 0n ? 0n : x),
});
export const sigmoid = activationOperator("Sigmoid", [1, 6, 13], "1 / (1 + e⁻ˣ)", 12);
export const tanh = activationOperator("Tanh", [1, 6, 13], "hyperbolic tangent", 12);
export const softplus = activationOperator("Softplus", [1, 22], "log(1 + eˣ)", 20);
export const softsign = activationOperator("Softsign", [1, 22], "x / (1 + |x|)", 3);
export const mish = activationOperator("Mish", [18, 22], "x · tanh(log(1 + eˣ))", 32);
export const hardSwish = activationOperator("HardSwish", [14, 22], "x · max(0, min(1, x/6 + 1/2))", 5);
