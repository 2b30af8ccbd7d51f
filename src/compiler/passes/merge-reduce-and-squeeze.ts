/** A reduction says itself whether the axes it takes away stay as 1. */
import type { Node } from "../ir/graph.ts";
import { attributesWithDefaults, type Edit, intAttribute, isA, shapeOf } from "./edit.ts";
import { axesOf } from "./layout.ts";
import { nodePass } from "./pass.ts";

const reductions =
  "ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp".split(
    " ",
  );
const selections = ["ArgMax", "ArgMin"];

const sorted = (axes: readonly number[], rank: number): string =>
  axes
    .map((axis) => (axis < 0 ? axis + rank : axis))
    .sort((a, b) => a - b)
    .join();

/** Axes that a reduction takes away, in terms of its input. */
function reduced(node: Node, edit: Edit): string | undefined {
  const rank = shapeOf(node.inputs[0])?.length;
  if (rank === undefined) return undefined;
  if (isA(node, ...selections)) return sorted([intAttribute(node, "axis", 0)], rank);
  const axes = axesOf(node, edit);
  if (!axes) return undefined;
  return axes.length > 0 || attributesWithDefaults(node).noop_with_empty_axes === 1
    ? sorted(axes, rank)
    : sorted([...Array(rank).keys()], rank);
}

export const mergeReduceAndSqueeze = nodePass({
  name: "merge-reduce-and-squeeze",
  class: "exact",
  about: "lets a reduction keep or drop its axes itself, in place of the Unsqueeze or Squeeze after it",
  ops: ["Squeeze", "Unsqueeze"],
  visit(node, edit) {
    const inner = edit.soleProducer(node.inputs[0], ...reductions, ...selections);
    const keeps = inner && intAttribute(inner, "keepdims", 1) === 1;
    if (!inner || keeps !== isA(node, "Squeeze")) return false;
    const rank = shapeOf(inner.inputs[0])?.length;
    const axes = axesOf(node, edit);
    if (rank === undefined || !axes || axes.length === 0 || reduced(inner, edit) !== sorted(axes, rank)) return false;
    return edit.rewrite([node, inner], () => {
      const attributes = { ...Object.fromEntries(inner.attributes), keepdims: keeps ? 0 : 1 };
      edit.add(inner.op, inner.inputs, attributes, { like: inner, name: inner.name, outputs: [node.outputs[0]] });
    });
  },
});
