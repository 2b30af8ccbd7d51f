/** Comparisons and logic of two inputs; the result is bool. */
import { binaryOperator } from "../common/elementwise.ts";
import { numericOrBool, numerics } from "../common/types.ts";
import type { Operator } from "../operator.ts";

export const equal = binaryOperator({
  name: "Equal",
  since: [1, 7, 11, 13, 19],
  doc: "Elementwise A = B with broadcasting; NaN equals nothing.",
  types: [...numericOrBool, "string"],
  result: "bool",
  number: (a, b) => +(a === b),
  raw: (a, b) => +(a === b),
});

/** An ordering of two inputs; 64-bit integers are compared as they are. */
const orderOperator = (
  name: string,
  since: readonly number[],
  sign: string,
  holds: (a: number | bigint, b: number | bigint) => boolean,
): Operator =>
  binaryOperator({
    name,
    since,
    doc: `Elementwise A ${sign} B with broadcasting.`,
    types: numerics,
    result: "bool",
    number: (a, b) => +holds(a, b),
    raw: (a, b) => +holds(a as bigint, b as bigint),
  });

export const greater = orderOperator("Greater", [1, 7, 9, 13], ">", (a, b) => a > b);
export const less = orderOperator("Less", [1, 7, 9, 13], "<", (a, b) => a < b);
export const greaterOrEqual = orderOperator("GreaterOrEqual", [12, 16], "≥", (a, b) => a >= b);
export const lessOrEqual = orderOperator("LessOrEqual", [12, 16], "≤", (a, b) => a <= b);

const logicOperator = (name: string, doc: string, number: (a: number, b: number) => number): Operator =>
  binaryOperator({ name, since: [1, 7], doc, types: ["bool"], result: "bool", number });

export const and = logicOperator("And", "Elementwise A and B with broadcasting.", (a, b) => a & b);
export const or = logicOperator("Or", "Elementwise A or B with broadcasting.", (a, b) => a | b);
export const xor = logicOperator("Xor", "Elementwise either A or B, not both, with broadcasting.", (a, b) => a ^ b);
