/** Any picture as RGB. */
import { Image } from "../../base/image.ts";
import { node } from "./node.ts";

export interface ToRgbOptions {
  /** Colour behind transparent pixels, r, g, b from 0 to 255. Default white. */
  readonly background?: readonly number[];
}

export const toRgb = node(
  {
    name: "toRgb",
    group: "colour",
    about:
      "The picture with three channels: grey is repeated, RGBA is composited over the background. RGB comes back as it is.",
    inputs: [{ name: "image", kind: "image" }],
    output: "image",
    parameters: {
      background: {
        type: "numbers",
        min: 0,
        max: 255,
        default: [255, 255, 255],
        about: "colour behind transparent pixels",
      },
    },
    example: "toRgb(mask)",
  },
  (image: Image, { background = [255, 255, 255] }: ToRgbOptions = {}): Image => {
    const { width, height, channels, data, annotations } = image;
    if (channels === 3) return image;
    const out = new Uint8Array(width * height * 3);
    for (let i = 0, to = 0; to < out.length; i += channels) {
      const alpha = channels === 4 ? data[i + 3]! : 255;
      for (let c = 0; c < 3; c++, to++) {
        const level = data[channels === 4 ? i + c : i]!;
        out[to] = (level * alpha + background[c]! * (255 - alpha) + 127) / 255;
      }
    }
    return new Image(width, height, 3, out, annotations);
  },
);
