/** Operators of one input and one formula without parameters. */
import { unaryOperator } from "../common/elementwise.ts";
import { roundHalfEven } from "../common/numbers.ts";
import { erf } from "../common/special.ts";
import { floats, numerics, signed } from "../common/types.ts";
import type { Operator } from "../operator.ts";

const since1 = [1, 6, 13] as const;
const since7 = [7, 22] as const;
const since9 = [9, 22] as const;

/** Functions of floats that cost some ten operations an element. */
const transcendental = (name: string, since: readonly number[], what: string, f: (x: number) => number): Operator =>
  unaryOperator({ name, since, doc: `Elementwise ${what}.`, types: floats, f, flops: 10 });

export const abs = unaryOperator({
  name: "Abs",
  since: since1,
  doc: "Elementwise |x|.",
  types: numerics,
  f: Math.abs,
  big: (x) => (x < 0n ? -x : x),
});
export const neg = unaryOperator({
  name: "Neg",
  since: since1,
  doc: "Elementwise -x.",
  types: signed,
  f: (x) => -x,
  big: (x) => -x,
});
export const sign = unaryOperator({
  name: "Sign",
  since: [9, 13],
  doc: "Elementwise -1, 0 or 1 by the sign of x.",
  types: numerics,
  f: Math.sign,
  big: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n),
});
export const ceil = unaryOperator({
  name: "Ceil",
  since: since1,
  doc: "Elementwise smallest whole number that is not below x.",
  types: floats,
  f: Math.ceil,
});
export const floor = unaryOperator({
  name: "Floor",
  since: since1,
  doc: "Elementwise largest whole number that is not above x.",
  types: floats,
  f: Math.floor,
});
export const round = unaryOperator({
  name: "Round",
  since: [11, 22],
  doc: "Elementwise nearest whole number, halves to the even one.",
  types: floats,
  f: roundHalfEven,
});
export const reciprocal = unaryOperator({
  name: "Reciprocal",
  since: since1,
  doc: "Elementwise 1/x.",
  types: floats,
  f: (x) => 1 / x,
});
export const sqrt = unaryOperator({
  name: "Sqrt",
  since: since1,
  doc: "Elementwise square root; NaN for negative x.",
  types: floats,
  f: Math.sqrt,
});
export const exp = transcendental("Exp", since1, "eˣ", Math.exp);
export const log = transcendental("Log", since1, "natural logarithm", Math.log);
export const erfOp = unaryOperator({
  name: "Erf",
  since: [9, 13],
  doc: "Elementwise error function.",
  types: numerics,
  f: erf,
  flops: 10,
});
export const sin = transcendental("Sin", since7, "sine of x in radians", Math.sin);
export const cos = transcendental("Cos", since7, "cosine of x in radians", Math.cos);
export const tan = transcendental("Tan", since7, "tangent of x in radians", Math.tan);
export const asin = transcendental("Asin", since7, "arcsine, in radians", Math.asin);
export const acos = transcendental("Acos", since7, "arccosine, in radians", Math.acos);
export const atan = transcendental("Atan", since7, "arctangent, in radians", Math.atan);
export const sinh = transcendental("Sinh", since9, "hyperbolic sine", Math.sinh);
export const cosh = transcendental("Cosh", since9, "hyperbolic cosine", Math.cosh);
export const asinh = transcendental("Asinh", since9, "inverse hyperbolic sine", Math.asinh);
export const acosh = transcendental("Acosh", since9, "inverse hyperbolic cosine", Math.acosh);
export const atanh = transcendental("Atanh", since9, "inverse hyperbolic tangent", Math.atanh);
