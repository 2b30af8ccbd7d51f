/** Reading sequences and positions in them. */
import type { SequenceValue } from "../../base/tensor.ts";
import { toIntegers } from "../common/numbers.ts";
import type { ReferenceContext } from "../operator.ts";

type Context = Pick<ReferenceContext, "inputs" | "fail" | "optionalTensor">;

export function sequenceOf(c: Context, index: number): SequenceValue {
  const value = c.inputs[index];
  return value?.kind === "sequence"
    ? value
    : c.fail("DTYPE", `input ${index} is a ${value?.kind ?? "missing value"}, expected a sequence`);
}

/** The position at an optional input, in [0, limit); the last one allowed where it is left out. */
export function positionOf(c: Context, index: number, length: number, limit: number): number {
  const tensor = c.optionalTensor(index);
  const position = tensor ? (toIntegers(tensor)[0] ?? 0) : limit - 1;
  if (!(position >= -length && position < limit))
    c.fail("VALUE", `position is ${position}, expected one of [-${length}, ${limit - 1}] for ${length} elements`);
  return position < 0 ? position + length : position;
}
