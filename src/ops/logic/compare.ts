/** Comparisons and logic of two inputs; the result is bool. */
import type { DType } from "../../base/dtypes.ts";
import { binaryOperator } from "../common/elementwise.ts";
import { numericOrBool, numerics } from "../common/types.ts";

const bools = ["bool"] as const satisfies readonly DType[];

export const equal = binaryOperator({
  name: "Equal",
  since: [1, 7, 11, 13, 19],
  doc: "Elementwise A = B with broadcasting; NaN equals nothing.",
  types: [...numericOrBool, "string"],
  result: "bool",
  number: (a, b) => +(a === b),
  raw: (a, b) => +(a === b),
});
export const greater = binaryOperator({
  name: "Greater",
  since: [1, 7, 9, 13],
  doc: "Elementwise A > B with broadcasting.",
  types: numerics,
  result: "bool",
  number: (a, b) => +(a > b),
  raw: (a, b) => +((a as bigint) > (b as bigint)),
});
export const less = binaryOperator({
  name: "Less",
  since: [1, 7, 9, 13],
  doc: "Elementwise A < B with broadcasting.",
  types: numerics,
  result: "bool",
  number: (a, b) => +(a < b),
  raw: (a, b) => +((a as bigint) < (b as bigint)),
});
export const greaterOrEqual = binaryOperator({
  name: "GreaterOrEqual",
  since: [12, 16],
  doc: "Elementwise A ≥ B with broadcasting.",
  types: numerics,
  result: "bool",
  number: (a, b) => +(a >= b),
  raw: (a, b) => +((a as bigint) >= (b as bigint)),
});
export const lessOrEqual = binaryOperator({
  name: "LessOrEqual",
  since: [12, 16],
  doc: "Elementwise A ≤ B with broadcasting.",
  types: numerics,
  result: "bool",
  number: (a, b) => +(a <= b),
  raw: (a, b) => +((a as bigint) <= (b as bigint)),
});
export const and = binaryOperator({
  name: "And",
  since: [1, 7],
  doc: "Elementwise A and B with broadcasting.",
  types: bools,
  result: "bool",
  number: (a, b) => a & b,
});
export const or = binaryOperator({
  name: "Or",
  since: [1, 7],
  doc: "Elementwise A or B with broadcasting.",
  types: bools,
  result: "bool",
  number: (a, b) => a | b,
});
export const xor = binaryOperator({
  name: "Xor",
  since: [1, 7],
  doc: "Elementwise either A or B, not both, with broadcasting.",
  types: bools,
  result: "bool",
  number: (a, b) => a ^ b,
});
