/** Shapes: static ones are `number[]`, symbolic ones may hold names and expressions (see dims.ts). */

/** A dimension: a size, or a symbol or expression over symbols in canonical form, such as `"n"` or `"2*n + 1"`. */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type StaticShape = readonly number[];

export function isStatic(shape: Shape): shape is StaticShape {
  for (let axis = 0; axis < shape.length; axis++) if (typeof shape[axis] !== "number") return false;
  return true;
}

/** Number of elements of a static shape; 1 for a scalar. */
export function sizeOf(shape: StaticShape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis]!;
  return size;
}

/** Row-major strides in elements. */
export function stridesOf(shape: StaticShape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** `float32[1,3,n]`; `float32[]` for a scalar, `float32[…]` where the rank is unknown. */
export function formatType(dtype: string, shape: Shape | undefined): string {
  return shape ? `${dtype}[${shape.join(",")}]` : `${dtype}[…]`;
}

/** `12.0 MiB`, `3.4 KiB`, `17 B`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/** `3.2 ms`, `140 µs`, `1.25 s`. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 1) return `${ms.toFixed(1)} ms`;
  return `${(ms * 1000).toFixed(ms >= 0.01 ? 0 : 1)} µs`;
}
