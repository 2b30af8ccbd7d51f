import { intAttribute, shapeOf } from "./edit.ts";
import { axesOf, int64s } from "./layout.ts";
import { nodePass } from "./pass.ts";

export const gatherKeepAxis = nodePass({
  name: "gather-keep-axis",
  class: "exact",
  about: "replaces Gather with a scalar index and the Unsqueeze of the same axis by a Gather with a list of one index",
  ops: ["Unsqueeze"],
  visit(node, edit) {
    const gather = edit.soleProducer(node.inputs[0], "Gather");
    const index = gather?.inputs[1]?.constant;
    const rank = shapeOf(node.outputs[0])?.length;
    const axes = axesOf(node, edit);
    if (!gather || !index || index.rank !== 0 || !rank || axes?.length !== 1) return false;
    const axis = intAttribute(gather, "axis", 0);
    const normal = (a: number): number => (a < 0 ? a + rank : a);
    if (normal(axes[0]!) !== normal(axis)) return false;
    return edit.rewrite([node, gather], () => {
      const picked = edit.constant(int64s([Number(index.data[0])]), `${node.outputs[0]!.name}_indices`);
      edit.add(
        "Gather",
        [gather.inputs[0], picked],
        { axis: normal(axis) },
        { name: node.name, outputs: [node.outputs[0]] },
      );
    });
  },
});
