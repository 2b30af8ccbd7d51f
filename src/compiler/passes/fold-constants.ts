import { isFloat } from "../../base/dtypes.ts";
import type { Node } from "../ir/graph.ts";
import { dtypeOf } from "./edit.ts";
import { foldNode } from "./folding.ts";
import { nodePass } from "./pass.ts";

/** Operators whose float results are the same on every engine: they move elements, or IEEE 754 rounds them one way. */
const exactOnFloats = new Set(
  (
    "Add Sub Mul Div Sqrt Neg Abs Reciprocal Identity Cast Reshape Flatten Squeeze Unsqueeze Transpose Concat Slice Gather " +
    "GatherElements GatherND Expand Tile Split Pad Where Constant ConstantOfShape Range Shape Size Max Min Relu Clip Sign Floor Ceil " +
    "Round Equal Less Greater LessOrEqual GreaterOrEqual Not And Or Xor OneHot ScatterND ScatterElements NonZero " +
    "DepthToSpace SpaceToDepth EyeLike Trilu"
  ).split(" "),
);

export const isExactlyFoldable = (node: Node): boolean =>
  node.operator.domain === "" &&
  (exactOnFloats.has(node.op) ||
    [...node.inputs, ...node.outputs].every((value) => {
      const dtype = dtypeOf(value);
      return !value || (dtype !== undefined && !isFloat(dtype));
    }));

export const foldConstants = nodePass({
  name: "fold-constants",
  class: "exact",
  about: "computes nodes whose inputs are constant and whose result is the same on every engine",
  // Most nodes read something that is not constant: that is asked first.
  visit: (node, edit) =>
    node.inputs.every((value) => !value || value.isConstant) && isExactlyFoldable(node) && foldNode(node, edit),
});
