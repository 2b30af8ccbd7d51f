import { isExactlyFoldable } from "./fold-constants.ts";
import { foldNode } from "./folding.ts";
import { nodePass } from "./pass.ts";

export const foldArithmetic = nodePass({
  name: "fold-arithmetic",
  class: "rounding",
  about: "computes float nodes whose inputs are constant; engines may round them otherwise",
  visit: (node, edit) => !isExactlyFoldable(node) && foldNode(node, edit),
});
