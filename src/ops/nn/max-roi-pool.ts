import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const maxRoiPool = operator({
  name: "MaxRoiPool",
  since: [1, 22],
  doc: "Cuts boxes out of feature maps and takes the largest element of each of a fixed number of cells; edges are rounded.",
  inputs: [
    { name: "X", type: "T", doc: "[N,C,H,W]." },
    { name: "rois", type: "T", doc: "Image, x1, y1, x2, y2 of each box, [R,5]." },
  ],
  outputs: [{ name: "Y", type: "T", doc: "[R,C,pooled rows,pooled columns]." }],
  attributes: {
    pooled_shape: { type: "ints", required: true, doc: "Rows and columns of a cut." },
    spatial_scale: { type: "float", default: 1, doc: "Feature map pixels per image pixel." },
  },
  types: { T: floats },
  infer(c) {
    const [x, rois] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType(c.dtype(0), x && rois && [rois[0]!, x[1]!, ...c.attrs.pooled_shape]));
  },
  reference(c) {
    const [x, rois] = [c.tensor(0), c.tensor(1)];
    if (x.rank !== 4) c.fail("SHAPE", `X is [${x.shape}], expected [N,C,H,W]`);
    if (rois.rank !== 2 || rois.shape[1] !== 5) c.fail("SHAPE", `rois is [${rois.shape}], expected [R,5]`);
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const [rows, columns] = c.attrs.pooled_shape;
    if (!rows || !columns)
      return c.fail("ATTRIBUTE", `pooled_shape is [${c.attrs.pooled_shape}], expected two numbers above 0`);
    const [from, boxes] = [numbersOf(x), numbersOf(rois)];
    const shape = [rois.shape[0]!, channels, rows, columns];
    const out = new Float64Array(sizeOf(shape));
    const clamp = (v: number, high: number): number => Math.min(Math.max(v, 0), high);
    for (let r = 0; r < rois.shape[0]!; r++) {
      const image = boxes[r * 5]!;
      if (!(image >= 0 && image < batch))
        c.fail("VALUE", `rois names image ${image} at ${r}, expected 0 to ${batch - 1}`);
      const [left, top, right, bottom] = [1, 2, 3, 4].map((i) =>
        Math.round(boxes[r * 5 + i]! * c.attrs.spatial_scale),
      ) as [number, number, number, number];
      const cellHeight = Math.max(bottom - top + 1, 1) / rows;
      const cellWidth = Math.max(right - left + 1, 1) / columns;
      for (let p = 0; p < rows; p++)
        for (let q = 0; q < columns; q++) {
          const [y0, y1] = [
            clamp(Math.floor(p * cellHeight) + top, height),
            clamp(Math.ceil((p + 1) * cellHeight) + top, height),
          ];
          const [x0, x1] = [
            clamp(Math.floor(q * cellWidth) + left, width),
            clamp(Math.ceil((q + 1) * cellWidth) + left, width),
          ];
          for (let ch = 0; ch < channels; ch++) {
            const plane = (image * channels + ch) * height * width;
            // An empty cell is 0.
            let best = y1 <= y0 || x1 <= x0 ? 0 : Number.NEGATIVE_INFINITY;
            for (let y = y0; y < y1; y++)
              for (let xx = x0; xx < x1; xx++) best = Math.max(best, from[plane + y * width + xx]!);
            out[((r * channels + ch) * rows + p) * columns + q] = best;
          }
        }
    }
    return [new Tensor(x.dtype, shape, fromNumbers(x.dtype, out))];
  },
});
