import { become } from "./folding.ts";
import { nodePass } from "./pass.ts";

export const foldShapes = nodePass({
  name: "fold-shapes",
  class: "exact",
  about: "replaces shape arithmetic that inference knows the result of by constants",
  visit(node, edit) {
    // Of most nodes nothing is known.
    if (!node.outputs.some((value) => edit.known(value))) return false;
    const known = node.outputs.filter((value) => value && (value.users.size > 0 || edit.isOutput(value)));
    if (known.length === 0 || node.operator.nondeterministic) return false;
    const results = known.map((value) => edit.known(value));
    if (!results.every((result) => result !== undefined)) return false;
    if (!edit.grow(results.reduce((sum, tensor) => sum + tensor.sizeBytes, 0))) return false;
    return edit.rewrite([node], () => {
      known.forEach((value, index) => {
        become(value!, results[index]!, node);
      });
    });
  },
});
