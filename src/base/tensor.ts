/**
 * Tensor: a dtype, a static shape and a row-major array. The one tensor class of the project: operators' references take
 * and return it, engines are fed with it, cells hold it. `src/api` adds the fluent methods by declaration merging.
 */

import { type Displayed, display, displaySymbol } from "./display-hook.ts";
import { allocate, byteLength, type DataArray, type DType, type DTypeArrays, dtypes, storageLength } from "./dtypes.ts";
import { InferlabError } from "./errors.ts";
import { formatType, sizeOf } from "./shapes.ts";

export class Tensor<D extends DType = DType> {
  readonly kind = "tensor" as const;
  readonly dtype: D;
  readonly shape: number[];
  /** Row-major elements; how each dtype is stored is said in dtypes.ts. int64 is a BigInt64Array. */
  readonly data: DTypeArrays[D];

  /** Errors: ARGUMENT where the array's type or length does not fit dtype and shape. The array is not copied. */
  constructor(dtype: D, shape: readonly number[], data: DTypeArrays[D]) {
    if (!dtypes[dtype])
      throw new InferlabError(
        "ARGUMENT",
        `dtype is ${JSON.stringify(dtype)}, expected one of ${Object.keys(dtypes).join(", ")}`,
      );
    for (const dim of shape) {
      if (!Number.isSafeInteger(dim) || dim < 0)
        throw new InferlabError("ARGUMENT", `shape is [${shape.join(",")}], expected non-negative integers`);
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
    this.dtype = dtype;
    this.shape = [...shape];
    this.data = data;
  }

  static zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
    return new Tensor(dtype, shape, allocate(dtype, sizeOf(shape)));
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

  [displaySymbol](): Displayed {
    return display("tensor", this) ?? { "text/plain": formatType(this.dtype, this.shape) };
  }
}

/** A list of values of one type (ONNX `seq(T)`). */
export interface SequenceValue {
  readonly kind: "sequence";
  readonly items: readonly RuntimeValue[];
  /** Type of the elements; needed where the list is empty. */
  readonly dtype?: DType;
}

/** A value or nothing (ONNX `optional(T)`). */
export interface OptionalValue {
  readonly kind: "optional";
  readonly value: RuntimeValue | null;
}

/** What flows along an edge of a graph at run time. */
export type RuntimeValue = Tensor | SequenceValue | OptionalValue;

export type { DataArray };
