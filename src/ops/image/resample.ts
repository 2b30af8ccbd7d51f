/**
 * Resampling along one axis, the heart of Resize and Upsample. Source: ONNX operator specification, Resize-19 (coordinate
 * transformations, nearest modes, antialiasing as a kernel stretched by 1/scale).
 */

export interface Resampling {
  readonly mode: "nearest" | "linear" | "cubic";
  readonly transformation: string;
  /** A nearest_mode of Resize, or "simple" for the versions before it had any. */
  readonly nearestMode: string;
  readonly cubicA: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
}

/** For each output position the input positions it is made of and their weights; none where it lies outside the region. */
export interface Taps {
  /** Taps an output position has. */
  readonly count: number;
  /** count × output length; -1 in the first tap: outside, take the extrapolation value. */
  readonly indices: Int32Array;
  readonly weights: Float64Array;
}

/** Where output position x lies in the input, in units of input positions. */
function sourceOf(
  transformation: string,
  x: number,
  from: number,
  to: number,
  scale: number,
  region: readonly [number, number],
): number {
  // The length in the transformations is the exact one, before it was rounded to whole positions.
  const exact = scale * from;
  switch (transformation) {
    case "align_corners":
      return exact === 1 ? 0 : (x * (from - 1)) / (exact - 1);
    case "asymmetric":
      return x / scale;
    case "tf_half_pixel_for_nn":
      return (x + 0.5) / scale;
    case "pytorch_half_pixel":
      return exact === 1 ? -0.5 : (x + 0.5) / scale - 0.5;
    case "half_pixel_symmetric":
      return (from / 2) * (1 - to / exact) + (x + 0.5) / scale - 0.5;
    case "tf_crop_and_resize": {
      const [start, end] = region;
      const width = end - start;
      return to === 1 ? 0.5 * (start + end) * (from - 1) : start * (from - 1) + (x * width * (from - 1)) / (to - 1);
    }
    default:
      return (x + 0.5) / scale - 0.5;
  }
}

/** Keys' cubic convolution kernel. */
function cubic(a: number, distance: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

const picksRight: Record<string, (ratio: number) => boolean> = {
  round_prefer_floor: (ratio) => ratio > 0.5,
  round_prefer_ceil: (ratio) => ratio >= 0.5,
  floor: (ratio) => ratio === 1,
  ceil: () => true,
};

/** Weights of the taps `1 - n/2 … n/2` around a point that lies `ratio` in (0, 1] right of tap 0. */
function weightsAt(how: Resampling, ratio: number, scale: number): number[] {
  if (how.mode === "nearest") {
    // Before opset 11 the pixel to the left was taken when growing, the one to the right when shrinking.
    const nearestMode = how.nearestMode === "simple" ? (scale < 1 ? "ceil" : "floor") : how.nearestMode;
    const right = (picksRight[nearestMode] ?? picksRight["round_prefer_floor"]!)(ratio);
    return right ? [0, 1] : [1, 0];
  }
  const reach = how.mode === "linear" ? 1 : 2;
  const shrink = how.antialias ? Math.min(scale, 1) : 1;
  const first = Math.floor(-reach / shrink) + 1;
  const weights: number[] = [];
  for (let tap = first; tap < 2 - first; tap++) {
    const distance = (tap - ratio) * shrink;
    weights.push(how.mode === "linear" ? Math.max(0, 1 - Math.abs(distance)) : cubic(how.cubicA, distance));
  }
  if (shrink < 1 || how.antialias) {
    const sum = weights.reduce((total, w) => total + w, 0);
    return weights.map((w) => w / sum);
  }
  return weights;
}

/** The taps of an axis of `from` positions resampled to `to`. */
export function tapsOf(
  how: Resampling,
  from: number,
  to: number,
  scale: number,
  region: readonly [number, number],
): Taps {
  const count = weightsAt(how, 1, scale).length;
  const indices = new Int32Array(count * to);
  const weights = new Float64Array(count * to);
  for (let x = 0; x < to; x++) {
    const at = sourceOf(how.transformation, x, from, to, scale, region);
    if (how.transformation === "tf_crop_and_resize" && (at < 0 || at > from - 1)) {
      indices.fill(-1, x * count, (x + 1) * count);
      continue;
    }
    const whole = Number.isInteger(at);
    const left = whole ? at - 1 : Math.floor(at);
    const own = weightsAt(how, whole ? 1 : at - left, scale);
    const first = left + 1 - count / 2;
    if (how.excludeOutside) {
      own.forEach((_, tap) => {
        if (first + tap < 0 || first + tap >= from) own[tap] = 0;
      });
      const sum = own.reduce((total, w) => total + w, 0);
      own.forEach((w, tap) => {
        own[tap] = w / sum;
      });
    }
    for (let tap = 0; tap < count; tap++) {
      indices[x * count + tap] = Math.min(from - 1, Math.max(0, first + tap));
      weights[x * count + tap] = own[tap]!;
    }
  }
  return { count, indices, weights };
}

/** Resamples one axis of `outer` × `from` × `inner` numbers. */
export function resampleAxis(
  data: Float64Array,
  outer: number,
  from: number,
  inner: number,
  to: number,
  { count, indices, weights }: Taps,
  extrapolation: number,
): Float64Array {
  const out = new Float64Array(outer * to * inner);
  for (let o = 0; o < outer; o++) {
    for (let x = 0; x < to; x++) {
      const target = (o * to + x) * inner;
      if (indices[x * count] === -1) {
        out.fill(extrapolation, target, target + inner);
        continue;
      }
      for (let tap = 0; tap < count; tap++) {
        const weight = weights[x * count + tap]!;
        // A weight of 0 keeps an infinite neighbour out.
        if (weight === 0) continue;
        const source = (o * from + indices[x * count + tap]!) * inner;
        for (let i = 0; i < inner; i++) out[target + i]! += weight * data[source + i]!;
      }
    }
  }
  return out;
}
