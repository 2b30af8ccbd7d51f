/** The differential test of passes: what a pass makes of random graphs computes what they did. */
import { InferlabError } from "../../base/errors.ts";
import { cloneGraph } from "../ir/clone.ts";
import type { Graph } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { finish, interpret, prepare } from "../ir/interpret.ts";
import { parseGraph } from "../ir/parse.ts";
import { printGraph } from "../ir/print.ts";
import { verifyGraph } from "../ir/verify.ts";
import type { Pass, RewriteClass } from "../passes/pass.ts";
import { runPasses } from "../passes/pipeline.ts";
import { compareValues, type NamedValues, randomInputs } from "./compare.ts";
import { errorAgainst, toFloat64, widenedValues } from "./float64.ts";
import { randomGraph } from "./random-graph.ts";

export interface CheckPassOptions {
  /** Random graphs beside the pass's own examples. Default 40. */
  readonly graphs?: number;
  /** Graphs, or texts of graphs, on which the pass is also tried. */
  readonly examples?: readonly (Graph | string)[];
}

export interface PassCheck {
  readonly pass: string;
  readonly class: RewriteClass;
  /** Graphs tried, and those of them that the pass changed. */
  readonly graphs: number;
  readonly changed: number;
  readonly rewrites: number;
  /** Largest difference of an output, relative to its largest magnitude. */
  readonly maxRelative: number;
  /** Largest error against float64, before and after. */
  readonly errorBefore: number;
  readonly errorAfter: number;
}

/** What outputs of one rewritten graph may differ by, relative to the largest magnitude. */
const tolerances: Readonly<Record<RewriteClass, number>> = {
  exact: 0,
  rounding: 1e-5,
  approximate: Number.POSITIVE_INFINITY,
};

/** Outputs by name, on the reference operators. */
function run(graph: Graph, feeds: NamedValues): NamedValues {
  const results = finish(
    interpret(
      prepare(graph),
      graph.inputs.map((value) => feeds[value.name]!),
    ),
  );
  return Object.fromEntries(graph.outputs.map((value, i) => [value.name, results[i]!]));
}

export interface GraphComparison {
  readonly maxRelative: number;
  readonly errorBefore: number;
  readonly errorAfter: number;
  /** The output that is furthest off. */
  readonly output: string;
  /** Within what the class promises. */
  readonly holds: boolean;
}

/**
 * Compares a graph and what became of it on random inputs. Rewrites up to rounding may differ by more than a tolerance where
 * the graph itself is ill-conditioned: they hold where they are no further from float64 than the original is.
 */
export function compareGraphs(before: Graph, after: Graph, level: RewriteClass, seed: number): GraphComparison {
  const feeds = randomInputs(before, { seed });
  const [was, is] = [run(before, feeds), run(after, feeds)];
  const truth = level === "exact" ? undefined : run(toFloat64(before), widenedValues(feeds));
  let worst: GraphComparison = { maxRelative: 0, errorBefore: 0, errorAfter: 0, output: "", holds: true };
  for (const name of Object.keys(was)) {
    const { maxRelative } = compareValues(was[name], is[name]);
    const errorBefore = errorAgainst(truth?.[name], was[name]) ?? 0;
    const errorAfter = errorAgainst(truth?.[name], is[name]) ?? 0;
    const holds = maxRelative <= tolerances[level] || (truth !== undefined && errorAfter <= 4 * errorBefore + 1e-6);
    const isWorse = (worst.holds && !holds) || (worst.holds === holds && maxRelative >= worst.maxRelative);
    worst = {
      maxRelative: Math.max(worst.maxRelative, maxRelative),
      errorBefore: Math.max(worst.errorBefore, errorBefore),
      errorAfter: Math.max(worst.errorAfter, errorAfter),
      output: isWorse ? name : worst.output,
      holds: worst.holds && holds,
    };
  }
  return worst;
}

/** Examples that can be run; a pattern's own are made up, and not all of them fit their operators. */
function usable(examples: readonly string[]): Graph[] {
  return examples.flatMap((text) => {
    const graph = parseGraph(text);
    try {
      inferShapes(graph);
      run(graph, randomInputs(graph));
    } catch (error) {
      if (error instanceof InferlabError) return [];
      throw error;
    }
    return [graph];
  });
}

/**
 * Runs a pass alone on random graphs, on examples made of its patterns and on those given, and compares what they compute
 * before and after. What its class promises must hold: equal bits, or rounding.
 *
 * Errors: PASS with the pass, the output and both graphs where it does not; where the pass breaks a graph or never comes to
 * rest.
 *
 * @example
 * checkPass(rulePass({ name: "neg-neg", class: "exact", rules: [{ find: "a = Neg(x); y = Neg(a)", replace: "y = x" }] }));
 */
export function checkPass(pass: Pass, options: CheckPassOptions = {}): PassCheck {
  const given = (options.examples ?? []).map((graph) =>
    typeof graph === "string" ? parseGraph(graph) : cloneGraph(graph),
  );
  for (const graph of given) inferShapes(graph);
  const random = Array.from({ length: options.graphs ?? 40 }, (_, i) =>
    randomGraph({ seed: i + 1, steps: 4 + (i % 8), dynamic: i % 3 === 0 }),
  );
  const graphs = [...given, ...usable(pass.examples?.() ?? []), ...random];
  let [changed, rewrites, maxRelative, errorBefore, errorAfter] = [0, 0, 0, 0, 0];
  for (const [index, original] of graphs.entries()) {
    const graph = cloneGraph(original);
    const log = runPasses(graph, { passes: [pass], verify: true, growthBytes: 2 ** 20 });
    if (log.length === 0) continue;
    verifyGraph(graph);
    changed++;
    rewrites += log.length;
    const found = compareGraphs(original, graph, pass.class, index + 1);
    if (!found.holds)
      throw new InferlabError(
        "PASS",
        `pass ${pass.name} is of class ${pass.class}, but moves output "${found.output}" by ${found.maxRelative.toExponential(1)} of its largest magnitude`,
        {
          hint: `${log[0]!.removed.join(", ")} became ${log[0]!.added.join(", ") || "nothing"}; details.before and details.after are the graph that shows it`,
          details: {
            pass: pass.name,
            output: found.output,
            node: log[0]!.removed[0],
            before: printGraph(original),
            after: printGraph(graph),
          },
        },
      );
    maxRelative = Math.max(maxRelative, found.maxRelative);
    errorBefore = Math.max(errorBefore, found.errorBefore);
    errorAfter = Math.max(errorAfter, found.errorAfter);
  }
  return {
    pass: pass.name,
    class: pass.class,
    graphs: graphs.length,
    changed,
    rewrites,
    maxRelative,
    errorBefore,
    errorAfter,
  };
}
