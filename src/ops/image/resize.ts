import { floorDivDims, mulDims } from "../../base/dims.ts";
import { type Dim, type Shape, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { freshShape, knownDims, outputLike, resolveAxes } from "../common/axes.ts";
import { aroundAxis, offsetsByAxis, take } from "../common/elements.ts";
import { fromNumbers, toIntegers, toNumbers } from "../common/numbers.ts";
import type { CostContext, InferContext } from "../operator.ts";
import { operator } from "../operator.ts";
import { type Resampling, resampleAxis, tapsOf } from "./resample.ts";

/** floor(dim × scale), also for a symbol where the scale is a fraction with a small power of two below. */
function scaledDim(dim: Dim, scale: number): Dim | undefined {
  if (typeof dim === "number") return Math.floor(dim * scale);
  for (let below = 1; below <= 256; below *= 2)
    if (Number.isInteger(scale * below)) return floorDivDims(mulDims(dim, scale * below), below);
  return undefined;
}

const checkScales = (
  c: { fail(code: "SHAPE" | "VALUE", text: string): never },
  scales: ArrayLike<number>,
  axes: readonly number[],
): void => {
  if (scales.length !== axes.length) c.fail("SHAPE", `scales has ${scales.length} elements, expected ${axes.length}`);
  for (let i = 0; i < scales.length; i++)
    if (!(scales[i]! > 0)) c.fail("VALUE", `scales[${i}] is ${scales[i]}, expected a number above 0`);
};

interface Plan {
  readonly to: readonly number[];
  readonly scales: readonly number[];
  readonly regions: readonly (readonly [number, number])[];
}

function resample(x: Tensor, plan: Plan, how: Resampling, extrapolation: number): Tensor {
  const moving = x.shape.flatMap((from, axis) =>
    from !== plan.to[axis] || plan.scales[axis] !== 1 || how.transformation === "tf_crop_and_resize" ? [axis] : [],
  );
  const taps = moving.map((axis) =>
    tapsOf(how, x.shape[axis]!, plan.to[axis]!, plan.scales[axis]!, plan.regions[axis]!),
  );
  if (how.mode === "nearest") {
    // One element is picked, never computed with: any dtype, no rounding.
    const sources = offsetsByAxis(plan.to, stridesOf(x.shape), (axis, i) => {
      const own = taps[moving.indexOf(axis)];
      return own ? own.indices[i * 2 + (own.weights[i * 2 + 1] ? 1 : 0)]! : i;
    });
    const fill = new Tensor(x.dtype, [1], fromNumbers(x.dtype, Float64Array.of(extrapolation)));
    return take(x, plan.to, sources, fill);
  }
  let data = Float64Array.from(toNumbers(x));
  const shape = [...x.shape];
  moving.forEach((axis, i) => {
    const { outer, length, inner } = aroundAxis(shape, axis);
    shape[axis] = plan.to[axis]!;
    data = resampleAxis(data, outer, length, inner, shape[axis], taps[i]!, extrapolation) as Float64Array<ArrayBuffer>;
  });
  return new Tensor(x.dtype, plan.to, fromNumbers(x.dtype, data));
}

function inferScaled(c: InferContext, shape: Shape, scales: ArrayLike<number>, axes: readonly number[]): void {
  checkScales(c, scales, axes);
  const result = [...shape];
  axes.forEach((axis, i) => {
    result[axis] = scaledDim(shape[axis]!, scales[i]!) ?? c.freshDim();
  });
  outputLike(c, 0, result);
}

const tapsPerAxis: Record<string, number> = { nearest: 1, linear: 2, bilinear: 2, cubic: 4 };
const resampleCost = (c: CostContext & { readonly attrs: { readonly mode?: unknown } }) => {
  const size = c.outputShape(0).reduce((product, dim) => product * dim, 1);
  const taps = tapsPerAxis[String(c.attrs.mode)] ?? 1;
  return { flops: taps > 1 ? size * taps * 4 : 0, bytes: c.totalBytes };
};

export const resize = operator({
  name: "Resize",
  since: [10, 11, 13, 18, 19],
  doc: "Resamples a tensor to sizes, or by scales, along some axes: nearest, linear or cubic.",
  inputs: [
    { name: "X", type: "T1" },
    { name: "roi", type: "T2", optional: true, since: 11, doc: "For tf_crop_and_resize: starts, then ends, in 0..1." },
    { name: "scales", type: "float32", optional: true, doc: "Factor an axis (this or sizes)." },
    { name: "sizes", type: "int64", optional: true, since: 11, doc: "Size an axis (this or scales)." },
  ],
  outputs: [{ name: "Y", type: "T1" }],
  attributes: {
    mode: { type: "string", default: "nearest", doc: "nearest, linear or cubic." },
    coordinate_transformation_mode: {
      type: "string",
      default: "half_pixel",
      since: 11,
      doc: "half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric or tf_crop_and_resize.",
    },
    nearest_mode: {
      type: "string",
      default: "round_prefer_floor",
      since: 11,
      doc: "round_prefer_floor, round_prefer_ceil, floor or ceil.",
    },
    cubic_coeff_a: { type: "float", default: -0.75, since: 11 },
    exclude_outside: { type: "int", default: 0, since: 11, doc: "1: weights outside the input are left out." },
    extrapolation_value: { type: "float", default: 0, since: 11 },
    antialias: { type: "int", default: 0, since: 18, doc: "1: widen the kernel when shrinking." },
    axes: { type: "ints", since: 18, doc: "Axes that scales, sizes and roi speak of (default: all)." },
    keep_aspect_ratio_policy: {
      type: "string",
      default: "stretch",
      since: 18,
      doc: "stretch, or not_larger or not_smaller than sizes.",
    },
  },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    if (!shape) return outputLike(c, 0, undefined);
    const axes = resolveAxes(c, c.attrs.axes ?? shape.map((_, axis) => axis), shape.length);
    const scales = c.constant(c.version === 10 ? 1 : 2);
    const sizes = c.version === 10 ? undefined : knownDims(c, 3);
    if (scales && scales.size > 0) return inferScaled(c, shape, toNumbers(scales), axes);
    if (!sizes?.length) {
      const result = [...shape];
      for (const axis of axes) result[axis] = c.freshDim();
      return outputLike(c, 0, result);
    }
    if (sizes.length !== axes.length) c.fail("SHAPE", `sizes has ${sizes.length} elements, expected ${axes.length}`);
    const result = [...shape];
    const policy = c.attrs.keep_aspect_ratio_policy ?? "stretch";
    const numbers = axes.map((axis, i) => [shape[axis]!, sizes[i]!]);
    if (policy === "stretch")
      axes.forEach((axis, i) => {
        result[axis] = sizes[i]!;
      });
    else if (numbers.flat().every((n) => typeof n === "number")) {
      const kept = keepAspect(policy, numbers as [number, number][]);
      axes.forEach((axis, i) => {
        result[axis] = kept.sizes[i]!;
      });
    } else for (const axis of axes) result[axis] = c.freshDim();
    outputLike(c, 0, result);
  },
  reference(c) {
    const x = c.tensor(0);
    const a = c.attrs;
    const axes = resolveAxes(c, a.axes ?? x.shape.map((_, axis) => axis), x.rank);
    const scaleInput = c.optionalTensor(c.version === 10 ? 1 : 2);
    const sizeInput = c.version === 10 ? undefined : c.optionalTensor(3);
    const to = [...x.shape];
    const scales = x.shape.map(() => 1);
    const regions = x.shape.map((): [number, number] => [0, 1]);
    if (scaleInput && scaleInput.size > 0) {
      const given = toNumbers(scaleInput);
      checkScales(c, given, axes);
      axes.forEach((axis, i) => {
        scales[axis] = given[i]!;
        to[axis] = Math.floor(x.shape[axis]! * given[i]!);
      });
    } else if (sizeInput && sizeInput.size > 0) {
      const sizes = toIntegers(sizeInput);
      if (sizes.length !== axes.length || sizes.some((size) => size < 0))
        c.fail("VALUE", `sizes is [${sizes.join(",")}], expected ${axes.length} sizes of 0 or more`);
      const kept = keepAspect(
        a.keep_aspect_ratio_policy ?? "stretch",
        axes.map((axis, i) => [x.shape[axis]!, sizes[i]!]),
      );
      axes.forEach((axis, i) => {
        scales[axis] = kept.scales[i]!;
        to[axis] = kept.sizes[i]!;
      });
    } else c.fail("VALUE", "has neither scales nor sizes, expected one of them");
    if (x.size === 0 && to.some((size, axis) => size > 0 && x.shape[axis] === 0))
      c.fail("SHAPE", `X[${x.shape.join(",")}] is empty, expected elements to resample`);
    const roi = c.version >= 11 ? c.optionalTensor(1) : undefined;
    if (roi && roi.size > 0 && a.coordinate_transformation_mode === "tf_crop_and_resize") {
      if (roi.size !== 2 * axes.length) c.fail("SHAPE", `roi has ${roi.size} elements, expected ${2 * axes.length}`);
      const given = toNumbers(roi);
      axes.forEach((axis, i) => {
        regions[axis] = [given[i]!, given[axes.length + i]!];
      });
    }
    const old = c.version === 10;
    const how: Resampling = {
      mode: modeOf(c, a.mode),
      transformation: old ? "asymmetric" : a.coordinate_transformation_mode,
      nearestMode: old ? "simple" : a.nearest_mode,
      cubicA: a.cubic_coeff_a ?? -0.75,
      antialias: Boolean(a.antialias),
      excludeOutside: Boolean(a.exclude_outside),
    };
    return [resample(x, { to, scales, regions }, how, a.extrapolation_value ?? 0)];
  },
  cost: resampleCost,
});

/** Sizes and factors of the axes given [from, wanted]; with a policy other than stretch all factors are one. */
function keepAspect(
  policy: string,
  axes: readonly (readonly [number, number])[],
): { sizes: number[]; scales: number[] } {
  const scales = axes.map(([from, to]) => (from === 0 ? 1 : to / from));
  if (policy === "stretch") return { sizes: axes.map(([, to]) => to), scales };
  const scale = policy === "not_larger" ? Math.min(...scales) : Math.max(...scales);
  // Half up, as the specification says.
  return { sizes: axes.map(([from]) => Math.floor(scale * from + 0.5)), scales: scales.map(() => scale) };
}

function modeOf(c: { fail(code: "ATTRIBUTE", text: string): never }, mode: string): Resampling["mode"] {
  if (mode === "bilinear") return "linear";
  if (mode === "nearest" || mode === "linear" || mode === "cubic") return mode;
  return c.fail("ATTRIBUTE", `mode is ${JSON.stringify(mode)}, expected nearest, linear or cubic`);
}

export const upsample = operator({
  name: "Upsample",
  since: [1, 7, 9, 10],
  doc: "Resize by scales as it was before opset 10: nearest takes the pixel to the left, linear starts at the corner.",
  inputs: [
    { name: "X", type: "T" },
    { name: "scales", type: "float32", since: 9 },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    mode: { type: "string", default: "nearest" },
    scales: { type: "floats", since: 7, until: 7 },
    height_scale: { type: "float", until: 1 },
    width_scale: { type: "float", until: 1 },
  },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    const input = c.version >= 9 ? c.constant(1) : undefined;
    const scales = input ? toNumbers(input) : oldScales(c.attrs);
    if (!shape || !scales) return outputLike(c, 0, shape && freshShape(c, shape.length));
    const all = shape.map((_, axis) => axis);
    inferScaled(c, shape, scales, all);
  },
  reference(c) {
    const x = c.tensor(0);
    const scales = c.version >= 9 ? Array.from(toNumbers(c.tensor(1))) : oldScales(c.attrs);
    if (!scales) return c.fail("ATTRIBUTE", "has no scales, expected one an axis");
    checkScales(
      c,
      scales,
      x.shape.map((_, axis) => axis),
    );
    const how: Resampling = {
      mode: modeOf(c, c.attrs.mode),
      transformation: "asymmetric",
      nearestMode: "simple",
      cubicA: -0.75,
      antialias: false,
      excludeOutside: false,
    };
    const to = x.shape.map((dim, axis) => Math.floor(dim * scales[axis]!));
    return [resample(x, { to, scales, regions: x.shape.map(() => [0, 1]) }, how, 0)];
  },
  cost: resampleCost,
});

function oldScales(attrs: {
  readonly scales?: readonly number[] | undefined;
  readonly height_scale?: number | undefined;
  readonly width_scale?: number | undefined;
}): number[] | undefined {
  if (attrs.scales) return [...attrs.scales];
  return attrs.height_scale && attrs.width_scale ? [1, 1, attrs.height_scale, attrs.width_scale] : undefined;
}
