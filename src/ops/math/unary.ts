/** Operators of one input and one formula without parameters. */
import { unaryOperator } from "../common/elementwise.ts";
import { roundHalfEven } from "../common/numbers.ts";
import { erf } from "../common/special.ts";
import { floats, numerics, signed } from "../common/types.ts";

const since1 = [1, 6, 13] as const;
const since7 = [7, 22] as const;
const since9 = [9, 22] as const;

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
export const exp = unaryOperator({
  name: "Exp",
  since: since1,
  doc: "Elementwise eˣ.",
  types: floats,
  f: Math.exp,
  flops: 10,
});
export const log = unaryOperator({
  name: "Log",
  since: since1,
  doc: "Elementwise natural logarithm.",
  types: floats,
  f: Math.log,
  flops: 10,
});
export const erfOp = unaryOperator({
  name: "Erf",
  since: [9, 13],
  doc: "Elementwise error function.",
  types: numerics,
  f: erf,
  flops: 10,
});
export const sin = unaryOperator({
  name: "Sin",
  since: since7,
  doc: "Elementwise sine of x in radians.",
  types: floats,
  f: Math.sin,
  flops: 10,
});
export const cos = unaryOperator({
  name: "Cos",
  since: since7,
  doc: "Elementwise cosine of x in radians.",
  types: floats,
  f: Math.cos,
  flops: 10,
});
export const tan = unaryOperator({
  name: "Tan",
  since: since7,
  doc: "Elementwise tangent of x in radians.",
  types: floats,
  f: Math.tan,
  flops: 10,
});
export const asin = unaryOperator({
  name: "Asin",
  since: since7,
  doc: "Elementwise arcsine, in radians.",
  types: floats,
  f: Math.asin,
  flops: 10,
});
export const acos = unaryOperator({
  name: "Acos",
  since: since7,
  doc: "Elementwise arccosine, in radians.",
  types: floats,
  f: Math.acos,
  flops: 10,
});
export const atan = unaryOperator({
  name: "Atan",
  since: since7,
  doc: "Elementwise arctangent, in radians.",
  types: floats,
  f: Math.atan,
  flops: 10,
});
export const sinh = unaryOperator({
  name: "Sinh",
  since: since9,
  doc: "Elementwise hyperbolic sine.",
  types: floats,
  f: Math.sinh,
  flops: 10,
});
export const cosh = unaryOperator({
  name: "Cosh",
  since: since9,
  doc: "Elementwise hyperbolic cosine.",
  types: floats,
  f: Math.cosh,
  flops: 10,
});
export const asinh = unaryOperator({
  name: "Asinh",
  since: since9,
  doc: "Elementwise inverse hyperbolic sine.",
  types: floats,
  f: Math.asinh,
  flops: 10,
});
export const acosh = unaryOperator({
  name: "Acosh",
  since: since9,
  doc: "Elementwise inverse hyperbolic cosine.",
  types: floats,
  f: Math.acosh,
  flops: 10,
});
export const atanh = unaryOperator({
  name: "Atanh",
  since: since9,
  doc: "Elementwise inverse hyperbolic tangent.",
  types: floats,
  f: Math.atanh,
  flops: 10,
});
