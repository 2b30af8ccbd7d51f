/** Axes and sizes given by attributes or inputs: negative ones counted from the end, wrong ones refused by name. */
import type { Dim, Shape } from "../../base/shapes.ts";
import { tensorType, type ValueType } from "../../base/value-type.ts";
import type { InferContext, ReferenceContext } from "../operator.ts";
import { toIntegers } from "./numbers.ts";

type Failing = { fail(code: "SHAPE" | "DTYPE" | "VALUE" | "ATTRIBUTE", message: string, hint?: string): never };

/** `axis` in [0, rank). Fails with ATTRIBUTE where it is outside [-rank, rank). */
export function resolveAxis(c: Failing, axis: number, rank: number, what = "axis"): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    c.fail("ATTRIBUTE", `${what} is ${axis}, expected one of [-${rank}, ${rank - 1}] for rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** All in [0, rank), as given in order. Fails where one repeats. */
export function resolveAxes(c: Failing, axes: readonly number[], rank: number, what = "axes"): number[] {
  const resolved = axes.map((axis) => resolveAxis(c, axis, rank, what));
  if (new Set(resolved).size !== resolved.length)
    c.fail("ATTRIBUTE", `${what} is [${axes.join(",")}], expected no axis twice`);
  return resolved;
}

/** The integers of a 0-D or 1-D input where all are known before the run. */
export function knownIntegers(c: Pick<InferContext, "dims" | "constant">, index: number): number[] | undefined {
  const dims = c.dims(index);
  if (dims) return dims.every((d) => typeof d === "number") ? (dims as number[]).slice() : undefined;
  const constant = c.constant(index);
  return constant && constant.dtype !== "string" ? toIntegers(constant) : undefined;
}

/** The integers of an input as sizes or symbols, also where it is a constant. */
export function knownDims(c: Pick<InferContext, "dims" | "constant">, index: number): readonly Dim[] | undefined {
  return c.dims(index) ?? knownIntegers(c, index);
}

/** The integers at an optional input, or undefined where it is left out. */
export function optionalIntegers(c: Pick<ReferenceContext, "optionalTensor">, index: number): number[] | undefined {
  const tensor = c.optionalTensor(index);
  return tensor && toIntegers(tensor);
}

/** Output `index` is a tensor with the dtype of an input and this shape. */
export function outputLike(c: InferContext, input: number, shape: Shape | undefined, dims?: readonly Dim[]): void {
  const type = c.type(input);
  if (type?.kind !== "tensor") return;
  c.output(0, tensorType(type.dtype, shape), dims);
}

/** `rank` dimensions nothing is known about. */
export const freshShape = (c: Pick<InferContext, "freshDim">, rank: number): Dim[] =>
  Array.from({ length: rank }, () => c.freshDim());

/** The shape where it is known, of a tensor type. */
export const shapeOf = (type: ValueType | undefined): Shape | undefined =>
  type?.kind === "tensor" ? type.shape : undefined;
