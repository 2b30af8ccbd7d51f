/** What decoders share: outputs as numbers, grids of anchors, options that mean the same everywhere. */
import { dtypes } from "../../../base/dtypes.ts";
import { InferlabError } from "../../../base/errors.ts";
import type { Point } from "../../../base/image.ts";
import { numbersOf as elements } from "../../../base/numbers.ts";
import { formatType } from "../../../base/shapes.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { type Box, isSolid } from "../boxes.ts";
import type { Parameter } from "../node.ts";

/** A box with key points, where the net gives some. */
export interface PointedBox extends Box {
  readonly points: readonly Point[];
}

/** Options of every detector's decoder. */
export interface DecodeOptions {
  /** Candidates below it are left out. */
  readonly minScore?: number;
  /** Names of the classes. Default: their numbers. */
  readonly labels?: readonly string[];
}

export const minScoreParameter = (value: number): Parameter => ({
  type: "number",
  default: value,
  about: "candidates with a lower score are left out",
});

export const labelsParameter: Parameter = {
  type: "any",
  optional: "their numbers",
  about: "names of the classes, a list of strings",
};

export const inputSizeParameter = (side: "width" | "height", value: number): Parameter => ({
  type: "integer",
  min: 1,
  default: value,
  about: `${side} of the net's input, pixels`,
});

export const labelAt = (labels: readonly string[] | undefined, index: number): string =>
  labels?.[index] ?? String(index);

/**
 * The elements of a float tensor of one batch element whose shape, the batch left out, is `pattern`; −1 stands for any
 * length. Errors: ARGUMENT.
 */
export function outputOf(
  tensor: Tensor,
  pattern: readonly number[],
  where: string,
): { readonly data: Float32Array | Float64Array; readonly shape: readonly number[] } {
  const shape = tensor.shape.slice(Math.max(0, tensor.rank - pattern.length));
  const lead = tensor.shape.slice(0, Math.max(0, tensor.rank - pattern.length));
  const fits =
    shape.length === pattern.length &&
    lead.every((n) => n === 1) &&
    pattern.every((n, axis) => n === -1 || n === shape[axis]);
  if (!fits)
    throw new InferlabError(
      "ARGUMENT",
      `${where} is ${formatType(tensor.dtype, tensor.shape)}, expected float32[1,${pattern.map((n) => (n < 0 ? "n" : n)).join(",")}]`,
      { hint: "decoders take one batch element at a time", details: { shape: tensor.shape } },
    );
  return { data: floatsOf(tensor, where), shape };
}

/** The elements of a tensor of floats as numbers: not copied where they are already. Errors: ARGUMENT. */
export function floatsOf(tensor: Tensor, where: string): Float32Array | Float64Array {
  const { dtype, shape } = tensor;
  const numbers = dtypes[dtype].kind === "float" ? elements(tensor) : undefined;
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) return numbers;
  throw new InferlabError("ARGUMENT", `${where} is ${formatType(dtype, shape)}, expected floats`);
}

/** One tensor or several as a list. */
export const asList = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Adds the box unless it has no area or a number that is none. */
export function keep<B extends Box>(boxes: B[], box: B): void {
  if (isSolid(box)) boxes.push(box);
}

/** Index of the greatest of `count` numbers `step` apart; the first of equal ones. NaN is no maximum. */
export function bestOf(data: ArrayLike<number>, start: number, count: number, step = 1): number {
  let best = 0;
  let value = -Infinity;
  for (let k = 0; k < count; k++) {
    const v = data[start + k * step]!;
    if (v > value) {
      value = v;
      best = k;
    }
  }
  return best;
}

/** Cells of a grid that covers `size` pixels in steps of `stride`. */
export const cells = (size: number, stride: number): number => Math.ceil(size / stride);

/** Errors: ARGUMENT where a head does not have as many cells as its stride says. */
export function checkCells(
  where: string,
  found: number,
  width: number,
  height: number,
  strides: readonly number[],
): void {
  const expected = strides.reduce((sum, s) => sum + cells(width, s) * cells(height, s), 0);
  if (found !== expected)
    throw new InferlabError(
      "ARGUMENT",
      `${where} has ${found} rows, expected ${expected} for ${width}×${height} and strides ${strides.join(", ")}`,
      { hint: "give the net's input size as width and height" },
    );
}
