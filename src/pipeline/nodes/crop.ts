/** A rectangle cut out of a picture. */
import { Image } from "../../base/image.ts";
import { node } from "./node.ts";

export interface CropOptions {
  /** Left edge, pixels; may lie outside. */
  readonly x: number;
  /** Upper edge, pixels; may lie outside. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const crop = node(
  {
    name: "crop",
    group: "geometry",
    about:
      "The part of the picture inside a rectangle; what sticks out of the picture is cut off, so the result may be smaller, or empty.",
    inputs: [{ name: "image", kind: "image" }],
    output: "image",
    parameters: {
      x: { type: "integer", about: "left edge, pixels" },
      y: { type: "integer", about: "upper edge, pixels" },
      width: { type: "integer", min: 0, about: "pixels" },
      height: { type: "integer", min: 0, about: "pixels" },
    },
    example: "crop(photo, { x: 8, y: 4, width: 32, height: 16 })",
  },
  (image: Image, { x, y, width, height }: CropOptions): Image => {
    const left = Math.min(image.width, Math.max(0, x));
    const top = Math.min(image.height, Math.max(0, y));
    const right = Math.max(left, Math.min(image.width, x + width));
    const bottom = Math.max(top, Math.min(image.height, y + height));
    const { channels, data } = image;
    const rowBytes = (right - left) * channels;
    const out = new Uint8Array((bottom - top) * rowBytes);
    for (let row = top; row < bottom; row++) {
      const from = (row * image.width + left) * channels;
      out.set(data.subarray(from, from + rowBytes), (row - top) * rowBytes);
    }
    return new Image(right - left, bottom - top, channels, out);
  },
);
