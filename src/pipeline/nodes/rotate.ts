/** Turns by quarters: pixels are moved, none is changed. */
import { Image } from "../../base/image.ts";
import { node } from "./node.ts";

export interface RotateOptions {
  /** Degrees clockwise. */
  readonly angle: 0 | 90 | 180 | 270;
}

export const rotate = node(
  {
    name: "rotate",
    group: "geometry",
    about: "The picture turned clockwise by quarters of a circle; exact.",
    inputs: [{ name: "image", kind: "image" }],
    output: "image",
    parameters: { angle: { type: "integer", choices: [0, 90, 180, 270], about: "degrees clockwise" } },
    example: "rotate(photo, { angle: 90 })",
  },
  (image: Image, { angle }: RotateOptions): Image => {
    const { width, height, channels, data } = image;
    if (angle === 0) return new Image(width, height, channels, data);
    const [outWidth, outHeight] = angle === 180 ? [width, height] : [height, width];
    const out = new Uint8Array(data.length);
    let to = 0;
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++, to += channels) {
        const [sx, sy] =
          angle === 90 ? [y, height - 1 - x] : angle === 180 ? [width - 1 - x, height - 1 - y] : [width - 1 - y, x];
        const from = (sy * width + sx) * channels;
        for (let c = 0; c < channels; c++) out[to + c] = data[from + c]!;
      }
    }
    return new Image(outWidth, outHeight, channels, out);
  },
);
