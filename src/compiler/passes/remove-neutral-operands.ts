import type { Node } from "../ir/graph.ts";
import { isAll } from "./arithmetic.ts";
import type { Edit } from "./edit.ts";
import { nodePass } from "./pass.ts";

/** Position of the operand that the node gives back, where the other is neutral. */
function passedOn(node: Node, edit: Edit): number | undefined {
  const neutral: Readonly<Record<string, number>> = { Add: 0, Sub: 0, Mul: 1, Div: 1, Pow: 1 };
  const value = neutral[node.op]!;
  const [a, b] = node.inputs;
  if (!a || !b || node.inputs.length !== 2) return undefined;
  if (isAll(edit.known(b), value, a)) return 0;
  const commutes = node.op === "Add" || node.op === "Mul";
  return commutes && isAll(edit.known(a), value, b) ? 1 : undefined;
}

/** x + 0 makes a negative zero positive, which no comparison sees: counted as exact. */
export const removeNeutralOperands = nodePass({
  name: "remove-neutral-operands",
  class: "exact",
  about: "removes x + 0, x - 0, x * 1, x / 1 and x to the power 1",
  ops: ["Add", "Sub", "Mul", "Div", "Pow"],
  visit(node, edit) {
    const index = passedOn(node, edit);
    if (index === undefined) return false;
    const from = node.outputs[0]!;
    const to = node.inputs[index]!;
    if (!edit.canSubstitute(from, to)) return false;
    return edit.rewrite([node], () => edit.substitute(from, to));
  },
});
