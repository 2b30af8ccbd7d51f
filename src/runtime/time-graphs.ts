/** How long a run of two graphs takes on one engine, measured in turn so that a disturbance meets both. */
import type { Graph } from "../compiler/ir/graph.ts";
import { type InputOptions, inputsForBoth } from "../compiler/tools/compare.ts";
import type { TimeComparison } from "../compiler/tools/simplify.ts";
import { compileGraph } from "./compile.ts";
import type { CompileOptions } from "./engine.ts";

export interface TimeOptions extends CompileOptions, InputOptions {
  /** About how long to measure, both graphs together, after two runs to warm up. Default 1000. */
  readonly budgetMs?: number;
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/**
 * Medians of one run before and after, on random inputs of the first graph; at least five runs each.
 *
 * Errors: FEED for inputs that cannot be made up, those of compiling and running.
 */
export async function timeGraphs(before: Graph, after: Graph, options: TimeOptions = {}): Promise<TimeComparison> {
  const feeds = inputsForBoth(before, after, options);
  const sessions = [await compileGraph(before, options), await compileGraph(after, options)] as const;
  try {
    const times: [number[], number[]] = [[], []];
    const given = sessions.map((session) => Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]!])));
    for (const [i, session] of sessions.entries()) for (let run = 0; run < 2; run++) await session.run(given[i]!);
    const end = performance.now() + (options.budgetMs ?? 1000);
    for (let round = 0; round < 5 || (performance.now() < end && round < 1000); round++)
      for (const i of round % 2 ? ([1, 0] as const) : ([0, 1] as const)) {
        const start = performance.now();
        await sessions[i].run(given[i]!);
        times[i].push(performance.now() - start);
      }
    const [a, b] = times.map((list) => list.sort((p, q) => p - q)) as [number[], number[]];
    const spread = (list: readonly number[]): number => (quantile(list, 0.75) - quantile(list, 0.25)) / 2;
    return {
      engine: sessions[0].engine,
      beforeMs: quantile(a, 0.5),
      beforeSpreadMs: spread(a),
      afterMs: quantile(b, 0.5),
      afterSpreadMs: spread(b),
      runs: a.length,
    };
  } finally {
    for (const session of sessions) session.dispose();
  }
}
