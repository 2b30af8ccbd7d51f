import { shapeOf } from "./edit.ts";
import { int64s, reshapeTarget } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const fixReshapeTargets = nodePass({
  name: "fix-reshape-targets",
  class: "exact",
  about: "gives Reshape and Expand a constant target where it is computed from shapes: Reshape(0, -1, …)",
  ops: ["Reshape", "Expand"],
  visit(node, edit) {
    const [data, target] = node.inputs;
    if (!data || !target || target.isConstant) return false;
    const from = shapeOf(data);
    const to = shapeOf(node.outputs[0]);
    // In Expand 1 keeps a dimension that is there.
    const fixed =
      node.op === "Reshape"
        ? reshapeTarget(from, to)
        : to?.map((dim, axis) => {
            if (typeof dim === "number") return dim;
            return from?.[axis - to.length + from.length] === dim ? 1 : Number.NaN;
          });
    if (!fixed || fixed.some(Number.isNaN)) return false;
    const source = target.producer;
    return edit.rewrite(source ? [node, source] : [node], () => {
      edit.graph.setInput(node, 1, edit.constant(int64s(fixed), `${node.outputs[0]!.name}_shape`));
    });
  },
});
