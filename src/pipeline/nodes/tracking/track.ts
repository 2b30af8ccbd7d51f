/** A whole video's boxes followed at once. */

import type { CameraMotion } from "../../tracking/axis.ts";
import { type TrackableBox, type TrackedBox, Tracker, type TrackerOptions } from "../../tracking/tracker.ts";
import { node } from "../node.ts";

export interface TrackOptions extends TrackerOptions {
  /** How the picture moved since the frame before, one a frame: [a, b, e, c, d, f]. Default: it stood still. */
  readonly camera?: readonly CameraMotion[];
}

export const track = node(
  {
    name: "track",
    group: "tracking",
    about:
      "The boxes of each frame with the identities a tracker gives them; frame by frame in a pipeline use a stage with the state of a Tracker.",
    inputs: [{ name: "frames", kind: "list" }],
    output: "list",
    parameters: {
      method: {
        type: "text",
        choices: ["sort", "byte", "ocsort", "botsort"],
        default: "byte",
        about: "SORT, ByteTrack, OC-SORT or BoT-SORT",
      },
      minOverlap: {
        type: "number",
        min: 0,
        max: 0.999,
        default: 0.3,
        about: "least overlap with where a track is expected",
      },
      maxAge: { type: "number", min: 0, default: 30, about: "frames a track is kept without a box" },
      minHits: { type: "number", min: 0, default: 3, about: "boxes in a row a track needs before it is shown" },
      sureScore: { type: "number", default: 0.5, about: "scores from here on are sure" },
      minScore: { type: "number", default: 0.1, about: "byte, botsort: boxes below it are not looked at" },
      inertia: { type: "number", min: 0, default: 0.2, about: "ocsort: weight of the direction of motion" },
      directionSpan: { type: "number", min: 1, default: 3, about: "ocsort: frames a direction is measured over" },
      camera: { type: "any", optional: "still", about: "motion of the picture, [a, b, e, c, d, f] a frame" },
    },
    example: "track([detections, detections], { method: 'ocsort' })",
    source:
      "Bewley et al., SORT (2016); Zhang et al., ByteTrack (2022); Cao et al., Observation-Centric SORT (2023); Aharon et al., BoT-SORT (2022)",
  },
  (frames: readonly (readonly TrackableBox[])[], { camera, ...options }: TrackOptions = {}): TrackedBox[][] => {
    const tracker = new Tracker(options);
    return frames.map((boxes, i) => tracker.update(boxes, camera?.[i] ? { camera: camera[i] } : {}));
  },
);
