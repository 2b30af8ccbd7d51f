/** Where text is: the detector's probability map and the boxes in it. */
import type { Image } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { type DbTextBoxesOptions, dbTextBoxes, type TextBox } from "../nodes/db-text-boxes.ts";
import { resize } from "../nodes/resize.ts";
import { toTensor } from "../nodes/to-tensor.ts";
import { type Net, runNet } from "./net.ts";

export interface DetectOptions extends Omit<DbTextBoxesOptions, "imageWidth" | "imageHeight"> {
  /** The longer side is shrunk to it, pixels. Default 960. */
  readonly maxSide?: number;
  /** A shorter side below it is enlarged to it as far as maxSide allows, pixels. Default 320. */
  readonly minSide?: number;
}

/** The detector halves its input five times, so both sides are multiples of this. */
const stride = 32;

const toStride = (size: number): number => Math.max(stride, Math.round(size / stride) * stride);

/** Width and height the detector looks at a picture with. */
export function detectorSize(width: number, height: number, maxSide = 960, minSide = 320): [number, number] {
  const enlarge = Math.max(1, minSide / Math.min(width, height));
  const factor = Math.min(enlarge, maxSide / Math.max(width, height));
  return [toStride(width * factor), toStride(height * factor)];
}

/** The detector's input, float32[1,3,h,w]; levels normalised as its training did (ImageNet's mean and deviation). */
export function detectorInput(image: Image, options: DetectOptions = {}): Tensor<"float32"> {
  const [width, height] = detectorSize(image.width, image.height, options.maxSide, options.minSide);
  const shrinks = width < image.width || height < image.height;
  const sized = resize(image, { width, height, method: "linear", antialias: shrinks });
  return toTensor(sized, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });
}

/** Boxes of text lines in the picture, from top to bottom. An empty picture has none. */
export async function detectText(net: Net, image: Image, options: DetectOptions = {}, signal?: AbortSignal) {
  if (image.width === 0 || image.height === 0) return [] as TextBox[];
  const { maxSide: _, minSide: __, ...boxOptions } = options;
  const sized = { ...boxOptions, imageWidth: image.width, imageHeight: image.height };
  return runNet(net, detectorInput(image, options), (map) => dbTextBoxes(map, sized), signal);
}
