/** How ScatterElements and ScatterND put an update onto what is there. */
import type { DType } from "../../base/dtypes.ts";
import { decodeNumber, encodeNumber, isBig } from "../common/numbers.ts";

const onNumbers: Record<string, (old: number, update: number) => number> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
};
const onBigints: Record<string, (old: bigint, update: bigint) => bigint> = {
  add: (a, b) => a + b,
  mul: (a, b) => a * b,
  max: (a, b) => (a > b ? a : b),
  min: (a, b) => (a < b ? a : b),
};

/** A function of stored elements; undefined where the update simply replaces. */
export function reduction(
  c: { fail(code: "ATTRIBUTE" | "DTYPE", message: string): never },
  name: string | undefined,
  dtype: DType,
): ((old: unknown, update: unknown) => unknown) | undefined {
  if (name === undefined || name === "none") return undefined;
  const f = onNumbers[name];
  if (!f) c.fail("ATTRIBUTE", `reduction is ${JSON.stringify(name)}, expected none, add, mul, max or min`);
  if (dtype === "string" || dtype.startsWith("complex"))
    c.fail("DTYPE", `data is ${dtype}, expected numbers for reduction ${name}`);
  if (isBig(dtype)) return onBigints[name] as (old: unknown, update: unknown) => unknown;
  return (old, update) =>
    encodeNumber(dtype, f(decodeNumber(dtype, old as number), decodeNumber(dtype, update as number)));
}
