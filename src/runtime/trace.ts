/** What a run recorded. Times are microseconds since the run began. */
import type { Tensor } from "../base/tensor.ts";

export interface TraceEvent {
  /** Name of the graph's node this instruction came from (the first one where several were fused). */
  readonly node: string;
  readonly op: string;
  /** Kernel that ran, `reference` for the fallback. */
  readonly kernel: string;
  readonly startUs: number;
  readonly endUs: number;
  /** 0 is the thread that called. */
  readonly thread: number;
  readonly flops: number;
  /** Bytes read plus written. */
  readonly bytes: number;
  /** Bytes that hold intermediate tensors and scratch memory while it runs; only where the engine plans them. */
  readonly liveBytes?: number;
  /** Bytes of those that begin to be needed here. */
  readonly newBytes?: number;
  readonly outputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  /** What each thread did of it, where several may have; `thread` is the one that waited for them. */
  readonly stints?: readonly Stint[];
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
  /** What the run did outside of its instructions; with them it is the whole of `wallUs`. Only of engines that say it. */
  readonly phases?: readonly Phase[];
  /**
   * Tensors asked for with `capture`, by value name. Those of one native program share one block of memory, which stays as
   * long as one of them: copy what is to outlive the others. `dispose()` of all of them gives it back at once.
   */
  readonly tensors: ReadonlyMap<string, Tensor>;
}
