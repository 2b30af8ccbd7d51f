/** How good a tracker is: CLEAR MOT and identity metrics. */
import { assign } from "../nodes/assign.ts";
import { overlap } from "../nodes/boxes.ts";
import type { TrackedBox } from "./tracker.ts";

export interface TrackingMetrics {
  /** 1 − (misses + false alarms + switches) / true boxes; may be negative. */
  readonly mota: number;
  /** Mean overlap of the matched boxes. */
  readonly motp: number;
  /** Share of boxes that carry the right identity, over the whole video: 2·IDTP / (true + found boxes). */
  readonly idf1: number;
  readonly misses: number;
  readonly falseAlarms: number;
  readonly switches: number;
  readonly trueBoxes: number;
  readonly foundBoxes: number;
}

/**
 * Compares what was found with what is true, frame by frame.
 *
 * Boxes match where they overlap by at least `minOverlap`. A pair of the frame before stays together as long as it still
 * matches. Where nothing is true, mota and idf1 are 1 if nothing was found, else mota is −Infinity and idf1 is 0.
 *
 * Sources: Bernardin, Stiefelhagen, The CLEAR MOT Metrics (2008); Ristani et al., Performance Measures and a Data Set for
 * Multi-Target, Multi-Camera Tracking (2016).
 */
export function trackingMetrics(
  truth: readonly (readonly TrackedBox[])[],
  found: readonly (readonly TrackedBox[])[],
  minOverlap = 0.5,
): TrackingMetrics {
  const counts = { misses: 0, falseAlarms: 0, switches: 0, trueBoxes: 0, foundBoxes: 0 };
  let matched = 0;
  let overlapSum = 0;
  let before = new Map<number, number>();
  /** Id found last for each true id, however long ago. */
  const last = new Map<number, number>();
  const together = new Map<string, number>();
  for (let frame = 0; frame < Math.max(truth.length, found.length); frame++) {
    const real = truth[frame] ?? [];
    const seen = found[frame] ?? [];
    counts.trueBoxes += real.length;
    counts.foundBoxes += seen.length;
    const overlaps = real.map((a) => seen.map((b) => overlap(a, b)));
    real.forEach((a, i) => {
      seen.forEach((b, j) => {
        if (overlaps[i]![j]! < minOverlap) return;
        const key = `${a.id} ${b.id}`;
        together.set(key, (together.get(key) ?? 0) + 1);
      });
    });
    const now = new Map<number, number>();
    for (const [i, j] of matchFrame(real, seen, overlaps, before, minOverlap)) {
      matched++;
      overlapSum += overlaps[i]![j]!;
      const [id, foundId] = [real[i]!.id, seen[j]!.id];
      if (last.has(id) && last.get(id) !== foundId) counts.switches++;
      last.set(id, foundId);
      now.set(id, foundId);
    }
    counts.misses += real.length - now.size;
    counts.falseAlarms += seen.length - now.size;
    before = now;
  }
  const { misses, falseAlarms, switches, trueBoxes, foundBoxes } = counts;
  const errors = misses + falseAlarms + switches;
  const idTruePositives = identityMatches(together);
  return {
    ...counts,
    mota: trueBoxes > 0 ? 1 - errors / trueBoxes : foundBoxes === 0 ? 1 : -Infinity,
    motp: matched > 0 ? overlapSum / matched : 0,
    idf1: trueBoxes + foundBoxes === 0 ? 1 : (2 * idTruePositives) / (trueBoxes + foundBoxes),
  };
}

/** Pairs of a frame: those of the frame before that still match, then the best assignment of the rest. */
function matchFrame(
  real: readonly TrackedBox[],
  seen: readonly TrackedBox[],
  overlaps: readonly (readonly number[])[],
  before: ReadonlyMap<number, number>,
  minOverlap: number,
): [number, number][] {
  const kept: [number, number][] = [];
  real.forEach(({ id }, i) => {
    const j = seen.findIndex((box) => box.id === before.get(id));
    if (j >= 0 && overlaps[i]![j]! >= minOverlap) kept.push([i, j]);
  });
  const rows = real.map((_, i) => i).filter((i) => !kept.some(([k]) => k === i));
  const columns = seen.map((_, j) => j).filter((j) => !kept.some(([, k]) => k === j));
  const costs = rows.map((i) => columns.map((j) => (overlaps[i]![j]! >= minOverlap ? 1 - overlaps[i]![j]! : Infinity)));
  return [...kept, ...assign(costs).map(([r, c]): [number, number] => [rows[r]!, columns[c]!])];
}

/** Frames in which true and found identities agree under the best one-to-one naming for the whole video. */
function identityMatches(together: ReadonlyMap<string, number>): number {
  const pairs = [...together].map(([key, count]) => [...key.split(" ").map(Number), count] as [number, number, number]);
  const reals = [...new Set(pairs.map(([real]) => real))];
  const founds = [...new Set(pairs.map(([, found]) => found))];
  const table = reals.map(() => new Array<number>(founds.length).fill(0));
  for (const [real, found, count] of pairs) table[reals.indexOf(real)]![founds.indexOf(found)] = count;
  const costs = table.map((row) => row.map((count) => -count));
  return assign(costs).reduce((sum, [r, c]) => sum + table[r]![c]!, 0);
}
