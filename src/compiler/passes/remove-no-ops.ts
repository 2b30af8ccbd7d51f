/** Nodes that give their first input back. One rule an operator; each says when the node does nothing. */
import { dtypeFromOnnx } from "../../base/dtypes.ts";
import { type Shape, sameShape } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Node } from "../ir/graph.ts";
import { attributesWithDefaults, dtypeOf, type Edit, intAttribute, intsAttribute, shapeOf } from "./edit.ts";
import { nodePass } from "./pass.ts";

const all = (list: readonly number[] | undefined, value: number): boolean => list?.every((v) => v === value) ?? false;

const numbers = (tensor: Tensor | undefined): number[] | undefined =>
  tensor && tensor.dtype !== "string" ? Array.from(tensor.data as Float32Array, Number) : undefined;

/** Input `index` of a node as numbers, where they are known. */
const known = (node: Node, index: number, edit: Edit): number[] | undefined => numbers(edit.known(node.inputs[index]));

/** The output has the shape of the input whatever the symbols are. */
function keepsShape(node: Node): boolean {
  const before = shapeOf(node.inputs[0]);
  const after = shapeOf(node.outputs[0]);
  return before !== undefined && after !== undefined && sameShape(before, after);
}

const keeps = (node: Node): boolean => keepsShape(node);
const oneInput = (node: Node): boolean => node.inputs.length === 1;

/** A window of size 1 that moves by 1 and sees no padding. */
function isUnitWindow(node: Node): boolean {
  const a = attributesWithDefaults(node);
  const ints = (name: string): readonly number[] => (a[name] as readonly number[] | undefined) ?? [];
  return (
    ints("kernel_shape").length > 0 &&
    all(ints("kernel_shape"), 1) &&
    all(ints("strides"), 1) &&
    all(ints("pads"), 0) &&
    keepsShape(node)
  );
}

/** Every axis that is reduced has size 1 and stays. */
function reducesNothing(node: Node, edit: Edit): boolean {
  const shape = shapeOf(node.inputs[0]);
  if (!shape || !keepsShape(node) || intAttribute(node, "keepdims", 1) !== 1) return false;
  const axes = intsAttribute(node, "axes") ?? (node.inputs[1] ? known(node, 1, edit) : []);
  if (!axes) return false;
  if (axes.length === 0) return intAttribute(node, "noop_with_empty_axes", 0) === 1 || shape.every((dim) => dim === 1);
  return axes.every((axis) => shape[axis < 0 ? axis + shape.length : axis] === 1);
}

const rules: Readonly<Record<string, (node: Node, edit: Edit) => boolean>> = {
  Identity: () => true,
  Dropout(node, edit) {
    if (node.outputs[1]) return false;
    const training = node.inputs[2];
    return (!training || numbers(edit.known(training))?.[0] === 0) && intAttribute(node, "is_test", 1) !== 0;
  },
  Cast(node) {
    const to = node.attributes.get("to");
    return typeof to === "number" && dtypeFromOnnx(to) === dtypeOf(node.inputs[0]);
  },
  CastLike: (node) => dtypeOf(node.inputs[0]) !== undefined && dtypeOf(node.inputs[0]) === dtypeOf(node.inputs[1]),
  Pad: (node, edit) => all(intsAttribute(node, "pads") ?? intsAttribute(node, "paddings") ?? known(node, 1, edit), 0),
  Transpose: (node) => intsAttribute(node, "perm")?.every((axis, i) => axis === i) ?? false,
  Reshape: keeps,
  Flatten: keeps,
  Expand: keeps,
  Squeeze: keeps,
  Unsqueeze: keeps,
  Tile: (node, edit) => all(known(node, 1, edit), 1),
  Slice(node, edit) {
    const steps = node.inputs[4] ? known(node, 4, edit) : [];
    return keepsShape(node) && all(steps, 1);
  },
  Concat: oneInput,
  Sum: oneInput,
  Max: oneInput,
  Min: oneInput,
  Mean: oneInput,
  Split: (node) => node.outputs.length === 1,
  MaxPool: (node) => !node.outputs[1] && isUnitWindow(node),
  AveragePool: isUnitWindow,
  Upsample: (node, edit) => all((node.attributes.get("scales") as number[] | undefined) ?? known(node, 1, edit), 1),
  Resize: (node, edit) => resizesNothing(node, edit),
  ReduceSum: reducesNothing,
  ReduceMean: reducesNothing,
  ReduceMax: reducesNothing,
  ReduceMin: reducesNothing,
  ReduceProd: reducesNothing,
  DepthToSpace: (node) => intAttribute(node, "blocksize", 0) === 1,
  SpaceToDepth: (node) => intAttribute(node, "blocksize", 0) === 1,
};

function resizesNothing(node: Node, edit: Edit): boolean {
  const a = attributesWithDefaults(node);
  if (a.coordinate_transformation_mode === "tf_crop_and_resize") return false;
  const scales = node.operator.since.length && node.inputs.length > 2 ? known(node, 2, edit) : known(node, 1, edit);
  if (scales && scales.length > 0) return all(scales, 1);
  const shape: Shape | undefined = shapeOf(node.inputs[0]);
  return node.inputs[3] !== undefined && shape !== undefined && keepsShape(node);
}

export const removeNoOps = nodePass({
  name: "remove-no-ops",
  class: "exact",
  about:
    "removes nodes that give their input back: Identity, Dropout, Cast to the same type, Reshape to the same shape, …",
  ops: Object.keys(rules),
  visit(node, edit) {
    const from = node.outputs[0];
    const to = node.inputs[0];
    if (!from || !to || !rules[node.op]!(node, edit) || !edit.canSubstitute(from, to)) return false;
    return edit.rewrite([node], () => edit.substitute(from, to));
  },
});
