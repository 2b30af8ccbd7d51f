/**
 * Broadcasting: shapes are aligned at the right, a dimension of 1 (or a missing one) repeats. Before opset 7 the
 * arithmetic operators had their own rule, a `broadcast` flag and an `axis`; see `legacyShape`.
 */
import { type Dim, type Shape, sizeOf, stridesOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { InferContext } from "../operator.ts";
import { numbersOf } from "./numbers.ts";

interface Failing {
  fail(code: "SHAPE", message: string, hint?: string): never;
}

/** One dimension of the result; undefined where two symbols may or may not be equal. Null: they cannot be. */
function broadcastDim(a: Dim, b: Dim): Dim | undefined | null {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  // A symbol beside a size other than 1 can only be 1 or that size.
  if (typeof a === "number") return typeof b === "number" ? null : a;
  return typeof b === "number" ? b : undefined;
}

const hint = "dimensions must be equal or 1, aligned at the right; reshape or unsqueeze one input";

function describe(shapes: readonly Shape[]): string {
  return shapes.map((shape) => `[${shape.join(",")}]`).join(" and ");
}

/**
 * The shape to which all shapes broadcast, with symbols; undefined where one has no known rank.
 *
 * Errors: SHAPE where two dimensions differ and neither is 1.
 */
export function broadcastDims(
  c: Pick<InferContext, "freshDim"> & Failing,
  shapes: readonly (Shape | undefined)[],
): Shape | undefined {
  let result: Shape = [];
  for (const shape of shapes) {
    if (!shape) return undefined;
    const long: Shape = result.length >= shape.length ? result : shape;
    const short: Shape = result.length >= shape.length ? shape : result;
    const missing = long.length - short.length;
    result = long.map((dim, axis) => {
      if (axis < missing) return dim;
      const met = broadcastDim(dim, short[axis - missing]!);
      if (met === null)
        c.fail(
          "SHAPE",
          `inputs of shapes ${describe(shapes.filter((s) => s !== undefined))} do not broadcast at axis ${axis}`,
          hint,
        );
      return met ?? c.freshDim();
    });
  }
  return result;
}

/** The shape to which all static shapes broadcast. Errors: SHAPE. */
export function broadcastShapes(c: Failing, shapes: readonly (readonly number[])[]): number[] {
  const never = { fail: (code: "SHAPE", message: string, h?: string) => c.fail(code, message, h), freshDim: () => 0 };
  return [...(broadcastDims(never, shapes) as readonly number[])];
}

/** Strides in elements under which `from` repeats to reach `to`; 0 where it repeats. */
export function repeatStrides(from: readonly number[], to: readonly number[]): number[] {
  const own = stridesOf(from);
  const missing = to.length - from.length;
  return to.map((_, axis) => (axis < missing || from[axis - missing] === 1 ? 0 : own[axis - missing]!));
}

/**
 * How B of an opset 1-6 operator lies against A: its shape written with trailing ones so that the ordinary rule applies.
 * Without `broadcast` both must be equal; `axis` says where B's first dimension goes (default: B is a suffix of A).
 */
export function legacyShape<S extends Shape>(
  c: Failing,
  a: Shape,
  b: S,
  attrs: { readonly broadcast?: number; readonly axis?: number },
): S {
  if (!attrs.broadcast) {
    const same = a.length === b.length && a.every((dim, i) => dim === b[i] || typeof dim !== typeof b[i]);
    if (!same && a.every((d) => typeof d === "number") && b.every((d) => typeof d === "number"))
      c.fail("SHAPE", `inputs are ${describe([a, b])}, expected equal shapes`, "set the attribute broadcast=1");
    return b;
  }
  if (attrs.axis === undefined) return b;
  const axis = attrs.axis < 0 ? attrs.axis + a.length : attrs.axis;
  const trailing = a.length - axis - b.length;
  if (axis < 0 || trailing < 0)
    c.fail("SHAPE", `axis ${attrs.axis} places ${describe([b])} outside of ${describe([a])}`);
  return [...b, ...new Array<number>(trailing).fill(1)] as unknown as S;
}

/** Called for a run of `length` output elements: input i starts at offsets[i] and advances by steps[i]. */
export type RowVisitor = (
  outOffset: number,
  offsets: readonly number[],
  length: number,
  steps: readonly number[],
) => void;

/**
 * Walks an output in row-major order in the longest runs over which every input advances evenly. Neighbouring axes are
 * merged first, so equal shapes make one run. `offsets` is reused between calls.
 */
export function forEachRow(out: readonly number[], inputs: readonly (readonly number[])[], visit: RowVisitor): void {
  if (sizeOf(out) === 0) return;
  forEachStridedRow(
    out,
    inputs.map((shape) => repeatStrides(shape, out)),
    visit,
  );
}

/** `forEachRow` for inputs given by their strides along the output's axes. */
export function forEachStridedRow(
  out: readonly number[],
  inputStrides: readonly (readonly number[])[],
  visit: RowVisitor,
): void {
  const dims: number[] = [];
  const strides: number[][] = inputStrides.map(() => []);
  for (let axis = 0; axis < out.length; axis++) {
    const dim = out[axis]!;
    if (dim === 1) continue;
    const last = dims.length - 1;
    const merges = last >= 0 && inputStrides.every((s, i) => strides[i]![last] === s[axis]! * dim);
    if (merges) {
      dims[last]! *= dim;
      for (let i = 0; i < strides.length; i++) strides[i]![last] = inputStrides[i]![axis]!;
    } else {
      dims.push(dim);
      for (let i = 0; i < strides.length; i++) strides[i]!.push(inputStrides[i]![axis]!);
    }
  }
  if (dims.some((dim) => dim === 0)) return;
  const inner = dims.length - 1;
  const length = inner < 0 ? 1 : dims[inner]!;
  const steps = strides.map((s) => (inner < 0 ? 0 : s[inner]!));
  const rows = dims.slice(0, Math.max(0, inner)).reduce((a, b) => a * b, 1);
  const offsets = new Array<number>(strides.length).fill(0);
  const index = new Array<number>(Math.max(0, inner)).fill(0);
  for (let row = 0; row < rows; row++) {
    visit(row * length, offsets, length, steps);
    for (let axis = inner - 1; axis >= 0; axis--) {
      for (let i = 0; i < offsets.length; i++) offsets[i]! += strides[i]![axis]!;
      if (++index[axis]! < dims[axis]!) break;
      for (let i = 0; i < offsets.length; i++) offsets[i]! -= strides[i]![axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
}

/** Adds a tensor that broadcasts to `shape` to sums of that shape. Errors: SHAPE, with its `name`. */
export function addBroadcast(
  c: Failing,
  sums: Float64Array,
  shape: readonly number[],
  other: Tensor,
  name: string,
): void {
  const missing = shape.length - other.rank;
  if (missing < 0 || other.shape.some((dim, i) => dim !== 1 && dim !== shape[i + missing]))
    c.fail("SHAPE", `${name} is [${other.shape}], expected to broadcast to [${shape}]`);
  const extra = numbersOf(other);
  forEachRow(shape, [other.shape], (at, [from], length, [step]) => {
    for (let i = 0; i < length; i++) sums[at + i]! += extra[from! + i * step!]!;
  });
}
