/**
 * Sliding windows: what convolution and pooling share. A window has a kernel, strides, dilations and pads a spatial axis;
 * `windowOutput` says how many fit (with symbols), `WindowWalk` says which elements meet.
 *
 * Source: ONNX operators Conv, MaxPool, AveragePool; the rule that no window may start in the padding behind the input
 * (ceil_mode) is that of ONNX 1.16 and of PyTorch, and holds for every version.
 */
import { addDims, ceilDivDims, floorDivDims, subDims } from "../../base/dims.ts";
import { type Dim, sizeOf } from "../../base/shapes.ts";

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

export const windowAttributes = {
  auto_pad: { type: "string", default: "NOTSET", doc: "NOTSET, SAME_UPPER, SAME_LOWER or VALID." },
  kernel_shape: { type: "ints", doc: "Size of the window along each spatial axis." },
  strides: { type: "ints", doc: "Step along each spatial axis. Default 1." },
  pads: { type: "ints", doc: "Elements added before each spatial axis, then after each. Default 0." },
  dilations: { type: "ints", doc: "Distance of neighbouring window elements. Default 1." },
} as const;

export interface WindowAttributes {
  readonly auto_pad?: string;
  readonly kernel_shape?: readonly number[];
  readonly strides?: readonly number[];
  readonly pads?: readonly number[];
  readonly dilations?: readonly number[];
  readonly ceil_mode?: number;
}

/** A window with every default filled in; each list has an entry a spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  readonly autoPad: "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";
  readonly ceilMode: boolean;
}

/** Checks the attributes against the number of spatial axes. Errors: ATTRIBUTE. */
export function resolveWindow(c: Failing, attrs: WindowAttributes, kernel: readonly number[]): Window {
  const axes = kernel.length;
  const list = (name: "strides" | "dilations", least: number): readonly number[] => {
    const given = attrs[name];
    if (!given?.length) return new Array<number>(axes).fill(1);
    if (given.length !== axes || given.some((v) => v < least))
      c.fail("ATTRIBUTE", `${name} is [${given.join(",")}], expected ${axes} numbers of at least ${least}`);
    return given;
  };
  if (kernel.some((k) => k < 1)) c.fail("ATTRIBUTE", `kernel_shape is [${kernel.join(",")}], expected numbers above 0`);
  const autoPad = (attrs.auto_pad || "NOTSET") as Window["autoPad"];
  if (!["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"].includes(autoPad))
    c.fail("ATTRIBUTE", `auto_pad is ${JSON.stringify(autoPad)}, expected NOTSET, SAME_UPPER, SAME_LOWER or VALID`);
  const pads = autoPad === "NOTSET" && attrs.pads?.length ? attrs.pads : new Array<number>(2 * axes).fill(0);
  if (pads.length !== 2 * axes)
    c.fail("ATTRIBUTE", `pads is [${pads.join(",")}], expected ${2 * axes} numbers: ${axes} before, ${axes} after`);
  return {
    kernel,
    strides: list("strides", 1),
    dilations: list("dilations", 1),
    padsBegin: pads.slice(0, axes),
    padsEnd: pads.slice(axes),
    autoPad,
    ceilMode: attrs.ceil_mode === 1,
  };
}

/** Input elements that a window spans along an axis. */
export const windowSpan = (w: Window, axis: number): number => (w.kernel[axis]! - 1) * w.dilations[axis]! + 1;

/** Number of windows along each spatial axis. Errors: SHAPE where the window is larger than the padded input. */
export function windowOutput(c: Failing, w: Window, input: readonly Dim[]): Dim[] {
  return input.map((size, axis) => {
    const stride = w.strides[axis]!;
    if (w.autoPad === "SAME_UPPER" || w.autoPad === "SAME_LOWER") return ceilDivDims(size, stride);
    const room = subDims(addDims(size, w.padsBegin[axis]! + w.padsEnd[axis]!), windowSpan(w, axis));
    if (typeof room === "number" && room < 0)
      c.fail(
        "SHAPE",
        `the window spans ${windowSpan(w, axis)} elements along spatial axis ${axis}, the padded input has ${room + windowSpan(w, axis)}`,
        "use a smaller kernel or dilation, or more padding",
      );
    const count = addDims(w.ceilMode ? ceilDivDims(room, stride) : floorDivDims(room, stride), 1);
    if (!w.ceilMode || typeof count !== "number" || typeof size !== "number") return count;
    return (count - 1) * stride >= size + w.padsBegin[axis]! ? count - 1 : count;
  });
}

/** Padding before each spatial axis, with auto_pad worked out. */
export function windowPadsBegin(w: Window, input: readonly number[], output: readonly number[]): number[] {
  if (w.autoPad === "NOTSET" || w.autoPad === "VALID") return [...w.padsBegin];
  return input.map((size, axis) => {
    const total = Math.max(0, (output[axis]! - 1) * w.strides[axis]! + windowSpan(w, axis) - size);
    return w.autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
}

/**
 * Which input elements meet which output elements through each tap (position inside the window), as rows: a row is
 * `length` neighbouring outputs from `out` on, which meet inputs from `in` on, `step` apart. Padding never appears.
 */
export interface WindowWalk {
  /** Rows of each tap, taps in row-major order: out, in, length, repeated. */
  readonly rows: readonly Int32Array[];
  /** Distance of the inputs of neighbouring outputs of a row. */
  readonly step: number;
  /** Elements of an input plane and of an output plane. */
  readonly inputSize: number;
  readonly outputSize: number;
}

/** The outputs o of [0, outputs) whose input o·stride + offset lies in [0, inputs): first and one past last. */
function validRange(outputs: number, inputs: number, stride: number, offset: number): [number, number] {
  const first = Math.max(0, Math.ceil(-offset / stride));
  const last = Math.min(outputs - 1, Math.floor((inputs - 1 - offset) / stride));
  return [first, Math.max(first, last + 1)];
}

export function walkWindows(
  w: Window,
  input: readonly number[],
  output: readonly number[],
  padsBegin: readonly number[],
): WindowWalk {
  const axes = input.length;
  const last = axes - 1;
  const rows: Int32Array[] = [];
  const tap = new Array<number>(axes).fill(0);
  const step = axes ? w.strides[last]! : 1;
  for (let tapIndex = 0; tapIndex < sizeOf(w.kernel); tapIndex++) {
    const found: number[] = [];
    const descend = (axis: number, outBase: number, inBase: number): void => {
      const offset = tap[axis]! * w.dilations[axis]! - padsBegin[axis]!;
      const [first, end] = validRange(output[axis]!, input[axis]!, w.strides[axis]!, offset);
      if (axis === last) {
        if (end <= first) return;
        const out = outBase * output[axis]! + first;
        const at = inBase * input[axis]! + first * step + offset;
        const previous = found.length - 3;
        // Rows that follow each other in input and output are one: all of a pointwise window is.
        const joins =
          previous >= 0 &&
          found[previous]! + found[previous + 2]! === out &&
          found[previous + 1]! + found[previous + 2]! * step === at;
        if (joins) found[previous + 2]! += end - first;
        else found.push(out, at, end - first);
        return;
      }
      for (let o = first; o < end; o++)
        descend(axis + 1, outBase * output[axis]! + o, inBase * input[axis]! + o * w.strides[axis]! + offset);
    };
    if (axes === 0) found.push(0, 0, 1);
    else descend(0, 0, 0);
    rows.push(Int32Array.from(found));
    for (let axis = last; axis >= 0; axis--) {
      if (++tap[axis]! < w.kernel[axis]!) break;
      tap[axis] = 0;
    }
  }
  return { rows, step, inputSize: sizeOf(input), outputSize: sizeOf(output) };
}
