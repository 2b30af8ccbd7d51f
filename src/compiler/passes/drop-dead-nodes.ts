import type { Graph, Node } from "../ir/graph.ts";
import type { Edit } from "./edit.ts";
import type { Pass } from "./pass.ts";

/** One rewrite for all nodes that no output needs: taking them out one by one would fill the log. */
export const dropDeadNodes: Pass = {
  name: "drop-dead-nodes",
  class: "exact",
  about: "removes nodes whose outputs nobody uses",
  run(graph: Graph, edit: Edit) {
    const dead = new Set<Node>();
    for (const node of graph.nodes.toReversed()) {
      const needed = node.outputs.some(
        (value) => value && (edit.isOutput(value) || [...value.users].some((user) => !dead.has(user))),
      );
      if (!needed) dead.add(node);
    }
    if (dead.size > 0) edit.rewrite([...dead].reverse(), () => {});
  },
};
