/** Mode "auto": profile a few frames, predict what each mode would take, pick the fastest. */
import type { Trace } from "../../runtime/trace.ts";
import type { Plan } from "./plan.ts";
import type { Pool } from "./pool.ts";

export interface ModeChoice {
  readonly mode: "sequential" | "task" | "pipeline";
  /** Predicted milliseconds a frame, by mode. */
  readonly predictedMs: Readonly<Record<"sequential" | "task" | "pipeline", number>>;
  /** Mean milliseconds of each stage in the profiled frames. */
  readonly stageMs: ReadonlyMap<string, number>;
  /** The source, with the frames that were profiled put back in front. */
  readonly frames: AsyncIterable<Record<string, unknown>>;
}

/** Frames that are run one stage at a time first. The first one also warms caches and is not counted. */
const numProfiled = 3;

/** A mode must promise this share less time than a simpler one to be taken. */
const margin = 0.02;

/**
 * Reads a few frames and runs them sequentially with a trace. Stages that block the JavaScript thread cannot overlap;
 * which ones do is measured: a timer that is due during a stage fires late by as long as the stage blocks.
 */
export async function chooseMode(
  plan: Plan,
  pool: Pool,
  source: Iterable<Record<string, unknown>> | AsyncIterable<Record<string, unknown>>,
  profile: (inputs: Record<string, unknown>) => Promise<{ trace: Trace }>,
): Promise<ModeChoice> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const profiled: Record<string, unknown>[] = [];
  const totals = new Map<string, number>();
  let counted = 0;
  let blockedMs = 0;
  for (let i = 0; i < numProfiled; i++) {
    const step = await iterator.next();
    if (step.done) break;
    profiled.push(step.value);
    const before = performance.eventLoopUtilization();
    const began = performance.now();
    // A frame that fails here fails again, with its number, when the stream reaches it.
    const trace = await profile(step.value).then(
      (result) => result.trace,
      () => undefined,
    );
    if (!trace || (i === 0 && numProfiled > 1)) continue;
    counted++;
    blockedMs += performance.eventLoopUtilization(before).utilization * (performance.now() - began);
    for (const { node, startUs, endUs } of trace.events)
      totals.set(node, (totals.get(node) ?? 0) + (endUs - startUs) / 1000);
  }
  const stageMs = new Map([...totals].map(([stage, ms]) => [stage, ms / Math.max(1, counted)]));
  const predictedMs = predict(plan, stageMs, blockedMs / Math.max(1, counted), pool.workers);
  const mode = (["sequential", "task", "pipeline"] as const).reduce((best, candidate) =>
    predictedMs[candidate] < predictedMs[best] * (1 - margin) ? candidate : best,
  );
  return { mode, predictedMs, stageMs, frames: resume(profiled, iterator) };
}

/** Milliseconds a frame in each mode, from the stages' times and the time the JavaScript thread is blocked. */
export function predict(
  plan: Plan,
  stageMs: ReadonlyMap<string, number>,
  blockedMs: number,
  workers: number,
): ModeChoice["predictedMs"] {
  const times = plan.stages.map((stage) => stageMs.get(stage.path) ?? 0);
  const sum = times.reduce((a, b) => a + b, 0);
  const slowest = Math.max(0, ...times.map((ms, i) => ms / effectiveReplicas(plan, i)));
  const floor = Math.max(blockedMs, sum / workers);
  return { sequential: sum, task: Math.max(criticalPath(plan, times), floor), pipeline: Math.max(slowest, floor) };
}

const effectiveReplicas = (plan: Plan, stage: number): number => {
  const { replicas = 1, batch, state } = plan.stages[stage]!.options;
  return state ? 1 : replicas * (batch?.max ?? 1);
};

/** Longest way through the stages. */
export function criticalPath(plan: Plan, times: readonly number[]): number {
  const end = new Array<number>(times.length).fill(0);
  let longest = 0;
  // Stages are in an order in which each comes after those it needs.
  plan.stages.forEach((stage, i) => {
    end[i] = end[i]! + times[i]!;
    longest = Math.max(longest, end[i]!);
    for (const consumer of stage.consumers) end[consumer] = Math.max(end[consumer]!, end[i]!);
  });
  return longest;
}

async function* resume(
  first: readonly Record<string, unknown>[],
  rest: Iterator<Record<string, unknown>> | AsyncIterator<Record<string, unknown>>,
): AsyncGenerator<Record<string, unknown>> {
  try {
    yield* first;
    for (;;) {
      const step = await rest.next();
      if (step.done) return;
      yield step.value;
    }
  } finally {
    await rest.return?.();
  }
}
