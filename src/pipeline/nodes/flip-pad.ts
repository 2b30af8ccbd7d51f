/** Mirrored pictures, and pictures with a frame around them. */
import { InferlabError } from "../../base/errors.ts";
import { type Border, borderIndex, borderParameter } from "./border.ts";
import { densePixels, saturating, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";

export const flip = pictureNode<{ readonly axis?: "horizontal" | "vertical" | "both" }>(
  {
    name: "flip",
    group: "geometry",
    about: "The picture mirrored; exact.",
    parameters: {
      axis: {
        type: "text",
        choices: ["horizontal", "vertical", "both"],
        default: "horizontal",
        about: "left and right change places, or top and bottom",
      },
    },
    example: "flip(photo, { axis: 'vertical' })",
  },
  (image, { axis = "horizontal", into }) => {
    const { data, width, height, channels } = densePixels(image);
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    const out = pixels.data;
    const row = width * channels;
    for (let y = 0; y < height; y++) {
      const from = (axis === "horizontal" ? y : height - 1 - y) * row;
      if (axis === "vertical") out.set(data.subarray(from, from + row) as Uint8Array, y * row);
      else
        for (let x = 0, to = y * row; x < width; x++)
          for (let c = 0; c < channels; c++) out[to++] = data[from + (width - 1 - x) * channels + c]!;
    }
    return picture;
  },
);

export interface PadOptions {
  readonly left?: number;
  readonly top?: number;
  readonly right?: number;
  readonly bottom?: number;
  /** Default "constant". */
  readonly border?: Border;
  /** One level, or one a channel. Default 0. */
  readonly fill?: readonly number[];
}

export const pad = pictureNode<PadOptions>(
  {
    name: "pad",
    group: "geometry",
    about: "The picture with so many pixels more on each side, made by one of five borders.",
    parameters: {
      left: { type: "integer", min: 0, max: 65535, default: 0, about: "pixels" },
      top: { type: "integer", min: 0, max: 65535, default: 0, about: "pixels" },
      right: { type: "integer", min: 0, max: 65535, default: 0, about: "pixels" },
      bottom: { type: "integer", min: 0, max: 65535, default: 0, about: "pixels" },
      border: { ...borderParameter, default: "constant" },
      fill: { type: "numbers", default: [0], about: "level of border constant, one or one a channel" },
    },
    example: "pad(photo, { left: 8, right: 8, border: 'reflect101' })",
  },
  (image, { left = 0, top = 0, right = 0, bottom = 0, border = "constant", fill = [0], into }) => {
    const { data, width, height, channels } = densePixels(image);
    if (fill.length !== 1 && fill.length !== channels)
      throw new InferlabError("ARGUMENT", `pad: fill has ${fill.length} levels, expected 1 or ${channels}`);
    if ((width === 0 || height === 0) && border !== "constant")
      throw new InferlabError("ARGUMENT", `pad: the picture is ${width}×${height}, border ${border} needs pixels`);
    const [w, h] = [width + left + right, height + top + bottom];
    const { picture, pixels } = targetFor(image, w, h, channels, into);
    const out = saturating(pixels.data);
    const columns = Int32Array.from({ length: w }, (_, x) => borderIndex(x - left, width, border));
    for (let y = 0, to = 0; y < h; y++) {
      const row = borderIndex(y - top, height, border);
      for (let x = 0; x < w; x++) {
        const column = columns[x]!;
        for (let c = 0; c < channels; c++, to++)
          out[to] =
            row < 0 || column < 0 ? fill[fill.length === 1 ? 0 : c]! : data[(row * width + column) * channels + c]!;
      }
    }
    return picture;
  },
);
