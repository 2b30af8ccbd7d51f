/** Elements as doubles and back, with each dtype's rounding. The small floats follow IEEE 754 half, bfloat16 and OCP FP8. */
import { allocate, type DType, type DTypeArrays } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import type { Tensor } from "../../base/tensor.ts";

/** The elements as doubles (a copy). int64 beyond 2^53 loses low bits: operators exact on int64 work on `data`. */
export function toNumbers(t: Tensor): Float64Array {
  switch (t.dtype) {
    case "float32":
    case "float64":
    case "int32":
    case "uint8":
    case "int8":
    case "uint16":
    case "int16":
    case "uint32":
    case "bool":
      return Float64Array.from(t.data as Float32Array);
    case "int64":
    case "uint64":
      return Float64Array.from(t.data as BigInt64Array, Number);
    default:
      throw new InferlabError("UNSUPPORTED", `elements of ${t.dtype} have no numbers`);
  }
}

/** Doubles rounded to a dtype: nearest even for floats, truncation and wrap-around for integers. */
export function fromNumbers<D extends DType>(dtype: D, values: Float64Array): DTypeArrays[D] {
  const out = allocate(dtype, values.length) as unknown as { [index: number]: number | bigint };
  const big = dtype === "int64" || dtype === "uint64";
  for (let i = 0; i < values.length; i++) out[i] = big ? BigInt(Math.trunc(values[i]!)) : values[i]!;
  return out as unknown as DTypeArrays[D];
}
