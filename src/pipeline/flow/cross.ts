/**
 * Values on their way to another thread. A structured clone keeps plain objects, lists, maps, dates and typed arrays but
 * strips classes, so tensors, pictures and errors travel under a mark and are put together again on the other side.
 */
import type { DataArray, DType } from "../../base/dtypes.ts";
import { type ErrorCode, errorCodes, InferlabError } from "../../base/errors.ts";
import { type Annotations, type Channels, Image } from "../../base/image.ts";
import { Tensor } from "../../base/tensor.ts";

const mark = "inferlab:class";

interface Packed {
  readonly [mark]: "tensor" | "image";
  readonly [field: string]: unknown;
}

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Array.isArray(value);
};

/** Replaces tensors and pictures, however deep; the buffers met on the way are collected in `buffers`. */
export function pack(value: unknown, buffers?: Set<ArrayBuffer>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) buffers?.add(value.buffer);
    return value;
  }
  if (value instanceof ArrayBuffer) {
    buffers?.add(value);
    return value;
  }
  const { kind } = value as { kind?: unknown };
  if (kind === "tensor") {
    const { dtype, shape, data } = value as Tensor;
    return { [mark]: "tensor", dtype, shape, data: pack(data, buffers) };
  }
  if (kind === "image") {
    const { width, height, channels, data, annotations } = value as Image;
    return { [mark]: "image", width, height, channels, data: pack(data, buffers), annotations };
  }
  if (Array.isArray(value)) return value.map((item) => pack(item, buffers));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item, buffers)]));
}

export function unpack(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map(unpack);
  if (!isPlain(value)) return value;
  const packed = value as Packed;
  if (packed[mark] === "tensor")
    return new Tensor(packed["dtype"] as DType, packed["shape"] as number[], packed["data"] as DataArray);
  if (packed[mark] === "image")
    return new Image(
      packed["width"] as number,
      packed["height"] as number,
      packed["channels"] as Channels,
      packed["data"] as Uint8Array,
      packed["annotations"] as Annotations,
    );
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}

/** An error as plain data, with the stack of the thread it happened in. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly code?: string;
  readonly hint?: string;
}

export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), stack: "" };
  const { name, message, stack = "" } = error;
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  return {
    name,
    message,
    stack,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof hint === "string" ? { hint } : {}),
  };
}

/** The error again, typed where it was, with the stack of the other thread. */
export function unpackError({ name, message, stack, code, hint }: PackedError): Error {
  const known = code !== undefined && Object.hasOwn(errorCodes, code);
  const error = known ? new InferlabError(code as ErrorCode, message, hint ? { hint } : {}) : new Error(message);
  error.name = name;
  if (stack !== "") error.stack = stack;
  return error;
}
