/** Plans by placing buffers one after another, each as low as those before it let it. */
import type { PlanBuffer } from "./plan-memory.ts";

export interface Placement {
  readonly offsets: number[];
  readonly height: number;
}

/** Buffers already placed, found by when they live: time is cut into slices, each lists the buffers alive in it. */
class Timeline {
  private readonly slices: number[][];
  private readonly sliceOf: (time: number) => number;
  private readonly seen: Int32Array;
  private stamp = 0;

  constructor(buffers: readonly PlanBuffer[]) {
    // Slices hold equal numbers of starts, so that none is crowded.
    const starts = Float64Array.from(buffers, (b) => b.lower).sort();
    const count = Math.max(1, Math.min(1024, buffers.length >> 3));
    const edges = Float64Array.from({ length: count }, (_, i) => starts[Math.floor((i * starts.length) / count)] ?? 0);
    this.slices = Array.from({ length: count }, () => []);
    this.seen = new Int32Array(buffers.length);
    this.sliceOf = (time) => {
      let low = 0;
      let high = count - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (edges[middle]! <= time) low = middle;
        else high = middle - 1;
      }
      return low;
    };
  }

  add(index: number, { lower, upper }: PlanBuffer): void {
    const last = this.sliceOf(upper);
    for (let slice = this.sliceOf(lower); slice <= last; slice++) this.slices[slice]!.push(index);
  }

  /** Placed buffers alive at some time of [lower, upper), in no order. */
  overlapping(buffers: readonly PlanBuffer[], { lower, upper }: PlanBuffer, found: number[]): void {
    found.length = 0;
    this.stamp++;
    const last = this.sliceOf(upper);
    for (let slice = this.sliceOf(lower); slice <= last; slice++) {
      for (const index of this.slices[slice]!) {
        if (this.seen[index] === this.stamp) continue;
        this.seen[index] = this.stamp;
        const other = buffers[index]!;
        if (other.lower < upper && other.upper > lower) found.push(index);
      }
    }
  }
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
  const timeline = new Timeline(buffers);
  const found: number[] = [];
  let height = 0;
  for (const [turn, index] of order.entries()) {
    const buffer = buffers[index]!;
    if (buffer.upper <= buffer.lower || buffer.size === 0) continue;
    if ((turn & 63) === 0 && performance.now() > deadline) return undefined;
    timeline.overlapping(buffers, buffer, found);
    found.sort((a, b) => offsets[a]! - offsets[b]!);
    let top = 0;
    let offset = -1;
    let tightest = Number.POSITIVE_INFINITY;
    for (const other of found) {
      const gap = offsets[other]! - top;
      if (gap >= buffer.size && gap < tightest) {
        tightest = gap;
        offset = top;
        if (!best) break;
      }
      top = Math.max(top, offsets[other]! + buffers[other]!.size);
    }
    if (offset < 0) offset = top;
    offsets[index] = offset;
    height = Math.max(height, offset + buffer.size);
    timeline.add(index, buffer);
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

/** The lowest plan of several orders; stops at `goal`, and after `timeoutMs` once one plan is there. */
export function placeGreedily(buffers: readonly PlanBuffer[], goal: number, timeoutMs: number): Placement {
  const deadline = performance.now() + timeoutMs;
  let lowest: Placement | undefined;
  if (buffers.length > manyBuffers) {
    for (const best of [false, true]) {
      const placement = placeByTime(buffers, best);
      if (!lowest || placement.height < lowest.height) lowest = placement;
      if (lowest.height <= goal || performance.now() > deadline) return lowest;
    }
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
