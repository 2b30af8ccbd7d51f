import type { Node, Value } from "../ir/graph.ts";

/** The nodes between `node` and `source` along first inputs, nearest first. */
export function edgesOf(node: Node, source: Value): Node[] {
  const path: Node[] = [];
  for (let at = node.inputs[0]; at && at !== source; at = at.producer?.inputs[0])
    if (at.producer) path.push(at.producer);
  return path;
}
