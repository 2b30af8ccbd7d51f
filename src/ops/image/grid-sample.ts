import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { freshShape, outputLike } from "../common/axes.ts";
import { fromNumbers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

/** Folds x back and forth into [low, high]. */
function reflect(x: number, low: number, high: number): number {
  const range = high - low;
  if (range <= 0) return low;
  const away = x < low ? low - x : x > high ? x - high : 0;
  if (away === 0) return x;
  const turns = Math.floor(away / range);
  const rest = away - turns * range;
  return x < low === (turns % 2 === 0) ? low + rest : high - rest;
}

function cubicWeights(t: number): number[] {
  const a = -0.75;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

/** Rounds halves to even, as nearest sampling does. */
function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
}

const modes: Record<string, "nearest" | "linear" | "cubic"> = {
  nearest: "nearest",
  linear: "linear",
  bilinear: "linear",
  cubic: "cubic",
  bicubic: "cubic",
};

export const gridSample = operator({
  name: "GridSample",
  since: [16, 20, 22],
  doc: "Samples an input N,C,D1…Dk at the positions of a grid N,E1…Ek,k, whose coordinates run from -1 to 1 and name the last axis first.",
  inputs: [
    { name: "X", type: "T1" },
    { name: "grid", type: "T2" },
  ],
  outputs: [{ name: "Y", type: "T1" }],
  attributes: {
    mode: { type: "string", default: "linear", doc: "linear (bilinear), nearest or cubic (bicubic)." },
    padding_mode: { type: "string", default: "zeros", doc: "Outside the input: zeros, border or reflection." },
    align_corners: {
      type: "int",
      default: 0,
      doc: "1: -1 and 1 are the centres of the corner pixels, not their edges.",
    },
  },
  infer(c) {
    const x = c.shape(0);
    const grid = c.shape(1);
    if (!x || !grid) return outputLike(c, 0, x && freshShape(c, x.length));
    if (x.length < 3 || grid.length !== x.length)
      c.fail("SHAPE", `X is [${x.join(",")}] and grid [${grid.join(",")}], expected equal ranks of 3 or more`);
    outputLike(c, 0, [x[0]!, x[1]!, ...grid.slice(1, -1)]);
  },
  reference(c) {
    const x = c.tensor(0);
    const gridTensor = c.tensor(1);
    const dims = x.shape.slice(2);
    const k = dims.length;
    if (k < 1 || gridTensor.rank !== x.rank || gridTensor.shape.at(-1) !== k || gridTensor.shape[0] !== x.shape[0])
      c.fail("SHAPE", `grid is [${gridTensor.shape.join(",")}], expected [${x.shape[0]},…,${k}] of rank ${x.rank}`);
    const mode =
      modes[c.attrs.mode] ??
      c.fail("ATTRIBUTE", `mode is ${JSON.stringify(c.attrs.mode)}, expected linear, nearest or cubic`);
    const padding = c.attrs.padding_mode;
    const aligned = c.attrs.align_corners !== 0;
    const low = aligned ? 0 : -0.5;
    const data = toNumbers(x);
    const grid = toNumbers(gridTensor);
    const [batch = 1, channels = 1] = x.shape;
    const planeSize = sizeOf(dims);
    const strides = stridesOf(dims);
    const points = sizeOf(gridTensor.shape.slice(1, -1));
    const out = new Float64Array(batch * channels * points);

    /** Offset along an axis of the pixel at integer position i; -1 for one that counts as zero. */
    const offset = (axis: number, i: number): number => {
      const size = dims[axis]!;
      if (i >= 0 && i < size) return i * strides[axis]!;
      if (padding === "zeros") return -1;
      const inside = padding === "border" ? i : Math.trunc(reflect(i, low, aligned ? size - 1 : size - 0.5));
      return Math.min(size - 1, Math.max(0, inside)) * strides[axis]!;
    };

    const taps = mode === "nearest" ? 1 : mode === "linear" ? 2 : 4;
    const combinations = taps ** k;
    const offsets = new Float64Array(combinations);
    const weights = new Float64Array(combinations);
    for (let n = 0; n < batch; n++) {
      for (let p = 0; p < points; p++) {
        offsets[0] = 0;
        weights[0] = 1;
        let filled = 1;
        for (let axis = 0; axis < k; axis++) {
          const size = dims[axis]!;
          const coordinate = grid[(n * points + p) * k + (k - 1 - axis)]!;
          let at = aligned ? ((coordinate + 1) / 2) * (size - 1) : ((coordinate + 1) * size - 1) / 2;
          if (mode === "nearest") at = roundEven(at);
          const high = aligned ? size - 1 : size - 0.5;
          if (at < low || at > high) {
            if (padding === "border") at = Math.min(size - 1, Math.max(0, at));
            else if (padding === "reflection") at = reflect(at, low, high);
          }
          if (mode === "nearest") at = roundEven(at);
          const base = Math.floor(at);
          const own =
            mode === "nearest" ? [1] : mode === "linear" ? [1 - (at - base), at - base] : cubicWeights(at - base);
          const first = mode === "cubic" ? base - 1 : base;
          for (let have = filled - 1; have >= 0; have--) {
            const [o, w] = [offsets[have]!, weights[have]!];
            for (let tap = taps - 1; tap >= 0; tap--) {
              const step = Number.isFinite(at) ? offset(axis, first + tap) : -1;
              offsets[have * taps + tap] = o < 0 || step < 0 ? -1 : o + step;
              weights[have * taps + tap] = w * own[tap]!;
            }
          }
          filled *= taps;
        }
        for (let channel = 0; channel < channels; channel++) {
          const plane = (n * channels + channel) * planeSize;
          let sum = 0;
          for (let i = 0; i < combinations; i++) if (offsets[i]! >= 0) sum += weights[i]! * data[plane + offsets[i]!]!;
          out[(n * channels + channel) * points + p] = sum;
        }
      }
    }
    return [new Tensor(x.dtype, [batch, channels, ...gridTensor.shape.slice(1, -1)], fromNumbers(x.dtype, out))];
  },
  cost(c) {
    const size = sizeOf(c.outputShape(0));
    const k = c.outputShape(0).length - 2;
    const taps = c.attrs.mode === "nearest" ? 1 : c.attrs.mode.endsWith("cubic") ? 4 : 2;
    return { flops: 2 * size * taps ** k, bytes: c.totalBytes };
  },
});
