/** The elements of a TFLite file's constants, read when first asked for. */
import { arrayTypeOf, byteLength, type DType, dtypes } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { type ByteRange, type ByteSource, readRange } from "../files/bytes.ts";
import type { ConstantSource } from "../ir/graph.ts";
import type { Sparsity, TensorInfo } from "./schema.ts";

/** A sparse constant may claim any size in a few bytes. */
const maxDenseElements = 2 ** 28;

/** Bytes in the file that `count` elements take. */
function storedBytes(dtype: DType, count: number): number {
  return dtypes[dtype].bits < 8 ? Math.ceil((count * dtypes[dtype].bits) / 8) : byteLength(dtype, count);
}

/** An array of its own. */
function decode(dtype: DType, count: number, bytes: Uint8Array): Tensor["data"] {
  const { bits } = dtypes[dtype];
  if (bits < 8) {
    const out = new Int8Array(count);
    for (let i = 0; i < count; i++) out[i] = ((bytes[i >> 1]! << (i % 2 === 0 ? 4 : 0)) << 24) >> 28;
    return out;
  }
  // A copy: the file's bytes need not be aligned to elements, and are freed with the file.
  const copy = bytes.slice(0, byteLength(dtype, count));
  return new (arrayTypeOf(dtype))(copy.buffer);
}

/**
 * A constant whose bytes lie in `file`, the content of `source`. What is large is read from there when it is asked for: the
 * graph does not hold the file's content.
 *
 * Errors: MODEL_INVALID where the bytes do not fit the shape.
 */
export function constantSource(info: TensorInfo, where: string, file: Uint8Array, source: ByteSource): ConstantSource {
  const { dtype, shape } = info;
  const data = info.data ?? new Uint8Array(0);
  if (dtype === "string") {
    const strings = decodeStrings(data, where);
    if (strings.length !== sizeOf(shape))
      throw new InferlabError("MODEL_INVALID", `${where} has ${strings.length} strings for [${shape.join(",")}]`);
    return {
      type: { kind: "tensor", dtype, shape },
      sizeBytes: data.length,
      read: () => new Tensor(dtype, shape, strings),
    };
  }
  const count = sizeOf(shape);
  if (info.sparsity) {
    if (count > maxDenseElements)
      throw new InferlabError(
        "MODEL_INVALID",
        `${where} is sparse with ${count} elements, expected at most ${maxDenseElements}`,
      );
    const stored = Math.floor((data.length * 8) / dtypes[dtype].bits);
    return {
      type: { kind: "tensor", dtype, shape },
      sizeBytes: byteLength(dtype, count),
      read: () => new Tensor<DType>(dtype, shape, densify(decode(dtype, stored, data), shape, info.sparsity!, where)),
    };
  }
  if (data.length !== storedBytes(dtype, count))
    throw new InferlabError(
      "MODEL_INVALID",
      `${where} has ${data.length} bytes, expected ${storedBytes(dtype, count)} for ${dtype}[${shape.join(",")}]`,
    );
  return fromRange(dtype, shape, { source, offset: data.byteOffset - file.byteOffset, length: data.length });
}

function fromRange(dtype: DType, shape: readonly number[], range: ByteRange): ConstantSource {
  const count = sizeOf(shape);
  let tensor: Tensor | undefined;
  return {
    type: { kind: "tensor", dtype, shape },
    sizeBytes: byteLength(dtype, count),
    read: () =>
      (tensor ??= Tensor.deferred<DType>(dtype, shape, () => ({
        data: decode(dtype, count, range.length === 0 ? new Uint8Array(0) : readRange(range)),
        isOwn: true,
      }))),
  };
}

/** Count, offsets of the starts and the end, then the text: TFLite's form of a list of strings. */
function decodeStrings(bytes: Uint8Array, where: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length >= 4 ? view.getInt32(0, true) : -1;
  if (count < 0 || 4 * (count + 2) > bytes.length)
    throw new InferlabError("MODEL_INVALID", `${where} has damaged strings`);
  const text = new TextDecoder();
  return Array.from({ length: count }, (_, i) =>
    text.decode(bytes.subarray(view.getInt32(4 + 4 * i, true), view.getInt32(8 + 4 * i, true))),
  );
}

/**
 * A sparse constant with its zeros. Axes are walked in an order of their own, blocks behind the axes they cut; each is dense
 * or lists, for each place of the axes before, which indices there are. Source: TFLite schema, SparsityParameters.
 */
export function densify(
  values: Tensor["data"],
  shape: readonly number[],
  sparsity: Sparsity,
  where: string,
): Tensor["data"] {
  const { traversalOrder: order, blockMap, dims } = sparsity;
  const fail = (what: string): never => {
    throw new InferlabError("MODEL_INVALID", `${where}: its sparse form ${what}`);
  };
  const rank = shape.length;
  if (order.length !== dims.length || order.length !== rank + blockMap.length || new Set(order).size !== order.length)
    fail(`names ${order.length} axes in ${dims.length} dimensions, expected ${rank + blockMap.length}`);
  if (order.some((axis) => axis < 0 || axis >= order.length) || blockMap.some((axis) => axis < 0 || axis >= rank))
    fail("names an axis that is not there");
  const blockSize = new Array<number>(rank).fill(1);
  order.forEach((axis, level) => {
    if (axis >= rank) blockSize[blockMap[axis - rank]!] = dims[level]!.denseSize;
  });
  if (blockSize.some((size) => size < 1)) fail("has an empty block");
  const strides = stridesOf(shape);
  const data = values as Float32Array;
  const out = new (data.constructor as Float32ArrayConstructor)(sizeOf(shape));
  /** Elements that one step along an axis of the traversal moves. */
  const steps = order.map((axis) =>
    axis < rank ? strides[axis]! * blockSize[axis]! : strides[blockMap[axis - rank]!]!,
  );
  let next = 0;
  const visit = (level: number, place: number, position: number): void => {
    if (level === dims.length) {
      if (next >= data.length || position >= out.length) fail("has more places than elements");
      out[position] = data[next++]!;
      return;
    }
    const { denseSize, segments, indices } = dims[level]!;
    if (!segments || !indices) {
      if (denseSize < 1 || denseSize > out.length) fail(`has a dimension of ${denseSize}`);
      for (let i = 0; i < denseSize; i++) visit(level + 1, place * denseSize + i, position + i * steps[level]!);
      return;
    }
    const from = segments[place] ?? -1;
    const to = segments[place + 1] ?? -1;
    if (from < 0 || from > to || to > indices.length) fail("has broken segments");
    for (let i = from; i < to; i++) visit(level + 1, i, position + indices[i]! * steps[level]!);
  };
  visit(0, 0, 0);
  return out;
}
