/** Plans by placing buffers one after another, each as low as those before it let it. */
import { peakOf } from "./peak.ts";
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
 * Buffers in the order they come alive, each in the first (or `best`: tightest) gap between those alive, as an allocator
 * that knows no future would. Time grows with the number alive at once, not with all there are.
 */
export function placeByTime(buffers: readonly PlanBuffer[], best: boolean): Placement {
  const offsets = new Array<number>(buffers.length).fill(0);
  const real = buffers.flatMap((b, i) => (b.upper > b.lower && b.size > 0 ? [i] : []));
  const starts = [...real].sort((a, b) => buffers[a]!.lower - buffers[b]!.lower || buffers[b]!.size - buffers[a]!.size);
  const ends = [...real].sort((a, b) => buffers[a]!.upper - buffers[b]!.upper);
  const alive: number[] = []; // by offset
  let height = 0;
  let ended = 0;
  const positionOf = (offset: number): number => {
    let low = 0;
    let high = alive.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offsets[alive[middle]!]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  for (const index of starts) {
    const { lower, size } = buffers[index]!;
    for (; ended < ends.length && buffers[ends[ended]!]!.upper <= lower; ended++)
      alive.splice(positionOf(offsets[ends[ended]!]!), 1);
    let top = 0;
    let offset = -1;
    let tightest = Number.POSITIVE_INFINITY;
    for (const other of alive) {
      const gap = offsets[other]! - top;
      if (gap >= size && gap < tightest) {
        tightest = gap;
        offset = top;
        if (!best || gap === size) break;
      }
      top = offsets[other]! + buffers[other]!.size;
    }
    if (offset < 0) offset = top;
    offsets[index] = offset;
    height = Math.max(height, offset + size);
    alive.splice(positionOf(offset), 0, index);
  }
  return { offsets, height };
}

/** Share of the bound that small buffers may take, apart from the others. */
const smallShare = 0.005;

/**
 * For very many buffers: those that matter (the small ones together never hold more than `smallShare` of the bound) by how
 * long they live, each as low as it goes; the small ones above them, in the order of time. Undefined where the deadline
 * passes.
 */
function placeLargeFirst(buffers: readonly PlanBuffer[], deadline: number): Placement | undefined {
  const most = peakOf(buffers) * smallShare;
  const sizes = Float64Array.from(new Set(buffers.map((b) => b.size))).sort();
  let low = 0;
  let high = sizes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (peakOf(buffers.filter((b) => b.size < sizes[middle]!)) <= most) low = middle;
    else high = middle - 1;
  }
  const isLarge = (i: number) => buffers[i]!.size >= sizes[low]!;
  const indices = Array.from(buffers.keys());
  const larges = indices.filter(isLarge);
  const smalls = indices.filter((i) => !isLarge(i));
  const large = larges.map((i) => buffers[i]!);
  const order = Array.from(large.keys()).sort((a, b) => life(large[b]!) - life(large[a]!) || a - b);
  const below = placeInOrder(large, order, false, deadline);
  if (!below) return undefined;
  const above = placeByTime(
    smalls.map((i) => buffers[i]!),
    false,
  );
  const offsets = new Array<number>(buffers.length).fill(0);
  for (const [k, i] of larges.entries()) offsets[i] = below.offsets[k]!;
  for (const [k, i] of smalls.entries()) offsets[i] = below.height + above.offsets[k]!;
  return { offsets, height: below.height + above.height };
}

/** More than so many are first placed in the order of time, which costs least. */
const manyBuffers = 5000;

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

/** The lowest plan of several orders; stops at `goal`, and after `timeoutMs` once one plan is there. */
export function placeGreedily(buffers: readonly PlanBuffer[], goal: number, timeoutMs: number): Placement {
  const deadline = buffers.length <= fewBuffers ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
  let lowest: Placement | undefined;
  if (buffers.length > manyBuffers) {
    lowest = placeByTime(buffers, false);
    if (lowest.height <= goal) return lowest;
    const placement = placeLargeFirst(buffers, deadline);
    return placement && placement.height < lowest.height ? placement : lowest;
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
    for (const best of [false, true]) {
      const placement = placeInOrder(buffers, order, best, lowest && deadline);
      if (!placement) return lowest!;
      if (!lowest || placement.height < lowest.height) lowest = placement;
      if (lowest.height <= goal || performance.now() > deadline) return lowest;
    }
  }
  return lowest!;
}
