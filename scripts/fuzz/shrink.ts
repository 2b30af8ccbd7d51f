/** Makes a failing graph smaller while it fails in the same place. */

import { cloneGraph } from "../../src/compiler/ir/clone.ts";
import type { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { type Disagreement, disagreement } from "./case.ts";

/** Takes out nodes and inputs that no output needs. */
function prune(graph: Graph): void {
  const needed = (value: Value | undefined): boolean =>
    value !== undefined && (value.users.size > 0 || [graph, ...graph.nested()].some((g) => g.outputs.includes(value)));
  for (const node of [...graph.nodes].reverse()) if (!node.outputs.some(needed)) graph.remove(node);
  for (const input of [...graph.inputs]) if (!needed(input)) graph.inputs.splice(graph.inputs.indexOf(input), 1);
}

/** Only up to one value. */
function endingAt(graph: Graph, value: Value): Graph {
  const values = new Map<Value, Value>();
  const copy = cloneGraph(graph, values);
  copy.outputs.splice(0, copy.outputs.length, values.get(value)!);
  prune(copy);
  return copy;
}

/** With a node's outputs as inputs instead; undefined where they are no plain tensors. */
function startingAfter(graph: Graph, node: Node): Graph | undefined {
  const tensors = node.outputs.every((value) => !value || (value.type?.kind === "tensor" && value.type.shape));
  if (!tensors) return undefined;
  const values = new Map<Value, Value>();
  const copy = cloneGraph(graph, values);
  const removed = copy.nodes[graph.nodes.indexOf(node)]!;
  const made = removed.outputs.filter((value) => value !== undefined);
  copy.remove(removed);
  copy.inputs.push(...made);
  prune(copy);
  return copy.nodes.length > 0 ? copy : undefined;
}

/** The smallest failing graph that cutting from behind and from the front leads to. */
export async function shrink(
  graph: Graph,
  seed: number,
  first: Disagreement,
  judge: typeof disagreement = disagreement,
): Promise<{ graph: Graph; disagreement: Disagreement }> {
  let best = graph;
  let found = first;
  const tries = async (candidate: Graph | undefined): Promise<boolean> => {
    if (!candidate || candidate.nodes.length >= best.nodes.length) return false;
    const result = await judge(candidate, seed, [first.target]);
    if (result?.target !== first.target) return false;
    best = candidate;
    found = result;
    return true;
  };
  for (const node of graph.nodes) {
    const value = node.outputs.find((output) => output !== undefined);
    if (value && (await tries(endingAt(graph, value)))) break;
  }
  for (let progress = true; progress; ) {
    progress = false;
    for (const node of best.nodes) {
      progress = await tries(startingAfter(best, node));
      if (progress) break;
    }
  }
  return { graph: best, disagreement: found };
}
