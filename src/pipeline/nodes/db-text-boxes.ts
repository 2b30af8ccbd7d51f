/** Text lines in the probability map of a DB detector (differentiable binarisation). */
import { InferlabError } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { formatType } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { type Component, componentsOf } from "./connected-components.ts";
import { minAreaRectangle, rectangleCorners } from "./min-area-rectangle.ts";
import { node } from "./node.ts";
import type { Quad } from "./warp-perspective.ts";

export interface DbTextBoxesOptions {
  /** Map values above it belong to text. Default 0.3. */
  readonly threshold?: number;
  /** Regions whose mean map value is below it are dropped. Default 0.6. */
  readonly boxThreshold?: number;
  /** Growth of the shrunken text region: its sides move out by area · unclip / perimeter. Default 1.5. */
  readonly unclip?: number;
  /** Regions whose shorter side has fewer map pixels are dropped. Default 3. */
  readonly minSide?: number;
  /** Regions looked at, largest first. Default 1000. */
  readonly maxCandidates?: number;
  /** Width of the picture the map was made from; corners are scaled to it. Default: the map's. */
  readonly imageWidth?: number;
  readonly imageHeight?: number;
}

export interface TextBox {
  /** Corners in the picture's pixels, from the top left one clockwise. */
  readonly points: Quad;
  /** Mean of the map over the region the box was drawn around. */
  readonly score: number;
}

/** Corners of the pixels at both ends of each run: their hull is the component's. */
function outline(component: Component): Point[] {
  return component.runs.flatMap(({ y, start, end }): Point[] => [
    [start, y],
    [end, y],
    [start, y + 1],
    [end, y + 1],
  ]);
}

/** Mean over the region itself: over its rectangle, a line of a curved page would score as low as a stain. */
function meanOf(map: Float32Array, width: number, { runs, area }: Component): number {
  let sum = 0;
  for (const { y, start, end } of runs) for (let x = start; x < end; x++) sum += map[y * width + x]!;
  return sum / area;
}

export const dbTextBoxes = node(
  {
    name: "dbTextBoxes",
    group: "post-processing",
    about: "Rotated boxes of text lines in the probability map float32[1,1,h,w] of a DB detector, from top to bottom.",
    inputs: [{ name: "map", kind: "tensor" }],
    output: "quads",
    parameters: {
      threshold: { type: "number", min: 0, max: 1, default: 0.3, about: "map values above it belong to text" },
      boxThreshold: { type: "number", min: 0, max: 1, default: 0.6, about: "least mean map value of a region" },
      unclip: {
        type: "number",
        min: 0,
        max: 10,
        default: 1.5,
        about: "growth: area · unclip / perimeter on each side",
      },
      minSide: { type: "number", min: 0, default: 3, about: "least shorter side, map pixels" },
      maxCandidates: { type: "integer", min: 1, default: 1000, about: "regions looked at, largest first" },
      imageWidth: { type: "integer", min: 1, optional: "the map's", about: "width the corners are scaled to" },
      imageHeight: { type: "integer", min: 1, optional: "the map's", about: "height the corners are scaled to" },
    },
    example: "dbTextBoxes(textMap, { imageWidth: 128, imageHeight: 64 })",
    source: "Liao et al., Real-time Scene Text Detection with Differentiable Binarization (2020), §3.5",
  },
  (map: Tensor, options: DbTextBoxesOptions = {}): TextBox[] => {
    const { threshold = 0.3, boxThreshold = 0.6, unclip = 1.5, minSide = 3, maxCandidates = 1000 } = options;
    const [n, c, height, width] = map.shape as [number, number, number, number];
    if (map.dtype !== "float32" || map.rank !== 4 || n !== 1 || c !== 1)
      throw new InferlabError(
        "ARGUMENT",
        `dbTextBoxes: map is ${formatType(map.dtype, map.shape)}, expected float32[1,1,h,w]`,
      );
    const values = map.data as Float32Array;
    const scaleX = (options.imageWidth ?? width) / width;
    const scaleY = (options.imageHeight ?? height) / height;
    const components = componentsOf(width, height, (i) => values[i]! > threshold);
    components.sort((a, b) => b.area - a.area);
    const boxes: TextBox[] = [];
    for (const component of components.slice(0, maxCandidates)) {
      const tight = minAreaRectangle(outline(component))!;
      if (Math.min(tight.width, tight.height) < minSide) continue;
      const score = meanOf(values, width, component);
      if (score < boxThreshold) continue;
      const grow = (tight.width * tight.height * unclip) / (2 * (tight.width + tight.height));
      // Growing a rectangle by round-cornered offset and boxing it again gives the rectangle with its sides moved out.
      const grown = rectangleCorners(tight.centre, tight.width + 2 * grow, tight.height + 2 * grow, tight.angle);
      const points = grown.map(([x, y]): Point => [x * scaleX, y * scaleY]) as unknown as Quad;
      boxes.push({ points, score });
    }
    const topOf = ({ points }: TextBox): number => Math.min(...points.map((p) => p[1]));
    return boxes.sort((a, b) => topOf(a) - topOf(b));
  },
);
