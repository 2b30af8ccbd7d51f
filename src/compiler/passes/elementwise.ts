/** Operators of one input that work element by element: they may change places with whatever moves elements. */
import type { Node } from "../ir/graph.ts";
import { isOp } from "./edit.ts";

const unary = new Set(
  (
    "Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish LeakyRelu Log Mish Neg " +
    "Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh ThresholdedRelu IsNaN IsInf"
  ).split(" "),
);

/** Activations that engines compute with the convolution or product in front of them. */
const epilogues = ["Relu", "Clip", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "HardSwish", "Elu", "PRelu"];

/** The node maps each element of its first input alike; its other inputs are constants of one element. */
export const isUnary = (node: Node | undefined): node is Node =>
  node !== undefined &&
  node.operator.domain === "" &&
  node.outputs.length === 1 &&
  ((unary.has(node.op) && node.inputs.length === 1) ||
    (isOp(node, "Clip") && node.inputs.slice(1).every((value) => !value || value.isConstant)));

/** Engines would fuse the node into what computes its input. */
export const isEpilogue = (node: Node): boolean =>
  isOp(node, ...epilogues) &&
  isOp(node.inputs[0]?.producer, "Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "BatchNormalization");
