/** Pipelines held against each other on the same frames: one on each engine, say. What a frame takes, and where in it. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import { formatMs } from "../base/shapes.ts";
import type { Trace } from "../runtime/trace.ts";
import { type Sample, sampleOf } from "./statistics.ts";

export interface ComparePipelinesOptions {
  /** Passes over all frames that are measured, after one that is not. Default 5; fewer where the budget ends. */
  readonly rounds?: number;
  /** Milliseconds to measure, all pipelines together. Default 20,000. */
  readonly budgetMs?: number;
  /** Pictures (lines, seconds) in a frame, for the throughput. Default 1. */
  readonly itemsPerFrame?: number;
  /**
   * How frames share the pool, as in a stream. Default "sequential": a stage's time is its own. In "pipeline" frames overlap,
   * which shows the throughput, and stages wait for each other within their times.
   */
  readonly mode?: "sequential" | "task" | "pipeline";
  readonly signal?: AbortSignal;
}

/** What is asked of a pipeline. */
export interface StreamsFrames<I> {
  readonly name: string;
  stream(
    source: Iterable<I>,
    options: { mode?: "sequential" | "task" | "pipeline"; signal?: AbortSignal; onTrace?: (trace: Trace) => void },
  ): AsyncIterable<unknown>;
}

export interface PipelineTime {
  readonly name: string;
  /** Wall time over the number of frames. */
  readonly frameMs: Sample;
  readonly itemsPerSecond: number;
  /** Milliseconds a frame spends in each stage, by name. */
  readonly stageMs: ReadonlyMap<string, Sample>;
}

export class PipelineComparison {
  readonly pipeline: string;
  readonly numFrames: number;
  readonly rounds: number;
  readonly rows: readonly PipelineTime[];

  constructor(fields: Pick<PipelineComparison, "pipeline" | "numFrames" | "rounds" | "rows">) {
    this.pipeline = fields.pipeline;
    this.numFrames = fields.numFrames;
    this.rounds = fields.rounds;
    this.rows = fields.rows;
  }

  /** Stages in rows, pipelines in columns; the whole frame and the throughput beneath. */
  table(): { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] } {
    const stages = [...new Set(this.rows.flatMap(({ stageMs }) => [...stageMs.keys()]))];
    const time = (sample: Sample | undefined): string =>
      sample ? `${formatMs(sample.median)} ± ${formatMs(sample.spread)}` : "";
    const rate = (perSecond: number): string => `${Number(perSecond.toPrecision(3))}/s`;
    return {
      head: ["stage", ...this.rows.map(({ name }) => name)],
      rows: [
        ...stages.map((stage) => [stage, ...this.rows.map(({ stageMs }) => time(stageMs.get(stage)))]),
        ["a frame", ...this.rows.map(({ frameMs }) => time(frameMs))],
        ["throughput", ...this.rows.map(({ itemsPerSecond }) => rate(itemsPerSecond))],
      ],
    };
  }

  toString(): string {
    const { head, rows } = this.table();
    return [head, ...rows]
      .map((row) =>
        row
          .map((cell) => cell.padEnd(22))
          .join("")
          .trimEnd(),
      )
      .join("\n");
  }

  [displaySymbol](): Displayed {
    return display("pipeline-comparison", this) ?? { "text/plain": this.toString() };
  }
}

/**
 * Streams the frames through each pipeline in turn, several times; returns medians with their spread, stage by stage.
 *
 * Errors: ARGUMENT where there is no pipeline or no frame; those of the stages.
 *
 * @example
 * await comparePipelines({ native: app, ort: onOrt }, frames.map((frame) => ({ frame })));
 */
export async function comparePipelines<I>(
  pipelines: Readonly<Record<string, StreamsFrames<I>>>,
  frames: readonly I[],
  options: ComparePipelinesOptions = {},
): Promise<PipelineComparison> {
  const { rounds = 5, itemsPerFrame = 1, mode = "sequential", budgetMs = 20_000, signal } = options;
  const candidates = Object.entries(pipelines).map(([name, pipeline]) => ({
    name,
    pipeline,
    wallMs: [] as number[],
    stageMs: new Map<string, number[]>(),
  }));
  if (candidates.length === 0 || frames.length === 0)
    throw new InferlabError("ARGUMENT", `${candidates.length} pipelines and ${frames.length} frames to compare`, {
      hint: "comparePipelines({ native: app, ort: other }, [{ source: photo }])",
    });
  if (!(Number.isSafeInteger(rounds) && rounds >= 1))
    throw new InferlabError("ARGUMENT", `rounds is ${rounds}, expected an integer of at least 1`);
  let numRounds = 0;
  const end = performance.now() + budgetMs;
  for (let round = -1; round < rounds && (round < 1 || performance.now() < end); round++) {
    numRounds = round + 1;
    for (const { pipeline, wallMs, stageMs } of round % 2 ? candidates.toReversed() : candidates) {
      let trace: Trace | undefined;
      const keep = (recorded: Trace): void => {
        trace = recorded;
      };
      const began = performance.now();
      for await (const _ of pipeline.stream(frames, { mode, onTrace: keep, ...(signal ? { signal } : {}) }));
      // The first round brings pages in, compiles for these shapes and warms the just-in-time compiler.
      if (round < 0) continue;
      wallMs.push((performance.now() - began) / frames.length);
      for (const [stage, ms] of timeByStage(trace)) {
        if (!stageMs.has(stage)) stageMs.set(stage, []);
        stageMs.get(stage)!.push(ms / frames.length);
      }
    }
  }
  return new PipelineComparison({
    pipeline: candidates[0]!.pipeline.name,
    numFrames: frames.length,
    rounds: numRounds,
    rows: candidates.map(({ name, wallMs, stageMs }) => {
      const frameMs = sampleOf(wallMs);
      return {
        name,
        frameMs,
        itemsPerSecond: (1000 * itemsPerFrame) / frameMs.median,
        stageMs: new Map([...stageMs].map(([stage, times]) => [stage, sampleOf(times)])),
      };
    }),
  });
}

/** Milliseconds by stage of the outermost pipeline. A loop's own event holds those of its rounds, a nested pipeline has none. */
function timeByStage(trace: Trace | undefined): Map<string, number> {
  const events = trace?.events ?? [];
  const names = new Set(events.map(({ node }) => node));
  const isWithin = (node: string): boolean => {
    const parts = node.split("/");
    return parts.some((_, i) => i > 0 && names.has(parts.slice(0, i).join("/")));
  };
  const inner = new Set([...names].filter(isWithin));
  const totals = new Map<string, number>();
  for (const { node, startUs, endUs } of events) {
    if (inner.has(node)) continue;
    const stage = node.split("/")[0]!;
    totals.set(stage, (totals.get(stage) ?? 0) + (endUs - startUs) / 1000);
  }
  return totals;
}
