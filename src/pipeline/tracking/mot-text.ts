/** The text files of the MOT challenge: one box a line. */
import { InferlabError } from "../../base/errors.ts";
import type { TrackedBox } from "./tracker.ts";

export interface ParseMotOptions {
  /** Truth files: lines whose seventh number is 0 are marked "not to be counted" and left out. Default true. */
  readonly skipIgnored?: boolean;
}

/**
 * The boxes of each frame. Lines are `frame, id, left, top, width, height, confidence, class, visibility`, frames counted
 * from 1, the last three optional; coordinates count from 1 and are taken to count from 0. Empty lines are skipped.
 *
 * Errors: FILE with the number of a line that has too few numbers, text, or a frame that is no positive integer.
 */
export function parseMotText(text: string, { skipIgnored = true }: ParseMotOptions = {}): TrackedBox[][] {
  const frames: TrackedBox[][] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "") return;
    const values = line.split(",").map((field) => (field.trim() === "" ? Number.NaN : Number(field)));
    const [frame, id, x, y, width, height] = values as [number, number, number, number, number, number];
    const [score, kind] = values.slice(6);
    const bad = (what: string) =>
      new InferlabError("FILE", `line ${index + 1} of the MOT text ${what}`, {
        hint: "a line is: frame, id, left, top, width, height, confidence, class, visibility",
        details: { line: index + 1 },
      });
    if (values.length < 6) throw bad(`has ${values.length} fields, expected at least 6`);
    if (values.slice(0, 6).some(Number.isNaN)) throw bad("has a field that is no number");
    if (!Number.isSafeInteger(frame) || frame < 1 || frame > maxFrames)
      throw bad(`has frame ${frame}, expected an integer from 1 to ${maxFrames}`);
    while (frames.length < frame) frames.push([]);
    if (skipIgnored && score === 0) return;
    frames[frame - 1]!.push({
      id,
      x: x - 1,
      y: y - 1,
      width,
      height,
      ...(score === undefined || Number.isNaN(score) || score < 0 ? {} : { score }),
      ...(kind === undefined || Number.isNaN(kind) || kind < 0 ? {} : { label: String(kind) }),
    });
  });
  return frames;
}

/** Eleven days at 1 frame a second: a slip of the pen in a frame's number must not fill the memory. */
const maxFrames = 1_000_000;

/** The frames as MOT text, a line a box, frames from 1, coordinates from 1; boxes without a score have 1. */
export function formatMotText(frames: readonly (readonly TrackedBox[])[]): string {
  const number = (value: number): string => String(Number(value.toFixed(6)));
  return frames
    .flatMap((boxes, index) =>
      boxes.map(({ id, x, y, width, height, score = 1, label }) => {
        const kind = label !== undefined && /^\d+$/.test(label) ? label : "-1";
        return `${[index + 1, id, x + 1, y + 1, width, height, score].map(number).join(",")},${kind},-1\n`;
      }),
    )
    .join("");
}
