/** Activations without parameters; the formulas are in common/activations.ts. */
import { activation } from "../common/activations.ts";
import { unaryOperator } from "../common/elementwise.ts";
import { floats, signed } from "../common/types.ts";

export const relu = unaryOperator({
  name: "Relu",
  since: [1, 6, 13, 14],
  doc: "Elementwise max(x, 0).",
  types: signed,
  f: activation("Relu")!,
  big: (x) => (x < 0n ? 0n : x),
});
export const sigmoid = unaryOperator({
  name: "Sigmoid",
  since: [1, 6, 13],
  doc: "Elementwise 1 / (1 + e⁻ˣ).",
  types: floats,
  f: activation("Sigmoid")!,
  flops: 12,
});
export const tanh = unaryOperator({
  name: "Tanh",
  since: [1, 6, 13],
  doc: "Elementwise hyperbolic tangent.",
  types: floats,
  f: activation("Tanh")!,
  flops: 12,
});
export const softplus = unaryOperator({
  name: "Softplus",
  since: [1, 22],
  doc: "Elementwise log(1 + eˣ).",
  types: floats,
  f: activation("Softplus")!,
  flops: 20,
});
export const softsign = unaryOperator({
  name: "Softsign",
  since: [1, 22],
  doc: "Elementwise x / (1 + |x|).",
  types: floats,
  f: activation("Softsign")!,
  flops: 3,
});
export const mish = unaryOperator({
  name: "Mish",
  since: [18, 22],
  doc: "Elementwise x · tanh(log(1 + eˣ)).",
  types: floats,
  f: activation("Mish")!,
  flops: 32,
});
export const hardSwish = unaryOperator({
  name: "HardSwish",
  since: [14, 22],
  doc: "Elementwise x · max(0, min(1, x/6 + 1/2)).",
  types: floats,
  f: activation("HardSwish")!,
  flops: 5,
});
