/** Constants made from other constants when their elements are first asked for. */
import type { Read } from "../../base/deferred.ts";
import { byteLength, type DType } from "../../base/dtypes.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { ConstantSource } from "../ir/graph.ts";

type Source = ConstantSource | Tensor;

const read = (source: Source): Tensor => ("kind" in source ? source : source.read());

function typeOf(source: Source): { dtype: DType; shape: readonly number[] } {
  return "kind" in source ? source : { dtype: source.type.dtype, shape: source.type.shape as readonly number[] };
}

/** All who ask share the tensor, whose elements are read when they are asked for. */
function once(dtype: DType, shape: readonly number[], elements: () => Read<Tensor["data"]>): () => Tensor {
  let tensor: Tensor | undefined;
  return () => (tensor ??= Tensor.deferred(dtype, shape, elements));
}

/** Whether two arrays lie in memory of their own. */
const areApart = (a: Tensor["data"], b: Tensor["data"]): boolean =>
  !Array.isArray(a) && !Array.isArray(b) && (a as Uint8Array).buffer !== (b as Uint8Array).buffer;

/** The same shape, another dtype. */
export function lazySource(source: Source, dtype: DType, compute: (tensor: Tensor) => Tensor): ConstantSource {
  const { shape } = typeOf(source);
  return {
    type: { kind: "tensor", dtype, shape },
    sizeBytes: byteLength(dtype, sizeOf(shape)),
    read: once(dtype, shape, () => {
      const from = Tensor.peek(read(source));
      const { data } = compute(from);
      return { data, isOwn: areApart(data, from.data) };
    }),
  };
}

/** Axes in another order, then another shape of as many elements. */
export function transposed(source: Source, perm: readonly number[], shape?: readonly number[]): ConstantSource {
  const from = typeOf(source);
  const turned = perm.map((axis) => from.shape[axis]!);
  const to = shape ?? turned;
  return {
    type: { kind: "tensor", dtype: from.dtype, shape: to },
    sizeBytes: byteLength(from.dtype, sizeOf(to)),
    read: once(from.dtype, to, () => {
      const tensor = Tensor.peek(read(source));
      const data = transposeElements(tensor, perm);
      return { data, isOwn: areApart(data, tensor.data) };
    }),
  };
}

/** Elements with the axes in another order. Not for complex types, which take two array elements each. */
export function transposeElements(tensor: Tensor, perm: readonly number[]): Tensor["data"] {
  const data = tensor.data as Float32Array;
  if (perm.every((axis, i) => axis === i)) return data;
  const strides = stridesOf(tensor.shape);
  const shape = perm.map((axis) => tensor.shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const out = new (data.constructor as Float32ArrayConstructor)(data.length);
  const index = new Array<number>(shape.length).fill(0);
  const last = shape.length - 1;
  const run = shape[last]!;
  const step = steps[last]!;
  for (let at = 0, base = 0; at < out.length; ) {
    for (let i = 0; i < run; i++) out[at++] = data[base + i * step]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      base += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      base -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
