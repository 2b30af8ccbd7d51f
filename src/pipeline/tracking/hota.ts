/** Higher order tracking accuracy: detection and association weighed alike, over nineteen thresholds of overlap. */
import { assignTable } from "../nodes/assign.ts";
import { overlap } from "../nodes/boxes.ts";
import type { TrackedBox } from "./tracker.ts";

export interface Hota {
  /** Mean over the thresholds of √(detA · assA). */
  readonly hota: number;
  /** Detection: TP / (TP + misses + false alarms). */
  readonly detA: number;
  /** Association: mean over the matches of the share of frames in which both were together. */
  readonly assA: number;
  /** Mean overlap of the matches. */
  readonly locA: number;
  /** Detection recall and precision, association recall and precision. */
  readonly detRe: number;
  readonly detPr: number;
  readonly assRe: number;
  readonly assPr: number;
  /** √(detA · assA) at each threshold 0.05, 0.1 … 0.95. */
  readonly byThreshold: readonly number[];
}

const thresholds = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);
const epsilon = Number.EPSILON;

interface Frame {
  readonly real: readonly number[];
  readonly seen: readonly number[];
  readonly overlaps: Float64Array;
}

/**
 * Compares what was found with what is true. Where nothing is true and nothing found all values are 1; where only one of
 * them is empty they are 0.
 *
 * Source: Luiten et al., HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking (2020), §5: matches of a frame
 * maximise first how often the two identities agree in the whole video, then the overlap.
 */
export function hota(truth: readonly (readonly TrackedBox[])[], found: readonly (readonly TrackedBox[])[]): Hota {
  const [realIds, seenIds] = [new Map<number, number>(), new Map<number, number>()];
  const numberOf = (ids: Map<number, number>, id: number): number => {
    if (!ids.has(id)) ids.set(id, ids.size);
    return ids.get(id)!;
  };
  const frames: Frame[] = [];
  for (let i = 0; i < Math.max(truth.length, found.length); i++) {
    const [real, seen] = [truth[i] ?? [], found[i] ?? []];
    frames.push({
      real: real.map(({ id }) => numberOf(realIds, id)),
      seen: seen.map(({ id }) => numberOf(seenIds, id)),
      overlaps: Float64Array.from(real.flatMap((a) => seen.map((b) => overlap(a, b)))),
    });
  }
  const [numReal, numSeen] = [realIds.size, seenIds.size];
  const [realCount, seenCount] = [new Float64Array(numReal), new Float64Array(numSeen)];
  for (const { real, seen } of frames) {
    for (const r of real) realCount[r]!++;
    for (const s of seen) seenCount[s]!++;
  }
  const trueBoxes = realCount.reduce((a, b) => a + b, 0);
  const foundBoxes = seenCount.reduce((a, b) => a + b, 0);
  const alignment = alignments(frames, realCount, seenCount);

  const together = thresholds.map(() => new Float64Array(numReal * numSeen));
  const matched = new Float64Array(thresholds.length);
  const overlapSums = new Float64Array(thresholds.length);
  for (const { real, seen, overlaps } of frames) {
    const costs = overlaps.map((o, at) => {
      const [r, s] = [real[Math.floor(at / seen.length)]!, seen[at % seen.length]!];
      return -alignment[r * numSeen + s]! * o;
    });
    assignTable(real.length, seen.length, costs).forEach((column, row) => {
      if (column < 0) return;
      const both = overlaps[row * seen.length + column]!;
      thresholds.forEach((threshold, t) => {
        if (both < threshold - epsilon) return;
        matched[t]!++;
        overlapSums[t]! += both;
        together[t]![real[row]! * numSeen + seen[column]!]!++;
      });
    });
  }
  const nothing = trueBoxes + foundBoxes === 0;
  const share = (part: number, whole: number): number => (whole > 0 ? part / whole : nothing ? 1 : 0);
  const rows = thresholds.map((_, t) => {
    let [assA, assRe, assPr] = [0, 0, 0];
    together[t]!.forEach((count, at) => {
      const [r, s] = [realCount[Math.floor(at / numSeen)]!, seenCount[at % numSeen]!];
      assA += count * (count / (r + s - count));
      assRe += count * (count / r);
      assPr += count * (count / s);
    });
    const tp = matched[t]!;
    const row = {
      detA: share(tp, trueBoxes + foundBoxes - tp),
      detRe: share(tp, trueBoxes),
      detPr: share(tp, foundBoxes),
      assA: share(assA, tp),
      assRe: share(assRe, tp),
      assPr: share(assPr, tp),
      // As TrackEval has it: without a match places are as good as they can be.
      locA: tp > 0 ? overlapSums[t]! / tp : 1,
    };
    return { ...row, hota: Math.sqrt(row.detA * row.assA) };
  });
  const mean = (key: keyof (typeof rows)[number]): number => rows.reduce((sum, row) => sum + row[key], 0) / rows.length;
  return {
    hota: mean("hota"),
    detA: mean("detA"),
    assA: mean("assA"),
    locA: mean("locA"),
    detRe: mean("detRe"),
    detPr: mean("detPr"),
    assRe: mean("assRe"),
    assPr: mean("assPr"),
    byThreshold: rows.map((row) => row.hota),
  };
}

/** How well each pair of identities agrees over the whole video, 0 to 1: overlaps shared among all they might belong to. */
function alignments(frames: readonly Frame[], realCount: Float64Array, seenCount: Float64Array): Float64Array {
  const numSeen = seenCount.length;
  const shared = new Float64Array(realCount.length * numSeen);
  for (const { real, seen, overlaps } of frames) {
    const rowSums = real.map((_, i) => seen.reduce((sum, __, j) => sum + overlaps[i * seen.length + j]!, 0));
    const columnSums = seen.map((_, j) => real.reduce((sum, __, i) => sum + overlaps[i * seen.length + j]!, 0));
    overlaps.forEach((both, at) => {
      const [i, j] = [Math.floor(at / seen.length), at % seen.length];
      const union = rowSums[i]! + columnSums[j]! - both;
      if (union > epsilon) shared[real[i]! * numSeen + seen[j]!]! += both / union;
    });
  }
  return shared.map((both, at) => {
    const union = realCount[Math.floor(at / numSeen)]! + seenCount[at % numSeen]! - both;
    return union > 0 ? both / union : 0;
  });
}
