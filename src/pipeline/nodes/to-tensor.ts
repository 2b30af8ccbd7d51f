/** Pictures as the tensor a net takes: channel order, scale, mean and deviation, layout and padding in one pass. */
import { InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";
import { formatType, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { callNative, geometry } from "./native.ts";
import { describeValue, node } from "./node.ts";
import { blankFloats, expectApart, type Pixels, pixelsOf } from "./picture.ts";
import type { Taps } from "./resize.ts";

export interface ToTensorOptions {
  /** Factor on the levels 0…255 before mean and deviation. Default 1/255. */
  readonly scale?: number;
  /** Subtracted, one number a channel or one for all, in scaled units. Default 0. */
  readonly mean?: readonly number[];
  /** Divided by, after the mean. Default 1. */
  readonly std?: readonly number[];
  /** Default "nchw". */
  readonly layout?: "nchw" | "nhwc";
  /** Order of the colour channels in the tensor. Default "rgb". */
  readonly order?: "rgb" | "bgr";
  /** Width of the tensor; pictures narrower than it are padded on the right. Default: the widest picture's. */
  readonly width?: number;
  /** Height of the tensor; pictures lower than it are padded below. Default: the highest picture's. */
  readonly height?: number;
  /** Value of padded elements, in the tensor's own units. Default 0. */
  readonly padding?: number;
  /** A tensor of the result's shape, written and returned: no memory is asked for, frame after frame. */
  readonly into?: Tensor<"float32">;
}

/** (level · scale − mean) / std for the 256 levels of each channel: exact, and cheaper than arithmetic a pixel. */
export function levelTables(
  channels: number,
  { scale = 1 / 255, mean = [0], std = [1] }: ToTensorOptions,
): Float32Array[] {
  for (const [name, list] of [
    ["mean", mean],
    ["std", std],
  ] as const) {
    if (list.length !== 1 && list.length !== channels)
      throw new InferlabError("ARGUMENT", `toTensor: ${name} has ${list.length} numbers, expected 1 or ${channels}`);
  }
  if (std.some((s) => s === 0)) throw new InferlabError("ARGUMENT", "toTensor: std is 0, expected another number");
  return Array.from({ length: channels }, (_, c) => {
    const m = mean[mean.length === 1 ? 0 : c]!;
    const s = std[std.length === 1 ? 0 : c]!;
    return Float32Array.from({ length: 256 }, (_, level) => (level * scale - m) / s);
  });
}

/** Where a picture's elements go in a tensor: elements from a pixel, row and channel to the next. */
export interface TensorPlace {
  readonly offset: number;
  readonly pixel: number;
  readonly row: number;
  readonly plane: number;
}

/**
 * `into`, or a new tensor; filled with the padding unless pictures cover all of it. Errors: ARGUMENT where `into` has another
 * type or shape.
 */
export function tensorFor(
  shape: readonly number[],
  covered: boolean,
  { padding = 0, into }: ToTensorOptions,
): Tensor<"float32"> {
  if (into === undefined) {
    const length = sizeOf(shape);
    if (covered) return new Tensor("float32", shape, blankFloats(length));
    const data = new Float32Array(length);
    return new Tensor("float32", shape, padding === 0 ? data : data.fill(padding));
  }
  if (!(into instanceof Tensor) || into.dtype !== "float32" || into.shape.join() !== shape.join())
    throw new InferlabError(
      "ARGUMENT",
      `toTensor: into is ${into instanceof Tensor ? formatType(into.dtype, into.shape) : describeValue(into)}, expected ${formatType("float32", shape)}`,
    );
  if (!covered) into.data.fill(padding);
  return into;
}

/**
 * One picture into a tensor by the native kernel, resized on the way where taps are given. False where there is none; the
 * numbers are then those of levelTables, which differ from the kernel's by the rounding of one multiplication.
 */
export function writeNative(
  picture: Pixels,
  width: number,
  height: number,
  taps: readonly [across: Taps, down: Taps] | undefined,
  data: Float32Array,
  { offset, pixel, row, plane }: TensorPlace,
  channels: number,
  { scale = 1 / 255, mean = [0], std = [1], order = "rgb" }: ToTensorOptions,
  repeats = false,
): boolean {
  const perChannel = Array.from({ length: channels }, (_, c) => {
    const m = mean[mean.length === 1 ? 0 : c]!;
    const s = std[std.length === 1 ? 0 : c]!;
    return [repeats ? 0 : order === "bgr" ? channels - 1 - c : c, scale / s, -m / s];
  });
  const params = [...geometry(picture), width, height, taps ? 1 : 0, offset, channels, pixel, row, plane];
  params.push(...perChannel.flat());
  if (taps) params.push(taps[0].count, taps[1].count);
  const tables = taps ? [taps[0].first, taps[0].weights, taps[1].first, taps[1].weights] : [];
  return callNative("preprocess", params, [picture.data, ...tables], [data]);
}

export const toTensor = node(
  {
    name: "toTensor",
    group: "tensors",
    about:
      "One picture or several as float32[n,c,h,w] (or n,h,w,c): (level · scale − mean) / std, padded on the right and below. RGBA loses its alpha.",
    inputs: [{ name: "image", kind: "image", list: true }],
    output: "tensor",
    parameters: {
      scale: { type: "number", default: 1 / 255, about: "factor on the levels 0…255" },
      mean: { type: "numbers", default: [0], about: "subtracted after scaling, one a channel or one for all" },
      std: { type: "numbers", default: [1], about: "divided by, after the mean" },
      layout: { type: "text", choices: ["nchw", "nhwc"], default: "nchw", about: "order of the axes" },
      order: { type: "text", choices: ["rgb", "bgr"], default: "rgb", about: "order of the colour channels" },
      width: { type: "integer", min: 1, optional: "the widest picture's", about: "width of the tensor" },
      height: { type: "integer", min: 1, optional: "the highest picture's", about: "height of the tensor" },
      padding: { type: "number", default: 0, about: "value of padded elements, in the tensor's units" },
      into: { type: "any", optional: "a new tensor", about: "a tensor of the result's shape, written and returned" },
    },
    example: "toTensor(photo, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] })",
  },
  (image: Image | readonly Image[], options: ToTensorOptions = {}): Tensor<"float32"> => {
    const images: readonly Image[] = Array.isArray(image) ? image : [image as Image];
    const channels = images[0]?.channels === 1 ? 1 : 3;
    const width = options.width ?? Math.max(1, ...images.map((i) => i.width));
    const height = options.height ?? Math.max(1, ...images.map((i) => i.height));
    const { layout = "nchw", order = "rgb" } = options;
    const tables = levelTables(channels, options);
    const covered = images.every((i) => i.width === width && i.height === height);
    const shape =
      layout === "nchw" ? [images.length, channels, height, width] : [images.length, height, width, channels];
    const tensor = tensorFor(shape, covered, options);
    const { data } = tensor;
    expectApart("toTensor", data, images);
    // Elements from a pixel to the next one, from a channel to the next one, from a row to the next one.
    const [pixel, plane, row] = layout === "nchw" ? [1, height * width, width] : [channels, 1, width * channels];
    images.forEach((picture, n) => {
      if ((picture.channels === 1) !== (channels === 1))
        throw new InferlabError(
          "ARGUMENT",
          `toTensor: picture ${n} has ${picture.channels} channels, picture 0 has ${images[0]!.channels}`,
        );
      if (picture.width > width || picture.height > height)
        throw new InferlabError(
          "ARGUMENT",
          `toTensor: picture ${n} is ${picture.width}×${picture.height}, expected at most ${width}×${height}`,
          { hint: "resize it first" },
        );
      const place = { offset: n * channels * height * width, pixel, row, plane };
      if (writeNative(pixelsOf(picture), picture.width, picture.height, undefined, data, place, channels, options))
        return;
      for (let c = 0; c < channels; c++) {
        const table = tables[c]!;
        const channel = order === "bgr" ? channels - 1 - c : c;
        for (let y = 0; y < picture.height; y++) {
          let from = y * picture.width * picture.channels + channel;
          let to = n * channels * height * width + c * plane + y * row;
          for (let x = 0; x < picture.width; x++, from += picture.channels, to += pixel)
            data[to] = table[picture.data[from]!]!;
        }
      }
    });
    return tensor;
  },
);
