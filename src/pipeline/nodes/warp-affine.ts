/** Affine maps of a picture: turned, scaled, sheared, moved. */
import { InferlabError } from "../../base/errors.ts";
import { node } from "./node.ts";
import { pixelsOf } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";
import { type SampleOptions, sampleParameters, warp } from "./warp.ts";

export interface WarpAffineOptions extends SampleOptions {
  /** Pixels of the result. Default: the picture's. */
  readonly width?: number;
  readonly height?: number;
  /** The matrix leads from the result to the picture. Default false: from the picture to the result. */
  readonly inverse?: boolean;
}

/** The inverse of the affine map (a, b, c, d, e, f). Errors: ARGUMENT where it flattens the plane. */
export function invertAffine(m: readonly number[]): number[] {
  const [a, b, c, d, e, f] = m as [number, number, number, number, number, number];
  const det = a * e - b * d;
  if (!(Math.abs(det) > 1e-300) || !m.every(Number.isFinite))
    throw new InferlabError("ARGUMENT", `the affine map [${m.join(", ")}] has determinant ${det}, it has no inverse`);
  return [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det];
}

/** Errors: ARGUMENT unless the list has six numbers. */
export function expectAffine(node: string, matrix: ArrayLike<number>): number[] {
  if (matrix.length !== 6)
    throw new InferlabError("ARGUMENT", `${node}: the matrix has ${matrix.length} numbers, expected 6`, {
      hint: "a, b, c, d, e, f of x' = a·x + b·y + c, y' = d·x + e·y + f",
    });
  return Array.from(matrix);
}

export const warpAffine = pictureNode<WarpAffineOptions, [matrix: ArrayLike<number>]>(
  {
    name: "warpAffine",
    group: "geometry",
    about:
      "The picture under the affine map x' = a·x + b·y + c, y' = d·x + e·y + f of pixel positions, given as [a, b, c, d, e, f]. 8-bit levels are within 1 of the exact interpolation.",
    others: [{ name: "matrix", kind: "matrix" }],
    parameters: {
      width: { type: "integer", min: 1, max: 65535, optional: "the picture's", about: "pixels of the result" },
      height: { type: "integer", min: 1, max: 65535, optional: "the picture's", about: "pixels of the result" },
      inverse: { type: "boolean", default: false, about: "the matrix leads from the result to the picture" },
      ...sampleParameters("constant"),
    },
    example: "warpAffine(photo, rotationMatrix([32, 24], { angle: 30 }))",
  },
  (image, matrix, { inverse = false, border = "constant", ...options }) => {
    const given = expectAffine("warpAffine", matrix);
    const { width, height } = pixelsOf(image);
    const back = [...(inverse ? given : invertAffine(given)), 0, 0, 1];
    const [w, h] = [options.width ?? width, options.height ?? height];
    return warp("warpAffine", image, w, h, { matrix: back }, { ...options, border });
  },
);

export const rotationMatrix = node(
  {
    name: "rotationMatrix",
    group: "geometry",
    about: "The affine map [a, b, c, d, e, f] that turns clockwise by an angle around a point and scales.",
    inputs: [{ name: "centre", kind: "numbers" }],
    output: "matrix",
    parameters: {
      angle: { type: "number", about: "degrees clockwise on the screen" },
      scale: { type: "number", default: 1, about: "factor on lengths" },
    },
    example: "rotationMatrix([32, 24], { angle: 30, scale: 1.2 })",
  },
  (centre: ArrayLike<number>, { angle, scale = 1 }: { readonly angle: number; readonly scale?: number }): number[] => {
    const [x = 0, y = 0] = Array.from(centre);
    const radians = (angle * Math.PI) / 180;
    const [cos, sin] = [Math.cos(radians) * scale, Math.sin(radians) * scale];
    return [cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y];
  },
);
