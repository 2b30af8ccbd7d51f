/** The default boxes of SSD: a few shapes on every cell of every feature map. */
import { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";

export interface SsdAnchorsOptions {
  /** Side of each square feature map in cells, finest first. Default: those of SSD300. */
  readonly grids?: readonly number[];
  /** Side of the smallest boxes, share of the picture. Default 0.2. */
  readonly minScale?: number;
  /** Side of the boxes of the last map. Default 0.95. */
  readonly maxScale?: number;
  /** Width over height of the boxes of every map. Default 1, 2, 0.5. */
  readonly aspects?: readonly number[];
  /** Whether a box of ratio 1 between this map's scale and the next one's is added. Default true. */
  readonly between?: boolean;
}

export const ssdAnchors = node(
  {
    name: "ssdAnchors",
    group: "post-processing",
    about:
      "The default boxes of an SSD detector as float32[n,4], cx, cy, width, height in shares of the picture: map by map, cell by cell, for every aspect ratio.",
    inputs: [],
    output: "tensor",
    parameters: {
      grids: { type: "numbers", min: 1, default: [38, 19, 10, 5, 3, 1], about: "cells a side of each feature map" },
      minScale: { type: "number", min: 0, default: 0.2, about: "side of the smallest boxes, share of the picture" },
      maxScale: { type: "number", min: 0, default: 0.95, about: "side of the boxes of the last map" },
      aspects: { type: "numbers", min: 1e-6, default: [1, 2, 0.5], about: "width over height of each map's boxes" },
      between: { type: "boolean", default: true, about: "adds a square between this map's scale and the next one's" },
    },
    example: "ssdAnchors({ grids: [2, 1] })",
    source: "Liu et al., SSD: Single Shot MultiBox Detector (2016), §2.2",
  },
  (options: SsdAnchorsOptions = {}): Tensor<"float32"> => {
    const { grids = [38, 19, 10, 5, 3, 1], minScale = 0.2, maxScale = 0.95, aspects = [1, 2, 0.5] } = options;
    const scaleOf = (map: number): number =>
      map >= grids.length ? 1 : minScale + ((maxScale - minScale) * map) / Math.max(1, grids.length - 1);
    const rows: number[] = [];
    grids.forEach((grid, map) => {
      const scale = scaleOf(map);
      const shapes = aspects.map((aspect) => [scale * Math.sqrt(aspect), scale / Math.sqrt(aspect)]);
      const between = Math.sqrt(scale * scaleOf(map + 1));
      if (options.between ?? true) shapes.push([between, between]);
      for (let y = 0; y < grid; y++)
        for (let x = 0; x < grid; x++)
          for (const [width, height] of shapes) rows.push((x + 0.5) / grid, (y + 0.5) / grid, width!, height!);
    });
    return new Tensor("float32", [rows.length / 4, 4], Float32Array.from(rows));
  },
);
