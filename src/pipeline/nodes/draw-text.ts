/** Labels written into pixels. */
import { InferlabError } from "../../base/errors.ts";
import type { Image } from "../../base/image.ts";
import { hasFonts, type TextMask, textMask } from "../media/letters.ts";
import { canvasOf, colourOf, put } from "./drawing.ts";
import { describedNode } from "./node.ts";
import { type Alike, expectApart, type Picture, type Pixels } from "./picture.ts";
import { type Into, intoParameter } from "./picture-node.ts";

export interface DrawTextOptions {
  /** Height of the letters, pixels. Default: a 45th of the picture's longer side, 10 or more. */
  readonly size?: number;
  /** Of the plate, r, g, b from 0 to 255. Default: one of ten colours, by the thing's number or label. */
  readonly colour?: readonly number[];
  /** Of the plate, 0 to 1. Default 1. */
  readonly opacity?: number;
}

/** Something with a name and a place: a box, or a word at a point. */
export interface DrawnText {
  readonly x: number;
  readonly y: number;
  /** Written as it is. Without it: the label, and the score with two digits. */
  readonly text?: string;
  readonly label?: string | number;
  readonly score?: number;
  /** Of a box: it is named as long as some of it can lie in the picture. */
  readonly width?: number;
  readonly height?: number;
}

/** Asked once. */
let fonts: Promise<boolean> | undefined;

export interface DrawText {
  <P extends Picture>(image: P, texts: readonly DrawnText[], options?: DrawTextOptions & Into<P>): Promise<Alike<P>>;
  (image: Image, texts: readonly DrawnText[], options?: DrawTextOptions & Into<Image>): Promise<Image>;
}

function lineOf({ text, label, score }: DrawnText): string {
  if (text !== undefined) return text;
  return [label, score === undefined ? undefined : score.toFixed(2)].filter((part) => part !== undefined).join(" ");
}

/** Whether any of a thing may lie in the picture; false for places that are not finite. */
const isNear = ({ x, y, width = 0, height = 0 }: DrawnText, picture: Pixels): boolean =>
  x < picture.width && y <= picture.height && x + width >= 0 && y + height >= 0;

/** The plate stands on (x, y), or hangs below it where the picture ends above. */
function drawPlate(
  canvas: Pixels,
  { x, y }: DrawnText,
  mask: TextMask,
  margin: number,
  plate: readonly number[],
  opacity: number,
): void {
  const width = mask.width + 2 * margin;
  const left = Math.max(0, Math.min(Math.round(x), canvas.width - width));
  const above = Math.round(y) - mask.height;
  const top = above >= 0 ? Math.min(above, canvas.height - mask.height) : Math.max(0, Math.round(y));
  const isLight = 0.299 * plate[0]! + 0.587 * plate[1]! + 0.114 * plate[2]! > 140;
  const ink = isLight ? [0, 0, 0] : [255, 255, 255];
  for (let row = 0; row < mask.height; row++)
    for (let column = 0; column < width; column++) {
      put(canvas, left + column, top + row, plate, opacity);
      const at = column - margin;
      if (at >= 0 && at < mask.width)
        put(canvas, left + column, top + row, ink, mask.data[row * mask.width + at]! / 255);
    }
}

export const drawText = describedNode<DrawText>(
  {
    name: "drawText",
    group: "drawing",
    about:
      "A promise of a copy of the picture with things named, each on a plate above its point or its box's corner: its `text`, or its label and score. Letters are those of the machine's sans-serif font and what it falls back to; one that no font has is a box with its code. What lies outside is left out.",
    inputs: [
      { name: "image", kind: "image", tensors: true },
      { name: "texts", kind: "list" },
    ],
    output: "image",
    parameters: {
      size: {
        type: "number",
        min: 4,
        max: 200,
        optional: "a 45th of the picture's longer side, 10 or more",
        about: "height of the letters, pixels",
      },
      colour: { type: "numbers", min: 0, max: 255, optional: "ten colours by turns", about: "r, g, b of the plates" },
      opacity: { type: "number", min: 0, max: 1, default: 1, about: "of the plates; 1 hides what is below" },
      into: intoParameter,
    },
    example: "drawText(photo, [{ x: 4, y: 20, text: 'Ångström' }, { x: 24, y: 40, label: 'cat', score: 0.9 }])",
  },
  async (image: Picture, texts: readonly DrawnText[], options: DrawTextOptions & Into<Picture> = {}) => {
    expectApart("drawText", options.into, [image]);
    const { picture, pixels } = canvasOf("drawText", image, options.into);
    const size = options.size ?? Math.max(10, Math.max(pixels.width, pixels.height) / 45);
    const placed = texts
      .map((thing, i) => ({ thing, line: lineOf(thing), plate: colourOf(thing, i, options) }))
      .filter(({ thing, line }) => line !== "" && isNear(thing, pixels));
    if (placed.length > 0 && !(await (fonts ??= hasFonts())))
      throw new InferlabError("UNSUPPORTED", "drawText: this machine has no font to write with", {
        hint: "apt-get install fonts-dejavu-core; Chinese, Japanese and Korean: fonts-noto-cjk",
      });
    const masks = await Promise.all(placed.map(({ line }) => textMask(line, size)));
    placed.forEach(({ thing, plate }, i) => {
      drawPlate(pixels, thing, masks[i]!, Math.ceil(size / 4), plate, options.opacity ?? 1);
    });
    return picture;
  },
);
