import type { Node, Value } from "../ir/graph.ts";
import { type Edit, intAttribute, intsAttribute, isA, shapeOf, staticShape } from "./edit.ts";
import { isUnary } from "./elementwise.ts";
import { int64s, knownInts, permutation } from "./layout.ts";
import { nodePass } from "./pass.ts";

const broadcasting =
  "Add Sub Mul Div Pow PRelu Min Max Sum Mean And Or Xor Equal Less LessOrEqual Greater GreaterOrEqual Where Mod".split(
    " ",
  );
const reductions = "ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare".split(" ");

const isElementwise = (node: Node): boolean => isA(node, "Cast") || isUnary(node);

const letting: ReadonlySet<string> = new Set([...broadcasting, ...reductions, "Pad", "Softmax", "Concat", "Transpose"]);

/** Whether a Transpose in front of the node could go behind it, as far as its operator is concerned, or ends there. */
const lets = (node: Node): boolean => (node.operator.domain === "" && letting.has(node.op)) || isElementwise(node);

/** The Transpose that makes a value and that all of the value's readers could take over; constants are left to folding. */
function transposeOf(value: Value | undefined, edit: Edit): Node | undefined {
  const node = edit.producer(value, "Transpose");
  if (!value || !node || node.inputs[0]?.isConstant || edit.isOutput(value)) return undefined;
  for (const user of value.users) if (user.graph !== edit.graph || !lets(user)) return undefined;
  return node;
}

/** What makes an operand of a node fit the node's other operands as they are before `perm`; undefined where it costs a copy. */
function operandBefore(
  value: Value | undefined,
  perm: readonly number[],
  edit: Edit,
): (() => Value | undefined) | undefined {
  if (!value) return () => undefined;
  const transpose = transposeOf(value, edit);
  if (transpose && permutation(transpose)?.join() === perm.join()) return () => transpose.inputs[0];
  const shape = staticShape(value);
  if (!shape || shape.length > perm.length) return undefined;
  const wide = shape.filter((dim) => dim !== 1).length;
  if (wide === 0) return () => value;
  // One that is constant is transposed once; one with a single long axis is only reshaped.
  if (!value.isConstant && wide > 1) return undefined;
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return () => {
    const aligned = [...new Array<number>(perm.length - shape.length).fill(1), ...shape];
    const whole =
      shape.length === perm.length
        ? value
        : edit.value("Reshape", [value, edit.constant(int64s(aligned), `${value.name}_shape`)]);
    return edit.value("Transpose", [whole], { perm: inverse });
  };
}

/** Inputs and attributes of a node that reads its first input before `perm`; undefined where the node cannot. */
function settingsBefore(node: Node, perm: readonly number[], edit: Edit) {
  const attributes = Object.fromEntries(node.attributes);
  const rest = node.inputs.slice(1);
  const at = (axis: number): number => perm[axis < 0 ? axis + perm.length : axis]!;
  if (isElementwise(node)) return { attributes, rest: () => rest };
  if (isA(node, "Softmax"))
    return node.opset < 13
      ? undefined
      : { attributes: { ...attributes, axis: at(intAttribute(node, "axis", -1)) }, rest: () => rest };
  if (isA(node, ...reductions)) {
    if (intAttribute(node, "keepdims", 1) !== 1) return undefined;
    const given = intsAttribute(node, "axes");
    if (given) return { attributes: { ...attributes, axes: given.map(at) }, rest: () => rest };
    if (!node.inputs[1]) return { attributes, rest: () => rest };
    const axes = knownInts(node, 1, edit);
    return axes && { attributes, rest: () => [edit.constant(int64s(axes.map(at)), node.inputs[1]!.name)] };
  }
  if (isA(node, "Pad")) {
    if (node.opset < 11 || node.inputs[3]) return undefined;
    const pads = knownInts(node, 1, edit);
    if (pads?.length !== 2 * perm.length) return undefined;
    const moved = [...pads];
    for (const [axis, before] of perm.entries()) {
      moved[before] = pads[axis]!;
      moved[perm.length + before] = pads[perm.length + axis]!;
    }
    return { attributes, rest: () => [edit.constant(int64s(moved), node.inputs[1]!.name), ...rest.slice(1)] };
  }
  return undefined;
}

export const sinkTransposes = nodePass({
  name: "sink-transposes",
  class: "exact",
  about:
    "moves a Transpose behind the elementwise, Pad, Softmax and Reduce nodes that read it, until it meets its inverse",
  fused: true,
  needs: [["Transpose"]],
  visit(node, edit) {
    if (node.outputs.length !== 1 || isA(node, "Transpose") || node.operator.domain !== "") return false;
    const output = node.outputs[0]!;
    let transpose: Node | undefined;
    for (const value of node.inputs) transpose ??= transposeOf(value, edit);
    const perm = transpose && permutation(transpose);
    if (!transpose || !perm || shapeOf(output)?.length !== perm.length) return false;
    let inputs: (() => Value | undefined)[];
    let attributes = Object.fromEntries(node.attributes);
    if (isA(node, ...broadcasting)) {
      if (node.opset < 8) return false;
      const found = node.inputs.map((value) => operandBefore(value, perm, edit));
      if (!found.every((make) => make !== undefined)) return false;
      inputs = found;
    } else {
      if (transposeOf(node.inputs[0], edit) !== transpose) return false;
      const settings = settingsBefore(node, perm, edit);
      if (!settings) return false;
      attributes = settings.attributes as typeof attributes;
      const rest = settings.rest();
      inputs = [() => transpose.inputs[0], ...rest.map((value) => () => value)];
    }
    const moved = new Set(node.inputs.map((value) => transposeOf(value, edit)).filter((n) => n !== undefined));
    return edit.rewrite([node, ...moved], () => {
      const before = inputs.map((make) => make());
      const inner = edit.value(node.op, before, attributes, { like: node, name: node.name });
      edit.add("Transpose", [inner], { perm }, { name: node.name, outputs: [output] });
    });
  },
});
