/** A picture fitted into a frame without distortion, and what was found in the frame brought back to the picture. */
import { InferlabError } from "../../base/errors.ts";
import { node } from "./node.ts";
import { type Picture, pixelsOf, saturating, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";
import { type ResizeMethod, resizePixels } from "./resize.ts";

export interface LetterboxOptions {
  /** Pixels of the frame. */
  readonly width: number;
  readonly height: number;
  /** Default 114, as the YOLO family trains with. */
  readonly fill?: number;
  /** Default "linear". */
  readonly method?: ResizeMethod;
  /** Where the picture lies in the frame. Default "centre". */
  readonly place?: "centre" | "corner";
  /** Small pictures are enlarged too. Default true. */
  readonly enlarge?: boolean;
}

/** Where a picture of a size lies in its frame. */
export function letterboxPlace(
  source: { readonly width: number; readonly height: number },
  { width, height, place = "centre", enlarge = true }: LetterboxOptions,
): {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
} {
  if (source.width === 0 || source.height === 0)
    throw new InferlabError("ARGUMENT", `letterbox: the picture is ${source.width}×${source.height}, it has no pixels`);
  const fit = Math.min(width / source.width, height / source.height);
  const scale = enlarge ? fit : Math.min(1, fit);
  const w = Math.max(1, Math.min(width, Math.round(source.width * scale)));
  const h = Math.max(1, Math.min(height, Math.round(source.height * scale)));
  const [left, top] = place === "centre" ? [(width - w) >> 1, (height - h) >> 1] : [0, 0];
  return { scale, left, top, width: w, height: h };
}

const parameters = {
  width: { type: "integer", min: 1, max: 65535, about: "pixels of the frame" },
  height: { type: "integer", min: 1, max: 65535, about: "pixels of the frame" },
  fill: { type: "number", default: 114, about: "level around the picture" },
  method: {
    type: "text",
    choices: ["nearest", "linear", "cubic", "area", "lanczos"],
    default: "linear",
    about: "how the picture is resized",
  },
  place: { type: "text", choices: ["centre", "corner"], default: "centre", about: "middle, or left upper corner" },
  enlarge: { type: "boolean", default: true, about: "small pictures are enlarged too" },
} as const;

export const letterbox = pictureNode<LetterboxOptions>(
  {
    name: "letterbox",
    group: "geometry",
    about:
      "The picture fitted into width × height with its proportions, the rest of the frame filled. letterboxInverse brings boxes back.",
    parameters,
    example: "letterbox(photo, { width: 64, height: 64 })",
  },
  (image, options) => {
    const source = pixelsOf(image);
    const at = letterboxPlace(source, options);
    const { picture, pixels } = targetFor(image, options.width, options.height, source.channels, options.into);
    const { rowStride, width, height, channels } = pixels;
    const data = saturating(pixels.data);
    const fill = options.fill ?? 114;
    const first = at.top * rowStride;
    const last = (at.top + at.height) * rowStride;
    data.fill(fill, 0, first).fill(fill, last, height * rowStride);
    if (at.width < width)
      for (let row = first; row < last; row += rowStride)
        data
          .fill(fill, row, row + at.left * channels)
          .fill(fill, row + (at.left + at.width) * channels, row + rowStride);
    const inner = { ...pixels, offset: first + at.left * channels, width: at.width, height: at.height };
    resizePixels(source, inner, { method: options.method ?? "linear" });
    return picture;
  },
);

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const letterboxInverse = node(
  {
    name: "letterboxInverse",
    group: "geometry",
    about:
      "Boxes found in a letterboxed frame, in pixels of the picture it was made of and cut off at its edges. The options are those letterbox was called with; `image` is the picture before it.",
    inputs: [
      { name: "boxes", kind: "boxes" },
      { name: "image", kind: "image", tensors: true },
    ],
    output: "boxes",
    parameters,
    example: "letterboxInverse([{ x: 16, y: 20, width: 20, height: 10 }], photo, { width: 64, height: 64 })",
  },
  <B extends Rectangle>(boxes: readonly B[], image: Picture, options: LetterboxOptions): B[] => {
    const source = pixelsOf(image);
    const at = letterboxPlace(source, options);
    const [sx, sy] = [source.width / at.width, source.height / at.height];
    const clamp = (v: number, most: number): number => Math.min(most, Math.max(0, v));
    return boxes.map((box) => {
      const [x0, y0] = [clamp((box.x - at.left) * sx, source.width), clamp((box.y - at.top) * sy, source.height)];
      const x1 = clamp((box.x + box.width - at.left) * sx, source.width);
      const y1 = clamp((box.y + box.height - at.top) * sy, source.height);
      return { ...box, x: x0, y: y0, width: x1 - x0, height: y1 - y0 };
    });
  },
);
