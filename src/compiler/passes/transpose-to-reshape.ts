import { shapeOf } from "./edit.ts";
import { int64s, keepsOrder, reshapeTarget } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const transposeToReshape = nodePass({
  name: "transpose-to-reshape",
  class: "exact",
  about: "replaces a Transpose that only moves axes of size 1 by a Reshape",
  ops: ["Transpose"],
  visit(node, edit) {
    const from = shapeOf(node.inputs[0]);
    if (!keepsOrder(node) || edit.opset() < 5) return false;
    const output = node.outputs[0]!;
    const target = reshapeTarget(from, shapeOf(output));
    if (!target) return false;
    return edit.rewrite([node], () => {
      const shape = edit.constant(int64s(target), `${output.name}_shape`);
      edit.add("Reshape", [node.inputs[0], shape], {}, { name: node.name, outputs: [output] });
    });
  },
});
