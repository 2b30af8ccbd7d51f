import { edgesOf } from "./edges.ts";
import { shapeOf } from "./edit.ts";
import { beforeReshapes, int64s, reshapeOps, reshapeTarget } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const mergeReshapes = nodePass({
  name: "merge-reshapes",
  class: "exact",
  about: "makes one Reshape of several Reshape, Flatten, Squeeze and Unsqueeze nodes in a row",
  ops: reshapeOps,
  visit(node, edit) {
    const output = node.outputs[0]!;
    const source = beforeReshapes(node.inputs[0]!, edit);
    if (source === node.inputs[0] || edit.opset() < 5) return false;
    const target = reshapeTarget(shapeOf(source), shapeOf(output));
    if (!target) return false;
    return edit.rewrite([node, ...edgesOf(node, source)], () => {
      const shape = edit.constant(int64s(target), `${output.name}_shape`);
      edit.add("Reshape", [source, shape], {}, { name: node.name, outputs: [output] }, node);
    });
  },
});
