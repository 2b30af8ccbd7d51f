/** Frames in from an iterable, results out in order, and no more under way than the window allows. */
import { InferlabError } from "../../base/errors.ts";
import type { Trace } from "../../runtime/trace.ts";
import { type FixedMode, type ModeChoice, ModeFinder } from "./auto.ts";
import { cancelled, type FrameResult } from "./executor.ts";
import { type LiveTarget, LiveView, liveTarget } from "./live.ts";
import { type Lent, lend, makeExecutor, type RunOptions } from "./pipeline.ts";
import type { PipelineParts, Plan } from "./plan.ts";
import { ResourceScope } from "./resource.ts";
import type { Checkpoint } from "./state.ts";
import { Recorder, type StageTotals } from "./trace.ts";

/** How frames share the pool: one stage at a time; branches of one frame; several frames; or what profiling predicts. */
export type StreamMode = "sequential" | "task" | "pipeline" | "auto";

/** What a running stream looks like. */
export interface StreamStatus {
  readonly pipeline: string;
  readonly mode: StreamMode;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly framesFailed: number;
  readonly framesDropped: number;
  readonly elapsedMs: number;
  /** What "auto" predicted and measured, once it has. */
  readonly choice?: ModeChoice;
  readonly stages: readonly StageStatus[];
}

/** One stage of a running stream. */
export interface StageStatus extends Readonly<StageTotals> {
  readonly stage: string;
  /** Frames that wait in front of it, frames it may hold, calls at work. */
  readonly queued: number;
  readonly capacity: number;
  readonly running: number;
  /** What it gave last, where a display asked for it. */
  readonly last?: unknown;
}

export interface StreamOptions<O = Record<string, unknown>> extends Omit<RunOptions, "mode"> {
  /** Default "pipeline". */
  readonly mode?: StreamMode;
  /** Frames under way and results not yet taken, together. Default: enough that no stage starves. */
  readonly window?: number;
  /** A source faster than the pipeline waits, or loses its oldest frames that have not begun. Default "block". */
  readonly overflow?: "block" | "drop-oldest";
  /** A failed frame ends the stream, is left out, or is replaced by what the function returns. Default "stop". */
  readonly onError?: "stop" | "skip" | ((error: Error, frame: number) => O);
  /** Called at most every 100 ms and at the end. */
  readonly onStatus?: (status: StreamStatus) => void;
  /** Called at the end with what every stage did. */
  readonly onTrace?: (trace: Trace) => void;
  /** Called with what "auto" predicted and picked, and again where measuring changed it. */
  readonly onMode?: (choice: ModeChoice) => void;
  /**
   * Called with a checkpoint at every so many frames (default 100) and at the end: when the results of the frames before
   * it have been taken, so that what was done with them and the checkpoint agree.
   */
  readonly onCheckpoint?: (checkpoint: Checkpoint) => void;
  readonly checkpointEvery?: number;
  /** Goes on where a checkpoint stood; the source begins with frame `restore.frame`. */
  readonly restore?: Checkpoint;
  /**
   * Shows the running stream: in a notebook as a display that is updated, in a terminal as lines that are written over. `true`
   * finds out which; nothing is shown where neither is there.
   */
  readonly live?: boolean | LiveTarget;
  /** Gives `onStatus` what each stage gave last. */
  readonly keepLast?: boolean;
}

/** What a stream needs of a pipeline. */
interface Streamed {
  readonly name: string;
  readonly plan: Plan;
  readonly parts: PipelineParts;
}

type Source = Iterable<Record<string, unknown>> | AsyncIterable<Record<string, unknown>>;

const statusIntervalMs = 100;

export async function* streamFrames<O>(
  pipeline: Streamed,
  source: Source,
  options: StreamOptions<O>,
): AsyncGenerator<O, void, undefined> {
  const { mode = "pipeline", overflow = "block", onError = "stop" } = options;
  if (!["sequential", "task", "pipeline", "auto"].includes(mode))
    throw new InferlabError("ARGUMENT", `mode is ${JSON.stringify(mode)}, expected sequential, task, pipeline or auto`);
  if (options.window !== undefined && !(Number.isSafeInteger(options.window) && options.window >= 1))
    throw new InferlabError("ARGUMENT", `window is ${options.window}, expected an integer of at least 1`);
  if (typeof source !== "object" || source === null || !(Symbol.iterator in source || Symbol.asyncIterator in source))
    throw new InferlabError("ARGUMENT", "a stream's source is an iterable or an async iterable of inputs");
  const { checkpointEvery = 100, restore } = options;
  if (!(Number.isSafeInteger(checkpointEvery) && checkpointEvery >= 1))
    throw new InferlabError("ARGUMENT", `checkpointEvery is ${checkpointEvery}, expected an integer of at least 1`);
  if (restore && (restore.pipeline !== pipeline.name || !Number.isSafeInteger(restore.frame)))
    throw new InferlabError(
      "PIPELINE",
      `the checkpoint is of pipeline ${JSON.stringify(restore.pipeline)}, expected "${pipeline.name}"`,
    );
  if (options.signal?.aborted) throw cancelled(pipeline.name);
  const flow = new Flow<O>(pipeline, source, mode, overflow, onError, options);
  try {
    for (;;) {
      const result = await flow.next();
      if (result === undefined) break;
      yield result.outputs;
    }
  } finally {
    await flow.close();
  }
}

/** What the source gave, and as the how-manieth. */
interface Item {
  readonly inputs: Record<string, unknown>;
  readonly item: number;
}

/** The state of one stream. */
class Flow<O> {
  private readonly pipeline: Streamed;
  private readonly iterator: Iterator<Record<string, unknown>> | AsyncIterator<Record<string, unknown>>;
  private readonly mode: StreamMode;
  private readonly lent: Lent;
  private readonly resources = new ResourceScope();
  private readonly finder: ModeFinder | undefined;
  /** Complete checkpoints whose frames are not all taken yet. */
  private checkpoints: Checkpoint[] = [];
  private checkpointedAt: number;
  private readonly hasState: boolean;
  private readonly dropsOldest: boolean;
  private readonly onError: NonNullable<StreamOptions<O>["onError"]>;
  private readonly options: StreamOptions<O>;
  private readonly recorder: Recorder;
  private readonly executor: ReturnType<typeof makeExecutor>;
  private window: number;
  private readonly view: LiveView | undefined;
  private nextItem = 0;
  /** Whether frames could not begin because nobody took results or the source gave none. */
  private waited = false;
  /** Finished frames whose turn has not come. */
  private readonly finished = new Map<number, FrameResult>();
  /** With drop-oldest: frames read but not begun. */
  private pending: Item[] = [];
  private nextIn = 0;
  private nextOut = 0;
  private numUnderWay = 0;
  private numFailed = 0;
  private numDropped = 0;
  private reading = false;
  private ended = false;
  private sourceError: Error | undefined;
  private wake: (() => void) | undefined;
  private lastStatusMs = 0;
  /** What onStatus or onMode threw: the stream ends with it. */
  private listenerError: { readonly cause: unknown } | undefined;
  private lastPauseMs = performance.now();

  constructor(
    pipeline: Streamed,
    source: Source,
    mode: StreamMode,
    overflow: "block" | "drop-oldest",
    onError: NonNullable<StreamOptions<O>["onError"]>,
    options: StreamOptions<O>,
  ) {
    this.pipeline = pipeline;
    this.mode = mode;
    // What a recorded run dropped is known: its replay drops nothing else.
    this.dropsOldest = overflow === "drop-oldest" && !options.replay;
    this.onError = onError;
    this.options = options;
    this.recorder = new Recorder(options.onTrace !== undefined);
    const { restore, checkpointEvery = 100, onCheckpoint, keepLast = false, live } = options;
    const target = live === true ? liveTarget() : live || undefined;
    if (target) this.view = new LiveView(pipeline.parts, target);
    this.nextIn = this.nextOut = this.checkpointedAt = restore?.frame ?? 0;
    this.hasState = pipeline.plan.stages.some((stage) => stage.options.state !== undefined);
    const { signal, pool, verify, record, replay } = options;
    const runMode = mode === "sequential" ? "sequential" : "task";
    this.lent = lend(
      { mode: runMode, signal, pool, verify, record, replay },
      { resources: this.resources, recorder: this.recorder },
    );
    this.executor = makeExecutor(pipeline.plan, this.lent, "", "", {
      ...(restore ? { restore } : {}),
      ...(onCheckpoint && this.hasState
        ? { snapshots: { everyFrames: checkpointEvery, onSnapshot: (made) => this.checkpoints.push(made) } }
        : {}),
      keepLast: keepLast || (target !== undefined && "show" in target),
    });
    if (mode === "auto")
      this.finder = new ModeFinder(
        pipeline.plan,
        this.lent.pool.workers,
        this.recorder.totals,
        (choice) => {
          this.applyMode(choice.mode);
          options.onMode?.(choice);
        },
        (trial) => this.applyMode(trial),
      );
    this.window = this.windowOf(mode === "auto" ? "sequential" : mode);
    if (mode === "auto") this.applyMode("sequential");
    this.iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    options.signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  private windowOf(mode: FixedMode): number {
    // A replay begins frames when the recording does.
    const many = Math.min(64, this.executor.suggestedWindow);
    if (this.lent.replay) return Math.max(this.options.window ?? 1, many);
    return mode === "pipeline" ? (this.options.window ?? many) : this.mode === "auto" ? 1 : (this.options.window ?? 1);
  }

  private applyMode(mode: FixedMode): void {
    this.window = this.windowOf(mode);
    this.executor.setMaxActive(mode === "sequential" ? 1 : Infinity);
  }

  private readonly onAbort = (): void => this.notify();

  /** The next result in order; undefined after the last. */
  async next(): Promise<{ outputs: O } | undefined> {
    for (;;) {
      if (this.options.signal?.aborted) throw cancelled(this.pipeline.name);
      if (this.executor.failure) throw this.executor.failure;
      if (this.listenerError) throw this.listenerError.cause;
      this.checkpoint(false);
      await this.pauseIfLong();
      this.pump();
      const result = this.finished.get(this.nextOut);
      if (result) {
        this.finished.delete(this.nextOut);
        const frame = this.nextOut++;
        if (result.kind === "done") return { outputs: result.outputs as O };
        this.numFailed++;
        if (this.onError === "stop") throw result.error;
        if (this.onError !== "skip") return { outputs: this.onError(result.error, frame) };
        continue;
      }
      if (this.ended && this.numUnderWay === 0 && this.pending.length === 0 && this.finished.size === 0) {
        if (this.sourceError) throw this.sourceError;
        this.checkpoint(true);
        return undefined;
      }
      if (this.numUnderWay === 0) this.waited = true;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Hands out checkpoints whose frames have all been taken; at the end, one of what there is. */
  private checkpoint(isEnd: boolean): void {
    const { onCheckpoint, checkpointEvery = 100 } = this.options;
    if (!onCheckpoint) return;
    const hand = (made: Checkpoint): void => {
      this.checkpointedAt = made.frame;
      onCheckpoint(made);
    };
    if (!this.hasState && this.nextOut > this.checkpointedAt && this.nextOut % checkpointEvery === 0)
      hand(this.executor.checkpoint(this.nextOut));
    while (this.checkpoints[0] && this.checkpoints[0].frame <= this.nextOut) hand(this.checkpoints.shift()!);
    if (isEnd && this.nextOut > this.checkpointedAt) hand(this.executor.checkpoint(this.nextOut));
  }

  async close(): Promise<void> {
    const closing = this.closeResources();
    this.executor.close();
    this.options.signal?.removeEventListener("abort", this.onAbort);
    this.report(true);
    this.options.onTrace?.(this.recorder.trace(this.pipeline.name, this.lent.pool.workers));
    // A source that is being read may never answer: it is told, not waited for.
    const told = this.iterator.return?.();
    if (!this.reading) await told;
    else void Promise.resolve(told).catch(() => undefined);
    await closing;
  }

  /** Where the stream was cancelled, nobody waits for resources to close. */
  private async closeResources(): Promise<void> {
    if (!this.options.signal?.aborted) return this.resources.close();
    void this.resources.close().catch(() => undefined);
  }

  /** Reads the source and begins frames as far as the window allows. */
  private pump(): void {
    while (this.pending.length > 0 && this.hasRoom()) this.begin(this.pending.shift()!);
    while (!this.reading && !this.ended && (this.dropsOldest || this.hasRoom())) {
      let step: IteratorResult<Record<string, unknown>> | Promise<IteratorResult<Record<string, unknown>>>;
      try {
        step = this.iterator.next();
      } catch (error) {
        this.endSource(error);
        return;
      }
      if (!("then" in step) && !this.dropsOldest) {
        this.take(step);
        continue;
      }
      this.reading = true;
      Promise.resolve(step).then(
        (result) => {
          this.reading = false;
          this.take(result);
          this.pump();
          this.notify();
        },
        (error) => {
          this.reading = false;
          this.endSource(error);
          this.notify();
        },
      );
    }
  }

  private hasRoom(): boolean {
    return this.numUnderWay + this.finished.size < this.window;
  }

  private take(step: IteratorResult<Record<string, unknown>>): void {
    if (step.done) {
      this.ended = true;
      this.lent.replay?.noMoreFrames();
      return;
    }
    const item = { inputs: step.value, item: this.nextItem++ };
    if (this.lent.replay?.wasBegun(item.item) === false) {
      this.numDropped++;
      return;
    }
    if (this.hasRoom() && this.pending.length === 0) {
      this.begin(item);
      return;
    }
    this.pending.push(item);
    if (this.pending.length > this.window) {
      this.pending.shift();
      this.numDropped++;
    }
  }

  private endSource(error: unknown): void {
    this.ended = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.sourceError = new InferlabError(
      "PIPELINE",
      `the source of pipeline "${this.pipeline.name}" failed: ${reason}`,
      {
        details: { frame: this.nextIn },
        cause: error,
      },
    );
  }

  private begin({ inputs, item }: Item): void {
    const frame = this.nextIn++;
    this.numUnderWay++;
    this.finder?.frameBegins();
    const settle = (result: FrameResult): void => {
      this.numUnderWay--;
      this.finished.set(frame, result);
      try {
        this.finder?.frameEnds(result.kind === "failed", this.waited);
        this.report(false);
      } catch (cause) {
        this.listenerError ??= { cause };
      }
      this.waited = false;
      this.notify();
    };
    this.executor.begin(frame, inputs, settle, item);
  }

  private notify(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  /** Stages that never wait would keep timers, signals and sockets from being heard: they get a turn every few ms. */
  private async pauseIfLong(): Promise<void> {
    if (performance.now() - this.lastPauseMs < 4) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.lastPauseMs = performance.now();
  }

  private report(last: boolean): void {
    const { onStatus } = this.options;
    if (!onStatus && !this.view) return;
    const now = performance.now();
    if (!last && now - this.lastStatusMs < statusIntervalMs) return;
    this.lastStatusMs = now;
    const choice = this.finder?.result;
    const { totals } = this.recorder;
    const present = new Map(this.executor.stagesNow().map((stage) => [stage.stage, stage]));
    const names = new Set([...present.keys(), ...totals.keys()]);
    const status: StreamStatus = {
      pipeline: this.pipeline.name,
      mode: this.mode,
      framesIn: this.nextIn,
      framesOut: this.nextOut,
      framesFailed: this.numFailed,
      framesDropped: this.numDropped,
      elapsedMs: now - this.recorder.beganMs,
      ...(choice ? { choice } : {}),
      stages: [...names].map((stage) => ({
        stage,
        ...(totals.get(stage) ?? { runs: 0, failures: 0, totalMs: 0 }),
        ...(present.get(stage) ?? { queued: 0, running: 0, capacity: 1 }),
      })),
    };
    onStatus?.(status);
    this.view?.update(status, last);
  }
}
