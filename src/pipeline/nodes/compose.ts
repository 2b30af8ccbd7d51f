/** Two pictures become one; colours of one go to another. */
import { InferlabError } from "../../base/errors.ts";
import { Image } from "../../base/image.ts";
import { labToRgb, rgbToLab } from "./colour-spaces.ts";
import { node } from "./node.ts";
import {
  densePixels,
  expectAlike,
  expectChannels,
  type Picture,
  pictureLike,
  saturating,
  sinkFor,
  targetFor,
} from "./picture.ts";
import { pictureNode } from "./picture-node.ts";
import { medianBlur } from "./rank-filters.ts";

/** Levels from 0 to 1. */
const modes = {
  normal: (_: number, b: number): number => b,
  multiply: (a: number, b: number): number => a * b,
  screen: (a: number, b: number): number => a + b - a * b,
  overlay: (a: number, b: number): number => (a < 0.5 ? 2 * a * b : 1 - 2 * (1 - a) * (1 - b)),
  darken: Math.min,
  lighten: Math.max,
  add: (a: number, b: number): number => a + b,
  difference: (a: number, b: number): number => Math.abs(a - b),
} as const;

export const blend = pictureNode<{ readonly mode?: keyof typeof modes; readonly amount?: number }, [other: Picture]>(
  {
    name: "blend",
    group: "tone",
    about:
      "The picture mixed with another of the same size and channels: (1 − amount) · picture + amount · mode(picture, other).",
    others: [{ name: "other", kind: "image", tensors: true }],
    parameters: {
      mode: { type: "text", choices: Object.keys(modes), default: "normal", about: "how two levels make one" },
      amount: { type: "number", min: 0, max: 1, default: 0.5, about: "share of the mix" },
    },
    example: "blend(photo, flip(photo), { mode: 'screen', amount: 1 })",
    source: "W3C, Compositing and Blending Level 1 (2015)",
  },
  (image, other, { mode = "normal", amount = 0.5, into }) => {
    const [a, b] = [densePixels(image), densePixels(other)];
    expectAlike("blend", a, b);
    const { picture, pixels } = targetFor(image, a.width, a.height, a.channels, into);
    const out = saturating(pixels.data);
    const full = a.data instanceof Float32Array ? 1 : 255;
    const mix = modes[mode];
    for (let i = 0; i < out.length; i++) {
      const [x, y] = [a.data[i]! / full, b.data[i]! / full];
      out[i] = (x + amount * (mix(x, y) - x)) * full;
    }
    return picture;
  },
);

export const composite = node(
  {
    name: "composite",
    group: "tone",
    about:
      "An RGBA picture laid over another at (x, y), its alpha deciding; what sticks out is cut off. Over RGBA the result has both alphas (source over).",
    inputs: [
      { name: "below", kind: "image" },
      { name: "above", kind: "image" },
    ],
    output: "image",
    parameters: {
      x: { type: "integer", default: 0, about: "left edge of the upper picture, pixels" },
      y: { type: "integer", default: 0, about: "its upper edge" },
      opacity: { type: "number", min: 0, max: 1, default: 1, about: "factor on its alpha" },
    },
    example: "composite(photo, resize(photo, { width: 8 }), { x: 6, y: 5, opacity: 0.5 })",
    source: "Porter, Duff, Compositing digital images (1984)",
  },
  (
    below: Image,
    above: Image,
    { x = 0, y = 0, opacity = 1 }: { readonly x?: number; readonly y?: number; readonly opacity?: number } = {},
  ): Image => {
    expectChannels("composite", densePixels(below), [3, 4]);
    expectChannels("composite", densePixels(above), [3, 4]);
    const { width, height, channels } = below;
    const out = Uint8ClampedArray.from(below.data);
    for (let j = Math.max(0, -y); j < above.height && y + j < height; j++)
      for (let i = Math.max(0, -x); i < above.width && x + i < width; i++) {
        const from = (j * above.width + i) * above.channels;
        const to = ((y + j) * width + x + i) * channels;
        const alpha = ((above.channels === 4 ? above.data[from + 3]! : 255) / 255) * opacity;
        const under = channels === 4 ? out[to + 3]! / 255 : 1;
        const total = alpha + under * (1 - alpha);
        for (let c = 0; c < 3; c++)
          out[to + c] = total > 0 ? (above.data[from + c]! * alpha + out[to + c]! * under * (1 - alpha)) / total : 0;
        if (channels === 4) out[to + 3] = total * 255;
      }
    return new Image(width, height, channels, new Uint8Array(out.buffer));
  },
);

export const colorTransfer = pictureNode<object, [reference: Picture]>(
  {
    name: "colorTransfer",
    group: "tone",
    about: "The picture with the mean and spread of another picture's colours, in L*a*b*.",
    others: [{ name: "reference", kind: "image", tensors: true }],
    parameters: {},
    example: "colorTransfer(photo, swapChannels(photo))",
    source: "Reinhard et al., Color transfer between images (2001)",
  },
  (image, reference, { into }) => {
    const lab = rgbToLab<Picture>(image);
    const goal = densePixels(rgbToLab(reference));
    const pixels = densePixels(lab);
    if (goal.data instanceof Float32Array !== pixels.data instanceof Float32Array)
      throw new InferlabError("ARGUMENT", "colorTransfer: one picture is uint8 and one float32, expected one type");
    const moments = (data: ArrayLike<number>, c: number): readonly [mean: number, deviation: number] => {
      const n = Math.max(1, data.length / 3);
      let [sum, squares] = [0, 0];
      for (let i = c; i < data.length; i += 3) sum += data[i]!;
      for (let i = c; i < data.length; i += 3) squares += (data[i]! - sum / n) ** 2;
      return [sum / n, Math.sqrt(squares / n)];
    };
    const out = sinkFor(pixels.data, pixels.data.length);
    for (let c = 0; c < 3; c++) {
      const [[m0, s0], [m1, s1]] = [moments(pixels.data, c), moments(goal.data, c)];
      for (let i = c; i < out.length; i += 3) out[i] = (pixels.data[i]! - m0) * (s0 > 0 ? s1 / s0 : 1) + m1;
    }
    const mixed = pictureLike(lab, pixels.width, pixels.height, 3, out);
    const { picture } = targetFor(image, pixels.width, pixels.height, 3, into);
    labToRgb<Picture>(mixed, { into: picture });
    return picture;
  },
);

export const estimateNoise = node(
  {
    name: "estimateNoise",
    group: "tone",
    about:
      "The standard deviation of a picture's noise in levels, one number a channel; 0 for a picture smaller than 3 × 3.",
    inputs: [{ name: "image", kind: "image", tensors: true }],
    output: "numbers",
    parameters: {},
    example: "estimateNoise(photo)",
    source: "Immerkær, Fast noise variance estimation (1996)",
  },
  (image: Picture): number[] => {
    const { data, width, height, channels } = densePixels(image);
    if (width < 3 || height < 3) return new Array<number>(channels).fill(0);
    const kernel = [1, -2, 1, -2, 4, -2, 1, -2, 1];
    return Array.from({ length: channels }, (_, c) => {
      let sum = 0;
      for (let y = 1; y < height - 1; y++)
        for (let x = 1; x < width - 1; x++) {
          let v = 0;
          for (let k = 0; k < 9; k++)
            v += kernel[k]! * data[((y + Math.floor(k / 3) - 1) * width + x + (k % 3) - 1) * channels + c]!;
          sum += Math.abs(v);
        }
      return (sum * Math.sqrt(Math.PI / 2)) / (6 * (width - 2) * (height - 2));
    });
  },
);

export const scratchMask = pictureNode<{
  readonly radius?: number;
  readonly above?: number;
  readonly kind?: "both" | "bright" | "dark";
}>(
  {
    name: "scratchMask",
    group: "tone",
    about:
      "White, 255, where a grey pixel differs from the median around it by more than a threshold: scratches and dust of old photographs.",
    parameters: {
      radius: {
        type: "integer",
        min: 1,
        max: 100,
        default: 3,
        about: "of the median, more than half a scratch's width",
      },
      above: { type: "number", min: 0, default: 24, about: "difference in levels" },
      kind: {
        type: "text",
        choices: ["both", "bright", "dark"],
        default: "both",
        about: "scratches brighter, or darker",
      },
    },
    example: "scratchMask(toGray(photo))",
  },
  (image, { radius = 3, above = 24, kind = "both", into }) => {
    const source = densePixels(image);
    expectChannels("scratchMask", source, [1]);
    const around = densePixels(medianBlur<Picture>(image, { radius })).data;
    const { data, width, height } = source;
    const { picture, pixels } = targetFor(image, width, height, 1, into);
    const out = pixels.data;
    const high = data instanceof Float32Array ? 1 : 255;
    for (let i = 0; i < data.length; i++) {
      const d = data[i]! - around[i]!;
      out[i] = (kind === "both" ? Math.abs(d) : kind === "bright" ? d : -d) > above ? high : 0;
    }
    return picture;
  },
);
