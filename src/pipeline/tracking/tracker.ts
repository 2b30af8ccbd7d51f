/** Who is who from frame to frame: SORT and ByteTrack, by overlap with where each box is expected. */
import { InferlabError } from "../../base/errors.ts";
import { assign } from "../nodes/assign.ts";
import { type Box, checkBoxes, isSolid, overlap } from "../nodes/boxes.ts";
import { KalmanBox } from "./kalman-box.ts";

export interface TrackerOptions {
  /** Least overlap of a box with where a track is expected. Default 0.3. */
  readonly minOverlap?: number;
  /** Frames a track is kept without a box. Default 30. */
  readonly maxAge?: number;
  /** Boxes in a row a track needs before it is shown. Default 3. */
  readonly minHits?: number;
  /** "sort" matches all boxes at once; "byte" first the sure ones, then the unsure ones with what is left. Default "byte". */
  readonly method?: "sort" | "byte";
  /** "byte": scores from here on are sure. Default 0.5. */
  readonly sureScore?: number;
  /** "byte": boxes below it are not looked at. "sort" looks at boxes of `sureScore` and better. Default 0.1. */
  readonly minScore?: number;
}

/** A box with the track it belongs to. */
export interface TrackedBox extends Box {
  /** The same in every frame the track is in; numbered from 1. */
  readonly id: number;
}

interface Track {
  readonly id: number;
  readonly filter: KalmanBox;
  expected: Box;
  hits: number;
  age: number;
  label: string | undefined;
}

/**
 * Follows boxes through frames. In a pipeline: a stage with `state: () => new Tracker()`.
 *
 * Sources: Bewley et al., Simple Online and Realtime Tracking (2016); Zhang et al., ByteTrack: Multi-Object Tracking by
 * Associating Every Detection Box (2022), §3.
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
    if (!(minOverlap >= 0 && minOverlap < 1) || !(maxAge >= 0) || !(minHits >= 0))
      throw new InferlabError("ARGUMENT", "a tracker needs 0 ≤ minOverlap < 1, maxAge ≥ 0 and minHits ≥ 0");
    if (method !== "sort" && method !== "byte")
      throw new InferlabError("ARGUMENT", `method is ${JSON.stringify(method)}, expected sort or byte`);
    this.options = { minOverlap, maxAge, minHits, method, sureScore, minScore };
  }

  /**
   * Takes the boxes of the next frame and gives those that belong to a track, by id. In the first `minHits` frames new
   * tracks are shown at once.
   *
   * Errors: ARGUMENT where a box has no numbers. Boxes without area are left out.
   */
  update(boxes: readonly Box[]): TrackedBox[] {
    checkBoxes(boxes, "Tracker.update");
    const { method, sureScore, minScore, maxAge, minHits } = this.options;
    this.frame++;
    for (const track of this.tracks) {
      track.expected = track.filter.predict();
      track.age++;
    }
    const solid = boxes.filter(isSolid);
    const score = (box: Box): number => box.score ?? 1;
    const sure = solid.filter((box) => score(box) >= sureScore);
    const first = this.match(this.tracks, sure);
    const seen = [...first.pairs];
    if (method === "byte") {
      const unsure = solid.filter((box) => score(box) < sureScore && score(box) >= minScore);
      // Only tracks seen a frame ago: an unsure box must not call back a track that was lost.
      const recent = first.tracks.filter((track) => track.age === 1);
      seen.push(...this.match(recent, unsure).pairs);
    }
    const shown: TrackedBox[] = [];
    for (const [track, box] of seen) {
      track.filter.correct(box);
      // A track that has been shown once stays known through misses; a new one must be seen in a row.
      track.hits = track.hits >= minHits || track.age === 1 ? track.hits + 1 : 1;
      track.age = 0;
      track.label = box.label ?? track.label;
      if (track.hits >= minHits || this.frame <= minHits) shown.push({ ...box, id: track.id });
    }
    for (const box of first.boxes) {
      const track = { id: this.nextId++, filter: new KalmanBox(box), expected: box, hits: 1, age: 0, label: box.label };
      this.tracks.push(track);
      if (minHits <= 1 || this.frame <= minHits) shown.push({ ...box, id: track.id });
    }
    this.tracks = this.tracks.filter((track) => track.age <= maxAge);
    return shown.sort((a, b) => a.id - b.id);
  }

  /** Pairs of least total cost 1 − overlap among those of one label; and who is left. */
  private match(tracks: readonly Track[], boxes: readonly Box[]) {
    const costs = tracks.map(({ expected, label }) =>
      boxes.map((box) => (box.label === label ? 1 - overlap(expected, box) : Infinity)),
    );
    const pairs = assign(costs, { maxCost: 1 - this.options.minOverlap }).map(
      ([t, b]) => [tracks[t]!, boxes[b]!] as const,
    );
    const usedTracks = new Set(pairs.map(([track]) => track));
    const usedBoxes = new Set(pairs.map(([, box]) => box));
    return {
      pairs,
      tracks: tracks.filter((track) => !usedTracks.has(track)),
      boxes: boxes.filter((box) => !usedBoxes.has(box)),
    };
  }
}
