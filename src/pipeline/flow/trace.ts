/** What a run of a pipeline recorded: which stage was at work on which frame, when, on which worker. */
import { withDisplay } from "../../base/display-hook.ts";
import type { Trace, TraceEvent } from "../../runtime/trace.ts";

export interface StageEvent {
  /** Name with the pipelines it is in: `read/detect`. */
  readonly stage: string;
  readonly frame: number;
  /** Microseconds since the run began. */
  readonly startUs: number;
  readonly endUs: number;
  /** Worker of the pool; −1 for a stage that only waits for stages of its own. */
  readonly worker: number;
  readonly ok: boolean;
  /** Frames the call was about: more than 1 for batches. */
  readonly frames: number;
}

/** Totals of one stage. */
export interface StageTotals {
  runs: number;
  failures: number;
  totalMs: number;
}

/** Collects totals always, events where asked to. */
export class Recorder {
  readonly beganMs = performance.now();
  readonly totals = new Map<string, StageTotals>();
  readonly events: StageEvent[] = [];
  private readonly keep: boolean;

  constructor(keepEvents: boolean) {
    this.keep = keepEvents;
  }

  add(stage: string, frame: number, startMs: number, endMs: number, worker: number, ok: boolean, frames: number): void {
    let totals = this.totals.get(stage);
    if (!totals) {
      totals = { runs: 0, failures: 0, totalMs: 0 };
      this.totals.set(stage, totals);
    }
    totals.runs++;
    if (!ok) totals.failures++;
    totals.totalMs += endMs - startMs;
    if (!this.keep) return;
    const us = (ms: number): number => (ms - this.beganMs) * 1000;
    this.events.push({ stage, frame, startUs: us(startMs), endUs: us(endMs), worker, ok, frames });
  }

  /** The events as the profiler and the trace display read them. */
  trace(pipeline: string, workers: number): Trace {
    const events = this.events.map(
      ({ stage, startUs, endUs, worker, frames }): TraceEvent => ({
        node: stage,
        // The display sums by operator: here by stage.
        op: stage,
        kernel: frames > 1 ? `batch of ${frames}` : "stage",
        startUs,
        endUs,
        thread: Math.max(0, worker),
        flops: 0,
        bytes: 0,
        outputs: [],
      }),
    );
    const wallUs = Math.max(0, ...events.map((event) => event.endUs));
    return withDisplay("trace", {
      engine: "pipeline",
      graph: pipeline,
      threads: workers,
      wallUs,
      events,
      tensors: new Map(),
    });
  }
}
