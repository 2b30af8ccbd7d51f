/** What a fluent method takes in place of a value. */
import { allocate, type DataArray, type DType, dtypes } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { encodeNumber, isBig, isEncodedFloat } from "../base/numbers.ts";
import { Tensor } from "../base/tensor.ts";
import type { Nested, TypedArray } from "./typing.ts";

export type NestedNumbers = Nested<number | bigint | boolean | string>;

/** A tensor, or numbers that become a constant tensor of the dtype the operator wants there. */
export type TensorOperand = Tensor | NestedNumbers | TypedArray;

/** In a graph also a value of the graph. */
export type GraphOperand = { readonly graphValue: true } | TensorOperand;

const dtypeOfArray = new Map<unknown, DType>([
  [Float32Array, "float32"],
  [Float64Array, "float64"],
  [Int8Array, "int8"],
  [Uint8Array, "uint8"],
  [Uint8ClampedArray, "uint8"],
  [Int16Array, "int16"],
  [Uint16Array, "uint16"],
  [Int32Array, "int32"],
  [Uint32Array, "uint32"],
  [BigInt64Array, "int64"],
  [BigUint64Array, "uint64"],
]);

function shapeOf(data: NestedNumbers): number[] {
  if (!Array.isArray(data)) return [];
  if (data.length === 0) return [0];
  const inner = shapeOf(data[0]);
  for (const [index, item] of data.entries()) {
    const found = shapeOf(item);
    if (found.length !== inner.length || found.some((dim, axis) => dim !== inner[axis]))
      throw new InferlabError("ARGUMENT", `element ${index} has shape [${found}], expected [${inner}] like the first`);
  }
  return [data.length, ...inner];
}

function firstLeaf(data: NestedNumbers): unknown {
  return Array.isArray(data) ? (data.length ? firstLeaf(data[0]) : undefined) : data;
}

/** The dtype that JavaScript values stand for: numbers float32, bigints int64, booleans bool, strings string. */
function naturalDType(leaf: unknown): DType {
  if (typeof leaf === "bigint") return "int64";
  if (typeof leaf === "boolean") return "bool";
  return typeof leaf === "string" ? "string" : "float32";
}

function fill(out: { [index: number]: unknown }, data: NestedNumbers, dtype: DType): void {
  const big = isBig(dtype);
  // Their arrays do not round and wrap by themselves: small floats are bits, elements of less than a byte lie one in a byte.
  const isEncoded = isEncodedFloat(dtype) || dtype === "bool" || dtypes[dtype].bits < 8;
  let at = 0;
  const visit = (item: NestedNumbers): void => {
    if (Array.isArray(item)) for (const inner of item) visit(inner);
    else if (dtype === "string") out[at++] = String(item);
    else if (big) out[at++] = typeof item === "bigint" ? item : BigInt(item as number);
    else if (isEncoded) out[at++] = encodeNumber(dtype, Number(item));
    else out[at++] = Number(item);
  };
  visit(data);
}

/** A tensor from numbers, rounded and wrapped as the dtype does; it is what they stand for unless it is given. */
export function fromNested(data: NestedNumbers, dtype: DType = naturalDType(firstLeaf(data))): Tensor {
  if (dtypes[dtype]?.kind === "complex")
    throw new InferlabError("ARGUMENT", `numbers cannot be given as ${dtype}`, {
      hint: "give real and imaginary parts in turn in a typed array",
    });
  const shape = shapeOf(data);
  let size = 1;
  for (const dim of shape) size *= dim;
  const out = allocate(dtype, size);
  fill(out as { [index: number]: unknown }, data, dtype);
  return new Tensor(dtype, shape, out);
}

/** A tensor over a typed array, not copied. */
export function fromTypedArray(data: ArrayBufferView, shape?: readonly number[], dtype?: DType): Tensor {
  const natural = dtypeOfArray.get(data.constructor);
  if (!natural) throw new InferlabError("ARGUMENT", `data is a ${data.constructor.name}, expected a typed array`);
  const array =
    data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer, data.byteOffset, data.length) : (data as DataArray);
  return new Tensor(dtype ?? natural, shape ?? [array.length], array);
}

/** Whether a value can stand where an operand is expected (and is not an options object). */
export function isTensorOperand(value: unknown): value is TensorOperand {
  if (value instanceof Tensor || Array.isArray(value) || ArrayBuffer.isView(value)) return true;
  return ["number", "bigint", "boolean", "string"].includes(typeof value);
}

/** The tensor an operand stands for; numbers take `dtype`. */
export function toTensor(operand: TensorOperand, dtype: DType): Tensor {
  if (operand instanceof Tensor) return operand;
  if (ArrayBuffer.isView(operand)) return fromTypedArray(operand);
  return fromNested(operand, typeof firstLeaf(operand) === "string" ? "string" : dtype);
}
