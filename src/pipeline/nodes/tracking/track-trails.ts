/** What to draw of tracks, and when each identity was there. */
import type { Point, TrackAnnotation } from "../../../base/image.ts";
import type { TrackedBox } from "../../tracking/tracker.ts";
import { node } from "../node.ts";

export interface TrackTrailsOptions {
  /** Frame the trails end in. Default: the last. */
  readonly frame?: number;
  /** Frames a trail reaches back. Default 30. */
  readonly length?: number;
}

export const trackTrails = node(
  {
    name: "trackTrails",
    group: "tracking",
    about:
      "The ways the boxes of a frame took, for image.annotate({ tracks }): the middles of their lower sides over the frames before, oldest first.",
    inputs: [{ name: "frames", kind: "list" }],
    output: "list",
    parameters: {
      frame: { type: "integer", min: 0, optional: "the last", about: "frame the trails end in" },
      length: { type: "integer", min: 1, default: 30, about: "frames a trail reaches back" },
    },
    example: "trackTrails(tracks)",
  },
  (frames: readonly (readonly TrackedBox[])[], { frame, length = 30 }: TrackTrailsOptions = {}): TrackAnnotation[] => {
    const last = Math.min(frame ?? frames.length - 1, frames.length - 1);
    const recent = frames.slice(Math.max(0, last - length + 1), last + 1);
    return (frames[last] ?? []).map(({ id, label }) => ({
      label: label === undefined ? `#${id}` : `${label} #${id}`,
      points: recent.flatMap((boxes): Point[] => {
        const box = boxes.find((b) => b.id === id);
        return box ? [[box.x + box.width / 2, box.y + box.height]] : [];
      }),
    }));
  },
);

/** One identity's time in a video. */
export interface TimelineRow {
  readonly id: number;
  readonly label: string | undefined;
  /** Runs of frames it was seen in, `end` not among them. */
  readonly spans: readonly { readonly start: number; readonly end: number }[];
  /** Frames seen in all. */
  readonly numFrames: number;
}

export const identityTimeline = node(
  {
    name: "identityTimeline",
    group: "tracking",
    about:
      "The spans of frames in which each identity was seen, by first appearance: gaps are misses, a short row beside a long one a switch.",
    inputs: [{ name: "frames", kind: "list" }],
    output: "list",
    parameters: {},
    example: "identityTimeline(tracks)",
  },
  (frames: readonly (readonly TrackedBox[])[]): TimelineRow[] => {
    const rows = new Map<
      number,
      { label: string | undefined; spans: { start: number; end: number }[]; numFrames: number }
    >();
    frames.forEach((boxes, frame) => {
      for (const { id, label } of boxes) {
        const row = rows.get(id) ?? { label, spans: [], numFrames: 0 };
        rows.set(id, row);
        const open = row.spans.at(-1);
        if (open?.end === frame + 1) continue; // twice in one frame
        row.numFrames++;
        if (open?.end === frame) open.end++;
        else row.spans.push({ start: frame, end: frame + 1 });
      }
    });
    return [...rows].map(([id, row]) => ({ id, ...row }));
  },
);
