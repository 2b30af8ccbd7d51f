/**
 * A view: a tensor's elements seen with another shape, order or step, without moving them. Slices, transposes and single
 * indices of a view are views; `toTensor()` gives the elements in row-major order, the same array where they lie so already.
 */
import type { DType, DTypeArrays } from "./dtypes.ts";
import { allocate } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import { formatType, sizeOf, stridesOf } from "./shapes.ts";
import { Tensor } from "./tensor.ts";

/** Of one axis: an index (the axis goes), a range `[start, end, step]` with Python's meaning, or null for all of it. */
export type Index = number | readonly [start?: number | null, end?: number | null, step?: number] | null;

type Element<D extends DType> = DTypeArrays[D][number];

export class View<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  /** Elements from one index of an axis to the next; negative backwards. */
  readonly strides: readonly number[];
  /** Position of the first element in `data`. */
  readonly offset: number;
  /** The elements of the tensor that is viewed. */
  readonly data: DTypeArrays[D];

  /** Views come from `tensor.view()`. Errors: UNSUPPORTED for complex types, whose elements take two places. */
  constructor(dtype: D, shape: readonly number[], strides: readonly number[], offset: number, data: DTypeArrays[D]) {
    if (dtype === "complex64" || dtype === "complex128")
      throw new InferlabError("UNSUPPORTED", `a view of ${dtype}`, { hint: "work on the tensor itself" });
    this.dtype = dtype;
    this.shape = shape;
    this.strides = strides;
    this.offset = offset;
    this.data = data;
  }

  static of<D extends DType>(tensor: Tensor<D>): View<D> {
    return new View(tensor.dtype, tensor.shape, stridesOf(tensor.shape), 0, tensor.data);
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** Whether the elements lie in row-major order without gaps. */
  get isContiguous(): boolean {
    const dense = stridesOf(this.shape);
    return this.size === 0 || this.shape.every((dim, axis) => dim === 1 || this.strides[axis] === dense[axis]);
  }

  /**
   * Part of the view, axis by axis; axes that are not named are taken whole.
   *
   * Errors: ARGUMENT for more indices than axes, an index outside, or a step of 0.
   *
   * @example
   * tensor([[1, 2, 3], [4, 5, 6]]).view().slice(null, [null, null, -1]).toTensor(); // [[3, 2, 1], [6, 5, 4]]
   */
  slice(...indices: readonly Index[]): View<D> {
    if (indices.length > this.rank)
      throw new InferlabError("ARGUMENT", `${indices.length} indices for ${formatType(this.dtype, this.shape)}`);
    const shape: number[] = [];
    const strides: number[] = [];
    let offset = this.offset;
    this.shape.forEach((dim, axis) => {
      const index = indices[axis] ?? null;
      const stride = this.strides[axis]!;
      if (typeof index === "number") {
        offset += position(index, dim, axis) * stride;
        return;
      }
      const [start, count, step] = index ? range(index, dim, axis) : [0, dim, 1];
      offset += count > 0 ? start * stride : 0;
      shape.push(count);
      strides.push(stride * step);
    });
    return new View(this.dtype, shape, strides, offset, this.data);
  }

  /** Axes in another order; reversed where none is given. */
  transpose(order: readonly number[] = this.shape.map((_, axis) => this.rank - 1 - axis)): View<D> {
    if (order.length !== this.rank || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
      throw new InferlabError("ARGUMENT", `order is [${order}], expected a permutation of ${this.rank} axes`);
    const pick = (list: readonly number[]): number[] => order.map((axis) => list[axis]!);
    return new View(this.dtype, pick(this.shape), pick(this.strides), this.offset, this.data);
  }

  /** Each axis of size 1 repeated to the wanted size, without copying. */
  broadcastTo(shape: readonly number[]): View<D> {
    const added = shape.length - this.rank;
    const strides = shape.map((dim, axis) => {
      const own = this.shape[axis - added];
      if (own === undefined || (own === 1 && dim !== 1)) return 0;
      if (own === dim) return this.strides[axis - added]!;
      throw new InferlabError("SHAPE", `[${this.shape}] does not broadcast to [${shape}]`);
    });
    if (added < 0) throw new InferlabError("SHAPE", `[${this.shape}] does not broadcast to [${shape}]`);
    return new View(this.dtype, shape, strides, this.offset, this.data);
  }

  /** One element. Errors: ARGUMENT outside the shape. */
  get(...indices: readonly number[]): Element<D> {
    return this.data[this.place(indices)] as Element<D>;
  }

  /** Writes one element, into the tensor that is viewed too. */
  set(value: Element<D>, ...indices: readonly number[]): void {
    (this.data as { [index: number]: Element<D> })[this.place(indices)] = value;
  }

  private place(indices: readonly number[]): number {
    if (indices.length !== this.rank)
      throw new InferlabError("ARGUMENT", `${indices.length} indices for ${formatType(this.dtype, this.shape)}`);
    return indices.reduce(
      (at, index, axis) => at + position(index, this.shape[axis]!, axis) * this.strides[axis]!,
      this.offset,
    );
  }

  /** A tensor of the view's elements: over the same memory where they are contiguous, else a copy. */
  toTensor(): Tensor<D> {
    const { dtype, shape, offset, size } = this;
    if (this.isContiguous) {
      const whole = offset === 0 && this.data.length === size;
      const data = whole
        ? this.data
        : Array.isArray(this.data)
          ? this.data.slice(offset, offset + size)
          : (this.data as Float32Array).subarray(offset, offset + size);
      return new Tensor(dtype, shape, data as DTypeArrays[D]);
    }
    const data = allocate(dtype, size);
    const out = data as { [index: number]: Element<D> };
    let next = 0;
    const visit = (axis: number, at: number): void => {
      const dim = shape[axis]!;
      const stride = this.strides[axis]!;
      if (axis === shape.length - 1)
        for (let i = 0; i < dim; i++) out[next++] = this.data[at + i * stride] as Element<D>;
      else for (let i = 0; i < dim; i++) visit(axis + 1, at + i * stride);
    };
    visit(0, offset);
    return new Tensor(dtype, shape, data);
  }

  toString(): string {
    return `view ${formatType(this.dtype, this.shape)} strides [${this.strides.join(",")}]`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function position(index: number, dim: number, axis: number): number {
  const at = index < 0 ? index + dim : index;
  if (Number.isInteger(at) && at >= 0 && at < dim) return at;
  throw new InferlabError("ARGUMENT", `index ${index} is outside axis ${axis} of size ${dim}`);
}

/** Start, count and step of Python's start:end:step. */
function range(
  [start, end, step = 1]: Exclude<Index, number | null>,
  dim: number,
  axis: number,
): [number, number, number] {
  if (!Number.isInteger(step) || step === 0) throw new InferlabError("ARGUMENT", `step of axis ${axis} is ${step}`);
  const clamp = (value: number | null | undefined, otherwise: number): number => {
    if (value === null || value === undefined) return otherwise;
    if (!Number.isInteger(value)) throw new InferlabError("ARGUMENT", `an end of axis ${axis} is ${value}`);
    const at = value < 0 ? value + dim : value;
    return step > 0 ? Math.min(Math.max(at, 0), dim) : Math.min(Math.max(at, -1), dim - 1);
  };
  const from = clamp(start, step > 0 ? 0 : dim - 1);
  const to = clamp(end, step > 0 ? dim : -1);
  return [from, Math.max(0, Math.ceil((to - from) / step)), step];
}
