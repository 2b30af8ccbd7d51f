/** A quadrilateral of a picture straightened into an upright one. */
import type { Point } from "../../base/image.ts";
import { homography } from "./homography.ts";
import { pixelsOf, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";
import { type SampleOptions, sampleParameters, warp } from "./warp.ts";

export type Quad = readonly [topLeft: Point, topRight: Point, bottomRight: Point, bottomLeft: Point];

export interface WarpPerspectiveOptions extends SampleOptions {
  /** Pixels of the result. Default: the longer of the quadrilateral's upper and lower side. */
  readonly width?: number;
  /** Default: the longer of its left and right side. */
  readonly height?: number;
}

const distance = (a: Point, b: Point): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

export const warpPerspective = pictureNode<WarpPerspectiveOptions, [quad: Quad]>(
  {
    name: "warpPerspective",
    group: "geometry",
    about:
      "The part of the picture inside a quadrilateral, straightened to width × height; corners in the order top left, top right, bottom right, bottom left of the result.",
    others: [{ name: "quad", kind: "points" }],
    parameters: {
      width: { type: "integer", min: 1, max: 65535, optional: "the longer horizontal side", about: "pixels" },
      height: { type: "integer", min: 1, max: 65535, optional: "the longer vertical side", about: "pixels" },
      ...sampleParameters("replicate"),
    },
    example: "warpPerspective(photo, [[8, 4], [60, 10], [58, 40], [6, 36]], { width: 52, height: 32 })",
  },
  (image, quad, options) => {
    const [a, b, c, d] = quad;
    const width = options.width ?? Math.max(1, Math.round(Math.max(distance(a, b), distance(d, c))));
    const height = options.height ?? Math.max(1, Math.round(Math.max(distance(a, d), distance(b, c))));
    const source = pixelsOf(image);
    if (source.width === 0 || source.height === 0) {
      const { picture, pixels } = targetFor(image, width, height, source.channels, options.into);
      pixels.data.fill(0);
      return picture;
    }
    const corners: Quad = [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ];
    const matrix = [...homography(corners, quad)];
    matrix[8] = 1;
    return warp("warpPerspective", image, width, height, { matrix }, options);
  },
);
