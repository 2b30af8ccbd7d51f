import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers, numbersOf, toIntegers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

/** The four neighbours of a point of a [height,width] plane and their weights; empty outside by more than one. */
function neighbours(height: number, width: number, y: number, x: number): [number, number][] {
  if (y < -1 || y > height || x < -1 || x > width) return [];
  const top = Math.min(Math.floor(Math.max(y, 0)), height - 1);
  const left = Math.min(Math.floor(Math.max(x, 0)), width - 1);
  const bottom = Math.min(top + 1, height - 1);
  const right = Math.min(left + 1, width - 1);
  const dy = top >= height - 1 ? 0 : Math.max(y, 0) - top;
  const dx = left >= width - 1 ? 0 : Math.max(x, 0) - left;
  return [
    [top * width + left, (1 - dy) * (1 - dx)],
    [top * width + right, (1 - dy) * dx],
    [bottom * width + left, dy * (1 - dx)],
    [bottom * width + right, dy * dx],
  ];
}

export const roiAlign = operator({
  name: "RoiAlign",
  since: [10, 16, 22],
  doc: "Cuts boxes out of feature maps and samples each to a fixed size, bilinearly, without rounding box edges.",
  inputs: [
    { name: "X", type: "T1", doc: "[N,C,H,W]." },
    { name: "rois", type: "T1", doc: "Boxes x1, y1, x2, y2 in image coordinates, [R,4]." },
    { name: "batch_indices", type: "T2", doc: "Image of each box, [R]." },
  ],
  outputs: [{ name: "Y", type: "T1", doc: "[R,C,output_height,output_width]." }],
  attributes: {
    coordinate_transformation_mode: {
      type: "string",
      default: "half_pixel",
      since: 16,
      doc: "half_pixel shifts boxes by half a pixel; output_half_pixel (version 10's rule) does not.",
    },
    mode: { type: "string", default: "avg", doc: "avg or max over the samples of a cell." },
    output_height: { type: "int", default: 1, doc: "Rows of a cut." },
    output_width: { type: "int", default: 1, doc: "Columns of a cut." },
    sampling_ratio: { type: "int", default: 0, doc: "Samples a cell along each axis; 0: as many as it has pixels." },
    spatial_scale: { type: "float", default: 1, doc: "Feature map pixels per image pixel." },
  },
  types: { T1: floats, T2: ["int64"] },
  infer(c) {
    const [x, rois] = [c.shape(0), c.shape(1)];
    const { output_height: height, output_width: width } = c.attrs;
    c.output(0, tensorType(c.dtype(0), x && rois && [rois[0]!, x[1]!, height, width]));
  },
  reference(c) {
    const [x, rois, images] = [c.tensor(0), c.tensor(1), c.tensor(2)];
    if (x.rank !== 4) c.fail("SHAPE", `X is [${x.shape}], expected [N,C,H,W]`);
    if (rois.rank !== 2 || rois.shape[1] !== 4) c.fail("SHAPE", `rois is [${rois.shape}], expected [R,4]`);
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const { output_height: rows, output_width: columns, sampling_ratio: ratio, spatial_scale: scale, mode } = c.attrs;
    if (mode !== "avg" && mode !== "max") c.fail("ATTRIBUTE", `mode is ${JSON.stringify(mode)}, expected avg or max`);
    const halfPixel = c.version >= 16 && c.attrs.coordinate_transformation_mode === "half_pixel";
    const shift = halfPixel ? 0.5 : 0;
    const [from, boxes, image] = [numbersOf(x), numbersOf(rois), toIntegers(images)];
    if (image.length !== rois.shape[0])
      c.fail("SHAPE", `batch_indices has ${image.length} entries, expected ${rois.shape[0]}`);
    const shape = [rois.shape[0]!, channels, rows, columns];
    const out = new Float64Array(sizeOf(shape));
    for (let r = 0; r < image.length; r++) {
      if (image[r]! < 0 || image[r]! >= batch)
        c.fail("VALUE", `batch_indices is ${image[r]} at ${r}, expected 0 to ${batch - 1}`);
      const [left, top, right, bottom] = [0, 1, 2, 3].map((i) => boxes[r * 4 + i]! * scale - shift) as [
        number,
        number,
        number,
        number,
      ];
      // Without the half pixel a box is at least one pixel large.
      const boxHeight = halfPixel ? bottom - top : Math.max(bottom - top, 1);
      const boxWidth = halfPixel ? right - left : Math.max(right - left, 1);
      const gridRows = ratio > 0 ? ratio : Math.ceil(boxHeight / rows);
      const gridColumns = ratio > 0 ? ratio : Math.ceil(boxWidth / columns);
      for (let p = 0; p < rows; p++)
        for (let q = 0; q < columns; q++) {
          const points: [number, number][][] = [];
          for (let i = 0; i < gridRows; i++)
            for (let j = 0; j < gridColumns; j++) {
              const y = top + (p + (i + 0.5) / gridRows) * (boxHeight / rows);
              const xx = left + (q + (j + 0.5) / gridColumns) * (boxWidth / columns);
              points.push(neighbours(height, width, y, xx));
            }
          for (let ch = 0; ch < channels; ch++) {
            const plane = (image[r]! * channels + ch) * height * width;
            let sum = 0;
            let best = Number.NEGATIVE_INFINITY;
            for (const point of points) {
              let value = 0;
              let largest = point.length ? Number.NEGATIVE_INFINITY : 0;
              for (const [at, weight] of point) {
                const part = from[plane + at]! * weight;
                value += part;
                largest = Math.max(largest, part);
              }
              sum += value;
              // The standard takes the largest weighted neighbour, not the largest interpolated value.
              best = Math.max(best, largest);
            }
            const at = ((r * channels + ch) * rows + p) * columns + q;
            if (mode === "avg") out[at] = sum / Math.max(1, points.length);
            else out[at] = points.length ? best : 0;
          }
        }
    }
    return [new Tensor(x.dtype, shape, fromNumbers(x.dtype, out))];
  },
});
