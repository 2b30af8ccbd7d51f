/** Filters made of a neighbourhood's weighted sum: box, any kernel, derivatives. */
import { InferlabError } from "../../base/errors.ts";
import { Tensor } from "../../base/tensor.ts";
import { type Border, borderParameter, borderTable } from "./border.ts";
import { symmetricFilter } from "./gaussian-blur.ts";
import { node } from "./node.ts";
import { densePixels, type Picture, saturating, targetFor } from "./picture.ts";
import { pictureNode } from "./picture-node.ts";
import { separable } from "./separable.ts";

export const boxBlur = pictureNode<{ readonly radius?: number; readonly border?: Border; readonly fill?: number }>(
  {
    name: "boxBlur",
    group: "filters",
    about: "The mean of the (2·radius + 1)² pixels around each pixel.",
    parameters: {
      radius: { type: "integer", min: 0, max: 2000, default: 1, about: "pixels on each side" },
      border: { ...borderParameter, default: "reflect101" },
      fill: { type: "number", default: 0, about: "level outside with border constant" },
    },
    example: "boxBlur(photo, { radius: 3 })",
  },
  (image, { radius = 1, ...options }) => {
    const weights = new Float32Array(radius + 1).fill(1 / (2 * radius + 1));
    return symmetricFilter(image, weights, weights, options);
  },
);

export interface Filter2dOptions {
  /** Columns of the kernel. Default: a square kernel. */
  readonly columns?: number;
  /** Added to each sum. Default 0. */
  readonly offset?: number;
  readonly border?: Border;
  readonly fill?: number;
}

export const filter2d = pictureNode<Filter2dOptions, [kernel: ArrayLike<number>]>(
  {
    name: "filter2d",
    group: "filters",
    about:
      "The correlation of the picture with a kernel, numbers row by row, its middle at ⌊size / 2⌋. 8-bit sums are rounded and cut off at 0 and 255.",
    others: [{ name: "kernel", kind: "numbers" }],
    parameters: {
      columns: { type: "integer", min: 1, optional: "a square kernel", about: "columns of the kernel" },
      offset: { type: "number", default: 0, about: "added to each sum" },
      border: { ...borderParameter, default: "reflect101" },
      fill: { type: "number", default: 0, about: "level outside with border constant" },
    },
    example: "filter2d(photo, [0, -1, 0, -1, 5, -1, 0, -1, 0])",
  },
  (image, kernel, { columns = Math.sqrt(kernel.length), offset = 0, border = "reflect101", fill = 0, into }) => {
    const rows = kernel.length / columns;
    if (!Number.isInteger(columns) || !Number.isInteger(rows) || kernel.length === 0)
      throw new InferlabError(
        "ARGUMENT",
        `filter2d: the kernel has ${kernel.length} numbers, expected a square or a multiple of columns`,
        {
          hint: "say columns for a kernel that is not square",
        },
      );
    const { data, width, height, channels } = densePixels(image);
    const { picture, pixels } = targetFor(image, width, height, channels, into);
    if (width === 0 || height === 0) return picture;
    const out = saturating(pixels.data);
    const [rx, ry] = [columns >> 1, rows >> 1];
    const xs = borderTable(width, Math.max(rx, columns - 1 - rx), border);
    const ys = borderTable(height, Math.max(ry, rows - 1 - ry), border);
    const [shiftX, shiftY] = [Math.max(rx, columns - 1 - rx) - rx, Math.max(ry, rows - 1 - ry) - ry];
    for (let y = 0, to = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++, to++) {
          let sum = offset;
          for (let j = 0; j < rows; j++) {
            const row = ys[y + j + shiftY]!;
            for (let i = 0; i < columns; i++) {
              const column = xs[x + i + shiftX]!;
              const level = row < 0 || column < 0 ? fill : data[(row * width + column) * channels + c]!;
              sum += kernel[j * columns + i]! * level;
            }
          }
          out[to] = sum;
        }
    return picture;
  },
);

export interface DerivativeOptions {
  readonly size?: 3 | 5;
  readonly border?: Border;
}

const smoothing = { 3: [1, 2, 1], 5: [1, 4, 6, 4, 1] } as const;
const slope = { 3: [-1, 0, 1], 5: [-1, -2, 0, 2, 1] } as const;
const curvature = { 3: [1, -2, 1], 5: [1, 0, -2, 0, 1] } as const;

/** float32[h,w,c] of a separable filter: results are negative too. */
function derivative(
  image: Picture,
  across: readonly number[],
  down: readonly number[],
  border: Border,
): Tensor<"float32"> {
  const pixels = densePixels(image);
  const { width, height, channels } = pixels;
  const out = new Float32Array(width * height * channels);
  return new Tensor("float32", [height, width, channels], separable(pixels, across, down, border, 0, out));
}

export const sobel = node(
  {
    name: "sobel",
    group: "filters",
    about: "The Sobel derivative of a picture along x or y, or the length of both, as float32[h,w,c] in levels.",
    inputs: [{ name: "image", kind: "image", tensors: true }],
    output: "tensor",
    parameters: {
      along: {
        type: "text",
        choices: ["x", "y", "length"],
        default: "length",
        about: "direction, or gradient's length",
      },
      size: { type: "integer", choices: [3, 5], default: 3, about: "side of the kernel" },
      border: { ...borderParameter, default: "reflect101" },
    },
    example: "sobel(photo, { along: 'x' })",
    source: "Sobel, Feldman, An isotropic 3×3 image gradient operator (1968)",
  },
  (
    image: Picture,
    {
      along = "length",
      size = 3,
      border = "reflect101",
    }: DerivativeOptions & { readonly along?: "x" | "y" | "length" } = {},
  ): Tensor<"float32"> => {
    if (along === "x") return derivative(image, slope[size], smoothing[size], border);
    const y = derivative(image, smoothing[size], slope[size], border);
    if (along === "y") return y;
    const x = derivative(image, slope[size], smoothing[size], border);
    return new Tensor(
      "float32",
      x.shape,
      x.data.map((v, i) => Math.hypot(v, y.data[i]!)),
    );
  },
);

export const laplacian = node(
  {
    name: "laplacian",
    group: "filters",
    about:
      "The sum of a picture's second derivatives along x and y, as float32[h,w,c] in levels. Its variance tells sharp from blurred.",
    inputs: [{ name: "image", kind: "image", tensors: true }],
    output: "tensor",
    parameters: {
      size: { type: "integer", choices: [3, 5], default: 3, about: "side of the kernel" },
      border: { ...borderParameter, default: "reflect101" },
    },
    example: "laplacian(photo)",
  },
  (image: Picture, { size = 3, border = "reflect101" }: DerivativeOptions = {}): Tensor<"float32"> => {
    const flat = size === 3 ? [0, 1, 0] : smoothing[5];
    const x = derivative(image, curvature[size], flat, border);
    const y = derivative(image, flat, curvature[size], border);
    return new Tensor(
      "float32",
      x.shape,
      x.data.map((v, i) => v + y.data[i]!),
    );
  },
);
