/** Who is who from frame to frame: SORT, ByteTrack, OC-SORT and BoT-SORT. */
import { InferlabError } from "../../base/errors.ts";
import { assignTable } from "../nodes/assign.ts";
import { type Box, checkBoxes, isSolid } from "../nodes/boxes.ts";
import { type BoxColumns, boxColumns, columnOverlap } from "../nodes/detection/box-grid.ts";
import type { CameraMotion } from "./axis.ts";
import { checkSavedTracker, type SavedTracker } from "./saved-tracker.ts";
import { newFilter, Track, type TrackingMethod } from "./track.ts";

export interface TrackerOptions {
  /** Least overlap of a box with where a track is expected. Default 0.3. */
  readonly minOverlap?: number;
  /** Frames a track is kept without a box. Default 30. */
  readonly maxAge?: number;
  /** Boxes in a row a track needs before it is shown. Default 3. */
  readonly minHits?: number;
  /**
   * "sort" matches all boxes at once; "byte" first the sure ones, then the unsure ones with what is left; "ocsort" leans on
   * what was observed: direction of motion, last place seen, a path mended after a gap; "botsort" is "byte" with a filter
   * of width and height, scores in the costs, camera motion, and appearance where boxes have an `embedding`. Default "byte".
   */
  readonly method?: TrackingMethod;
  /** Scores from here on are sure. Default 0.5. */
  readonly sureScore?: number;
  /** "byte" and "botsort": boxes below it are not looked at. The others look at boxes of `sureScore` and better. Default 0.1. */
  readonly minScore?: number;
  /** "ocsort": weight of the direction of motion beside the overlap. Default 0.2. */
  readonly inertia?: number;
  /** "ocsort": frames over which a direction is measured. Default 3. */
  readonly directionSpan?: number;
}

/** A box with, where the caller has one, what it looks like: a vector of any length. */
export interface TrackableBox extends Box {
  readonly embedding?: ArrayLike<number>;
}

/** A box with the track it belongs to. */
export interface TrackedBox extends Box {
  /** The same in every frame the track is in; numbered from 1. */
  readonly id: number;
}

/** Appearances further apart (half of 1 − cosine) say nothing; so do boxes that overlap less. BoT-SORT, §3.3. */
const maxAppearanceDistance = 0.25;
const minAppearanceOverlap = 0.5;

/**
 * Follows boxes through frames. In a pipeline: a stage with `state: Tracker.state()`, which checkpoints keep.
 *
 * Sources: Bewley et al., Simple Online and Realtime Tracking (2016); Zhang et al., ByteTrack: Multi-Object Tracking by
 * Associating Every Detection Box (2022), §3; Cao et al., Observation-Centric SORT (2023), §4; Aharon et al., BoT-SORT
 * (2022), §3.
 *
 * @example
 * const tracker = new Tracker({ minHits: 1 });
 * tracker.update([{ x: 0, y: 0, width: 10, height: 20, score: 0.9 }])[0].id; // 1
 */
export class Tracker {
  private readonly options: Required<TrackerOptions>;
  private tracks: Track[] = [];
  private nextId = 1;
  private frame = 0;

  /** Errors: ARGUMENT for an option out of range. */
  constructor(options: TrackerOptions = {}) {
    const { minOverlap = 0.3, maxAge = 30, minHits = 3, method = "byte", sureScore = 0.5, minScore = 0.1 } = options;
    const { inertia = 0.2, directionSpan = 3 } = options;
    if (!(minOverlap >= 0 && minOverlap < 1) || !(maxAge >= 0) || !(minHits >= 0))
      throw new InferlabError("ARGUMENT", "a tracker needs 0 ≤ minOverlap < 1, maxAge ≥ 0 and minHits ≥ 0");
    if (!(inertia >= 0) || !(directionSpan >= 1))
      throw new InferlabError("ARGUMENT", "a tracker needs inertia ≥ 0 and directionSpan ≥ 1");
    if (!["sort", "byte", "ocsort", "botsort"].includes(method))
      throw new InferlabError(
        "ARGUMENT",
        `method is ${JSON.stringify(method)}, expected sort, byte, ocsort or botsort`,
      );
    this.options = { minOverlap, maxAge, minHits, method, sureScore, minScore, inertia, directionSpan };
  }

  /** State of a pipeline's stage: a tracker with these options that goes on where a checkpoint left it. */
  static state(options: TrackerOptions = {}) {
    return {
      create: () => new Tracker(options),
      save: (tracker: Tracker) => tracker.save(),
      load: (saved: SavedTracker) => Tracker.load(saved, options),
    };
  }

  /** What it knows, for JSON or a structured clone: the tracker `load` makes of it gives the same identities from here on. */
  save(): SavedTracker {
    const { frame, nextId, tracks } = this;
    return { method: this.options.method, frame, nextId, tracks: tracks.map((track) => track.save()) };
  }

  /** A tracker that goes on where another was saved. Errors: ARGUMENT where the state is none, or of another method. */
  static load(saved: SavedTracker, options: TrackerOptions = {}): Tracker {
    const tracker = new Tracker(options);
    const { method, directionSpan } = tracker.options;
    checkSavedTracker(saved, method, newFilter({ x: 0, y: 0, width: 1, height: 1 }, method).save().length);
    tracker.frame = saved.frame;
    tracker.nextId = saved.nextId;
    tracker.tracks = saved.tracks.map((track) => Track.load(track, method, directionSpan));
    return tracker;
  }

  /**
   * Takes the boxes of the next frame and gives those that belong to a track, by id. In the first `minHits` frames new
   * tracks are shown at once. `camera` says how the picture moved since the frame before, for every method.
   *
   * Errors: ARGUMENT where a box has no numbers, or the camera's motion is not six. Boxes without area are left out.
   */
  update(boxes: readonly TrackableBox[], { camera }: { readonly camera?: CameraMotion } = {}): TrackedBox[] {
    checkBoxes(boxes, "Tracker.update");
    if (camera && (camera.length !== 6 || !camera.every(Number.isFinite)))
      throw new InferlabError("ARGUMENT", `Tracker.update: camera is [${camera}], expected six finite numbers`);
    const { method, sureScore, minScore, maxAge, minHits } = this.options;
    this.frame++;
    for (const track of this.tracks) track.predict(camera);
    // A camera may take a track to infinity.
    this.tracks = this.tracks.filter(({ expected }) => isSolid(expected));
    const solid: readonly TrackableBox[] = boxes.filter(isSolid);
    const score = (box: Box): number => box.score ?? 1;
    const sure = solid.filter((box) => score(box) >= sureScore);
    const first = this.match(this.tracks, sure, "expected");
    const seen = [...first.pairs];
    let fresh = first.boxes;
    if (method === "byte" || method === "botsort") {
      const unsure = solid.filter((box) => score(box) < sureScore && score(box) >= minScore);
      // Only tracks seen a frame ago: an unsure box must not call back a track that was lost.
      const recent = first.tracks.filter((track) => track.age === 1);
      seen.push(...this.match(recent, unsure, "overlap").pairs);
    } else if (method === "ocsort") {
      // Who stood still or turned while hidden is found where it was last seen.
      const again = this.match(first.tracks, first.boxes, "last");
      seen.push(...again.pairs);
      fresh = again.boxes;
    }
    const shown: TrackedBox[] = [];
    const show = (box: TrackableBox, { id }: Track): void => {
      const { embedding: _, ...rest } = box;
      shown.push({ ...rest, id });
    };
    for (const [track, box] of seen) {
      // A track that has been shown once stays known through misses; a new one must be seen in a row.
      track.hits = track.hits >= minHits || track.age === 1 ? track.hits + 1 : 1;
      track.observe(box);
      if (track.hits >= minHits || this.frame <= minHits) show(box, track);
    }
    for (const box of fresh) {
      const track = new Track(this.nextId++, box, method, this.options.directionSpan);
      this.tracks.push(track);
      if (minHits <= 1 || this.frame <= minHits) show(box, track);
    }
    this.tracks = this.tracks.filter((track) => track.age <= maxAge);
    return shown.sort((a, b) => a.id - b.id);
  }

  /** Pairs of least total cost among those of one label that overlap enough; and who is left. */
  private match(tracks: readonly Track[], boxes: readonly TrackableBox[], by: "expected" | "overlap" | "last") {
    const { minOverlap, method, inertia } = this.options;
    const places = boxColumns(tracks.map((track) => (by === "last" ? track.last : track.expected)).concat(boxes));
    const [numRows, numColumns] = [tracks.length, boxes.length];
    const costs = new Float64Array(numRows * numColumns).fill(Infinity);
    tracks.forEach((track, t) => {
      for (let b = 0; b < numColumns; b++) {
        const box = boxes[b]!;
        if (box.label !== track.label) continue;
        const overlap = columnOverlap(places, t, numRows + b);
        if (!(overlap >= minOverlap)) continue;
        let cost = 1 - overlap;
        if (by === "expected" && method === "botsort") cost = appearanceCost(track, box, overlap);
        if (by === "expected" && method === "ocsort")
          cost -= inertia * (box.score ?? 1) * track.agreement(centre(places, numRows + b));
        costs[t * numColumns + b] = cost;
      }
    });
    const columns = assignTable(numRows, numColumns, costs);
    const used = new Uint8Array(numColumns);
    const pairs: [Track, TrackableBox][] = [];
    tracks.forEach((track, t) => {
      const column = columns[t]!;
      if (column < 0) return;
      used[column] = 1;
      pairs.push([track, boxes[column]!]);
    });
    return {
      pairs,
      tracks: tracks.filter((_, t) => columns[t]! < 0),
      boxes: boxes.filter((_, b) => used[b] === 0),
    };
  }
}

const centre = ({ left, top, right, bottom }: BoxColumns, i: number): readonly [number, number] => [
  (left[i]! + right[i]!) / 2,
  (top[i]! + bottom[i]!) / 2,
];

/** 1 − overlap · score, or less where both look alike. */
function appearanceCost(track: Track, box: TrackableBox, overlap: number): number {
  const fused = 1 - overlap * (box.score ?? 1);
  if (!box.embedding || overlap < minAppearanceOverlap) return fused;
  const distance = track.appearanceDistance(box.embedding);
  return distance <= maxAppearanceDistance ? Math.min(fused, distance) : fused;
}
