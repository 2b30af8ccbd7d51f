import type { Graph, Node, Value } from "../ir/graph.ts";
import { type Edit, shapeOf } from "./edit.ts";
import { int64s, slicesOf } from "./layout.ts";
import type { Pass } from "./pass.ts";

/** Slices of one value along one axis, by axis. */
function groups(value: Value, edit: Edit): Map<number, { node: Node; start: number; count: number }[]> {
  const byAxis = new Map<number, { node: Node; start: number; count: number }[]>();
  for (const user of value.users) {
    if (user.graph !== edit.graph || user.inputs[0] !== value || user.operator.domain !== "") continue;
    const slices = slicesOf(user, edit);
    const only = slices?.length === 1 && slices[0]!.step === 1 && slices[0]!.count > 0 ? slices[0]! : undefined;
    if (!only) continue;
    const { axis, start, count } = only;
    byAxis.set(axis, [...(byAxis.get(axis) ?? []), { node: user, start, count }]);
  }
  return byAxis;
}

export const slicesToSplit: Pass = {
  name: "slices-to-split",
  class: "exact",
  about: "takes the parts of a tensor with one Split instead of one Slice each, where they cover it",
  run(graph: Graph, edit: Edit) {
    const opset = edit.opset();
    const values = new Set<Value>();
    for (const node of graph.nodes) if (node.op === "Slice" && node.inputs[0]) values.add(node.inputs[0]);
    for (const value of values) {
      if (value.isConstant) continue;
      for (const [axis, parts] of groups(value, edit)) {
        const size = shapeOf(value)?.[axis];
        parts.sort((a, b) => a.start - b.start || graph.nodes.indexOf(a.node) - graph.nodes.indexOf(b.node));
        let end = 0;
        const tiles = parts.every((part) => {
          if (part.start !== end) return false;
          end += part.count;
          return true;
        });
        if (parts.length < 2 || !tiles || end !== size || opset < 2) continue;
        const sizes = parts.map((part) => part.count);
        const nodes = parts.map((part) => part.node).sort((a, b) => graph.nodes.indexOf(a) - graph.nodes.indexOf(b));
        edit.rewrite(nodes, () => {
          const list = opset >= 13 ? [edit.constant(int64s(sizes), `${value.name}_split`)] : [];
          const attributes = opset >= 13 ? { axis } : { axis, split: sizes };
          edit.add("Split", [value, ...list], attributes, {
            name: nodes[0]!.name,
            outputs: parts.map((part) => part.node.outputs[0]),
          });
        });
      }
    }
  },
};
