/** MOT challenge files in and out. */
import { formatMotText, type ParseMotOptions, parseMotText } from "../../tracking/mot-text.ts";
import type { TrackedBox } from "../../tracking/tracker.ts";
import { node } from "../node.ts";

export const parseMot = node(
  {
    name: "parseMot",
    group: "tracking",
    about:
      "The boxes of each frame in a text of the MOT challenge: frame, id, left, top, width, height, confidence, class, visibility a line.",
    inputs: [{ name: "text", kind: "text" }],
    output: "list",
    parameters: {
      skipIgnored: { type: "boolean", default: true, about: "leaves lines out whose confidence is 0" },
    },
    example: "parseMot('1,7,11,21,30,60,0.9,1,1')",
    source: "Milan et al., MOT16: A Benchmark for Multi-Object Tracking (2016), §3.3",
  },
  (text: string, options: ParseMotOptions = {}): TrackedBox[][] => parseMotText(text, options),
);

export const formatMot = node(
  {
    name: "formatMot",
    group: "tracking",
    about: "Frames of boxes with ids as text of the MOT challenge; labels that are no class numbers become -1.",
    inputs: [{ name: "frames", kind: "list" }],
    output: "text",
    parameters: {},
    example: "formatMot(tracks)",
    source: "Milan et al., MOT16: A Benchmark for Multi-Object Tracking (2016), §3.3",
  },
  (frames: readonly (readonly TrackedBox[])[]): string => formatMotText(frames),
);
