import { addDims, ceilDivDims, isAtLeast, maxDims, minDims, subDims } from "../../base/dims.ts";
import { type Dim, stridesOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { freshShape, knownDims, knownIntegers, optionalIntegers, outputLike, resolveAxes } from "../common/axes.ts";
import { strided } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

/** Where a slice of an axis begins and how many elements it takes, by the rules of Python's slices. */
export function sliceAxis(size: number, start: number, end: number, step: number): { begin: number; count: number } {
  const clamp = (at: number, low: number, high: number) => Math.min(high, Math.max(low, at < 0 ? at + size : at));
  const begin = step > 0 ? clamp(start, 0, size) : clamp(start, 0, size - 1);
  const stop = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  return { begin, count: Math.max(0, Math.ceil((stop - begin) / step)) };
}

type Failing = { fail(code: "VALUE" | "ATTRIBUTE" | "SHAPE" | "DTYPE", message: string): never };

function sliceTensor(
  c: Failing,
  x: Tensor,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] = starts.map((_, i) => i),
  steps: readonly number[] = starts.map(() => 1),
): Tensor {
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    c.fail(
      "SHAPE",
      `starts, ends, axes, steps have ${starts.length}, ${ends.length}, ${axes.length}, ${steps.length} elements, expected as many each`,
    );
  const strides = stridesOf(x.shape);
  const shape = [...x.shape];
  let offset = 0;
  resolveAxes(c, axes, x.rank).forEach((axis, i) => {
    if (steps[i] === 0) c.fail("VALUE", `step of axis ${axis} is 0, expected another number`);
    const { begin, count } = sliceAxis(shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
    offset += begin * strides[axis]!;
    strides[axis] = strides[axis]! * steps[i]!;
    shape[axis] = count;
  });
  return strided(x, shape, strides, offset);
}

/** Length of a slice of a symbolic axis; undefined where the signs that decide it are unknown. */
function sliceLength(size: Dim, start: Dim, end: Dim, step: number): Dim | undefined {
  if (typeof size === "number" && typeof start === "number" && typeof end === "number")
    return sliceAxis(size, start, end, step).count;
  if (step < 0) return undefined;
  const place = (at: Dim): Dim | undefined => {
    if (typeof at === "number" && at < 0) return maxDims(addDims(size, at), 0);
    return isAtLeast(at, 0) ? minDims(at, size) : undefined;
  };
  const begin = place(start);
  const stop = place(end);
  if (begin === undefined || stop === undefined) return undefined;
  const span = subDims(stop, begin);
  return ceilDivDims(isAtLeast(span, 0) ? span : maxDims(span, 0), step);
}

export const slice = operator({
  name: "Slice",
  since: [1, 10, 11, 13],
  doc: "A part of a tensor: along each axis from start up to end in steps, by the rules of Python's slices (negative positions count from the end, too large ones are clamped, a negative step runs backwards).",
  inputs: [
    { name: "data", type: "T" },
    { name: "starts", type: "Tind", since: 10 },
    { name: "ends", type: "Tind", since: 10 },
    {
      name: "axes",
      type: "Tind",
      optional: true,
      since: 10,
      doc: "Axes the other inputs speak of (default: the first ones).",
    },
    { name: "steps", type: "Tind", optional: true, since: 10, doc: "Default 1." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    starts: { type: "ints", until: 1 },
    ends: { type: "ints", until: 1 },
    axes: { type: "ints", until: 1 },
  },
  types: { Tind: ["int32", "int64"] },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    if (!shape) return outputLike(c, 0, undefined);
    const old = c.version < 10;
    const starts = old ? c.attrs.starts : knownDims(c, 1);
    const ends = old ? c.attrs.ends : knownDims(c, 2);
    const count = starts?.length ?? ends?.length ?? c.shape(1)?.[0];
    const givenAxes = old ? c.attrs.axes : knownIntegers(c, 3);
    const axesOpen = !givenAxes && !old && c.type(3) !== undefined;
    const steps = old ? undefined : knownIntegers(c, 4);
    const stepsOpen = !steps && !old && c.type(4) !== undefined;
    if (typeof count !== "number" || axesOpen) return outputLike(c, 0, freshShape(c, shape.length));
    const axes = resolveAxes(c, givenAxes ?? Array.from({ length: count }, (_, i) => i), shape.length);
    const result: Dim[] = [...shape];
    axes.forEach((axis, i) => {
      const step = stepsOpen ? undefined : (steps?.[i] ?? 1);
      if (step === 0) c.fail("VALUE", `step of axis ${axis} is 0, expected another number`);
      const known = starts && ends && step !== undefined;
      result[axis] = (known ? sliceLength(shape[axis]!, starts[i]!, ends[i]!, step) : undefined) ?? c.freshDim();
    });
    const from = shape.length === 1 ? knownDims(c, 0) : undefined;
    let dims: readonly Dim[] | undefined;
    if (from && axes.length === 1 && typeof starts?.[0] === "number" && typeof ends?.[0] === "number" && !stepsOpen) {
      const step = steps?.[0] ?? 1;
      const { begin, count: taken } = sliceAxis(from.length, starts[0], ends[0], step);
      dims = Array.from({ length: taken }, (_, i) => from[begin + i * step]!);
    }
    outputLike(c, 0, result, dims);
  },
  reference(c) {
    if (c.version < 10) return [sliceTensor(c, c.tensor(0), c.attrs.starts ?? [], c.attrs.ends ?? [], c.attrs.axes)];
    const [starts, ends] = [toIntegers(c.tensor(1)), toIntegers(c.tensor(2))];
    return [sliceTensor(c, c.tensor(0), starts, ends, optionalIntegers(c, 3), optionalIntegers(c, 4))];
  },
});

export const dynamicSlice = operator({
  name: "DynamicSlice",
  since: [1],
  doc: "Slice with its bounds as inputs and steps of 1, as experimental operator of old exporters; Slice has taken its place.",
  inputs: [
    { name: "data", type: "T" },
    { name: "starts", type: "Tind" },
    { name: "ends", type: "Tind" },
    { name: "axes", type: "Tind", optional: true },
  ],
  outputs: [{ name: "output", type: "T" }],
  types: { Tind: ["int32", "int64"] },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    outputLike(c, 0, shape && freshShape(c, shape.length));
  },
  reference: (c) => [
    sliceTensor(c, c.tensor(0), toIntegers(c.tensor(1)), toIntegers(c.tensor(2)), optionalIntegers(c, 3)),
  ],
});
