import { idOf } from "../../base/identity.ts";
import { Tensor } from "../../base/tensor.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { type Graph, Graph as IrGraph, type Node, type Value } from "../ir/graph.ts";
import type { Edit } from "./edit.ts";
import type { Pass } from "./pass.ts";

function attributeKey(value: AttributeValue): string {
  if (value instanceof IrGraph) return `graph ${idOf(value)}`;
  if (value instanceof Tensor)
    return `tensor ${value.dtype}[${value.shape}]${value.size <= 16 ? Array.from(value.data as ArrayLike<unknown>, String).join() : idOf(value)}`;
  return JSON.stringify(value);
}

/** Nodes with equal keys compute the same. Inputs are told apart by identity: equal constants have been merged before. */
function keyOf(node: Node): string {
  const inputs = node.inputs.map((value) => (value ? idOf(value) : "")).join(",");
  const attributes = [...node.attributes].map(([name, value]) => `${name}=${attributeKey(value)}`).sort();
  const used = node.outputs.map((value) => (value ? 1 : 0)).join("");
  return `${idOf(node.operator)} ${node.opset} ${inputs} ${used} ${attributes.join(";")}`;
}

export const shareEqualNodes: Pass = {
  name: "share-equal-nodes",
  class: "exact",
  about: "computes equal nodes once (common subexpressions)",
  run(graph: Graph, edit: Edit) {
    const seen = new Map<string, Node>();
    for (const node of [...graph.nodes]) {
      if (node.operator.nondeterministic) continue;
      const key = keyOf(node);
      const first = seen.get(key);
      if (!first) {
        seen.set(key, node);
        continue;
      }
      const pairs = node.outputs.flatMap((value, i): [Value, Value][] => (value ? [[value, first.outputs[i]!]] : []));
      // Two outputs of the graph keep their own nodes: a tensor has one name.
      if (!pairs.every(([from, to]) => edit.canSubstitute(from, to))) continue;
      edit.rewrite([node], () => {
        for (const [from, to] of pairs) edit.substitute(from, to);
      });
    }
  },
};
