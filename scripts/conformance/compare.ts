/** Judging: type and shape as expected, |got - expected| <= atol + rtol·|expected|, NaN equal to NaN. */

import { toNumbers } from "../../src/base/numbers.ts";
import { formatType } from "../../src/base/shapes.ts";
import type { RuntimeValue, Tensor } from "../../src/base/tensor.ts";

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** The ONNX runner's defaults, which every test of its pack uses. */
export const onnxTolerance: Tolerance = { rtol: 1e-3, atol: 1e-7 };

/** What differs, in one line; undefined where nothing does. `values: false` compares types and shapes only. */
export function difference(
  got: RuntimeValue | undefined,
  expected: RuntimeValue,
  tolerance: Tolerance,
  values = true,
): string | undefined {
  if (!got) return "is missing";
  if (got.kind !== expected.kind) return `is a ${got.kind}, expected a ${expected.kind}`;
  if (got.kind === "optional" && expected.kind === "optional") {
    if (!got.value || !expected.value)
      return got.value || expected.value
        ? `is ${got.value ? "filled" : "empty"}, expected ${expected.value ? "filled" : "empty"}`
        : undefined;
    return difference(got.value, expected.value, tolerance, values);
  }
  if (got.kind === "sequence" && expected.kind === "sequence") {
    if (got.items.length !== expected.items.length)
      return `has ${got.items.length} elements, expected ${expected.items.length}`;
    for (const [index, item] of expected.items.entries()) {
      const inner = difference(got.items[index], item, tolerance, values);
      if (inner) return `element ${index} ${inner}`;
    }
    return undefined;
  }
  return tensorDifference(got as Tensor, expected as Tensor, tolerance, values);
}

function tensorDifference(
  got: Tensor,
  expected: Tensor,
  { rtol, atol }: Tolerance,
  values: boolean,
): string | undefined {
  const [have, want] = [formatType(got.dtype, got.shape), formatType(expected.dtype, expected.shape)];
  if (have !== want) return `is ${have}, expected ${want}`;
  if (!values) return undefined;
  if (got.dtype === "string" || got.dtype === "int64" || got.dtype === "uint64") {
    const [a, b] = [got.data as ArrayLike<unknown>, expected.data as ArrayLike<unknown>];
    for (let i = 0; i < a.length; i++)
      if (a[i] !== b[i]) return `element ${i} is ${String(a[i])}, expected ${String(b[i])}`;
    return undefined;
  }
  const complex = got.dtype === "complex64" || got.dtype === "complex128";
  const [a, b] = complex
    ? [got.data as unknown as Float64Array, expected.data as unknown as Float64Array]
    : [toNumbers(got), toNumbers(expected)];
  let worst = -1;
  let wrong = 0;
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    if (Number.isFinite(y) && Math.abs(x - y) <= atol + rtol * Math.abs(y)) continue;
    wrong++;
    if (worst < 0 || Math.abs(x - y) > Math.abs(a[worst]! - b[worst]!)) worst = i;
  }
  return wrong
    ? `${wrong} of ${a.length} elements differ, most [${worst}]: ${a[worst]}, expected ${b[worst]}`
    : undefined;
}
