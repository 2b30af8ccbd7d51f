import { permutation } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const mergeTransposes = nodePass({
  name: "merge-transposes",
  class: "exact",
  about: "makes one Transpose of two in a row",
  ops: ["Transpose"],
  visit(node, edit) {
    const inner = edit.producer(node.inputs[0], "Transpose");
    const first = inner && permutation(inner);
    const second = permutation(node);
    if (!first || !second) return false;
    return edit.rewrite([node, inner], () => {
      const perm = second.map((axis) => first[axis]!);
      edit.add("Transpose", [inner.inputs[0]], { perm }, { name: node.name, outputs: [node.outputs[0]] });
    });
  },
});
