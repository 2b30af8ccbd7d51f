/** Grey, HSV, Lab and YCrCb, each both ways. 8-bit results are rounded to the nearest level; float32 runs from 0 to 1. */
import {
  type Alike,
  densePixels,
  expectChannels,
  type Picture,
  pictureLike,
  saturating,
  targetFor,
} from "./picture.ts";
import { type Into, pictureNode } from "./picture-node.ts";

type Convert = (a: number, b: number, c: number, to: Float64Array) => void;

/** Colours from 0 to 1 through `convert`, and back to levels by `scale` and `shift` of each channel. */
function convertColours<P extends Picture>(
  node: string,
  image: P,
  { into }: Into<P>,
  convert: Convert,
  input: { readonly scale: readonly number[]; readonly shift: readonly number[] },
  output: { readonly scale: readonly number[]; readonly shift: readonly number[] },
): Alike<P> {
  const source = densePixels(image);
  expectChannels(node, source, [3, 4]);
  const { data, width, height, channels } = source;
  const isFloat = data instanceof Float32Array;
  const { picture, pixels } = targetFor(image, width, height, 3, into);
  const out = saturating(pixels.data);
  const to = new Float64Array(3);
  for (let i = 0, at = 0; at < out.length; i += channels, at += 3) {
    if (isFloat) convert(data[i]!, data[i + 1]!, data[i + 2]!, to);
    else
      convert(
        (data[i]! - input.shift[0]!) / input.scale[0]!,
        (data[i + 1]! - input.shift[1]!) / input.scale[1]!,
        (data[i + 2]! - input.shift[2]!) / input.scale[2]!,
        to,
      );
    for (let c = 0; c < 3; c++) out[at + c] = isFloat ? to[c]! : to[c]! * output.scale[c]! + output.shift[c]!;
    // A hue of 359.5° would be level 180, which is 0°.
    if (output === hsvLevels && !isFloat && out[at] === 180) out[at] = 0;
  }
  return picture;
}

const levels = { scale: [255, 255, 255], shift: [0, 0, 0] };

export const toGray = pictureNode<object>(
  {
    name: "toGray",
    group: "colour",
    about:
      "The picture's luma as one channel: (77·R + 150·G + 29·B + 128) >> 8 of 8-bit levels, 0.299·R + 0.587·G + 0.114·B of float32. A grey picture comes back as it is.",
    parameters: {},
    example: "toGray(photo)",
    source: "ITU-R BT.601-7, its weights in units of 1/256",
  },
  (image, { into }) => {
    const source = densePixels(image);
    expectChannels("toGray", source, [1, 3, 4]);
    const { data, width, height, channels } = source;
    if (channels === 1) return pictureLike(image, width, height, 1, data);
    const isFloat = data instanceof Float32Array;
    const { picture, pixels } = targetFor(image, width, height, 1, into);
    const out = pixels.data;
    for (let i = 0, at = 0; at < out.length; at++, i += channels) {
      const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
      out[at] = isFloat ? 0.299 * r + 0.587 * g + 0.114 * b : (77 * r + 150 * g + 29 * b + 128) >> 8;
    }
    return picture;
  },
);

const hsvLevels = { scale: [180 / 360, 255, 255], shift: [0, 0, 0] };

export const rgbToHsv = pictureNode<object>(
  {
    name: "rgbToHsv",
    group: "colour",
    about:
      "Hue, saturation and value of each pixel. In 8 bits hue is half of its degrees (0…179), the others 0…255; in float32 degrees and 0…1. Grey has hue 0.",
    parameters: {},
    example: "rgbToHsv(photo)",
    source: "Smith, Color gamut transform pairs (1978)",
  },
  (image, options) =>
    convertColours(
      "rgbToHsv",
      image,
      options,
      (r, g, b, to) => {
        const most = Math.max(r, g, b);
        const span = most - Math.min(r, g, b);
        let hue = 0;
        if (span > 0) {
          if (most === r) hue = ((g - b) / span) * 60;
          else if (most === g) hue = ((b - r) / span) * 60 + 120;
          else hue = ((r - g) / span) * 60 + 240;
        }
        if (hue < 0) hue += 360;
        to[0] = hue;
        to[1] = most > 0 ? span / most : 0;
        to[2] = most;
      },
      levels,
      hsvLevels,
    ),
);

export const hsvToRgb = pictureNode<object>(
  {
    name: "hsvToRgb",
    group: "colour",
    about: "Colours of hue, saturation and value, in the units of rgbToHsv.",
    parameters: {},
    example: "hsvToRgb(rgbToHsv(photo))",
    source: "Smith, Color gamut transform pairs (1978)",
  },
  (image, options) =>
    convertColours(
      "hsvToRgb",
      image,
      options,
      (h, s, v, to) => {
        const sector = ((((h / 60) % 6) + 6) % 6) as number;
        const f = (k: number): number => {
          const at = (k + sector) % 6;
          return v - v * s * Math.max(0, Math.min(at, 4 - at, 1));
        };
        to[0] = f(5);
        to[1] = f(3);
        to[2] = f(1);
      },
      hsvLevels,
      levels,
    ),
);

/** sRGB's curve, IEC 61966-2-1. */
const toLinear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const fromLinear = (v: number): number => (v <= 0.0031308 ? v * 12.92 : 1.055 * Math.max(0, v) ** (1 / 2.4) - 0.055);
const white = [0.95047, 1, 1.08883];
const labOf = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);
const ofLab = (t: number): number => (t > 6 / 29 ? t ** 3 : 3 * (6 / 29) ** 2 * (t - 4 / 29));
const labLevels = { scale: [2.55, 1, 1], shift: [0, 128, 128] };

export const rgbToLab = pictureNode<object>(
  {
    name: "rgbToLab",
    group: "colour",
    about:
      "CIE L*a*b* of sRGB colours, white D65. In 8 bits L is scaled to 0…255 and 128 is added to a and b; in float32 L is 0…100.",
    parameters: {},
    example: "rgbToLab(photo)",
    source: "CIE 15:2004, IEC 61966-2-1",
  },
  (image, options) =>
    convertColours(
      "rgbToLab",
      image,
      options,
      (r, g, b, to) => {
        const [R, G, B] = [toLinear(r), toLinear(g), toLinear(b)];
        const x = labOf((0.4124564 * R + 0.3575761 * G + 0.1804375 * B) / white[0]!);
        const y = labOf(0.2126729 * R + 0.7151522 * G + 0.072175 * B);
        const z = labOf((0.0193339 * R + 0.119192 * G + 0.9503041 * B) / white[2]!);
        to[0] = 116 * y - 16;
        to[1] = 500 * (x - y);
        to[2] = 200 * (y - z);
      },
      levels,
      labLevels,
    ),
);

export const labToRgb = pictureNode<object>(
  {
    name: "labToRgb",
    group: "colour",
    about:
      "The sRGB colours of CIE L*a*b*, in the units of rgbToLab; colours sRGB does not have are cut off in 8 bits.",
    parameters: {},
    example: "labToRgb(rgbToLab(photo))",
    source: "CIE 15:2004, IEC 61966-2-1",
  },
  (image, options) =>
    convertColours(
      "labToRgb",
      image,
      options,
      (l, a, b, to) => {
        const fy = (l + 16) / 116;
        const [x, y, z] = [ofLab(fy + a / 500) * white[0]!, ofLab(fy), ofLab(fy - b / 200) * white[2]!];
        to[0] = fromLinear(3.2404542 * x - 1.5371385 * y - 0.4985314 * z);
        to[1] = fromLinear(-0.969266 * x + 1.8760108 * y + 0.041556 * z);
        to[2] = fromLinear(0.0556434 * x - 0.2040259 * y + 1.0572252 * z);
      },
      labLevels,
      levels,
    ),
);

const chromaLevels = { scale: [255, 255, 255], shift: [0, 0, 0] };

export const rgbToYcrcb = pictureNode<object>(
  {
    name: "rgbToYcrcb",
    group: "colour",
    about: "Luma and the differences Cr = (R − Y)·0.713 + ½, Cb = (B − Y)·0.564 + ½ of each pixel, full range.",
    parameters: {},
    example: "rgbToYcrcb(photo)",
    source: "ITU-R BT.601-7",
  },
  (image, options) =>
    convertColours(
      "rgbToYcrcb",
      image,
      options,
      (r, g, b, to) => {
        const y = 0.299 * r + 0.587 * g + 0.114 * b;
        to[0] = y;
        to[1] = (r - y) * 0.713 + 128 / 255;
        to[2] = (b - y) * 0.564 + 128 / 255;
      },
      levels,
      chromaLevels,
    ),
);

export const ycrcbToRgb = pictureNode<object>(
  {
    name: "ycrcbToRgb",
    group: "colour",
    about: "Colours of luma, Cr and Cb: the inverse of rgbToYcrcb.",
    parameters: {},
    example: "ycrcbToRgb(rgbToYcrcb(photo))",
    source: "ITU-R BT.601-7",
  },
  (image, options) =>
    convertColours(
      "ycrcbToRgb",
      image,
      options,
      (y, cr, cb, to) => {
        const r = y + (cr - 128 / 255) / 0.713;
        const b = y + (cb - 128 / 255) / 0.564;
        to[0] = r;
        to[1] = (y - 0.299 * r - 0.114 * b) / 0.587;
        to[2] = b;
      },
      chromaLevels,
      levels,
    ),
);

export const swapChannels = pictureNode<{ readonly order?: readonly number[] }>(
  {
    name: "swapChannels",
    group: "colour",
    about:
      "The picture with its channels in another order; [2, 1, 0] makes BGR of RGB. Channels may repeat or be left out.",
    parameters: {
      order: { type: "numbers", default: [2, 1, 0], min: 0, about: "the channel each channel of the result is" },
    },
    example: "swapChannels(photo, { order: [2, 1, 0] })",
  },
  (image, { order = [2, 1, 0], into }) => {
    const source = densePixels(image);
    const { data, width, height, channels } = source;
    expectChannels("swapChannels", { ...source, channels: Math.max(channels, Math.max(...order) + 1) }, [channels]);
    const { picture, pixels } = targetFor(image, width, height, order.length, into);
    const out = pixels.data;
    for (let i = 0; i < width * height; i++)
      for (let c = 0; c < order.length; c++) out[i * order.length + c] = data[i * channels + order[c]!]!;
    return picture;
  },
);
