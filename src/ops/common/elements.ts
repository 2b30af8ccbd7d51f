/** Moving elements about: what operators that only rearrange share. Any dtype; nobody here looks at a value. */
import { allocate, type DType, type DTypeArrays, storageLength } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";

/** Elements of any dtype as one indexable thing. */
export interface Elements {
  [index: number]: unknown;
  readonly length: number;
}

export const elementsOf = (data: unknown): Elements => data as Elements;

/** Array elements a tensor element takes: 2 for complex numbers, else 1. */
export const widthOf = (dtype: DType): number => storageLength(dtype, 1);

/** Copies `count` tensor elements between arrays of one dtype. */
export function copyElements(from: Tensor, fromIndex: number, to: Tensor, toIndex: number, count: number): void {
  const width = widthOf(from.dtype);
  const source = from.data as unknown;
  const target = to.data as unknown;
  if (Array.isArray(source)) {
    for (let i = 0; i < count; i++) (target as unknown[])[toIndex + i] = source[fromIndex + i];
    return;
  }
  const part = (source as Float32Array).subarray(fromIndex * width, (fromIndex + count) * width);
  (target as Float32Array).set(part, toIndex * width);
}

/**
 * The tensor whose element at index (i0, i1, …) is element `offset + Σ ik·strides[k]` of `x`. Strides may be 0 (repeat) or
 * negative (reverse).
 */
export function strided<D extends DType>(
  x: Tensor<D>,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): Tensor<D> {
  const width = widthOf(x.dtype);
  if (width > 1) {
    const inner = [...strides.map((s) => s * width), 1];
    const data = gatherStrided(elementsOf(x.data), x.dtype, [...shape, width], inner, offset * width);
    return new Tensor(x.dtype, shape, data as DTypeArrays[D]);
  }
  return new Tensor(
    x.dtype,
    shape,
    gatherStrided(elementsOf(x.data), x.dtype, shape, strides, offset) as DTypeArrays[D],
  );
}

function gatherStrided(
  source: Elements,
  dtype: DType,
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
): unknown {
  const size = sizeOf(shape);
  const width = widthOf(dtype);
  const out = elementsOf(allocate(dtype, size / width));
  if (size === 0) return out;
  const rank = shape.length;
  const inner = rank ? shape[rank - 1]! : 1;
  const step = rank ? strides[rank - 1]! : 0;
  const index = new Array<number>(Math.max(0, rank - 1)).fill(0);
  let from = offset;
  for (let to = 0; to < size; to += inner) {
    let at = from;
    for (let i = 0; i < inner; i++) {
      out[to + i] = source[at];
      at += step;
    }
    for (let axis = rank - 2; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** The tensor whose element i is element `sources[i]` of `x`, or `fill`'s first element where that is negative. */
export function take<D extends DType>(
  x: Tensor<D>,
  shape: readonly number[],
  sources: ArrayLike<number>,
  fill?: Tensor,
): Tensor<D> {
  const out = Tensor.zeros(x.dtype, shape);
  const width = widthOf(x.dtype);
  const from = elementsOf(x.data);
  const to = elementsOf(out.data);
  const filling = fill && elementsOf(fill.data);
  for (let i = 0; i < sources.length; i++) {
    const source = sources[i]!;
    for (let part = 0; part < width; part++) {
      if (source >= 0) to[i * width + part] = from[source * width + part];
      else if (filling) to[i * width + part] = filling[part];
    }
  }
  return out;
}

/**
 * For `take`: where each element of an output of `shape` comes from, when each axis decides by itself. `pick(axis, i)` is
 * the position along an axis that output position i takes, negative for none.
 */
export function offsetsByAxis(
  shape: readonly number[],
  strides: readonly number[],
  pick: (axis: number, i: number) => number,
): Float64Array {
  let offsets = Float64Array.of(0);
  shape.forEach((length, axis) => {
    const next = new Float64Array(offsets.length * length);
    for (let i = 0; i < length; i++) {
      const at = pick(axis, i);
      for (let o = 0; o < offsets.length; o++)
        next[o * length + i] = offsets[o]! < 0 || at < 0 ? -1 : offsets[o]! + at * strides[axis]!;
    }
    offsets = next;
  });
  return offsets;
}

/** The same elements under another shape; the array is shared. */
export function reshaped<D extends DType>(x: Tensor<D>, shape: readonly number[]): Tensor<D> {
  return new Tensor(x.dtype, shape, x.data);
}

/** A copy with its own array. */
export function clone<D extends DType>(x: Tensor<D>): Tensor<D> {
  return new Tensor(x.dtype, x.shape, x.data.slice() as DTypeArrays[D]);
}

/** A shape seen from one axis: `outer` blocks of `length` steps of `inner` elements. */
export function aroundAxis(shape: readonly number[], axis: number): { outer: number; length: number; inner: number } {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    length: shape[axis] ?? 1,
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** An int64 tensor; 1-D unless a shape is given. */
export function int64Tensor(values: readonly number[], shape: readonly number[] = [values.length]): Tensor<"int64"> {
  return new Tensor("int64", shape, BigInt64Array.from(values, BigInt));
}

export const boolScalar = (value: boolean): Tensor<"bool"> => new Tensor("bool", [], Uint8Array.of(value ? 1 : 0));
