import { int64s, selectionOf } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const mergeGathers = nodePass({
  name: "merge-gathers",
  class: "exact",
  about: "makes one Gather of a Gather and the Gather or Slice after it",
  ops: ["Gather", "Slice"],
  visit(node, edit) {
    const inner = edit.producer(node.inputs[0], "Gather");
    const first = selectionOf(inner, edit);
    const second = first && selectionOf(node, edit);
    if (!inner || !first || second?.axis !== first.axis) return false;
    // Several readers of the inner one pay only if all of them can do without it.
    if ([...inner.outputs[0]!.users].some((user) => selectionOf(user, edit)?.axis !== first.axis)) return false;
    if (edit.isOutput(inner.outputs[0]!)) return false;
    const indices = second.positions.map((i) => first.positions[i]!);
    const output = node.outputs[0]!;
    return edit.rewrite([node, inner], () => {
      const picked = edit.constant(int64s(indices), `${output.name}_indices`);
      edit.add("Gather", [inner.inputs[0], picked], { axis: first.axis }, { name: node.name, outputs: [output] });
    });
  },
});
