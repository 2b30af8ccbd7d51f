/** Pictures read at places given pixel by pixel, and the map between two sets of points. */
import { InferlabError } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { Tensor } from "../../base/tensor.ts";
import { node } from "./node.ts";
import { pictureNode } from "./picture-node.ts";
import { type SampleOptions, sampleParameters, warp } from "./warp.ts";

export const remap = pictureNode<SampleOptions, [places: Tensor]>(
  {
    name: "remap",
    group: "geometry",
    about:
      "The picture whose pixel (x, y) is read at places[y, x] = (x', y') of the source, in pixels: pixel i's centre is i + ½. The result has the size of the places. A place that is NaN lies outside.",
    others: [{ name: "places", kind: "tensor" }],
    parameters: sampleParameters("constant"),
    example: "remap(photo, placesOfLens(photo, { k1: -0.2 }))",
  },
  (image, places, { border = "constant", ...options }) => {
    const [height = 0, width = 0, two] = places.shape;
    if (places.dtype !== "float32" || places.rank !== 3 || two !== 2)
      throw new InferlabError(
        "ARGUMENT",
        `remap: the places are ${places.dtype}[${places.shape.join(",")}], expected float32[h,w,2]`,
      );
    const data = places.data as Float32Array;
    const [x, y] = [0, 1].map((k) => Float32Array.from({ length: width * height }, (_, i) => data[2 * i + k]!));
    return warp("remap", image, width, height, { x: x!, y: y! }, { ...options, border });
  },
);

export const placesOfLens = node(
  {
    name: "placesOfLens",
    group: "geometry",
    about:
      "For remap: where each pixel of a straight picture lies in one that a lens has bent, by the radial factor 1 + k1·r² + k2·r⁴, r = 1 at the corners.",
    inputs: [{ name: "image", kind: "image" }],
    output: "tensor",
    parameters: {
      k1: { type: "number", default: 0, about: "negative for a barrel, positive for a cushion" },
      k2: { type: "number", default: 0, about: "the same of the fourth power" },
    },
    example: "placesOfLens(photo, { k1: -0.2 })",
    source: "Brown, Decentering distortion of lenses (1966)",
  },
  (
    { width, height }: { readonly width: number; readonly height: number },
    { k1 = 0, k2 = 0 }: { readonly k1?: number; readonly k2?: number } = {},
  ): Tensor<"float32"> => {
    const data = new Float32Array(width * height * 2);
    const [cx, cy] = [width / 2, height / 2];
    const corner = cx * cx + cy * cy;
    for (let y = 0, at = 0; y < height; y++)
      for (let x = 0; x < width; x++, at += 2) {
        const [dx, dy] = [x + 0.5 - cx, y + 0.5 - cy];
        const r2 = (dx * dx + dy * dy) / corner;
        const factor = 1 + k1 * r2 + k2 * r2 * r2;
        data[at] = cx + dx * factor;
        data[at + 1] = cy + dy * factor;
      }
    return new Tensor("float32", [height, width, 2], data);
  },
);

export const similarityTransform = node(
  {
    name: "similarityTransform",
    group: "geometry",
    about:
      "The affine map [a, b, c, d, e, f] that turns, scales and moves the points `from` as near to the points `to` as it can (least squares), without mirroring: how faces are aligned.",
    inputs: [
      { name: "from", kind: "points" },
      { name: "to", kind: "points" },
    ],
    output: "matrix",
    parameters: {},
    example: "similarityTransform([[0, 0], [10, 0], [5, 8]], [[2, 1], [2, 21], [-14, 11]])",
    source: "Umeyama, Least-squares estimation of transformation parameters between two point patterns (1991)",
  },
  (from: readonly Point[], to: readonly Point[]): number[] => {
    if (from.length !== to.length || from.length < 2)
      throw new InferlabError(
        "ARGUMENT",
        `similarityTransform: ${from.length} and ${to.length} points, expected two lists of equal length, 2 or more`,
      );
    const mean = (points: readonly Point[], k: 0 | 1): number => points.reduce((s, p) => s + p[k], 0) / points.length;
    const [fx, fy, tx, ty] = [mean(from, 0), mean(from, 1), mean(to, 0), mean(to, 1)];
    let [dot, cross, norm] = [0, 0, 0];
    from.forEach(([x, y], i) => {
      const [ax, ay, bx, by] = [x - fx, y - fy, to[i]![0] - tx, to[i]![1] - ty];
      dot += ax * bx + ay * by;
      cross += ax * by - ay * bx;
      norm += ax * ax + ay * ay;
    });
    if (!(norm > 0) || !Number.isFinite(dot + cross))
      throw new InferlabError(
        "ARGUMENT",
        "similarityTransform: the points are one point, or not finite; expected different ones",
      );
    const [c, s] = [dot / norm, cross / norm];
    return [c, -s, tx - c * fx + s * fy, s, c, ty - s * fx - c * fy];
  },
);
