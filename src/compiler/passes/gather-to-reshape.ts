import { shapeOf } from "./edit.ts";
import { int64s, reshapeTarget } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const gatherToReshape = nodePass({
  name: "gather-to-reshape",
  class: "exact",
  about: "replaces a Gather that takes the one element of an axis of size 1 by a Reshape",
  ops: ["Gather"],
  visit(node, edit) {
    const from = shapeOf(node.inputs[0]);
    const indices = node.inputs[1]?.constant;
    if (!from || indices?.size !== 1 || edit.opset() < 5) return false;
    const axis = Number(node.attributes.get("axis") ?? 0);
    if (from[axis < 0 ? axis + from.length : axis] !== 1) return false;
    const output = node.outputs[0]!;
    const target = reshapeTarget(from, shapeOf(output));
    if (!target) return false;
    return edit.rewrite([node], () => {
      const shape = edit.constant(int64s(target), `${output.name}_shape`);
      edit.add("Reshape", [node.inputs[0], shape], {}, { name: node.name, outputs: [output] });
    });
  },
});
