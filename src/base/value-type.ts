/** Types of graph values: what is known before a run about what flows along an edge. */
import type { DType } from "./dtypes.ts";
import { formatType, type Shape } from "./shapes.ts";

/** What flows along most edges. */
export interface TensorType {
  readonly kind: "tensor";
  readonly dtype: DType;
  /** Absent: not even the rank is known. */
  readonly shape?: Shape;
}

/** Of the key types that ONNX allows, those that an operator makes or takes. */
export type MapKeyType = "int64" | "string";

/** Values by key: a scalar each where the value's shape is [] (or is not said), else a tensor. */
export interface MapType {
  readonly kind: "map";
  readonly key: MapKeyType;
  readonly value: TensorType;
}

export type ValueType =
  | TensorType
  | MapType
  | { readonly kind: "sequence"; readonly element: ValueType }
  | { readonly kind: "optional"; readonly element: ValueType };

export function tensorType(dtype: DType, shape?: Shape): TensorType {
  return shape ? { kind: "tensor", dtype, shape } : { kind: "tensor", dtype };
}

/** A map to scalars. */
export function mapType(key: MapKeyType, dtype: DType): MapType {
  return { kind: "map", key, value: tensorType(dtype, []) };
}

/** Whether a value of this type is a map, or holds maps. */
export function holdsMaps(type: ValueType | undefined): boolean {
  if (!type || type.kind === "tensor") return false;
  return type.kind === "map" || holdsMaps(type.element);
}

/** `float32[1,n]`, `seq(float32[…])`, `optional(int64[3])`, `map(string,float32[])`. */
export function formatValueType(type: ValueType): string {
  if (type.kind === "tensor") return formatType(type.dtype, type.shape);
  if (type.kind === "map") return `map(${type.key},${formatValueType(type.value)})`;
  return `${type.kind === "sequence" ? "seq" : "optional"}(${formatValueType(type.element)})`;
}
