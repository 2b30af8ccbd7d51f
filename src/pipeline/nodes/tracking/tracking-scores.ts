/** How good a tracker is, all figures at once. */
import { type Hota, hota } from "../../tracking/hota.ts";
import { type TrackingMetrics, trackingMetrics } from "../../tracking/metrics.ts";
import type { TrackedBox } from "../../tracking/tracker.ts";
import { node } from "../node.ts";

export interface TrackingScoresOptions {
  /** Least overlap of a match for CLEAR MOT and IDF1. Default 0.5. */
  readonly minOverlap?: number;
}

export const trackingScores = node(
  {
    name: "trackingScores",
    group: "tracking",
    about:
      "CLEAR MOT (mota, motp, misses, switches), identity (idf1) and higher-order (hota, detA, assA) figures of found against true frames of boxes with ids.",
    inputs: [
      { name: "truth", kind: "list" },
      { name: "found", kind: "list" },
    ],
    output: "object",
    parameters: {
      minOverlap: { type: "number", min: 0, max: 1, default: 0.5, about: "least overlap of a CLEAR match" },
    },
    example: "trackingScores(tracks, tracks)",
    source: "Bernardin, Stiefelhagen (2008); Ristani et al. (2016); Luiten et al. (2020)",
  },
  (
    truth: readonly (readonly TrackedBox[])[],
    found: readonly (readonly TrackedBox[])[],
    { minOverlap = 0.5 }: TrackingScoresOptions = {},
  ): TrackingMetrics & Hota => ({ ...trackingMetrics(truth, found, minOverlap), ...hota(truth, found) }),
);
