/**
 * Memory planners of other engines, in their own plain way: buffers in an order, each into a gap that those placed before
 * and alive with it leave. A plan of ours is never above one of these.
 */
import type { PlanBuffer } from "../../src/compiler/plan/plan-memory.ts";

export interface GreedyPlanner {
  readonly name: string;
  /** Who comes first. */
  readonly order: (a: PlanBuffer, b: PlanBuffer) => number;
  /** The tightest gap instead of the lowest. */
  readonly tightest: boolean;
}

const life = ({ lower, upper }: PlanBuffer): number => upper - lower;
const bySize = (a: PlanBuffer, b: PlanBuffer): number => b.size - a.size || life(b) - life(a);
const byLife = (a: PlanBuffer, b: PlanBuffer): number => life(b) - life(a) || b.size - a.size;
const byTime = (a: PlanBuffer, b: PlanBuffer): number => a.lower - b.lower || b.size - a.size;

export const greedyPlanners: readonly GreedyPlanner[] = [
  // TFLite Micro's GreedyMemoryPlanner.
  { name: "by size, lowest gap", order: bySize, tightest: false },
  // TFLite's ArenaPlanner.
  { name: "by size, tightest gap", order: bySize, tightest: true },
  { name: "by life, lowest gap", order: byLife, tightest: false },
  // ONNX Runtime's MemPatternPlanner, which traces allocations as they come.
  { name: "by time, tightest gap", order: byTime, tightest: true },
];

/** Height of a planner's arena. Takes n² steps. */
export function greedyHeight({ order, tightest }: GreedyPlanner, buffers: readonly PlanBuffer[]): number {
  const placed: { readonly buffer: PlanBuffer; readonly offset: number }[] = [];
  let height = 0;
  const real = buffers.filter((b) => b.size > 0 && b.upper > b.lower);
  for (const buffer of real.sort(order)) {
    let top = 0;
    let found = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const other of placed) {
      if (other.buffer.lower >= buffer.upper || other.buffer.upper <= buffer.lower) continue;
      const gap = other.offset - top;
      if (gap >= buffer.size && gap < least) {
        found = top;
        least = gap;
        if (!tightest) break;
      }
      top = Math.max(top, other.offset + other.buffer.size);
    }
    const offset = found < 0 ? top : found;
    let at = placed.length;
    while (at > 0 && placed[at - 1]!.offset >= offset) at--;
    placed.splice(at, 0, { buffer, offset });
    height = Math.max(height, offset + buffer.size);
  }
  return height;
}
