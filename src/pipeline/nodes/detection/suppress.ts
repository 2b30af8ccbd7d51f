/** Hard and soft suppression over boxes in columns; the nodes in boxes.ts and rotated-nms.ts stand on it. */
import { type BoxColumns, BoxGrid, columnOverlap } from "./box-grid.ts";

/** Below it a plain loop over what is kept is faster than a grid. */
const gridFrom = 256;

/** Indices by falling score; equal scores in their order. NaN comes last. */
export function byScore(scores: Float64Array): Uint32Array {
  const order = new Uint32Array(scores.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** Indices kept, best first: a box goes where a kept one overlaps it by more than `threshold`. */
export function suppressHard(boxes: BoxColumns, scores: Float64Array, threshold: number, maxBoxes: number): number[] {
  const kept: number[] = [];
  const grid = scores.length >= gridFrom ? new BoxGrid(boxes) : undefined;
  for (const index of byScore(scores)) {
    if (kept.length >= maxBoxes) break;
    if (grid ? grid.covers(index, threshold) : kept.some((k) => columnOverlap(boxes, k, index) > threshold)) continue;
    kept.push(index);
    grid?.add(index);
  }
  return kept;
}

export interface SoftOptions {
  /** Factor on the score of a box that a better one overlaps this much. */
  readonly weaken: (overlap: number) => number;
  readonly minScore: number;
  readonly maxBoxes: number;
}

/** Indices with their lowered scores in the order taken; ends where the best left is below `minScore`. */
export function suppressSoft(
  boxes: BoxColumns,
  given: Float64Array,
  { weaken, minScore, maxBoxes }: SoftOptions,
): { readonly index: number; readonly score: number }[] {
  const scores = Float64Array.from(given);
  const done = new Uint8Array(scores.length);
  const grid = new BoxGrid(boxes);
  for (let i = 0; i < scores.length; i++) grid.add(i);
  // A heap of (score, index) in which lowered scores are mended when they come to the top: scores only fall, so the first
  // entry that still says the truth is the best.
  const heap = byScore(scores);
  const stored = Float64Array.from(scores);
  let size = heap.length;
  const before = (a: number, b: number): boolean => stored[a]! > stored[b]! || (stored[a] === stored[b] && a < b);
  const sink = (): void => {
    const top = heap[0]!;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, top)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = top;
  };
  const taken: { index: number; score: number }[] = [];
  while (size > 0 && taken.length < maxBoxes) {
    const index = heap[0]!;
    if (stored[index] !== scores[index]) {
      stored[index] = scores[index]!;
      sink();
      continue;
    }
    if (!(scores[index]! >= minScore)) break;
    heap[0] = heap[--size]!;
    if (size > 0) sink();
    done[index] = 1;
    taken.push({ index, score: scores[index]! });
    grid.visit(index, (other) => {
      if (!done[other]) {
        const covered = columnOverlap(boxes, index, other);
        if (covered > 0) scores[other] = scores[other]! * weaken(covered);
      }
      return false;
    });
  }
  return taken;
}
