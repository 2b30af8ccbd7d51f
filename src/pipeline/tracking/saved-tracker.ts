/** What a tracker knows between two frames, in a form that JSON and structured clones keep to the last bit. */
import { InferlabError } from "../../base/errors.ts";
import type { TrackingMethod } from "./track.ts";

export interface SavedTrack {
  readonly id: number;
  readonly label?: string;
  readonly hits: number;
  readonly age: number;
  /** Frames since it began. */
  readonly frame: number;
  /** The last box seen: x, y, width, height. */
  readonly last: readonly number[];
  readonly filter: readonly number[];
  /** The filter as the last box left it, where it is another. */
  readonly filterAtLast?: readonly number[];
  /** Centres of the latest boxes, oldest first, each with its frame. */
  readonly places: readonly (readonly number[])[];
  readonly appearance?: readonly number[];
}

/** What Tracker.save returns. */
export interface SavedTracker {
  readonly method: TrackingMethod;
  /** Frames taken in. */
  readonly frame: number;
  readonly nextId: number;
  readonly tracks: readonly SavedTrack[];
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const areNumbers = (value: unknown, length?: number): boolean =>
  Array.isArray(value) && (length === undefined || value.length === length) && value.every(Number.isFinite);

/** Errors: ARGUMENT where `saved` is not what a tracker of this method and with filters of this many numbers saved. */
export function checkSavedTracker(
  saved: unknown,
  method: TrackingMethod,
  filterLength: number,
): asserts saved is SavedTracker {
  const wrong = (what: string): InferlabError =>
    new InferlabError("ARGUMENT", `Tracker.load: ${what}`, { hint: "give what save() of such a tracker returned" });
  const { method: other, frame, nextId, tracks } = (saved ?? {}) as Partial<SavedTracker>;
  if (!isCount(frame) || !isCount(nextId) || !Array.isArray(tracks))
    throw wrong("the state has no frame, nextId and list of tracks");
  if (other !== method)
    throw wrong(`the state is that of a tracker with method ${JSON.stringify(other)}, expected "${method}"`);
  tracks.forEach((track: Partial<SavedTrack> | null, i) => {
    const { id, label, hits, age, frame, last, filter, filterAtLast, places, appearance } = track ?? {};
    const fits =
      [id, hits, age, frame].every(isCount) &&
      id! < nextId! &&
      (label === undefined || typeof label === "string") &&
      areNumbers(last, 4) &&
      areNumbers(filter, filterLength) &&
      (filterAtLast === undefined || areNumbers(filterAtLast, filterLength)) &&
      Array.isArray(places) &&
      places.length > 0 &&
      places.every((place) => areNumbers(place, 3)) &&
      (appearance === undefined || areNumbers(appearance));
    if (!fits) throw wrong(`track ${i} of the state is none of a tracker with method "${method}"`);
  });
}
