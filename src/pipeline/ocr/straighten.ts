/** Each box of text as a level picture of its own. */
import type { Image, Point } from "../../base/image.ts";
import type { TextBox } from "../nodes/db-text-boxes.ts";
import { rotate } from "../nodes/rotate.ts";
import { type Quad, warpPerspective } from "../nodes/warp-perspective.ts";

/** A line cut out of a picture. */
export interface TextLine {
  readonly image: Image;
  /** Corners in the page's pixels; the first one is the text's own top left corner. */
  readonly points: Quad;
}

/** Boxes this much higher than wide hold a line that runs upwards or downwards. */
const tallRatio = 1.5;

/** Height the recogniser reads at; smaller lines are enlarged to it while they are cut out, so they blur only once. */
const readingHeight = 48;

const side = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** The lines in the order of the boxes; a tall one is turned so that its text runs from left to right (or upside down). */
export function straightenLines(image: Image, boxes: readonly TextBox[]): TextLine[] {
  return boxes.map(({ points }): TextLine => {
    const [a, b, c, d] = points;
    const width = Math.max(side(a, b), side(d, c));
    const height = Math.max(side(a, d), side(b, c));
    const scale = Math.max(1, readingHeight / Math.min(width, height));
    const line = warpPerspective(image, points, {
      width: Math.max(1, Math.round(width * scale)),
      height: Math.max(1, Math.round(height * scale)),
      method: "cubic",
    });
    if (height < tallRatio * width) return { image: line, points };
    return { image: rotate(line, { angle: 270 }), points: [b, c, d, a] };
  });
}

/** The same line seen from the other side. */
export function turnLine({ image, points: [a, b, c, d] }: TextLine): TextLine {
  return { image: rotate(image, { angle: 180 }), points: [c, d, a, b] };
}
