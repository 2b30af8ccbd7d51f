/** Nodes of a file in topological order. Files should have them so; some tools write subgraphs that are not. */
import { InferlabError } from "../../base/errors.ts";
import type { GraphProto, NodeProto } from "./schema.ts";

/** Names that a node reads: its inputs, and what its subgraphs take from outside them. */
function readsOf(node: NodeProto): Set<string> {
  const names = new Set(node.input);
  for (const attribute of node.attribute ?? []) {
    for (const graph of [attribute.g, ...(attribute.graphs ?? [])]) {
      if (graph) for (const name of freeNames(graph)) names.add(name);
    }
  }
  names.delete("");
  return names;
}

function freeNames(graph: GraphProto): Set<string> {
  const inside = new Set<string | undefined>();
  for (const t of graph.initializer ?? []) inside.add(t.name);
  for (const t of graph.sparseInitializer ?? []) inside.add(t.values?.name);
  for (const info of graph.input ?? []) inside.add(info.name);
  for (const node of graph.node ?? []) for (const name of node.output ?? []) inside.add(name);
  const free = new Set<string>();
  for (const node of graph.node ?? []) for (const name of readsOf(node)) if (!inside.has(name)) free.add(name);
  for (const info of graph.output ?? []) if (info.name && !inside.has(info.name)) free.add(info.name);
  return free;
}

/**
 * The nodes, each after those whose outputs it reads; the file's order where that already holds. `isDefined` says which
 * names exist before the first node. Errors: MODEL_INVALID for a cycle. Undefined names are left to the reader.
 */
export function sortNodes(nodes: readonly NodeProto[], isDefined: (name: string) => boolean): readonly NodeProto[] {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const name of node.output ?? []) if (name && !producer.has(name)) producer.set(name, i);
  });
  const needs = nodes.map(
    (node, i) =>
      [...readsOf(node)].map((name) => producer.get(name)).filter((p) => p !== undefined && p !== i) as number[],
  );
  nodes.forEach((node, i) => {
    for (const name of node.input ?? [])
      if (name && producer.get(name) === i && !isDefined(name))
        throw new InferlabError(
          "MODEL_INVALID",
          `${node.opType} ${JSON.stringify(node.name ?? "")} reads its own output`,
        );
  });
  if (needs.every((list, i) => list.every((p) => p < i))) return nodes;
  const order: number[] = [];
  const state = new Uint8Array(nodes.length); // 1: being visited, 2: placed
  for (let root = 0; root < nodes.length; root++) {
    if (state[root]) continue;
    const stack: { node: number; next: number }[] = [{ node: root, next: 0 }];
    state[root] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const needed = needs[top.node]![top.next++];
      if (needed === undefined) {
        state[top.node] = 2;
        order.push(top.node);
        stack.pop();
      } else if (state[needed] === 1) {
        const cycle = stack.slice(stack.findIndex((s) => s.node === needed)).map((s) => nodes[s.node]!);
        const names = cycle.slice(0, 5).map((n) => `${n.opType} ${JSON.stringify(n.name || n.output?.[0] || "")}`);
        throw new InferlabError("MODEL_INVALID", `the graph has a cycle through ${names.join(", ")}`, {
          details: { nodes: cycle.map((n) => n.name ?? "") },
        });
      } else if (state[needed] === 0) {
        state[needed] = 1;
        stack.push({ node: needed, next: 0 });
      }
    }
  }
  return order.map((i) => nodes[i]!);
}
