import type { Node } from "../ir/graph.ts";
import type { Edit } from "./edit.ts";
import { isExactlyFoldable } from "./fold-constants.ts";
import { foldNode } from "./folding.ts";
import { nodePass } from "./pass.ts";

/** In a file, constants in few bits stay so: readers that compute in integers look for their DequantizeLinear. */
const staysQuantized = (node: Node, edit: Edit): boolean => node.op === "DequantizeLinear" && !edit.forEngine;

export const foldArithmetic = nodePass({
  name: "fold-arithmetic",
  class: "rounding",
  about: "computes float nodes whose inputs are constant; engines may round them otherwise",
  visit: (node, edit) =>
    node.inputs.every((value) => !value || value.isConstant) &&
    !isExactlyFoldable(node) &&
    !staysQuantized(node, edit) &&
    foldNode(node, edit),
});
