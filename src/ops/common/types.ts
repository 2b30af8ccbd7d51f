/** Groups of dtypes that operators accept, and attributes that many old operator versions share. */
import type { DType } from "../../base/dtypes.ts";

export const floats = ["float32", "float64", "float16", "bfloat16"] as const satisfies readonly DType[];
export const signedInts = ["int8", "int16", "int32", "int64"] as const satisfies readonly DType[];
export const unsignedInts = ["uint8", "uint16", "uint32", "uint64"] as const satisfies readonly DType[];
export const ints = [...signedInts, ...unsignedInts] as const;
export const numerics = [...floats, ...ints] as const;
export const signed = [...floats, ...signedInts] as const;
export const float8s = [
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
] as const satisfies readonly DType[];
/** Types narrower than a byte and the scale type: ONNX stores and converts them, few operators compute with them. */
export const narrow = [
  "uint4",
  "int4",
  "uint2",
  "int2",
  "float4e2m1",
  "float8e8m0",
] as const satisfies readonly DType[];
/** Everything that has numbers as elements, bool included. */
export const numericOrBool = [...numerics, "bool"] as const;

/** Opset 1 files carry hints for in-place execution; they change no value. */
export const consumedInputs = {
  consumed_inputs: { type: "ints", until: 5, doc: "Legacy in-place hint; ignored." },
} as const;
