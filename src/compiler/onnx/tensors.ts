/** TensorProto → elements. Sizes are checked when the model is read, elements are made when somebody asks. */

import { minDeferredBytes } from "../../base/deferred.ts";
import {
  allocate,
  arrayTypeOf,
  type DataArray,
  type DType,
  dtypeFromOnnx,
  dtypes,
  storageLength,
} from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { Tensor } from "../../base/tensor.ts";
import { type ByteRange, freshBytes, readRange } from "../files/bytes.ts";
import type { ConstantSource } from "../ir/graph.ts";
import { type ExternalFiles, externalFiles } from "./external.ts";
import type { DataRuns, SparseTensorProto, TensorProto } from "./schema.ts";
import { decodeText } from "./wire.ts";

/** A dense copy of a sparse tensor may take this much; more is taken for a decompression bomb. */
const maxDenseBytes = 2 ** 30;
const external = 1;

function invalid(name: string, message: string): InferlabError {
  return new InferlabError("MODEL_INVALID", `tensor ${JSON.stringify(name)}: ${message}`, {
    details: { tensor: name },
  });
}

/** Bytes of `count` elements as raw_data and external files hold them: types below 8 bits are packed. */
export const packedBytes = (dtype: DType, count: number): number => Math.ceil((dtypes[dtype].bits * count) / 8);

/** The typed field that holds a dtype's elements where raw_data does not. */
function typedField(proto: TensorProto, dtype: DType): DataRuns | undefined {
  switch (dtype) {
    case "float32":
    case "complex64":
      return proto.floatData;
    case "float64":
    case "complex128":
      return proto.doubleData;
    case "int64":
      return proto.int64Data;
    case "uint32":
    case "uint64":
      return proto.uint64Data;
    default:
      return proto.int32Data;
  }
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Elements of packed types (2 or 4 bits), lowest bits first; signed ones are extended. */
function unpack(dtype: DType, bytes: Uint8Array, count: number): DataArray {
  const out = allocate(dtype, count) as Uint8Array | Int8Array;
  const { bits, kind } = dtypes[dtype];
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  const sign = kind === "int" ? 2 ** (bits - 1) : 0;
  for (let i = 0; i < count; i++) {
    const value = (bytes[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & mask;
    out[i] = sign && value >= sign ? value - 2 * sign : value;
  }
  return out;
}

/** Elements from little-endian bytes: a view of them where they are aligned, else a copy. */
function fromRaw(dtype: DType, bytes: Uint8Array, count: number): DataArray {
  if (dtypes[dtype].bits < 8) return unpack(dtype, bytes, count);
  const length = storageLength(dtype, count);
  const ArrayType = arrayTypeOf(dtype);
  const width = ArrayType.BYTES_PER_ELEMENT;
  if (littleEndian && bytes.byteOffset % width === 0) return new ArrayType(bytes.buffer, bytes.byteOffset, length);
  const copy = bytes.slice();
  if (!littleEndian && width > 1) {
    for (let i = 0; i < copy.length; i += width) copy.subarray(i, i + width).reverse();
  }
  return new ArrayType(copy.buffer, 0, length);
}

/** The varints of a run as 64-bit integers; those of few bits as plain numbers, which cost less. */
function* varints(bytes: Uint8Array): Generator<number | bigint> {
  for (let at = 0; at < bytes.length; ) {
    let large: bigint | undefined;
    let small = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length || shift > 63) throw new RangeError("a number is cut off");
      const byte = bytes[at++]!;
      if (shift < 28) small |= (byte & 127) << shift;
      else large = (large ?? 0n) | (BigInt(byte & 127) << BigInt(shift));
      if (byte < 128) break;
    }
    yield large === undefined ? small : BigInt.asIntN(64, large | BigInt(small));
  }
}

function fromTyped(name: string, dtype: DType, runs: DataRuns, count: number): DataArray {
  const wide = dtype === "int64" || dtype === "uint64";
  const isFloat = dtype === "float32" || dtype === "float64" || dtypes[dtype].kind === "complex";
  // Types below 8 bits are packed into bytes first, one byte an int32.
  const packed = dtypes[dtype].bits < 8;
  const length = packed ? packedBytes(dtype, count) : storageLength(dtype, count);
  const [only] = runs;
  if (isFloat && runs.length === 1 && typeof only === "object" && only.length === packedBytes(dtype, count))
    return fromRaw(dtype, readRange(only), count);
  const out = packed ? new Uint8Array(length) : allocate(dtype, count);
  let at = 0;
  const put = (value: number | bigint): void => {
    if (at < length) out[at] = wide ? BigInt(value) : Number(value);
    at++;
  };
  for (const run of runs) {
    if (typeof run !== "object") put(run);
    else if (isFloat) {
      const bytes = readRange(run);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const width = dtype === "float32" || dtype === "complex64" ? 4 : 8;
      for (let i = 0; i + width <= bytes.length; i += width)
        put(width === 4 ? view.getFloat32(i, true) : view.getFloat64(i, true));
    } else for (const value of varints(readRange(run))) put(value);
  }
  if (at !== length) throw invalid(name, `it has ${at} elements, expected ${length}`);
  return packed ? unpack(dtype, out as Uint8Array, count) : out;
}

/** A shape from a file and its number of elements. Errors: MODEL_INVALID for negative or absurd sizes. */
function checkedShape(name: string, dims: readonly number[]): { shape: number[]; count: number } {
  let count = 1;
  let product = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) throw invalid(name, `its shape is [${dims.join(",")}]`);
    count *= dim;
    product *= Math.max(1, dim);
    if (product > Number.MAX_SAFE_INTEGER) throw invalid(name, `its shape [${dims.join(",")}] is too large`);
  }
  return { shape: [...dims], count };
}

export function elementType(code: number | undefined, name: string): DType {
  const dtype = dtypeFromOnnx(code ?? 0);
  if (!dtype) throw invalid(name, `its element type has code ${code ?? 0}, which ONNX does not define`);
  return dtype;
}

/**
 * A tensor of a file, not yet read. Errors: MODEL_INVALID where shape, type and amount of data do not fit, EXTERNAL_DATA.
 */
export function tensorSource(proto: TensorProto, files: ExternalFiles, fallbackName = ""): ConstantSource {
  const name = proto.name || fallbackName;
  const dtype = elementType(proto.dataType, name);
  const { shape, count } = checkedShape(name, proto.dims ?? []);
  const type = { kind: "tensor" as const, dtype, shape };
  let large: Tensor | undefined;
  /** `isOwn`: whether the array at hand is a fresh one. Those who ask for a large tensor share it. */
  const source = (
    sizeBytes: number,
    elements: () => DataArray,
    isOwn: (data: DataArray) => boolean = () => true,
  ): ConstantSource => ({
    type,
    sizeBytes,
    read() {
      if (sizeBytes < minDeferredBytes) return new Tensor(dtype, shape, elements());
      large ??= Tensor.deferred(dtype, shape, () => {
        const data = elements();
        return { data, isOwn: isOwn(data) };
      });
      return large;
    },
  });
  if (dtype === "string") {
    const strings = proto.stringData ?? [];
    if (strings.length !== count) throw invalid(name, `it has ${strings.length} strings, expected ${count}`);
    const sizeBytes = strings.reduce((sum, range) => sum + range.length, 0);
    return source(sizeBytes, () => strings.map((range) => decodeText(readRange(range))));
  }
  const expected = packedBytes(dtype, count);
  let raw: ByteRange | undefined = proto.rawData;
  if (proto.dataLocation === external) raw = files.range(proto.externalData ?? [], name, expected);
  if (raw && (raw.length > 0 || expected === 0)) {
    if (raw.length !== expected) throw invalid(name, `it has ${raw.length} bytes of data, expected ${expected}`);
    // A view of the whole read, or a copy of it.
    const isOwn = (data: DataArray): boolean => !raw.source.inMemory && expected >= freshBytes && isWhole(data);
    return source(expected, () => fromRaw(dtype, readRange(raw), count), isOwn);
  }
  const runs = typedField(proto, dtype) ?? [];
  const isOwnRun = (): boolean => runs.every((run) => typeof run !== "object" || !run.source.inMemory);
  // A varint takes at least a byte and at most ten: enough to refuse sizes that the data cannot have.
  const wanted = dtypes[dtype].bits < 8 ? expected : storageLength(dtype, count);
  const most = runs.reduce<number>((sum, run) => sum + (typeof run === "object" ? run.length : 8), 0);
  if (wanted > most) throw invalid(name, `its shape is [${shape.join(",")}], but it has ${most} bytes of data`);
  return source(
    expected,
    () => {
      try {
        return fromTyped(name, dtype, runs, count);
      } catch (error) {
        if (error instanceof RangeError) throw invalid(name, error.message);
        throw error;
      }
    },
    (data) => isOwnRun() && isWhole(data),
  );
}

/** Whether an array is all of its buffer. */
function isWhole(data: DataArray): boolean {
  return !Array.isArray(data) && (data as Uint8Array).byteLength === (data as Uint8Array).buffer.byteLength;
}

/** The dense form of a sparse tensor (elements and their positions). */
export function sparseSource(proto: SparseTensorProto, files: ExternalFiles, fallbackName = ""): ConstantSource {
  const name = proto.values?.name || fallbackName;
  const values = tensorSource(proto.values ?? {}, files, name);
  const { shape, count } = checkedShape(name, proto.dims ?? []);
  const { dtype } = values.type;
  const sizeBytes = packedBytes(dtype, count);
  if (sizeBytes > maxDenseBytes || dtypes[dtype].kind === "complex" || dtype === "string")
    throw new InferlabError(
      "UNSUPPORTED",
      `sparse tensor ${JSON.stringify(name)} of ${dtype}[${shape}] is not made dense`,
    );
  const indices = proto.indices ? tensorSource(proto.indices, files, name) : undefined;
  return {
    type: { kind: "tensor", dtype, shape },
    sizeBytes,
    read() {
      const from = values.read();
      const at = indices?.read();
      const out = Tensor.zeros(dtype, shape);
      const rank = at?.shape.length === 2 ? shape.length : 1;
      if (at ? at.dtype !== "int64" || at.size !== from.size * rank : from.size > 0)
        throw invalid(name, "its indices do not fit its values");
      const positions = at?.data as BigInt64Array;
      for (let i = 0; i < from.size; i++) {
        let position = rank === 1 ? Number(positions[i]) : 0;
        if (rank > 1)
          for (let axis = 0; axis < rank; axis++)
            position = position * shape[axis]! + Number(positions[i * rank + axis]);
        if (!(position >= 0 && position < count)) throw invalid(name, `index ${position} is outside [${shape}]`);
        (out.data as Float32Array)[position] = (from.data as Float32Array)[i]!;
      }
      return out;
    },
  };
}

/** A tensor of a file, read now. */
export function tensorOf(proto: TensorProto, files: ExternalFiles = externalFiles(undefined), name = ""): Tensor {
  return tensorSource(proto, files, name).read();
}
