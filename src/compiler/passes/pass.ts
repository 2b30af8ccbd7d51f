/**
 * Passes rewrite graphs. A **pass** is a named `Pass` that a file of this folder exports and a line in pipeline.ts; where a
 * pattern and its replacement say it all it is data (rule.ts), else code. A **rewrite** is one change that a pass makes,
 * gated and logged by `Edit.rewrite`, so that a run can be replayed up to any rewrite and the one that moved an output can
 * be found.
 *
 * A pass's class says what its rewrites promise: *exact* ones give bit-equal outputs, *rounding* ones differ as two orders of
 * summation do, *approximate* ones replace a formula by another.
 *
 * Invariants: before a pass runs, every value's type is inferred; after it, `verifyGraph` holds. Graph inputs and outputs
 * keep their names, types and order.
 */
import type { Graph, Node } from "../ir/graph.ts";
import type { Edit } from "./edit.ts";

export type RewriteClass = "exact" | "rounding" | "approximate";

export interface Pass {
  /** Kebab case, as in logs and in `skip` options. */
  readonly name: string;
  readonly class: RewriteClass;
  /** What it does, in one line. */
  readonly about: string;
  /** Texts of graphs that it can be tried on, for the differential test; those that cannot be run are passed over. */
  examples?(): readonly string[];
  /** Only for engines of ours: it uses operators of the domain "inferlab", or does not aim at fewer nodes. */
  readonly fused?: true;
  /** Names of default-domain operators without which it finds nothing to do; absent: it looks at every graph. */
  readonly ops?: readonly string[];
  /** Lists of such operators of which one must be there in full, for patterns of several nodes. */
  readonly needs?: readonly (readonly string[])[];
  /** Rewrites one graph; its subgraphs get their own call. */
  run(graph: Graph, edit: Edit): void;
}

/** A pass that looks at one node at a time, those of its `ops` only. `visit` returns whether it changed the graph. */
export function nodePass(
  spec: Omit<Pass, "run"> & {
    visit(node: Node, edit: Edit): boolean;
  },
): Pass {
  const { visit, ...pass } = spec;
  return {
    ...pass,
    run(graph, edit) {
      // An earlier rewrite may have taken the node out.
      const nodes = pass.ops ? edit.nodesOf(pass.ops) : [...graph.nodes];
      for (let i = 0; i < nodes.length; i++) if (nodes[i]!.graph === graph) visit(nodes[i]!, edit);
    },
  };
}

/** One change of the graph, as the log shows it. */
export interface Rewrite {
  readonly index: number;
  readonly pass: string;
  readonly class: RewriteClass;
  /** Nodes that went and nodes that came, as `Op "name"`. */
  readonly removed: readonly string[];
  readonly added: readonly string[];
}
