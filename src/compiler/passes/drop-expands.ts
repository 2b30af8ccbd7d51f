import type { Node, Value } from "../ir/graph.ts";
import { isOp, shapeOf } from "./edit.ts";
import { nodePass } from "./pass.ts";

const broadcasting =
  "Add Sub Mul Div Pow Max Min Sum Mean And Or Xor Equal Less Greater LessOrEqual GreaterOrEqual Where Mod".split(" ");

/** Without the Expand the operands would still give the same shape: another of them has it in full. */
function isCovered(user: Node, expanded: Value): boolean {
  const whole = shapeOf(user.outputs[0]);
  if (!whole || user.opset < 8 || user.inputs.filter((value) => value === expanded).length !== 1) return false;
  return user.inputs.some((value) => value !== expanded && shapeOf(value)?.join() === whole.join());
}

export const dropExpands = nodePass({
  name: "drop-expands",
  class: "exact",
  about: "removes an Expand before operators that broadcast to the same shape themselves",
  ops: ["Expand"],
  visit(node, edit) {
    const expanded = node.outputs[0]!;
    const users = [...expanded.users];
    if (
      edit.isOutput(expanded) ||
      users.length === 0 ||
      (shapeOf(node.inputs[0])?.length ?? 99) > (shapeOf(expanded)?.length ?? 0)
    )
      return false;
    if (!users.every((user) => isOp(user, ...broadcasting) && isCovered(user, expanded))) return false;
    return edit.rewrite([node], () => {
      for (const user of users) edit.graph.setInput(user, user.inputs.indexOf(expanded), node.inputs[0]);
    });
  },
});
