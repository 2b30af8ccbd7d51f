/** Whoever wants to see every run of every session while some code runs: a profile of a function or of a cell. */
import type { Graph } from "../compiler/ir/graph.ts";
import type { Trace } from "./trace.ts";

export interface CollectedRun {
  readonly session: { readonly name: string; readonly engine: string; readonly graph: Graph };
  /** When the run began, in milliseconds of `performance.now()`. */
  readonly startMs: number;
  readonly trace: Trace;
}

const collectors = new Set<(run: CollectedRun) => void>();

/** While there is a collector, sessions trace their runs. */
export const areRunsCollected = (): boolean => collectors.size > 0;

export function tellCollectors(run: CollectedRun): void {
  for (const collector of collectors) collector(run);
}

/** Calls `collector` with each run that ends from now on; the result ends it. */
export function collectRuns(collector: (run: CollectedRun) => void): () => void {
  collectors.add(collector);
  return () => collectors.delete(collector);
}
