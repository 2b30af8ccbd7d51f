import { intAttribute, shapeOf } from "./edit.ts";
import { nodePass } from "./pass.ts";

export const joinSplit = nodePass({
  name: "join-split",
  class: "exact",
  about: "gives back the tensor whose parts a Split makes and a Concat joins again",
  ops: ["Concat"],
  visit(node, edit) {
    const split = edit.producer(node.inputs[0], "Split");
    const rank = shapeOf(node.outputs[0])?.length;
    if (!split || rank === undefined || split.outputs.length !== node.inputs.length) return false;
    if (split.outputs.some((value, i) => value !== node.inputs[i])) return false;
    const axis = (n: typeof node, fallback: number): number => (intAttribute(n, "axis", fallback) + rank) % rank;
    const [from, to] = [node.outputs[0]!, split.inputs[0]!];
    if (axis(node, 1) !== axis(split, 0) || !edit.canSubstitute(from, to)) return false;
    return edit.rewrite([node, split], () => edit.substitute(from, to));
  },
});
