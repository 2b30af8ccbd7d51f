/**
 * Places buffers in one arena so that those alive at the same time do not overlap (dynamic storage allocation, offline).
 * Lifetimes are half-open.
 */
import { InferlabError } from "../../base/errors.ts";
import { searchExactly } from "./exact-search.ts";
import { placeGreedily } from "./greedy.ts";
import { peakOf, Timeline } from "./peak.ts";

export { peakOf };

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
  /**
   * Longest time, but for what is done whatever the clock says: a first plan and a short search, so that nets of hundreds of
   * buffers get the same plan on a busy machine. Together that takes 10 to 50 ms of CPU time for hundreds of buffers, up to
   * 0.3 s in the first calls of a process, before V8 has compiled the planner; half a second for 100,000. Default 1000.
   */
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

/** Buffers and where they were put; sizes in bytes, times in steps of the program. */
export interface PlannedMemory {
  readonly name?: string;
  readonly buffers: readonly PlanBuffer[];
  readonly plan: MemoryPlan;
}

/** Plans of programs that run one after the other in the same arena, as one: the times of each follow those before. */
export function joinPlans(parts: readonly PlannedMemory[]): PlannedMemory {
  const buffers: PlanBuffer[] = [];
  let start = 0;
  for (const part of parts) {
    for (const b of part.buffers) buffers.push({ ...b, lower: start + b.lower, upper: start + b.upper });
    start += part.buffers.reduce((end, { upper }) => Math.max(end, upper), 0);
  }
  const height = parts.reduce((most, { plan }) => Math.max(most, plan.height), 0);
  const lowerBound = parts.reduce((most, { plan }) => Math.max(most, plan.lowerBound), 0);
  // As low as can be where one that reaches this height could not be lower.
  const optimal =
    parts.every(({ plan }) => plan.height < height) || parts.some(({ plan }) => plan.height === height && plan.optimal);
  return { buffers, plan: { offsets: parts.flatMap(({ plan }) => plan.offsets), height, lowerBound, optimal } };
}

/**
 * Offsets for buffers with known lifetimes.
 *
 * @example
 * planMemory([{ id: "a", lower: 0, upper: 2, size: 4 }, { id: "b", lower: 1, upper: 3, size: 4 }]).height; // 8
 */
export function planMemory(buffers: readonly PlanBuffer[], options: PlanOptions = {}): MemoryPlan {
  const { capacity, timeoutMs = 1000 } = options;
  for (const { id, lower, upper, size } of buffers) {
    if (!(Number.isFinite(lower) && Number.isFinite(upper) && lower <= upper && size >= 0 && Number.isFinite(size)))
      throw new InferlabError(
        "ARGUMENT",
        `buffer ${JSON.stringify(id)} lives [${lower}, ${upper}) with size ${size}, expected lower ≤ upper and a size of 0 or more`,
      );
  }
  const deadline = performance.now() + timeoutMs;
  const timeline = new Timeline(buffers);
  const lowerBound = timeline.peak();
  const goal = Math.max(capacity ?? 0, lowerBound);
  let { offsets, height } = placeGreedily(
    buffers,
    timeline,
    goal,
    buffers.length <= maxSearched ? timeoutMs / 2 : timeoutMs,
  );
  let proven = lowerBound;
  const real = buffers.flatMap((b, i) => (b.size > 0 && b.upper > b.lower ? [i] : []));
  if (height > goal && real.length <= maxSearched) {
    // A search that ends without a plan proves that there is none: then a little more room is tried.
    for (let target = goal; target < height; ) {
      const left = Math.max(0, deadline - performance.now());
      if (left === 0 && target > goal) break;
      const found = searchExactly(
        real.map((i) => buffers[i]!),
        target,
        left,
      );
      if (found.outcome === "timeout") break;
      if (found.outcome === "found") {
        offsets = new Array<number>(buffers.length).fill(0);
        for (const [k, i] of real.entries()) offsets[i] = found.offsets[k]!;
        height = real.reduce((top, i) => Math.max(top, offsets[i]! + buffers[i]!.size), 0);
        break;
      }
      // Heights are sums of sizes: the next one possible is a multiple of their divisor away.
      proven = target + divisor(real.map((i) => buffers[i]!.size));
      target = Math.max(proven, Math.min(height - 1, Math.ceil(target + (height - target) / 8)));
      if (target >= height) break;
    }
  }
  return { offsets, height, lowerBound, optimal: height <= Math.max(lowerBound, proven) };
}

/** Beyond so many buffers an exhaustive search does not come far. */
const maxSearched = 2000;

/** Greatest common divisor of sizes. */
function divisor(sizes: readonly number[]): number {
  let d = 0;
  for (let size of sizes) {
    while (size > 0) [d, size] = [size, d % size];
  }
  return Math.max(d, 1);
}
