/** Plans by placing buffers one after another, each as low as those before it let it. */
import { FreeGaps } from "./free-gaps.ts";
import { Timeline } from "./peak.ts";
import type { PlanBuffer } from "./plan-memory.ts";

export interface Placement {
  readonly offsets: number[];
  readonly height: number;
}

/** Each buffer in the order given at the lowest offset free for its whole life, or (`best`) in the tightest gap;
 * undefined where the deadline passes. */
export function placeInOrder(
  buffers: readonly PlanBuffer[],
  order: readonly number[],
  best = false,
  deadline = Number.POSITIVE_INFINITY,
): Placement | undefined {
  const offsets = new Array<number>(buffers.length).fill(0);
  // Those placed, by offset: a scan of flat arrays is faster than sorting what an index of lifetimes finds, by 10 times
  // with 18,000 buffers.
  const [lowers, uppers, bottoms, tops] = Array.from({ length: 4 }, () => new Float64Array(order.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let placed = 0;
  let height = 0;
  for (const [turn, index] of order.entries()) {
    const { lower, upper, size } = buffers[index]!;
    if (upper <= lower || size === 0) continue;
    if ((turn & 63) === 0 && performance.now() > deadline) return undefined;
    let top = 0;
    let offset = -1;
    let tightest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < placed; k++) {
      if (lowers[k]! >= upper || uppers[k]! <= lower) continue;
      const gap = bottoms[k]! - top;
      if (gap >= size && gap < tightest) {
        tightest = gap;
        offset = top;
        if (!best) break;
      }
      if (tops[k]! > top) top = tops[k]!;
    }
    if (offset < 0) offset = top;
    offsets[index] = offset;
    height = Math.max(height, offset + size);
    let low = 0;
    let high = placed;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bottoms[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    for (const column of [lowers, uppers, bottoms, tops]) column.copyWithin(low + 1, low, placed);
    placed++;
    lowers[low] = lower;
    uppers[low] = upper;
    bottoms[low] = offset;
    tops[low] = offset + size;
  }
  return { offsets, height };
}

/**
 * Buffers in the order they come alive, the largest first, each in the lowest gap between those alive, as an allocator that
 * knows no future would. Takes n log n steps, so that there is always a plan soon.
 */
export function placeByTime(buffers: readonly PlanBuffer[], { from, to } = new Timeline(buffers)): Placement {
  const offsets = new Array<number>(buffers.length).fill(0);
  const sizes = new Float64Array(buffers.length);
  const all = new Uint32Array(buffers.length);
  let count = 0;
  for (let i = 0; i < buffers.length; i++) {
    const { lower, upper, size } = buffers[i]!;
    sizes[i] = size;
    if (upper > lower && size > 0) all[count++] = i;
  }
  const real = all.subarray(0, count);
  const ends = sortedBy(to, real);
  const starts = sortedBy(
    from,
    real.toSorted((a, b) => sizes[b]! - sizes[a]! || a - b),
  );
  const gaps = new FreeGaps(count);
  let height = 0;
  let ended = 0;
  for (const index of starts) {
    for (; ended < ends.length && to[ends[ended]!]! <= from[index]!; ended++) {
      const offset = offsets[ends[ended]!]!;
      gaps.give(offset, offset + sizes[ends[ended]!]!);
    }
    const offset = gaps.take(sizes[index]!);
    offsets[index] = offset;
    height = Math.max(height, offset + sizes[index]!);
  }
  return { offsets, height };
}

/** Items by the number that each has in `ranks`, the same ones in the order given. */
function sortedBy(ranks: Int32Array, items: Uint32Array): Uint32Array {
  const starts = new Uint32Array(ranks.length + 2);
  for (const item of items) starts[ranks[item]! + 1]!++;
  for (let rank = 0; rank <= ranks.length; rank++) starts[rank + 1]! += starts[rank]!;
  const sorted = new Uint32Array(items.length);
  for (const item of items) sorted[starts[ranks[item]!]!++] = item;
  return sorted;
}

/** Shares of the bound that small buffers may take, apart from the others: the less, the more there are to place first. */
const smallShares = [0.005, 0.001];

/** Sizes below which buffers together never hold more than each of `smallShares`, different ones only. */
function largeSizes(buffers: readonly PlanBuffer[], timeline: Timeline): number[] {
  const bound = timeline.peak();
  const sizes = Float64Array.from(new Set(buffers.map((b) => b.size))).sort();
  let high = sizes.length - 1;
  const found = smallShares.map((share) => {
    let low = 0;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (timeline.peak((b) => b.size < sizes[middle]!) <= bound * share) low = middle;
      else high = middle - 1;
    }
    return sizes[low]!;
  });
  return [...new Set(found)];
}

/**
 * For very many buffers: the large ones by how long they live, each as low as it goes; the small ones above them, in the
 * order of time. Undefined where the deadline passes.
 */
function placeLargeFirst(buffers: readonly PlanBuffer[], largeSize: number, deadline: number): Placement | undefined {
  const isLarge = (i: number) => buffers[i]!.size >= largeSize;
  const indices = Array.from(buffers.keys());
  const larges = indices.filter(isLarge);
  const smalls = indices.filter((i) => !isLarge(i));
  const large = larges.map((i) => buffers[i]!);
  const order = Array.from(large.keys()).sort((a, b) => life(large[b]!) - life(large[a]!) || a - b);
  const below = placeInOrder(large, order, false, deadline);
  if (!below) return undefined;
  const above = placeByTime(smalls.map((i) => buffers[i]!));
  const offsets = new Array<number>(buffers.length).fill(0);
  for (const [k, i] of larges.entries()) offsets[i] = below.offsets[k]!;
  for (const [k, i] of smalls.entries()) offsets[i] = below.height + above.offsets[k]!;
  return { offsets, height: below.height + above.height };
}

/** Of more than so many only the large ones are placed with care at first. */
const manyBuffers = 5000;

/** The same lifetimes, seen from the end of time: what is first alive is placed last. */
const reversed = (buffers: readonly PlanBuffer[]): PlanBuffer[] =>
  buffers.map((b) => ({ ...b, lower: -b.upper, upper: -b.lower }));

type Key = (buffer: PlanBuffer) => number;
const life: Key = (b) => b.upper - b.lower;

/** Orders worth trying: keys by which buffers come first, the greatest first. */
const orders: readonly (readonly Key[])[] = [
  [(b) => b.size, life],
  [life, (b) => b.size],
  [(b) => b.size * life(b)],
  [(b) => -b.lower, (b) => b.size],
  [(b) => b.upper, (b) => b.size],
];

/** Up to so many buffers every order is tried, whatever the clock says: together they take a few milliseconds. */
const fewBuffers = 500;

/** Plans worth having, the soonest first; undefined where the deadline passes. */
function* attempts(
  buffers: readonly PlanBuffer[],
  timeline: Timeline,
  deadline: number,
): Generator<Placement | undefined> {
  if (buffers.length > fewBuffers) {
    yield placeByTime(buffers, timeline);
    yield placeByTime(reversed(buffers));
  }
  if (buffers.length > manyBuffers) {
    for (const size of largeSizes(buffers, timeline)) yield placeLargeFirst(buffers, size, deadline);
  }
  for (const keys of orders) {
    const order = buffers.map((_, i) => i);
    order.sort((a, b) => {
      for (const key of keys) {
        const difference = key(buffers[b]!) - key(buffers[a]!);
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    for (const best of [false, true]) yield placeInOrder(buffers, order, best, deadline);
  }
}

/** The lowest plan of several; stops at `goal`, and after `timeoutMs` once one plan is there. */
export function placeGreedily(
  buffers: readonly PlanBuffer[],
  timeline: Timeline,
  goal: number,
  timeoutMs: number,
): Placement {
  const deadline = buffers.length <= fewBuffers ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  let lowest: Placement | undefined;
  for (const attempt of attempts(buffers, timeline, deadline)) {
    if (attempt && !(lowest && lowest.height <= attempt.height)) lowest = attempt;
    if (!attempt || attempt.height <= goal || performance.now() > deadline) break;
  }
  return lowest ?? placeByTime(buffers, timeline);
}
