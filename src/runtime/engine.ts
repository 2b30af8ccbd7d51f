/** The contract of engines. An engine is one file that exports an `Engine`, and a line in engines.ts. */
import type { RuntimeValue } from "../base/tensor.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { PlannedMemory } from "../compiler/plan/plan-memory.ts";
import type { LanePlace } from "../compiler/program/segment.ts";
import type { MeasuredKernel } from "../compiler/program/trial.ts";
import type { Trace } from "./trace.ts";

/** Kernels measured instead of modelled. */
export interface AutotuneOptions {
  /** Ends the measuring of `compile()`; in a notebook an interrupt of the cell does too. What was measured is kept. */
  readonly signal?: AbortSignal;
  /** Called before each node whose kernels are measured, and when all are (`done` equals `total`, `node` is ""). */
  readonly onProgress?: (progress: { readonly node: string; readonly done: number; readonly total: number }) => void;
}

export interface CompileOptions {
  /** Engine by name; default: native, or reference where there is no addon. */
  engine?: string;
  /** Where the engine computes. Default "cpu". */
  device?: string;
  /** Threads a run may use. Default: the number of CPUs. */
  threads?: number;
  /** Which passes run first: none, exact (bit-equal), all (also those equal up to rounding). Default "all". */
  optimize?: "none" | "exact" | "all";
  /**
   * Engine native: measures which kernel computes each convolution and product fastest on this machine instead of asking a
   * model, and keeps what it finds in the cache folder. Kernels round in different orders: results may differ from those
   * without it, and from one machine to another, in the last digits. The other engines have nothing to choose. Default false.
   */
  autotune?: boolean | AutotuneOptions;
  /**
   * Engine native: the most bytes the session's heap may hold at one time (packed weights, arenas of runs under way, outputs
   * that live). What would exceed it is a MEMORY error; the session stays usable. The other engines refuse it. Default: no limit.
   */
  memoryLimitBytes?: number;
}

/** By name of a node of the rewritten graph, as traces name instructions: the kernel to compute it with, `reference` for its reference. */
export type KernelChoices = Readonly<Record<string, string>>;

/** What an engine is given: defaults filled in. */
export interface PreparedOptions
  extends Required<Omit<CompileOptions, "autotune" | "memoryLimitBytes">>,
    Pick<CompileOptions, "autotune" | "memoryLimitBytes"> {
  /** Only engines that have a choice of kernels heed it. */
  readonly kernels?: KernelChoices;
}

export interface RunOptions {
  signal?: AbortSignal;
  /** Value names to keep from inside the graph, or "all". Only with trace(). */
  capture?: "all" | readonly string[];
}

export type Values = Record<string, RuntimeValue>;

/** What explain() says of one instruction. */
export interface InstructionReport {
  readonly index: number;
  readonly node: string;
  readonly op: string;
  /** Kernel chosen, `reference` where the engine has none for it. */
  readonly kernel: string;
  /** Why this kernel. */
  readonly reason: string;
  readonly layout?: string;
  /** With `autotune`: every way that was measured, fastest first, copies between layouts counted in. */
  readonly measured?: readonly MeasuredKernel[];
  /**
   * Where it belongs to a branch that runs beside others, on one thread: which lane of which group of its program, counted
   * from 0. Absent where it runs by itself, on all threads.
   */
  readonly lane?: LanePlace;
  readonly flops: number;
  readonly bytes: number;
}

/** What an engine's session has made so far. Counts, not times: they say what a run at a new shape cost. */
export interface EngineStats {
  /** Times the graph, or what is left of it where a shape depends on values, was compiled for shapes not met before. */
  readonly compiles: number;
  /** Weights brought into the layout of a kernel. A compile for another shape takes those that are there. */
  readonly packedWeights: number;
  /** Memory they take, bytes. */
  readonly packedBytes: number;
}

/** What a session's heap holds of one kind; bytes as asked for. */
export interface HeapUse {
  readonly bytes: number;
  readonly blocks: number;
  readonly peakBytes: number;
}

/** The memory of one session. */
export interface HeapReport {
  /** Counts the heaps of the process. */
  readonly id: number;
  /** The model's. */
  readonly name: string;
  readonly liveBytes: number;
  readonly peakBytes: number;
  /** undefined: none. */
  readonly limitBytes: number | undefined;
  readonly blocks: number;
  /**
   * weights: packed for the kernels. scratch: to pack them. arenas: of runs under way, borrowed from the pool. outputs: that
   * live; they belong to whoever holds them and stay valid when the session is gone.
   */
  readonly byKind: Readonly<Record<"weights" | "scratch" | "arenas" | "outputs", HeapUse>>;
  /** The session was disposed of, or collected; listed while an output lives. */
  readonly closed: boolean;
  /** Outputs that live, oldest first; `scope` is the cell and line that made them, where scopes are tracked. */
  readonly tensors: readonly { readonly name: string; readonly bytes: number; readonly scope: string }[];
}

/** A graph made ready by an engine. */
export interface EngineSession {
  run(feeds: Values, options?: RunOptions): Promise<Values>;
  trace(feeds: Values, options?: RunOptions): Promise<{ outputs: Values; trace: Trace }>;
  /** As trace() so many times, for engines that make something ready for a trace; none where trace() is as good. */
  traceRuns?(feeds: Values, count: number, options?: RunOptions): Promise<readonly Trace[]>;
  /** Per instruction of the last shape that ran (empty before the first run where shapes are dynamic). */
  explain(): readonly InstructionReport[];
  /** What it has made so far. Default: one compile, whatever the shapes. */
  stats?(): EngineStats;
  /** Where intermediate tensors of the last shape that ran lie; undefined where nothing was compiled yet. Absent where the engine plans no memory. */
  memoryPlan?(): PlannedMemory | undefined;
  /** Its memory. Absent where the engine does not say. */
  heap?(): HeapReport;
  dispose(): void;
}

export interface Engine {
  readonly name: string;
  /** Which of our passes run before compile(): with our fused operators, in standard operators only, or none. */
  readonly passes: "fused" | "standard" | undefined;
  /** Whether it heeds `memoryLimitBytes`. */
  readonly limitsMemory?: boolean;
  /** Whether it can be used here; if not, the reason and what to do, in one line. */
  available(): { readonly ok: true } | { readonly ok: false; readonly reason: string };
  /** The graph has been optimised as the options say and is the engine's own; feeds have been checked by the caller. */
  compile(graph: Graph, options: PreparedOptions): Promise<EngineSession>;
}
