/** Types of graph values: what is known before a run about what flows along an edge. */
import type { DType } from "./dtypes.ts";
import { formatType, type Shape } from "./shapes.ts";

export type ValueType =
  | {
      readonly kind: "tensor";
      readonly dtype: DType /** Absent: not even the rank is known. */;
      readonly shape?: Shape;
    }
  | { readonly kind: "sequence"; readonly element: ValueType }
  | { readonly kind: "optional"; readonly element: ValueType };

export function tensorType(dtype: DType, shape?: Shape): ValueType {
  return shape ? { kind: "tensor", dtype, shape } : { kind: "tensor", dtype };
}

/** `float32[1,n]`, `seq(float32[…])`, `optional(int64[3])`. */
export function formatValueType(type: ValueType): string {
  if (type.kind === "tensor") return formatType(type.dtype, type.shape);
  return `${type.kind === "sequence" ? "seq" : "optional"}(${formatValueType(type.element)})`;
}
