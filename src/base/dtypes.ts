/**
 * Element types: one row a type. Everything about a type that another file needs is derived from this table.
 *
 * Storage: one array element per tensor element, also for the types ONNX packs (int4, uint4, int2, uint2, float4e2m1: one
 * element a byte; packing happens where files are read and written). float16, bfloat16 and the float8 types hold their raw bits. Complex
 * types interleave real and imaginary part. Strings are a JavaScript array.
 */

import { InferlabError } from "./errors.ts";

/** An element type's name, as it is written in shapes: `float32[1,3]`. Spelled out so that tools print the name of the union. */
export type DType =
  | "float32"
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "int32"
  | "int64"
  | "string"
  | "bool"
  | "float16"
  | "float64"
  | "uint32"
  | "uint64"
  | "complex64"
  | "complex128"
  | "bfloat16"
  | "float8e4m3fn"
  | "float8e4m3fnuz"
  | "float8e5m2"
  | "float8e5m2fnuz"
  | "uint4"
  | "int4"
  | "float4e2m1"
  | "float8e8m0"
  | "uint2"
  | "int2";

export type DataArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

type DTypeKind = "float" | "int" | "uint" | "bool" | "string" | "complex";

/** The class of a typed array whose type is known at run time only. */
export interface ElementArray<A extends DataArray = DataArray> {
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
  from(elements: Iterable<unknown>): A;
  readonly BYTES_PER_ELEMENT: number;
}

interface DTypeRow {
  readonly kind: DTypeKind;
  /** Bits an element has in ONNX's packed form; 0 for strings. */
  readonly bits: number;
  /** ONNX TensorProto.DataType (onnx.proto, IR version 13). */
  readonly onnx: number;
  /** The class of the array of elements; Array for strings. */
  readonly array: ElementArray;
}

const row = (kind: DTypeKind, bits: number, onnx: number, array: unknown): DTypeRow => ({
  kind,
  bits,
  onnx,
  array: array as DTypeRow["array"],
});

export const dtypes = {
  float32: row("float", 32, 1, Float32Array),
  uint8: row("uint", 8, 2, Uint8Array),
  int8: row("int", 8, 3, Int8Array),
  uint16: row("uint", 16, 4, Uint16Array),
  int16: row("int", 16, 5, Int16Array),
  int32: row("int", 32, 6, Int32Array),
  int64: row("int", 64, 7, BigInt64Array),
  string: row("string", 0, 8, Array),
  bool: row("bool", 8, 9, Uint8Array),
  float16: row("float", 16, 10, Uint16Array),
  float64: row("float", 64, 11, Float64Array),
  uint32: row("uint", 32, 12, Uint32Array),
  uint64: row("uint", 64, 13, BigUint64Array),
  complex64: row("complex", 64, 14, Float32Array),
  complex128: row("complex", 128, 15, Float64Array),
  bfloat16: row("float", 16, 16, Uint16Array),
  float8e4m3fn: row("float", 8, 17, Uint8Array),
  float8e4m3fnuz: row("float", 8, 18, Uint8Array),
  float8e5m2: row("float", 8, 19, Uint8Array),
  float8e5m2fnuz: row("float", 8, 20, Uint8Array),
  uint4: row("uint", 4, 21, Uint8Array),
  int4: row("int", 4, 22, Int8Array),
  float4e2m1: row("float", 4, 23, Uint8Array),
  float8e8m0: row("float", 8, 24, Uint8Array),
  uint2: row("uint", 2, 25, Uint8Array),
  int2: row("int", 2, 26, Int8Array),
} as const satisfies Readonly<Record<DType, DTypeRow>>;

/** The typed array that holds a type's elements. */
export interface DTypeArrays {
  float32: Float32Array;
  uint8: Uint8Array;
  int8: Int8Array;
  uint16: Uint16Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  string: string[];
  bool: Uint8Array;
  float16: Uint16Array;
  float64: Float64Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  complex64: Float32Array;
  complex128: Float64Array;
  bfloat16: Uint16Array;
  float8e4m3fn: Uint8Array;
  float8e4m3fnuz: Uint8Array;
  float8e5m2: Uint8Array;
  float8e5m2fnuz: Uint8Array;
  uint4: Uint8Array;
  int4: Int8Array;
  float4e2m1: Uint8Array;
  float8e8m0: Uint8Array;
  uint2: Uint8Array;
  int2: Int8Array;
}

export const dtypeNames = Object.keys(dtypes) as DType[];

const byOnnxCode = new Map<number, DType>(dtypeNames.map((name) => [dtypes[name].onnx, name]));

/** The type with an ONNX TensorProto.DataType code, or undefined for a code nobody defined. */
export function dtypeFromOnnx(code: number): DType | undefined {
  return byOnnxCode.get(code);
}

export function isDType(name: string): name is DType {
  return Object.hasOwn(dtypes, name);
}

export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === "float";
export const isInteger = (dtype: DType): boolean => dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint";

/** Array elements that `count` tensor elements take (2 a complex number, else 1). */
export function storageLength(dtype: DType, count: number): number {
  return dtypes[dtype].kind === "complex" ? count * 2 : count;
}

/**
 * The class of the array that holds a type's elements: made over bytes, or from numbers (bigints for 64-bit integers).
 *
 * Errors: ARGUMENT for strings, which lie in no buffer.
 */
export function arrayTypeOf<D extends DType>(dtype: D): ElementArray<DTypeArrays[D]> {
  if (dtype === "string") throw new InferlabError("ARGUMENT", "strings have no typed array");
  return dtypes[dtype].array as ElementArray<DTypeArrays[D]>;
}

/** A zeroed array (empty strings for `string`) for `count` tensor elements. */
export function allocate<D extends DType>(dtype: D, count: number): DTypeArrays[D] {
  if (dtype === "string") return new Array<string>(count).fill("") as DTypeArrays[D];
  return new (arrayTypeOf(dtype))(storageLength(dtype, count));
}

/** Bytes of `count` elements in memory here (not packed); strings count as 0. */
export function byteLength(dtype: DType, count: number): number {
  if (dtype === "string") return 0;
  return Math.max(1, dtypes[dtype].bits / 8) * count;
}
