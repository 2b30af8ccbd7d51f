import type { PlanBuffer } from "./plan-memory.ts";

/**
 * Lifetimes by the starts of lifetimes that come before: what ends between two starts is not there any more at the second.
 * Nothing that overlaps is lost, and no more is alive between two starts than at the first.
 */
export class Timeline {
  private readonly buffers: readonly PlanBuffer[];
  /** By buffer: how many start before it. */
  readonly from: Int32Array;
  /** By buffer: how many start before its end. */
  readonly to: Int32Array;

  constructor(buffers: readonly PlanBuffer[]) {
    this.buffers = buffers;
    const count = buffers.length;
    const times = new Float64Array(count);
    this.from = new Int32Array(count);
    this.to = new Int32Array(count);
    for (let i = 0; i < count; i++) times[i] = buffers[i]!.lower;
    times.sort();
    const startsBefore = (time: number): number => {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle]! < time) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    for (let i = 0; i < count; i++) {
      this.from[i] = startsBefore(buffers[i]!.lower);
      this.to[i] = startsBefore(buffers[i]!.upper);
    }
  }

  /** Largest sum of sizes alive at one time, of the buffers counted. */
  peak(counts: (buffer: PlanBuffer) => boolean = () => true): number {
    const changes = new Float64Array(this.buffers.length + 1);
    for (let i = 0; i < this.buffers.length; i++) {
      const buffer = this.buffers[i]!;
      if (buffer.upper <= buffer.lower || !counts(buffer)) continue;
      changes[this.from[i]!]! += buffer.size;
      changes[this.to[i]!]! -= buffer.size;
    }
    let live = 0;
    let peak = 0;
    for (const change of changes) peak = Math.max(peak, (live += change));
    return peak;
  }
}

/** Largest sum of sizes alive at one time. */
export const peakOf = (buffers: readonly PlanBuffer[]): number => new Timeline(buffers).peak();
