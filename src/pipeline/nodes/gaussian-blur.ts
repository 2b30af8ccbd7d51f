/** Gaussian blur: the filter every other smoothing is compared with. */
import { type Border, borderParameter, borders } from "./border.ts";
import { callNative, geometry } from "./native.ts";
import { type Alike, densePixels, type Picture, pixelsOf, saturating, targetFor } from "./picture.ts";
import { type Into, pictureNode } from "./picture-node.ts";
import { separable } from "./separable.ts";

export interface GaussianBlurOptions {
  /** Standard deviation in pixels. Default: what the radius suggests, 0.3 · (radius − 1) + 0.8. */
  readonly sigma?: number;
  /** Pixels on each side of the middle. Default: ⌈3 · sigma⌉. */
  readonly radius?: number;
  /** Default "reflect101". */
  readonly border?: Border;
  /** Level outside with border "constant". Default 0. */
  readonly fill?: number;
}

/** Weights from the middle outwards: w[0] + 2 Σ w[t] = 1. */
export function gaussianWeights(sigma: number, radius: number): Float32Array {
  const raw = Float64Array.from({ length: radius + 1 }, (_, t) =>
    sigma === 0 ? Number(t === 0) : Math.exp((-t * t) / (2 * sigma * sigma)),
  );
  const sum = raw.reduce((a, b, t) => a + (t === 0 ? b : 2 * b), 0);
  return Float32Array.from(raw, (w) => w / sum);
}

/** A symmetric filter across and down, natively where there is an addon. */
export function symmetricFilter<P extends Picture>(
  image: P,
  across: Float32Array,
  down: Float32Array,
  { border = "reflect101", fill = 0, into }: { readonly border?: Border; readonly fill?: number } & Into<P>,
): Alike<P> {
  const source = pixelsOf(image);
  const { picture, pixels } = targetFor(image, source.width, source.height, source.channels, into);
  const params = [
    ...geometry(source),
    ...geometry(pixels),
    across.length - 1,
    down.length - 1,
    borders.indexOf(border),
    fill,
  ];
  const isNative = across.length <= 4096 && down.length <= 4096;
  if (!isNative || !callNative("blur", params, [source.data, across, down], [pixels.data]))
    separable(densePixels(source), mirror(across), mirror(down), border, fill, saturating(pixels.data));
  return picture;
}

/** Both halves of a symmetric filter. */
const mirror = (half: Float32Array): Float32Array =>
  Float32Array.from({ length: half.length * 2 - 1 }, (_, i) => half[Math.abs(i - half.length + 1)]!);

export const gaussianBlur = pictureNode<GaussianBlurOptions>(
  {
    name: "gaussianBlur",
    group: "filters",
    about:
      "The picture smoothed with a Gaussian of standard deviation sigma. 8-bit levels are within 1 of the exact sum.",
    parameters: {
      sigma: { type: "number", min: 0, max: 1000, optional: "0.3 · (radius − 1) + 0.8, or 1", about: "pixels" },
      radius: { type: "integer", min: 0, max: 4000, optional: "three times sigma", about: "pixels on each side" },
      border: { ...borderParameter, default: "reflect101" },
      fill: { type: "number", default: 0, about: "level outside with border constant" },
    },
    example: "gaussianBlur(photo, { sigma: 2 })",
  },
  (image, { sigma, radius, ...options }) => {
    const deviation = sigma ?? (radius === undefined ? 1 : Math.max(0.1, 0.3 * (radius - 1) + 0.8));
    const weights = gaussianWeights(deviation, radius ?? Math.ceil(3 * deviation));
    return symmetricFilter(image, weights, weights, options);
  },
);
