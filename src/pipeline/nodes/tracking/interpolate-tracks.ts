/** Tracks without holes. */
import type { TrackedBox } from "../../tracking/tracker.ts";
import { node } from "../node.ts";

export interface InterpolateTracksOptions {
  /** Longer gaps are left open. Default 20. */
  readonly maxGap?: number;
}

export const interpolateTracks = node(
  {
    name: "interpolateTracks",
    group: "tracking",
    about:
      "The frames with boxes put into the gaps of each track, on the straight way between their neighbours; for videos that are over.",
    inputs: [{ name: "frames", kind: "list" }],
    output: "list",
    parameters: {
      maxGap: { type: "integer", min: 1, default: 20, about: "frames of a gap; longer ones are left open" },
    },
    example: "interpolateTracks([tracks[0], [], tracks[1]])",
    source: "Zhang et al., ByteTrack (2022), §4.1: tracklet interpolation",
  },
  (frames: readonly (readonly TrackedBox[])[], { maxGap = 20 }: InterpolateTracksOptions = {}): TrackedBox[][] => {
    const filled = frames.map((boxes) => [...boxes]);
    const last = new Map<number, { readonly box: TrackedBox; readonly frame: number }>();
    frames.forEach((boxes, frame) => {
      for (const box of boxes) {
        const before = last.get(box.id);
        const gap = before ? frame - before.frame - 1 : 0;
        if (before && gap <= maxGap)
          for (let step = 1; step <= gap; step++) {
            const t = step / (gap + 1);
            const between = (a: number, b: number): number => a + (b - a) * t;
            filled[before.frame + step]!.push({
              ...before.box,
              x: between(before.box.x, box.x),
              y: between(before.box.y, box.y),
              width: between(before.box.width, box.width),
              height: between(before.box.height, box.height),
            });
          }
        last.set(box.id, { box, frame });
      }
    });
    return filled.map((boxes) => boxes.sort((a, b) => a.id - b.id));
  },
);
