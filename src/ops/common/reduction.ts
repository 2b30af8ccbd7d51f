/** Axes of reductions and the walk over what each output element gathers. */

import type { DType } from "../../base/dtypes.ts";
import { type Dim, type Shape, sizeOf, stridesOf } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import type { SharedInferContext } from "../operator.ts";
import { freshShape, resolveAxes } from "./axes.ts";

interface Failing {
  fail(code: "ATTRIBUTE", message: string, hint?: string): never;
}

/** The axes to reduce, resolved: all where none are given, unless empty means none. */
export function reductionAxes(
  c: Failing,
  axes: readonly number[] | undefined,
  rank: number,
  emptyMeansNone: boolean,
): number[] {
  if (!axes?.length) return emptyMeansNone ? [] : Array.from({ length: rank }, (_, axis) => axis);
  return resolveAxes(c as never, axes, rank);
}

/** A shape with its reduced axes 1 or gone. */
export function reducedShape<D extends Dim>(shape: readonly D[], axes: readonly number[], keep: boolean): (D | 1)[] {
  return keep
    ? shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : shape.filter((_, axis) => !axes.includes(axis));
}

/** Says output 0 of a reduction; `axes` undefined: they are known only at run time. */
export function inferReduction(
  c: SharedInferContext,
  dtype: DType,
  axes: readonly number[] | undefined,
  known: boolean,
  keep: boolean,
  emptyMeansNone: boolean,
): void {
  const shape: Shape | undefined = c.shape(0);
  let out: Shape | undefined;
  if (shape && known) out = reducedShape(shape, reductionAxes(c, axes, shape.length, emptyMeansNone), keep);
  else if (shape && keep) out = freshShape(c, shape.length);
  c.output(0, tensorType(dtype, out));
}

/** Where the elements of each output start, and how far from there its members are. */
export interface ReductionPlan {
  readonly shape: readonly number[];
  readonly starts: Int32Array;
  readonly members: Int32Array;
}

/** Offsets of all positions of a sub-shape, row-major. */
function offsets(dims: readonly number[], strides: readonly number[]): Int32Array {
  const out = new Int32Array(sizeOf(dims));
  let filled = out.length ? 1 : 0;
  for (let axis = dims.length - 1, block = 1; axis >= 0; axis--) {
    for (let i = 1; i < dims[axis]!; i++)
      for (let j = 0; j < block; j++) out[i * block + j] = out[j]! + i * strides[axis]!;
    block *= dims[axis]!;
    filled = block;
  }
  return out.subarray(0, Math.max(filled, 0));
}

export function planReduction(shape: readonly number[], axes: readonly number[], keep: boolean): ReductionPlan {
  const strides = stridesOf(shape);
  const pick = (wanted: boolean): Int32Array => {
    const chosen = shape.map((_, axis) => axis).filter((axis) => axes.includes(axis) === wanted);
    return offsets(
      chosen.map((axis) => shape[axis]!),
      chosen.map((axis) => strides[axis]!),
    );
  };
  return { shape: reducedShape(shape, axes, keep), starts: pick(false), members: pick(true) };
}
