/**
 * Moves a Transpose down through operators that do not mind the order of axes, where that brings it to another one with
 * which it merges, or makes one of two.
 */
import { Tensor } from "../../base/tensor.ts";
import type { Node, Value } from "../ir/graph.ts";
import { compute } from "./arithmetic.ts";
import { attributesWithDefaults, type Edit, isA, shapeOf } from "./edit.ts";
import { isUnary } from "./elementwise.ts";
import { permutation } from "./layout.ts";
import { nodePass } from "./pass.ts";

const binary = ["Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Equal", "Less", "Greater", "And", "Or", "PRelu"];

/** An operator whose operands are transposed alike, or constants, and which computes the same before the Transpose. */
interface Plan {
  readonly perm: readonly number[];
  readonly transposes: readonly Node[];
  /** Operands to take in place of the node's. */
  inputs(edit: Edit): (Value | undefined)[];
  readonly attributes: Record<string, number>;
}

/** The constant with its axes in the order from before the Transpose. */
function before(constant: Tensor, perm: readonly number[], opset: number): Tensor {
  if (constant.size === 1) return constant;
  const rank = perm.length;
  const full = new Tensor(constant.dtype, [...Array(rank - constant.rank).fill(1), ...constant.shape], constant.data);
  const inverse = perm.map((_, axis) => perm.indexOf(axis));
  return compute("Transpose", opset, [full], { perm: inverse });
}

function planFor(node: Node, edit: Edit): Plan | undefined {
  const rank = shapeOf(node.outputs[0])?.length;
  if (rank === undefined || node.outputs.length !== 1 || node.opset < 7) return undefined;
  const unary: boolean = isUnary(node);
  const softmax: boolean = isA(node, "Softmax", "LogSoftmax");
  if (unary || softmax) {
    const transpose = edit.soleProducer(node.inputs[0], "Transpose");
    const perm = transpose && permutation(transpose);
    if (!perm) return undefined;
    const attributes: Record<string, number> = {};
    if (softmax) {
      if (node.opset < 13) return undefined;
      const axis = Number(attributesWithDefaults(node).axis ?? -1);
      attributes.axis = perm[axis < 0 ? axis + rank : axis]!;
    }
    return { perm, transposes: [transpose], attributes, inputs: () => [transpose.inputs[0], ...node.inputs.slice(1)] };
  }
  const isBinary: boolean = isA(node, ...binary);
  if (!isBinary || node.inputs.length !== 2) return undefined;
  const makers = node.inputs.map((value) => edit.soleProducer(value, "Transpose"));
  const first = makers.find((maker) => maker !== undefined);
  const perm = first && permutation(first);
  if (!perm || perm.length !== rank) return undefined;
  for (const [i, maker] of makers.entries()) {
    const value = node.inputs[i];
    const isSame = maker && permutation(maker)?.join() === perm.join();
    if (!isSame && !(value?.isConstant && value.constantBytes <= 4096 && (shapeOf(value)?.length ?? 9) <= rank))
      return undefined;
  }
  return {
    perm,
    transposes: makers.filter((maker) => maker !== undefined),
    attributes: {},
    inputs: (e) =>
      node.inputs.map((value, i) => {
        const maker = makers[i];
        if (maker) return maker.inputs[0];
        const moved = before(value!.constant!, perm, e.opset());
        return moved === value!.constant ? value : e.constant(moved, value!.name);
      }),
  };
}

/** Whether a Transpose below `value` would meet another, through nodes that let it pass. */
function meetsAnother(value: Value, edit: Edit): boolean {
  let at: Value = value;
  for (let depth = 0; depth < 8; depth++) {
    const user = edit.soleUser(at);
    if (user?.outputs.length !== 1) return false;
    if (isA(user, "Transpose")) return true;
    const elementwise: boolean = isUnary(user);
    const passes =
      (elementwise && user.inputs[0] === at) ||
      (isA(user, "Softmax", "LogSoftmax") && user.opset >= 13) ||
      (isA(user, ...binary) &&
        user.inputs.every((other) => other === at || (other?.isConstant && other.constantBytes <= 4096)));
    if (!passes) return false;
    at = user.outputs[0]!;
  }
  return false;
}

export const pushTransposes = nodePass({
  name: "push-transposes",
  class: "exact",
  about: "moves Transposes down through elementwise operators and Softmax, where they meet others and merge",
  needs: [["Transpose"]],
  visit(node, edit) {
    // Engines of ours sink every Transpose (sink-transposes), not only those that merge.
    if (edit.forEngine) return false;
    const plan = planFor(node, edit);
    const output = node.outputs[0];
    if (!plan || !output || (plan.transposes.length < 2 && !meetsAnother(output, edit))) return false;
    return edit.rewrite([node, ...plan.transposes], () => {
      const attributes = { ...Object.fromEntries(node.attributes), ...plan.attributes };
      const inner = edit.value(node.op, plan.inputs(edit), attributes, { like: node, name: node.name });
      edit.add("Transpose", [inner], { perm: plan.perm }, { name: plan.transposes[0]!.name, outputs: [output] });
    });
  },
});
