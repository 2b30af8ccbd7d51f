/** Binary arithmetic with broadcasting. Integers wrap; integer division truncates towards zero. */
import { addDims, floorDivDims, isAtLeast, mulDims, subDims } from "../../base/dims.ts";
import type { Tensor } from "../../base/tensor.ts";
import { binaryOperator } from "../common/elementwise.ts";
import { isBig } from "../common/numbers.ts";
import { numerics } from "../common/types.ts";
import type { ReferenceContext } from "../operator.ts";

const since = [1, 6, 7, 13, 14] as const;

/** Fails with VALUE where an integer divisor is 0. */
export function refuseZeroDivisor(c: Pick<ReferenceContext, "fail">, divisor: Tensor): void {
  if (divisor.dtype.startsWith("float") || divisor.dtype === "bfloat16") return;
  const zero = isBig(divisor.dtype)
    ? (divisor.data as BigInt64Array).indexOf(0n)
    : (divisor.data as Int32Array).indexOf(0);
  if (zero >= 0)
    c.fail("VALUE", `input B is 0 at element ${zero}, expected a divisor other than 0 for ${divisor.dtype}`);
}

export const add = binaryOperator({
  name: "Add",
  since,
  doc: "Elementwise A + B with broadcasting.",
  types: numerics,
  dims: addDims,
  number: (a, b) => a + b,
  big: (a, b) => a + b,
});
export const sub = binaryOperator({
  name: "Sub",
  since,
  doc: "Elementwise A - B with broadcasting.",
  types: numerics,
  dims: subDims,
  number: (a, b) => a - b,
  big: (a, b) => a - b,
});
export const mul = binaryOperator({
  name: "Mul",
  since,
  doc: "Elementwise A · B with broadcasting.",
  types: numerics,
  dims: mulDims,
  number: (a, b) => a * b,
  int: Math.imul,
  big: (a, b) => a * b,
});
export const div = binaryOperator({
  name: "Div",
  since,
  doc: "Elementwise A / B with broadcasting; integers truncate towards zero.",
  types: numerics,
  number: (a, b) => a / b,
  int: (a, b) => Math.trunc(a / b),
  big: (a, b) => a / b,
  // Truncation and floor agree for sizes, which are never negative.
  dims: (a, b) => (isAtLeast(a, 0) && isAtLeast(b, 1) ? floorDivDims(a, b) : undefined),
  check: (c, _, b) => refuseZeroDivisor(c, b),
});
