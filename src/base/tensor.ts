/**
 * Tensor: a dtype, a static shape and a row-major array. The one tensor class of the project: operators' references take
 * and return it, engines are fed with it, cells hold it. `src/api` adds the fluent methods by declaration merging.
 */

import { Deferred, minDeferredBytes, type Read } from "./deferred.ts";
import { type Displayed, display, displaySymbol } from "./display-hook.ts";
import { allocate, byteLength, type DataArray, type DType, type DTypeArrays, dtypes, storageLength } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import type { MapValue } from "./map-value.ts";
import { formatType, sizeOf } from "./shapes.ts";
import type { ValueType } from "./value-type.ts";

/** D: its dtype; S: its shape as far as TypeScript knows it, `number[]` where not even the rank is known. */
export class Tensor<D extends DType = DType, S extends number[] = number[]> {
  readonly kind = "tensor" as const;
  readonly dtype: D;
  readonly shape: S;
  /** Row-major elements; how each dtype is stored is said in dtypes.ts. int64 is a BigInt64Array. */
  declare readonly data: DTypeArrays[D];
  /**
   * How memory that the tensor owns is given back. A field: what a WeakMap holds for a tensor outlives the first collection of
   * the young generation, and the memory with it.
   */
  #release: (() => void) | undefined;
  /** How its elements are read, where that is put off until somebody asks. */
  #deferral: Deferred<DTypeArrays[D]> | undefined;
  #isDisposed = false;

  /**
   * `data`: an array, which is not copied, or one that is read when `data` is first asked for.
   *
   * Errors: ARGUMENT where the array's type or length does not fit dtype and shape.
   */
  constructor(dtype: D, shape: readonly number[], data: DTypeArrays[D] | Deferred<DTypeArrays[D]>) {
    if (!dtypes[dtype])
      throw new InferlabError(
        "ARGUMENT",
        `dtype is ${JSON.stringify(dtype)}, expected one of ${Object.keys(dtypes).join(", ")}`,
      );
    for (const dim of shape) {
      if (!Number.isSafeInteger(dim) || dim < 0)
        throw new InferlabError("ARGUMENT", `shape is [${shape.join(",")}], expected non-negative integers`);
    }
    this.dtype = dtype;
    this.shape = [...shape] as S;
    if (data instanceof Deferred) {
      Object.defineProperty(this, "data", { get: () => data.get(), configurable: true, enumerable: true });
      this.#deferral = data;
      return;
    }
    if (!(data instanceof dtypes[dtype].array))
      throw new InferlabError(
        "ARGUMENT",
        `data is a ${data?.constructor?.name}, expected a ${dtypes[dtype].array.name} for ${dtype}`,
      );
    const expected = storageLength(dtype, sizeOf(shape));
    if (data.length !== expected)
      throw new InferlabError(
        "ARGUMENT",
        `data has ${data.length} elements, expected ${expected} for ${formatType(dtype, shape)}`,
      );
    this.data = data;
  }

  static zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
    return new Tensor(dtype, shape, allocate(dtype, sizeOf(shape)));
  }

  /** A tensor whose elements are read when they are asked for; a small one is read now. Errors: of a small one those of `read`. */
  static deferred<D extends DType>(dtype: D, shape: readonly number[], read: () => Read<DTypeArrays[D]>): Tensor<D> {
    const isSmall = dtype === "string" || byteLength(dtype, sizeOf(shape)) < minDeferredBytes;
    return new Tensor<D>(dtype, shape, isSmall ? read().data : new Deferred(read));
  }

  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  get sizeBytes(): number {
    return byteLength(this.dtype, this.size);
  }

  /**
   * Gives memory that an engine made for this tensor back at once; other tensors and typed arrays over the same memory become
   * empty. Of a tensor over your own array only the reference goes. Without this call memory comes back with the garbage.
   */
  dispose(): void {
    if (this.isDisposed) return;
    const { dtype, shape } = this;
    Object.defineProperty(this, "data", {
      get() {
        throw new InferlabError("MEMORY", `tensor ${formatType(dtype, shape)} was disposed`, {
          hint: "read it before its dispose(), or before the end of the block that says `using`",
        });
      },
    });
    const release = this.#release;
    this.#release = undefined;
    this.#deferral = undefined;
    this.#isDisposed = true;
    release?.();
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Makes the tensor the owner of its memory: `dispose()` calls `release`, once. */
  static owning<T extends Tensor>(tensor: T, release: () => void): T {
    tensor.#release = release;
    return tensor;
  }

  /** Whether a value is a tensor whose `dispose()` gives memory back. */
  static isOwner(value: RuntimeValue): value is Tensor {
    return #release in value && value.#release !== undefined;
  }

  /** How a tensor's elements are read, where that is put off until somebody asks. */
  static deferralOf(tensor: RuntimeValue): Deferred | undefined {
    return #deferral in tensor ? (tensor.#deferral as Deferred | undefined) : undefined;
  }

  /** The tensor with its elements at hand, for a moment: nothing is kept of them that was not before. */
  static peek<T extends Tensor>(tensor: T): Tensor<T["dtype"]> {
    const deferral = Tensor.deferralOf(tensor);
    return deferral && !deferral.isKept ? new Tensor(tensor.dtype, tensor.shape, deferral.peek().data) : tensor;
  }

  [displaySymbol](): Displayed {
    return display("tensor", this) ?? { "text/plain": formatType(this.dtype, this.shape) };
  }
}

/** A list of values of one type (ONNX `seq(T)`). */
export interface SequenceValue<T extends RuntimeValue = RuntimeValue> {
  readonly kind: "sequence";
  readonly items: readonly T[];
  /** Type of the elements; needed where the list is empty. */
  readonly dtype?: DType;
  /** The same where they are no tensors. */
  readonly elementType?: ValueType;
}

/** A value or nothing (ONNX `optional(T)`). */
export interface OptionalValue {
  readonly kind: "optional";
  readonly value: RuntimeValue | null;
}

/** What flows along an edge of a graph at run time. */
export type RuntimeValue = Tensor | SequenceValue | OptionalValue | MapValue;

export type { DataArray };
