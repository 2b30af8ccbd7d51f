/** A graph compiled for an engine: what `model.compile()` returns. */
import { withCellSignal } from "../base/cell-signal.ts";
import { withDisplay } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { holdMemory } from "../base/memory-use.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import type { PlannedMemory } from "../compiler/plan/plan-memory.ts";
import { areRunsCollected, tellCollectors } from "./collect.ts";
import type { EngineOptions } from "./compile.ts";
import type { EngineSession, EngineStats, HeapReport, InstructionReport, RunOptions, Values } from "./engine.ts";
import { checkFeeds, type Feeds, type Port } from "./feeds.ts";
import type { Trace } from "./trace.ts";

/**
 * What `run` gives back. A graph's outputs are tensors but for the rare sequence, optional or map, which is there under the
 * same name with its own `kind`: `run<{ parts: SequenceValue }>({ x })` says so to the type checker.
 */
export type Outputs = Record<string, Tensor>;

/** Counts over a session's life. */
export interface SessionStats extends EngineStats {
  /** Runs begun, traced ones included. */
  readonly runs: number;
}

export class Session {
  readonly engine: string;
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** The graph as it was given; the engine runs what its passes made of a copy. */
  readonly graph: Graph;
  /** How it was compiled. */
  readonly options: EngineOptions;
  private inner: EngineSession | undefined;
  private numRuns = 0;
  /** What the engine said when the session was disposed. */
  private lastStats: EngineStats | undefined;

  /** Sessions come from `compileGraph` and `model.compile()`. */
  constructor(engine: string, graph: Graph, inner: EngineSession, options: EngineOptions = { engine }) {
    this.engine = engine;
    this.name = graph.name;
    this.graph = graph;
    this.inputs = graph.inputs.map(({ name, type }) => ({ name, type }));
    this.outputs = graph.outputs.map(({ name, type }) => ({ name, type }));
    this.inner = inner;
    this.options = options;
  }

  /**
   * Runs the graph. Concurrent calls are safe. In a notebook an interrupt of the cell cancels the run.
   *
   * Errors: FEED for a wrong feed, CANCELLED where the signal fired, SHAPE/DTYPE/VALUE where an operator's rule breaks.
   */
  async run<O extends Values = Outputs>(feeds: Feeds, options?: RunOptions): Promise<O> {
    const own = withCell(options);
    const { inner, complete } = this.ready(feeds, own);
    const held = holdMemory(complete);
    try {
      if (areRunsCollected()) return (await this.collected(inner, held.values, own)) as O;
      return (await inner.run(held.values, own)) as O;
    } finally {
      held.letGo();
    }
  }

  /** As `run`, recording each instruction; `capture` keeps tensors from inside the graph. */
  async trace(feeds: Feeds, options?: RunOptions): Promise<{ outputs: Outputs; trace: Trace }> {
    const own = withCell(options);
    const { inner, complete } = this.ready(feeds, own);
    const held = holdMemory(complete);
    try {
      const { outputs, trace } = await inner.trace(held.values, own);
      return { outputs: outputs as Outputs, trace: withDisplay("trace", trace) };
    } finally {
      held.letGo();
    }
  }

  /**
   * The traces of up to `count` runs; fewer where they would take longer than `budgetMs` together, but at least 5 (or `count`,
   * if that is less).
   */
  async traceRuns(feeds: Feeds, count: number, budgetMs: number, options?: RunOptions): Promise<readonly Trace[]> {
    const own = withCell(options);
    const { inner, complete } = this.ready(feeds, own);
    const few = Math.min(5, count);
    const end = performance.now() + budgetMs;
    const held = holdMemory(complete);
    try {
      const traces: Trace[] = [];
      while (traces.length < count && (traces.length < few || performance.now() < end)) {
        const wanted = traces.length === 0 ? few : Math.min(few, count - traces.length);
        if (inner.traceRuns) traces.push(...(await inner.traceRuns(held.values, wanted, own)));
        else traces.push((await inner.trace(held.values, own)).trace);
      }
      return traces.map((trace) => withDisplay("trace", trace));
    } finally {
      held.letGo();
    }
  }

  /** Per instruction: kernel, why it was chosen, flops, bytes. Empty before the first run where shapes are dynamic. */
  explain(): readonly InstructionReport[] {
    return this.inner?.explain() ?? [];
  }

  /**
   * What the session has done so far: `runs`, `compiles`, `packedWeights`, `packedBytes`. A run at shapes met before compiles
   * nothing (the native engine keeps the 32 sets of shapes used last); one at new shapes packs no weight again.
   *
   * @example
   * const before = session.stats.compiles;
   * await session.run({ x });
   * session.stats.compiles - before; // 0 where x's shape was met before
   */
  get stats(): SessionStats {
    const engine = this.inner?.stats?.() ?? this.lastStats ?? { compiles: 1, packedWeights: 0, packedBytes: 0 };
    return { runs: this.numRuns, ...engine };
  }

  /**
   * Where the intermediate tensors of the last run lie in the arena, how low any plan could be, and whether this one is
   * proved to be the lowest. Shows itself as a skyline. undefined before the first run where shapes are dynamic.
   *
   * Errors: ENGINE where the engine plans no memory.
   *
   * @example
   * const session = await model.compile({ engine: "native" });
   * session.memoryPlan()!.plan.height; // bytes
   */
  memoryPlan(): PlannedMemory | undefined {
    if (this.inner && !this.inner.memoryPlan)
      throw new InferlabError("ENGINE", `engine "${this.engine}" does not say where it puts tensors`, {
        hint: 'compile for engine "native"',
      });
    const planned = this.inner?.memoryPlan?.();
    return planned && withDisplay("memory-plan", planned);
  }

  /**
   * What the session's memory is: packed weights, arenas of runs under way, outputs that live; its peak and limit. Shows itself
   * as a table. `memory.heaps()` has those of all sessions.
   *
   * Errors: ENGINE where the engine does not say, or the session was disposed of.
   *
   * @example
   * const session = await model.compile({ engine: "native", memoryLimitBytes: 64 * 2 ** 20 });
   * session.heap().byKind.weights.bytes;
   */
  heap(): HeapReport {
    if (!this.inner) throw new InferlabError("ENGINE", `session of "${this.name}" was disposed`);
    if (!this.inner.heap)
      throw new InferlabError("ENGINE", `engine "${this.engine}" does not say what memory it has`, {
        hint: 'compile for engine "native"',
      });
    return withDisplay("memory-heap", this.inner.heap());
  }

  /**
   * Gives the memory back, all weights at once; runs under way end first. A run after it is an error. Outputs belong to whoever
   * holds them and stay valid.
   */
  dispose(): void {
    this.lastStats ??= this.inner?.stats?.();
    this.inner?.dispose();
    this.inner = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A run that somebody watches. */
  private async collected(inner: EngineSession, feeds: Values, options: RunOptions | undefined): Promise<Values> {
    const startMs = performance.now();
    const { outputs, trace } = await inner.trace(feeds, options);
    tellCollectors({ session: this, startMs, trace: withDisplay("trace", trace) });
    return outputs;
  }

  private ready(feeds: Feeds, options: RunOptions | undefined): { inner: EngineSession; complete: Values } {
    if (!this.inner) throw new InferlabError("ENGINE", `session of "${this.name}" was disposed`);
    if (options?.signal?.aborted)
      throw new InferlabError("CANCELLED", `run of "${this.name}" was cancelled before it began`);
    const complete = checkFeeds(this.inputs, feeds, `"${this.name}"`);
    this.numRuns++;
    return { inner: this.inner, complete };
  }
}

/** The options with the running cell's signal in them. */
function withCell(options: RunOptions | undefined): RunOptions | undefined {
  const signal = withCellSignal(options?.signal);
  return signal ? { ...options, signal } : options;
}
