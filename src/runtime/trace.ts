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
}

export interface Trace {
  readonly engine: string;
  readonly graph: string;
  readonly threads: number;
  /** Wall time of the run, microseconds. */
  readonly wallUs: number;
  readonly events: readonly TraceEvent[];
  /** Tensors asked for with `capture`, by value name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}
