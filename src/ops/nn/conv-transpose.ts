import { addDims, mulDims, subDims } from "../../base/dims.ts";
import { type Dim, formatType, type Shape, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { collector } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { resolveWindow, type Window, walkWindows, windowAttributes, windowSpan } from "../common/windows.ts";
import { type Attributes, operator, type ReferenceContext } from "../operator.ts";

const attributes = {
  ...windowAttributes,
  group: { type: "int", default: 1, doc: "Channels are cut into so many groups." },
  output_padding: { type: "ints", doc: "Elements added to one side of the output. Default 0." },
  output_shape: { type: "ints", doc: "Spatial size wanted; the padding follows from it." },
} as const;
type Attrs = Attributes<typeof attributes>;
type Failing = Pick<ReferenceContext, "fail">;

export interface Layout {
  readonly window: Window;
  readonly output: readonly Dim[];
  /** Padding taken off before each axis; undefined where it depends on a symbol. */
  readonly padsBegin: readonly (number | undefined)[];
}

/** Spatial size of the result and the padding that leads there. */
export function transposedLayout(c: Failing, attrs: Attrs, kernel: readonly number[], input: Shape): Layout {
  const window = resolveWindow(c, attrs, kernel);
  const spatial = input.length;
  for (const name of ["output_padding", "output_shape"] as const) {
    const given = attrs[name];
    // Some exporters write output_shape with batch and channels.
    const allowed = name === "output_shape" ? [spatial, spatial + 2] : [spatial];
    if (given?.length && !allowed.includes(given.length))
      c.fail("ATTRIBUTE", `${name} is [${given.join(",")}], expected ${spatial} numbers`);
  }
  const wanted = attrs.output_shape?.length ? attrs.output_shape.slice(-spatial) : undefined;
  const same = window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER";
  const padsBegin: (number | undefined)[] = [];
  const output = input.map((size, axis): Dim => {
    const stride = window.strides[axis]!;
    const extra = attrs.output_padding?.[axis] ?? 0;
    const full = addDims(mulDims(stride, subDims(size, 1)), extra + windowSpan(window, axis));
    const target = wanted?.[axis] ?? (same ? mulDims(size, stride) : undefined);
    if (target === undefined) {
      padsBegin.push(window.padsBegin[axis]!);
      const out = subDims(full, window.padsBegin[axis]! + window.padsEnd[axis]!);
      if (typeof out === "number" && out < 0)
        c.fail("SHAPE", `pads take ${-out} elements more than spatial axis ${axis} of the output has`);
      return out;
    }
    const total = subDims(full, target);
    const pad = typeof total === "number" ? Math.max(0, total) : undefined;
    padsBegin.push(pad === undefined ? undefined : window.autoPad === "SAME_UPPER" ? pad >> 1 : pad - (pad >> 1));
    return target;
  });
  return { window, output, padsBegin };
}

function check(c: Failing, x: Shape, w: Shape, attrs: Attrs, bias?: Shape): void {
  if (x.length < 3) c.fail("SHAPE", `input X is ${formatType("", x)}, expected rank 3 or more: [N,C,…]`);
  if (w.length !== x.length)
    c.fail("SHAPE", `input W is ${formatType("", w)}, expected rank ${x.length} as X ${formatType("", x)} has`);
  const [channels, filters, perGroup] = [x[1]!, w[0]!, w[1]!];
  if (typeof channels === "number" && typeof filters === "number" && channels !== filters)
    c.fail("SHAPE", `X has ${channels} channels, W ${formatType("", w)} expects ${filters}`);
  if (attrs.group < 1 || (typeof channels === "number" && channels % attrs.group !== 0))
    c.fail("ATTRIBUTE", `group is ${attrs.group}, expected a divisor of ${channels} channels`);
  const length = bias?.[0];
  if (
    bias &&
    (bias.length !== 1 ||
      (typeof length === "number" && typeof perGroup === "number" && length !== perGroup * attrs.group))
  )
    c.fail("SHAPE", `input B is ${formatType("", bias)}, expected [${mulDims(perGroup, attrs.group)}]`);
}

export const convTranspose = operator({
  name: "ConvTranspose",
  since: [1, 11, 22],
  doc: "Transposed convolution of X[N,C,…] with W[C,M/group,…], plus bias B[M]: every input element adds a scaled copy of its filter.",
  inputs: [
    { name: "X", type: "T", doc: "[N,C,D1,…]." },
    { name: "W", type: "T", doc: "[C,M/group,k1,…]." },
    { name: "B", type: "T", optional: true, doc: "[M]." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes,
  types: { T: floats },
  typing: "images",
  infer(c) {
    const [x, w] = [c.shape(0), c.shape(1)];
    if (!x) return c.output(0, tensorType(c.dtype(0)));
    if (w) check(c, x, w, c.attrs, c.shape(2));
    const kernel = c.attrs.kernel_shape?.length ? c.attrs.kernel_shape : w?.slice(2);
    const known = kernel?.every((k) => typeof k === "number");
    const spatial = known
      ? transposedLayout(c, c.attrs, kernel as number[], x.slice(2)).output
      : x.slice(2).map(() => c.freshDim());
    c.output(0, tensorType(c.dtype(0), [x[0]!, w ? mulDims(w[1]!, c.attrs.group) : c.freshDim(), ...spatial]));
  },
  reference(c) {
    const [x, w, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    check(c, x.shape, w.shape, c.attrs, bias?.shape);
    const input = x.shape.slice(2);
    const { window, output, padsBegin } = transposedLayout(c, c.attrs, w.shape.slice(2), input);
    const [batch, channels] = x.shape as [number, number];
    const perGroup = w.shape[1]!;
    const channelsPerGroup = channels / c.attrs.group;
    const filters = perGroup * c.attrs.group;
    const shape = [batch, filters, ...(output as number[])];
    // The convolution that this one transposes maps the output's plane to the input's: its walk, read backwards.
    const walk = walkWindows(window, output as number[], input, padsBegin as number[]);
    const taps = walk.rows.length;
    const [from, weights] = [numbersOf(x), numbersOf(w)];
    const biases = bias && numbersOf(bias);
    const plane = sizeOf(output as number[]);
    const inputPlane = sizeOf(input);
    const { values, done } = collector(x.dtype, sizeOf(shape));
    const sums = new Float64Array(plane);
    for (let n = 0; n < batch; n++)
      for (let m = 0; m < filters; m++) {
        sums.fill(biases ? biases[m]! : 0);
        const group = Math.floor(m / perGroup);
        for (let ch = group * channelsPerGroup; ch < (group + 1) * channelsPerGroup; ch++) {
          const base = (n * channels + ch) * inputPlane;
          for (let tap = 0; tap < taps; tap++)
            scatter(
              sums,
              from,
              base,
              walk.rows[tap]!,
              walk.step,
              weights[(ch * perGroup + (m % perGroup)) * taps + tap]!,
            );
        }
        const to = (n * filters + m) * plane;
        for (let i = 0; i < plane; i++) values[to + i] = sums[i]!;
      }
    return [new Tensor(x.dtype, shape, done())];
  },
  cost(c) {
    const w = c.inputShape(1) ?? [];
    const x = c.inputShape(0) ?? [];
    return { flops: 2 * sizeOf(x) * sizeOf(w.slice(1)), bytes: c.totalBytes };
  },
});

/** sums[in] += x[base + out] · weight over all rows of a tap. */
function scatter(
  sums: Float64Array,
  x: ArrayLike<number>,
  base: number,
  rows: Int32Array,
  step: number,
  weight: number,
): void {
  for (let r = 0; r < rows.length; r += 3) {
    const first = rows[r]!;
    let at = rows[r + 1]!;
    for (let i = base + first; i < base + first + rows[r + 2]!; i++) {
      sums[at]! += x[i]! * weight;
      at += step;
    }
  }
}
