import type { PlanBuffer } from "./plan-memory.ts";

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
