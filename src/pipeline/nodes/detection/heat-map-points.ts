/** Key points from heat maps: HRNet, SimpleBaselines, ViTPose. */
import type { Tensor } from "../../../base/tensor.ts";
import { node } from "../node.ts";
import { outputOf } from "./net-output.ts";

/** A point and how sure the net is of it. */
export interface KeyPoint {
  readonly x: number;
  readonly y: number;
  readonly score: number;
}

export interface HeatMapPointsOptions {
  /** Pixels of the net's input between cells. Default 4. */
  readonly stride?: number;
  /** Between cells: "none"; "quarter" of a cell towards the greater neighbour; or the top of a "parabola". Default "quarter". */
  readonly refine?: "none" | "quarter" | "parabola";
}

/** Where between its neighbours a peak lies, in cells from the middle one; 0 where they say nothing. */
function shift(before: number, peak: number, behind: number, refine: "quarter" | "parabola"): number {
  if (refine === "quarter") return 0.25 * Math.sign(behind - before);
  // Logarithms: a Gaussian becomes a parabola.
  const [a, b, c] = [before, peak, behind].map((v) => Math.log(Math.max(v, 1e-10))) as [number, number, number];
  const curvature = a - 2 * b + c;
  return curvature < 0 ? Math.max(-0.5, Math.min(0.5, (a - c) / (2 * curvature))) : 0;
}

export const heatMapPoints = node(
  {
    name: "heatMapPoints",
    group: "post-processing",
    about:
      "One point with its score for each heat map of float32[1,points,h,w], in pixels of the net's input: the greatest cell's middle, refined by its neighbours.",
    inputs: [{ name: "heat", kind: "tensor" }],
    output: "list",
    parameters: {
      stride: { type: "number", min: 0, default: 4, about: "pixels of the net's input between cells" },
      refine: {
        type: "text",
        choices: ["none", "quarter", "parabola"],
        default: "quarter",
        about: "how a place between cells is found",
      },
    },
    example: "heatMapPoints(heatMap, { refine: 'parabola' })",
    source:
      "Newell et al., Stacked Hourglass Networks (2016), §3.3 (quarter); Zhang et al., Distribution-Aware Coordinate Representation (2020)",
  },
  (heat: Tensor, { stride = 4, refine = "quarter" }: HeatMapPointsOptions = {}): KeyPoint[] => {
    const { data, shape } = outputOf(heat, [-1, -1, -1], "heatMapPoints: heat");
    const [count, height, width] = shape as [number, number, number];
    return Array.from({ length: width * height === 0 ? 0 : count }, (_, k): KeyPoint => {
      const start = k * width * height;
      let best = 0;
      let score = -Infinity;
      for (let i = 0; i < width * height; i++)
        if (data[start + i]! > score) {
          score = data[start + i]!;
          best = i;
        }
      const [x, y] = [best % width, Math.floor(best / width)];
      const at = (u: number, v: number): number => data[start + v * width + u]!;
      const inside = refine !== "none" && x > 0 && y > 0 && x < width - 1 && y < height - 1;
      const dx = inside ? shift(at(x - 1, y), score, at(x + 1, y), refine) : 0;
      const dy = inside ? shift(at(x, y - 1), score, at(x, y + 1), refine) : 0;
      return { x: (x + 0.5 + dx) * stride, y: (y + 0.5 + dy) * stride, score };
    });
  },
);
