import { toNumbers } from "../../base/numbers.ts";
import { constantOperand, perChannel } from "./arithmetic.ts";
import { attributesWithDefaults, shapeOf } from "./edit.ts";
import { absorb, linearOf } from "./fold-batch-norm.ts";
import { nodePass } from "./pass.ts";

export const foldScaleAndBias = nodePass({
  name: "fold-scale-and-bias",
  class: "rounding",
  about:
    "puts a constant factor or summand of each channel into the weights of the Conv, ConvTranspose or Gemm before it",
  ops: ["Add", "Sub", "Mul", "Div"],
  visit(node, edit) {
    const operand = constantOperand(node);
    if (!operand) return false;
    const { op } = node;
    if (operand.constantFirst && op === "Div") return false;
    const linear = linearOf(edit.soleProducer(operand.x, "Conv", "ConvTranspose", "Gemm"));
    const shape = shapeOf(operand.x);
    if (!linear || !shape || attributesWithDefaults(linear.node).alpha === 0) return false;
    const before = operand.constant.constant!;
    const values = perChannel(before, shape, linear.channels);
    if (!values || toNumbers(before).some((v) => !Number.isFinite(v))) return false;
    const ones = new Float64Array(linear.channels).fill(1);
    const zeros = new Float64Array(linear.channels);
    const minus = (list: Float64Array): Float64Array => list.map((v) => -v);
    if (op === "Mul") return absorb(linear, { scale: values, shift: zeros }, node, edit);
    if (op === "Div")
      return !values.includes(0) && absorb(linear, { scale: values.map((v) => 1 / v), shift: zeros }, node, edit);
    if (op === "Add") return absorb(linear, { scale: ones, shift: values }, node, edit);
    return operand.constantFirst
      ? absorb(linear, { scale: minus(ones), shift: values }, node, edit)
      : absorb(linear, { scale: ones, shift: minus(values) }, node, edit);
  },
});
