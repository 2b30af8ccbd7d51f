/** What a run recorded. Times are microseconds since the run began. */
import type { Tensor } from "../base/tensor.ts";
import type { LanePlace } from "../compiler/program/segment.ts";

export interface TraceEvent {
  /** Name of the graph's node this instruction came from (the first one where several were fused). */
  readonly node: string;
  readonly op: string;
  /** Kernel that ran, `reference` for the fallback. */
  readonly kernel: string;
  readonly startUs: number;
  readonly endUs: number;
  /** 0 is the thread that called; in a lane the one that ran the instruction, else the one that waited for it. */
  readonly thread: number;
  readonly flops: number;
  /** Bytes read plus written. */
  readonly bytes: number;
  /** Bytes that hold intermediate tensors and scratch memory while it runs; only where the engine plans them. */
  readonly liveBytes?: number;
  /** Bytes of those that begin to be needed here. */
  readonly newBytes?: number;
  readonly outputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  /** What each thread did of it, where several may have. */
  readonly stints?: readonly Stint[];
  /** Where it belongs to a branch that ran beside others: instructions of other lanes of the group may have run meanwhile. */
  readonly lane?: LanePlace;
}

/** One thread's work on one instruction. */
export interface Stint {
  readonly thread: number;
  /** Of its first task, and the end of its last. */
  readonly startUs: number;
  readonly endUs: number;
  /** Time within its tasks. */
  readonly busyUs: number;
}

/** Time of a run outside its instructions, by what it was for. */
export interface Phase {
  readonly name: string;
  readonly us: number;
}

export interface Trace {
  readonly engine: string;
  readonly graph: string;
  readonly threads: number;
  /** Wall time of the run, microseconds. */
  readonly wallUs: number;
  readonly events: readonly TraceEvent[];
  /**
   * What the run did outside of its instructions; with the time in which at least one of those ran (`coveredUs`) it is the whole
   * of `wallUs`. Only of engines that say it.
   */
  readonly phases?: readonly Phase[];
  /**
   * Tensors asked for with `capture`, by value name. Those of one native program share one block of memory, which stays as
   * long as one of them: copy what is to outlive the others. `dispose()` of all of them gives it back at once.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Microseconds in which at least one of the events was under way: where lanes run beside each other, less than their sum. */
export function coveredUs(events: readonly { readonly startUs: number; readonly endUs: number }[]): number {
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { startUs, endUs } of [...events].sort((a, b) => a.startUs - b.startUs)) {
    covered += Math.max(0, endUs - Math.max(startUs, until));
    until = Math.max(until, endUs);
  }
  return covered;
}
