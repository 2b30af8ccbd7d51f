/** Regions of a feature map, each brought to one size. */
import { InferlabError } from "../../base/errors.ts";
import { Tensor } from "../../base/tensor.ts";
import { node } from "./node.ts";

export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface RoiAlignOptions {
  /** Elements of a result. Default 7. */
  readonly width?: number;
  readonly height?: number;
  /** Pixels of the map for one of the boxes' coordinates. Default 1. */
  readonly scale?: number;
  /** Samples along each side of an element. Default 2. */
  readonly samples?: number;
}

export const roiAlign = node(
  {
    name: "roiAlign",
    group: "geometry",
    about:
      "The tensor float32[boxes,c,height,width]: of each box of a map float32[c,h,w] or [1,c,h,w] the means of bilinear samples on a regular grid, nothing rounded. Samples more than a pixel outside are 0, a box without area is its corner.",
    inputs: [
      { name: "map", kind: "tensor" },
      { name: "boxes", kind: "boxes" },
    ],
    output: "tensor",
    parameters: {
      width: { type: "integer", min: 1, max: 4096, default: 7, about: "elements of a result across" },
      height: { type: "integer", min: 1, max: 4096, default: 7, about: "elements of a result down" },
      scale: { type: "number", min: 0, default: 1, about: "map pixels for one unit of the boxes" },
      samples: { type: "integer", min: 1, max: 64, default: 2, about: "samples along each side of an element" },
    },
    example: "roiAlign(toTensor(photo), detections, { width: 4, height: 4 })",
    source: "He et al., Mask R-CNN (2017), with the half-pixel offset",
  },
  (map: Tensor, boxes: readonly Region[], options: RoiAlignOptions = {}): Tensor<"float32"> => {
    const { width = 7, height = 7, scale = 1, samples = 2 } = options;
    const shape = map.rank === 4 && map.shape[0] === 1 ? map.shape.slice(1) : map.shape;
    if (map.dtype !== "float32" || shape.length !== 3)
      throw new InferlabError(
        "ARGUMENT",
        `roiAlign: the map is ${map.dtype}[${map.shape.join(",")}], expected float32[c,h,w]`,
      );
    const [channels, rows, columns] = shape as [number, number, number];
    const data = map.data as Float32Array;
    const out = new Float32Array(boxes.length * channels * height * width);
    const at = (c: number, x: number, y: number): number => {
      if (!(x >= -1 && y >= -1 && x <= columns && y <= rows)) return 0;
      const [cx, cy] = [Math.min(columns - 1, Math.max(0, x)), Math.min(rows - 1, Math.max(0, y))];
      const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
      const [x1, y1] = [Math.min(columns - 1, x0 + 1), Math.min(rows - 1, y0 + 1)];
      const [fx, fy] = [cx - x0, cy - y0];
      const plane = c * rows * columns;
      const row = (y: number): number =>
        data[plane + y * columns + x0]! * (1 - fx) + data[plane + y * columns + x1]! * fx;
      return row(y0) * (1 - fy) + row(y1) * fy;
    };
    boxes.forEach((box, n) => {
      const [left, top] = [box.x * scale - 0.5, box.y * scale - 0.5];
      const [stepX, stepY] = [(box.width * scale) / width, (box.height * scale) / height];
      for (let c = 0; c < channels && rows > 0 && columns > 0; c++)
        for (let y = 0; y < height; y++)
          for (let x = 0; x < width; x++) {
            let sum = 0;
            for (let j = 0; j < samples; j++)
              for (let i = 0; i < samples; i++)
                sum += at(c, left + (x + (i + 0.5) / samples) * stepX, top + (y + (j + 0.5) / samples) * stepY);
            out[((n * channels + c) * height + y) * width + x] = sum / (samples * samples);
          }
    });
    return new Tensor("float32", [boxes.length, channels, height, width], out);
  },
);
