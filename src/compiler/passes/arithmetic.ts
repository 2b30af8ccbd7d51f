/** Helpers of the passes that move constants through arithmetic. */
import { dtypes } from "../../base/dtypes.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { type Shape, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { requireOperator } from "../../ops/lookup.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import type { Node, Value } from "../ir/graph.ts";
import { Node as IrNode } from "../ir/graph.ts";
import { evaluateNode } from "../ir/interpret.ts";
import { shapeOf } from "./edit.ts";

/** `constant op x` or `x op constant`, with the sides told apart. */
export interface Scaled {
  readonly x: Value;
  readonly constant: Value;
  /** The constant is the first operand. */
  readonly constantFirst: boolean;
}

export function constantOperand(node: Node): Scaled | undefined {
  const [a, b] = node.inputs;
  if (!a || !b || node.inputs.length !== 2 || a.isConstant === b.isConstant) return undefined;
  return a.isConstant ? { x: b, constant: a, constantFirst: true } : { x: a, constant: b, constantFirst: false };
}

/**
 * The constant as one number a channel (axis 1 of `shape`), where broadcasting it changes no shape and it differs along no
 * other axis. A scalar counts as equal channels.
 */
export function perChannel(
  constant: Tensor,
  shape: Shape | undefined,
  channels: number,
  axis = 1,
): Float64Array | undefined {
  if (!shape || constant.dtype === "string" || constant.rank > shape.length) return undefined;
  if (constant.size === 1) return new Float64Array(channels).fill(toNumbers(constant)[0]!);
  if (constant.size !== channels) return undefined;
  const offset = shape.length - constant.rank;
  if (!constant.shape.every((dim, i) => (i + offset === axis ? dim === channels : dim === 1))) return undefined;
  return toNumbers(constant);
}

/** Every element is `value`, and broadcasting with it leaves the other operand's shape. */
export function isAll(constant: Tensor | undefined, value: number, other: Value): boolean {
  const shape = shapeOf(other);
  if (!constant || constant.dtype === "string" || dtypes[constant.dtype].kind === "complex" || !shape) return false;
  if (constant.rank > shape.length) return false;
  const offset = shape.length - constant.rank;
  if (!constant.shape.every((dim, i) => dim === 1 || dim === shape[i + offset])) return false;
  if (constant.size === 0 || constant.size > 4096) return false;
  return toNumbers(constant).every((v) => v === value);
}

/** A tensor of `dtype` from doubles. */
export function tensorFrom(like: Tensor, shape: readonly number[], values: Float64Array): Tensor {
  if (sizeOf(shape) !== values.length) throw new RangeError("values do not fill the shape");
  return new Tensor(like.dtype, shape, fromNumbers(like.dtype, values));
}

/** An operator's reference on tensors, outside any graph. */
export function compute(
  op: string,
  opset: number,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): Tensor {
  const node = new IrNode("", requireOperator("", op), opset, Object.entries(attributes));
  node.outputs.push(undefined);
  return evaluateNode(node, inputs)[0] as Tensor;
}
