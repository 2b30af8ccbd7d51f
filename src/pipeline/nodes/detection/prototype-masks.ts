/** Masks of boxes as sums of a net's prototype masks: YOLACT, YOLO v5 to v11 segmentation. */
import { InferlabError } from "../../../base/errors.ts";
import type { MaskAnnotation } from "../../../base/image.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { type Box, isSolid } from "../boxes.ts";
import { node } from "../node.ts";
import { outputOf } from "./net-output.ts";

/** A box with the weights of its mask. */
export interface MaskedBox extends Box {
  readonly coefficients?: Float32Array;
}

export interface PrototypeMasksOptions {
  /** Size of the plane the boxes lie in (the net's input), pixels. Default 640. */
  readonly width?: number;
  readonly height?: number;
  /** Probability above which a pixel belongs to the mask. Default 0.5. */
  readonly threshold?: number;
}

export const prototypeMasks = node(
  {
    name: "prototypeMasks",
    group: "post-processing",
    about:
      "A mask for every box with coefficients, from prototypes float32[1,masks,h,w]: the sigmoid of the weighted sum, interpolated to each pixel of the part of the box inside the plane. Boxes outside it or without coefficients get an empty mask.",
    inputs: [
      { name: "boxes", kind: "boxes" },
      { name: "prototypes", kind: "tensor" },
    ],
    output: "list",
    parameters: {
      width: { type: "integer", min: 1, default: 640, about: "width of the plane the boxes lie in, pixels" },
      height: { type: "integer", min: 1, default: 640, about: "height of the plane the boxes lie in, pixels" },
      threshold: { type: "number", min: 0, max: 1, default: 0.5, about: "probability above which a pixel is set" },
    },
    example: "prototypeMasks(maskedBoxes, prototypes, { width: 64, height: 64 })",
    source: "Bolya et al., YOLACT: Real-time Instance Segmentation (2019), §3.2",
  },
  (boxes: readonly MaskedBox[], prototypes: Tensor, options: PrototypeMasksOptions = {}): MaskAnnotation[] => {
    const { width = 640, height = 640, threshold = 0.5 } = options;
    const { data, shape } = outputOf(prototypes, [-1, -1, -1], "prototypeMasks: prototypes");
    const [numMasks, rows, columns] = shape as [number, number, number];
    // σ(x) > threshold exactly where x > log(t / (1 − t)): no exponential a pixel.
    const least = Math.log(threshold / (1 - threshold));
    const sums = new Float32Array(rows * columns);
    return boxes.map((box, index) => {
      const { coefficients, label, score } = box;
      if (coefficients && coefficients.length !== numMasks)
        throw new InferlabError(
          "ARGUMENT",
          `prototypeMasks: box ${index} has ${coefficients.length} coefficients, expected ${numMasks}`,
        );
      const left = Math.max(0, Math.floor(box.x));
      const top = Math.max(0, Math.floor(box.y));
      const right = Math.min(width, Math.ceil(box.x + box.width));
      const bottom = Math.min(height, Math.ceil(box.y + box.height));
      const named = { ...(label === undefined ? {} : { label }), ...(score === undefined ? {} : { score }) };
      if (!coefficients || !isSolid(box) || right <= left || bottom <= top)
        return { width: 0, height: 0, data: new Uint8Array(0), ...named };
      const [sx, sy] = [columns / width, rows / height];
      // Only the cells that some pixel of the box reads.
      const clampCell = (v: number, count: number): number => Math.min(count - 1, Math.max(0, v));
      const x0 = clampCell(Math.floor((left + 0.5) * sx - 0.5), columns);
      const x1 = clampCell(Math.floor((right - 0.5) * sx - 0.5) + 1, columns);
      const y0 = clampCell(Math.floor((top + 0.5) * sy - 0.5), rows);
      const y1 = clampCell(Math.floor((bottom - 0.5) * sy - 0.5) + 1, rows);
      for (let y = y0; y <= y1; y++) sums.fill(0, y * columns + x0, y * columns + x1 + 1);
      for (let k = 0; k < numMasks; k++) {
        const weight = coefficients[k]!;
        for (let y = y0; y <= y1; y++) {
          const from = k * rows * columns + y * columns;
          for (let x = x0; x <= x1; x++) sums[y * columns + x]! += weight * data[from + x]!;
        }
      }
      const [maskWidth, maskHeight] = [right - left, bottom - top];
      const mask = new Uint8Array(maskWidth * maskHeight);
      for (let y = 0; y < maskHeight; y++) {
        const v = Math.min(rows - 1, Math.max(0, (top + y + 0.5) * sy - 0.5));
        const above = Math.floor(v);
        const below = Math.min(rows - 1, above + 1);
        for (let x = 0; x < maskWidth; x++) {
          const u = Math.min(columns - 1, Math.max(0, (left + x + 0.5) * sx - 0.5));
          const before = Math.floor(u);
          const behind = Math.min(columns - 1, before + 1);
          const [fu, fv] = [u - before, v - above];
          const upper = sums[above * columns + before]! * (1 - fu) + sums[above * columns + behind]! * fu;
          const lower = sums[below * columns + before]! * (1 - fu) + sums[below * columns + behind]! * fu;
          if (upper * (1 - fv) + lower * fv > least) mask[y * maskWidth + x] = 255;
        }
      }
      const place = { x: left, y: top, width: maskWidth, height: maskHeight };
      return { width: maskWidth, height: maskHeight, data: mask, box: place, ...named };
    });
  },
);
