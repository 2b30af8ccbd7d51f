/** How the picture moved, from points found again. */

import { InferlabError } from "../../../base/errors.ts";
import type { Point } from "../../../base/image.ts";
import { randomSource } from "../../../base/random.ts";
import type { CameraMotion } from "../../tracking/axis.ts";
import { node } from "../node.ts";

export interface CameraMotionOptions {
  /** Pixels a point may lie off the motion of the rest. Default 3. */
  readonly tolerance?: number;
  /** Pairs of points tried. Default 200. */
  readonly numTries?: number;
  /** Default 1. */
  readonly seed?: number;
}

type Similarity = readonly [a: number, b: number, e: number, f: number];

const standing: CameraMotion = [1, 0, 0, 0, 1, 0];

/** Least squares of x' = a·x − b·y + e, y' = b·x + a·y + f over the points `of`. */
function fit(from: readonly Point[], to: readonly Point[], of: readonly number[]): Similarity | undefined {
  const n = of.length;
  let [mx, my, nx, ny] = [0, 0, 0, 0];
  for (const i of of) {
    mx += from[i]![0] / n;
    my += from[i]![1] / n;
    nx += to[i]![0] / n;
    ny += to[i]![1] / n;
  }
  let [dot, cross, spread] = [0, 0, 0];
  for (const i of of) {
    const [x, y] = [from[i]![0] - mx, from[i]![1] - my];
    const [u, v] = [to[i]![0] - nx, to[i]![1] - ny];
    dot += x * u + y * v;
    cross += x * v - y * u;
    spread += x * x + y * y;
  }
  if (!(spread > 1e-9)) return undefined;
  const [a, b] = [dot / spread, cross / spread];
  return [a, b, nx - a * mx + b * my, ny - b * mx - a * my];
}

export const cameraMotion = node(
  {
    name: "cameraMotion",
    group: "tracking",
    about:
      "The similarity [a, b, e, c, d, f] (x' = a·x + b·y + e, y' = c·x + d·y + f) that takes most points of the frame before to their places in this one; points on moving things are outvoted. Fewer than two usable pairs: standing still.",
    inputs: [
      { name: "before", kind: "points" },
      { name: "after", kind: "points" },
    ],
    output: "matrix",
    parameters: {
      tolerance: { type: "number", min: 0, default: 3, about: "pixels a point may lie off the motion of the rest" },
      numTries: { type: "integer", min: 1, default: 200, about: "pairs of points tried" },
      seed: { type: "integer", default: 1, about: "of the pairs' choice" },
    },
    example: "cameraMotion([[0, 0], [10, 0], [0, 10]], [[3, 1], [13, 1], [3, 11]])",
    source: "Fischler, Bolles, Random Sample Consensus (1981); Umeyama (1991) without reflection",
  },
  (before: readonly Point[], after: readonly Point[], options: CameraMotionOptions = {}): CameraMotion => {
    const { tolerance = 3, numTries = 200, seed = 1 } = options;
    if (before.length !== after.length)
      throw new InferlabError("ARGUMENT", `cameraMotion: ${before.length} points before, but ${after.length} after`);
    const usable = before.flatMap((point, i) => ([...point, ...after[i]!].every(Number.isFinite) ? [i] : []));
    if (usable.length < 2) return standing;
    const near = ([a, b, e, f]: Similarity): number[] =>
      usable.filter((i) => {
        const [[x, y], [u, v]] = [before[i]!, after[i]!];
        return Math.hypot(a * x - b * y + e - u, b * x + a * y + f - v) <= tolerance;
      });
    const next = randomSource(seed);
    const pick = (): number => usable[Math.floor(next() * usable.length)]!;
    let best: number[] = [];
    for (let i = 0; i < numTries && best.length < usable.length; i++) {
      const guess = fit(before, after, [pick(), pick()]);
      const agreed = guess ? near(guess) : [];
      if (agreed.length > best.length) best = agreed;
    }
    let found = fit(before, after, best);
    // Once more with all that agree with the fit: the guess rested on two points only.
    if (found) found = fit(before, after, near(found)) ?? found;
    return found ? [found[0], -found[1], found[2], found[1], found[0], found[3]] : standing;
  },
);
