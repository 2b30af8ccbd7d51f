import { type Graph, Node, type Value } from "../ir/graph.ts";
import { nodePass } from "./pass.ts";

/** Moves a branch's nodes in front of its If. Names are unique across a model's graphs in scope, not across branches. */
export const inlineConstantIf = nodePass({
  name: "inline-constant-if",
  class: "exact",
  about: "replaces an If whose condition is known by the branch it takes",
  ops: ["If"],
  visit(node, edit) {
    const condition = edit.known(node.inputs[0]);
    if (condition?.size !== 1) return false;
    const branch = node.attributes.get(condition.data[0] ? "then_branch" : "else_branch") as Graph | undefined;
    if (!branch || branch.inputs.length > 0 || branch.outputs.length < node.outputs.length) return false;
    return edit.rewrite([node], () => {
      const { graph } = edit;
      const results = [...branch.outputs];
      // Neither branch gives anything out from here on.
      for (const [, gone] of node.subgraphs()) gone.outputs.length = 0;
      edit.outputsChanged();
      for (const inner of [...branch.nodes]) {
        branch.remove(inner);
        const moved = new Node(inner.name, inner.operator, inner.opset, inner.attributes);
        moved.doc = inner.doc;
        moved.metadata = inner.metadata;
        moved.attributeKinds = inner.attributeKinds;
        for (const [, nested] of moved.subgraphs()) {
          nested.parent = graph;
          for (const deep of [nested, ...nested.nested()])
            for (const n of deep.nodes) for (const value of n.inputs) value?.users.add(n);
        }
        for (const value of inner.outputs) if (value) edit.claimName(value);
        graph.insert(moved, inner.inputs, inner.outputs, node);
      }
      node.outputs.forEach((output, i) => {
        if (!output) return;
        const result: Value = results[i]!;
        if (edit.canSubstitute(output, result)) edit.substitute(output, result);
        else edit.add("Identity", [result], {}, { outputs: [output] }, node);
      });
    });
  },
});
