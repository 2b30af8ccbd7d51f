/** Frames in from an iterable, results out in order, and no more under way than the window allows. */
import { InferlabError } from "../../base/errors.ts";
import type { Trace } from "../../runtime/trace.ts";
import { chooseMode, type ModeChoice } from "./auto.ts";
import { cancelled, type FrameResult } from "./executor.ts";
import { makeExecutor, type RunOptions } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { sharedPool } from "./pool.ts";
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
  readonly stages: readonly (StageTotals & { readonly stage: string })[];
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
  /** Called with what "auto" predicted and picked. */
  readonly onMode?: (choice: ModeChoice) => void;
}

/** What a stream needs of a pipeline. */
interface Streamed {
  readonly name: string;
  readonly plan: Plan;
  trace(inputs: never, options: RunOptions): Promise<{ trace: Trace }>;
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
  if (options.signal?.aborted) throw cancelled(pipeline.name);
  let frames: Source = source;
  let chosen: Exclude<StreamMode, "auto">;
  if (mode === "auto") {
    const choice = await chooseMode(pipeline.plan, options.pool ?? sharedPool, source, (inputs) =>
      pipeline.trace(inputs as never, { ...options, mode: "sequential" }),
    );
    options.onMode?.(choice);
    chosen = choice.mode;
    frames = choice.frames;
  } else chosen = mode;
  const flow = new Flow<O>(pipeline, frames, chosen, overflow, onError, options);
  try {
    for (;;) {
      const result = await flow.next();
      if (result === undefined) return;
      yield result.outputs;
    }
  } finally {
    await flow.close();
  }
}

/** The state of one stream. */
class Flow<O> {
  private readonly pipeline: Streamed;
  private readonly iterator: Iterator<Record<string, unknown>> | AsyncIterator<Record<string, unknown>>;
  private readonly mode: Exclude<StreamMode, "auto">;
  private readonly dropsOldest: boolean;
  private readonly onError: NonNullable<StreamOptions<O>["onError"]>;
  private readonly options: StreamOptions<O>;
  private readonly recorder: Recorder;
  private readonly executor: ReturnType<typeof makeExecutor>;
  private readonly window: number;
  /** Finished frames whose turn has not come. */
  private readonly finished = new Map<number, FrameResult>();
  /** With drop-oldest: frames read but not begun. */
  private pending: Record<string, unknown>[] = [];
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
  private lastPauseMs = performance.now();

  constructor(
    pipeline: Streamed,
    source: Source,
    mode: Exclude<StreamMode, "auto">,
    overflow: "block" | "drop-oldest",
    onError: NonNullable<StreamOptions<O>["onError"]>,
    options: StreamOptions<O>,
  ) {
    this.pipeline = pipeline;
    this.mode = mode;
    this.dropsOldest = overflow === "drop-oldest";
    this.onError = onError;
    this.options = options;
    this.recorder = new Recorder(options.onTrace !== undefined);
    const { signal, pool, verify } = options;
    const runMode = mode === "sequential" ? "sequential" : "task";
    this.executor = makeExecutor(pipeline.plan, { mode: runMode, signal, pool, verify }, this.recorder, "");
    this.window = options.window ?? (mode === "pipeline" ? Math.min(64, this.executor.suggestedWindow) : 1);
    this.iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
    options.signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  private readonly onAbort = (): void => this.notify();

  /** The next result in order; undefined after the last. */
  async next(): Promise<{ outputs: O } | undefined> {
    for (;;) {
      if (this.options.signal?.aborted) throw cancelled(this.pipeline.name);
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
        return undefined;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async close(): Promise<void> {
    this.executor.close();
    this.options.signal?.removeEventListener("abort", this.onAbort);
    this.report(true);
    this.options.onTrace?.(this.recorder.trace(this.pipeline.name, (this.options.pool ?? sharedPool).workers));
    // A source that is being read may never answer: it is told, not waited for.
    const told = this.iterator.return?.();
    if (!this.reading) await told;
    else void Promise.resolve(told).catch(() => undefined);
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
      return;
    }
    if (this.hasRoom() && this.pending.length === 0) {
      this.begin(step.value);
      return;
    }
    this.pending.push(step.value);
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

  private begin(inputs: Record<string, unknown>): void {
    const frame = this.nextIn++;
    this.numUnderWay++;
    this.executor.begin(frame, inputs, (result) => {
      this.numUnderWay--;
      this.finished.set(frame, result);
      this.report(false);
      this.notify();
    });
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
    if (!onStatus) return;
    const now = performance.now();
    if (!last && now - this.lastStatusMs < statusIntervalMs) return;
    this.lastStatusMs = now;
    onStatus({
      pipeline: this.pipeline.name,
      mode: this.mode,
      framesIn: this.nextIn,
      framesOut: this.nextOut,
      framesFailed: this.numFailed,
      framesDropped: this.numDropped,
      elapsedMs: now - this.recorder.beganMs,
      stages: [...this.recorder.totals].map(([stage, totals]) => ({ stage, ...totals })),
    });
  }
}
