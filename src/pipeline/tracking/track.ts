/** One object followed: its filter, what was observed of it, and how both are kept together. */
import type { Box } from "../nodes/boxes.ts";
import type { CameraMotion } from "./axis.ts";
import { KalmanBox, type MotionFilter } from "./kalman-box.ts";
import { KalmanSize } from "./kalman-size.ts";
import type { SavedTrack } from "./saved-tracker.ts";
import type { TrackableBox } from "./tracker.ts";

export type TrackingMethod = "sort" | "byte" | "ocsort" | "botsort";

/** Where the method expects boxes that began as this one. */
export const newFilter = (box: Box, method: TrackingMethod): MotionFilter =>
  method === "botsort" ? new KalmanSize(box) : new KalmanBox(box);

/** Share of the old appearance that a new one leaves (BoT-SORT, §3.3). */
const appearanceMemory = 0.9;

type Place = readonly [x: number, y: number];

const centreOf = ({ x, y, width, height }: Box): Place => [x + width / 2, y + height / 2];

function movedPoint([x, y]: Place, [a, b, e, c, d, f]: CameraMotion): Place {
  return [a * x + b * y + e, c * x + d * y + f];
}

export class Track {
  readonly id: number;
  readonly label: string | undefined;
  /** Boxes in a row, or since it was first shown. */
  hits = 1;
  /** Frames since the last box. */
  age = 0;
  expected: Box;
  /** The last box seen, where the camera has taken it since. */
  last: Box;
  private filter: MotionFilter;
  /** The filter as the last box left it. */
  private atLast: MotionFilter;
  private readonly mends: boolean;
  /** Centres of the latest boxes, oldest first, with their frames. */
  private places: { place: Place; frame: number }[];
  private frame = 0;
  private readonly span: number;
  private appearance: Float64Array | undefined;

  constructor(id: number, box: TrackableBox, method: TrackingMethod, span: number) {
    this.id = id;
    this.label = box.label;
    this.filter = newFilter(box, method);
    this.mends = method === "ocsort";
    this.atLast = this.filter;
    this.expected = box;
    this.last = box;
    this.span = span;
    this.places = [{ place: centreOf(box), frame: 0 }];
    this.look(box.embedding);
  }

  /** What `load` makes this track of. */
  save(): SavedTrack {
    const { id, label, hits, age, frame, last, filter, atLast, appearance } = this;
    return {
      id,
      ...(label === undefined ? {} : { label }),
      hits,
      age,
      frame,
      last: [last.x, last.y, last.width, last.height],
      filter: filter.save(),
      ...(atLast === filter ? {} : { filterAtLast: atLast.save() }),
      places: this.places.map(({ place: [x, y], frame: at }) => [x, y, at]),
      ...(appearance ? { appearance: [...appearance] } : {}),
    };
  }

  static load(saved: SavedTrack, method: TrackingMethod, span: number): Track {
    const [x, y, width, height] = saved.last as [number, number, number, number];
    const box = { x, y, width, height, ...(saved.label === undefined ? {} : { label: saved.label }) };
    const track = new Track(saved.id, box, method, span);
    track.hits = saved.hits;
    track.age = saved.age;
    track.frame = saved.frame;
    track.filter.load(saved.filter);
    if (saved.filterAtLast) {
      track.atLast = newFilter(box, method);
      track.atLast.load(saved.filterAtLast);
    }
    track.places = saved.places.map(([u, v, frame]) => ({ place: [u!, v!], frame: frame! }));
    track.appearance = saved.appearance && Float64Array.from(saved.appearance);
    return track;
  }

  predict(camera: CameraMotion | undefined): void {
    this.frame++;
    this.age++;
    if (camera) {
      this.filter.move(camera);
      if (this.atLast !== this.filter) this.atLast.move(camera);
      const [x, y] = movedPoint(centreOf(this.last), camera);
      const width = this.last.width * Math.hypot(camera[0], camera[3]);
      const height = this.last.height * Math.hypot(camera[1], camera[4]);
      this.last = { ...this.last, x: x - width / 2, y: y - height / 2, width, height };
      for (const seen of this.places) seen.place = movedPoint(seen.place, camera);
    }
    // The state at the last box is needed only once a frame goes by without one.
    if (this.mends && this.age === 1) this.atLast = this.filter.copy();
    this.expected = this.filter.predict();
  }

  /** Takes the box of this frame in. */
  observe(box: TrackableBox): void {
    if (this.mends && this.age > 1) this.mend(box);
    this.filter.correct(box);
    this.age = 0;
    this.last = box;
    this.places.push({ place: centreOf(box), frame: this.frame });
    while (this.places.length > 1 && this.places[1]!.frame <= this.frame - this.span) this.places.shift();
    this.look(box.embedding);
  }

  /**
   * Observation-centric re-update: the frames without a box are gone through once more with boxes on the straight way from
   * the last one to this, so that the errors the filter gathered meanwhile are gone. Ends before this frame's correction.
   */
  private mend(box: Box): void {
    const filter = this.atLast;
    const from = this.last;
    for (let step = 1; step < this.age; step++) {
      const t = step / this.age;
      filter.predict();
      filter.correct({
        x: from.x + (box.x - from.x) * t,
        y: from.y + (box.y - from.y) * t,
        width: from.width + (box.width - from.width) * t,
        height: from.height + (box.height - from.height) * t,
      });
    }
    filter.predict();
    this.filter = filter;
  }

  /**
   * How well going to a place keeps the direction of the latest boxes: 0.5 straight on, −0.5 back, 0 where there is no
   * direction (OC-SORT, §4.2).
   */
  agreement([x, y]: Place): number {
    const first = this.places[0]!.place;
    const last = this.places.at(-1)!.place;
    const [ux, uy] = [last[0] - first[0], last[1] - first[1]];
    const [vx, vy] = [x - last[0], y - last[1]];
    const lengths = Math.hypot(ux, uy) * Math.hypot(vx, vy);
    if (!(lengths > 0)) return 0;
    const angle = Math.acos(Math.max(-1, Math.min(1, (ux * vx + uy * vy) / lengths)));
    return (Math.PI / 2 - angle) / Math.PI;
  }

  /** Half of 1 − cosine of the angle between the appearances: 0 alike, 1 opposite; 1 where one has none. */
  appearanceDistance(embedding: ArrayLike<number>): number {
    const mine = this.appearance;
    if (!mine || mine.length !== embedding.length) return 1;
    let [dot, other, own] = [0, 0, 0];
    for (let i = 0; i < mine.length; i++) {
      dot += mine[i]! * embedding[i]!;
      other += embedding[i]! ** 2;
      own += mine[i]! ** 2;
    }
    const lengths = Math.sqrt(other * own);
    return lengths > 0 ? (1 - dot / lengths) / 2 : 1;
  }

  private look(embedding: ArrayLike<number> | undefined): void {
    if (!embedding) return;
    const length = Math.sqrt(Array.from(embedding).reduce((sum, v) => sum + v * v, 0));
    if (!(length > 0)) return;
    const unit = Float64Array.from(embedding, (v) => v / length);
    const old = this.appearance;
    this.appearance =
      old?.length === unit.length ? unit.map((v, i) => appearanceMemory * old[i]! + (1 - appearanceMemory) * v) : unit;
  }
}
