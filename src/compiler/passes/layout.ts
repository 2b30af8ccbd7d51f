/** Helpers of the passes that move, merge and remove changes of shape. */

import { isStatic, type Shape } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Node, Value } from "../ir/graph.ts";
import { type Edit, intsAttribute, isA, isOp, shapeOf } from "./edit.ts";

/** Operators that keep the elements in their order. */
export const reshapeOps = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"] as const;

export function int64s(values: readonly number[]): Tensor {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  return new Tensor("int64", [values.length], data);
}

/**
 * A constant second input for Reshape that turns `from` into `to` whatever the symbols are; undefined where there is none.
 * A dimension that stays in its place is 0, one other unknown is -1.
 */
export function reshapeTarget(from: Shape | undefined, to: Shape | undefined): number[] | undefined {
  if (!from || !to || from.includes(0) || to.includes(0)) return undefined;
  let unknown = 0;
  const target = to.map((dim, axis) => {
    if (typeof dim === "number") return dim;
    if (from[axis] === dim) return 0;
    unknown++;
    return -1;
  });
  if (unknown <= 1) return target;
  return undefined;
}

/** The axes of a node's input or attribute (both forms exist), as they are written. */
export function axesOf(node: Node, edit: Edit, input = 1): readonly number[] | undefined {
  const attribute = intsAttribute(node, "axes");
  if (attribute) return attribute;
  const value = node.inputs[input];
  // Before this opset a second input is none of the operator's.
  if (!value || node.opset < (isA(node, "ReduceSum", "Squeeze", "Unsqueeze") ? 13 : 18)) return [];
  const known = edit.known(value);
  return known && Array.from(known.data as BigInt64Array, Number);
}

/** Integer elements of an input that are known. */
export function knownInts(node: Node, index: number, edit: Edit): number[] | undefined {
  const tensor = edit.known(node.inputs[index]);
  if (tensor?.dtype !== "int64" && tensor?.dtype !== "int32") return undefined;
  return Array.from(tensor.data as BigInt64Array, Number);
}

export const permutation = (node: Node): readonly number[] | undefined =>
  intsAttribute(node, "perm") ?? shapeOf(node.inputs[0])?.map((_, axis, shape) => shape.length - 1 - axis);

/** The elements stay in their order: a reshape, or a Transpose that only moves axes of size 1. */
export function keepsOrder(node: Node | undefined): node is Node {
  if (!node || isA(node, ...reshapeOps)) return node !== undefined;
  if (!isA(node, "Transpose")) return false;
  const from = shapeOf(node.inputs[0]);
  const moved = permutation(node)?.filter((axis) => from?.[axis] !== 1);
  return from !== undefined && (moved?.every((axis, i) => i === 0 || axis > moved[i - 1]!) ?? false);
}

/** The value under a chain of nodes of this graph that keep the order of elements. */
export function beforeReshapes(value: Value, edit: Edit): Value {
  let at = value;
  while (at.producer?.graph === edit.graph && keepsOrder(at.producer)) at = at.producer.inputs[0]!;
  return at;
}

/** A slice along one axis with everything known: elements start, start + step, …, `count` of them. */
export interface AxisSlice {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** What a Slice takes from each axis it names; undefined where sizes are not known. */
export function slicesOf(node: Node, edit: Edit): AxisSlice[] | undefined {
  const shape = shapeOf(node.inputs[0]);
  if (!isOp(node, "Slice") || !shape || (node.opset < 10 && node.inputs.length > 1)) return undefined;
  const ints = (name: string, index: number): readonly number[] | undefined =>
    intsAttribute(node, name) ?? (node.inputs[index] ? knownInts(node, index, edit) : undefined);
  const starts = ints("starts", 1);
  const ends = ints("ends", 2);
  if (!starts || !ends) return undefined;
  if ((node.inputs[3] && !ints("axes", 3)) || (node.inputs[4] && !ints("steps", 4))) return undefined;
  const axes = ints("axes", 3) ?? starts.map((_, i) => i);
  const steps = ints("steps", 4) ?? starts.map(() => 1);
  const out: AxisSlice[] = [];
  for (let i = 0; i < starts.length; i++) {
    const axis = axes[i]! < 0 ? axes[i]! + shape.length : axes[i]!;
    const size = shape[axis];
    const step = steps[i]!;
    if (typeof size !== "number" || step === 0) return undefined;
    const wrap = (v: number): number => (v < 0 ? v + size : v);
    const clamp = (v: number, low: number, high: number): number => Math.min(high, Math.max(low, v));
    const start = step > 0 ? clamp(wrap(starts[i]!), 0, size) : clamp(wrap(starts[i]!), 0, size - 1);
    const end = step > 0 ? clamp(wrap(ends[i]!), 0, size) : clamp(wrap(ends[i]!), -1, size - 1);
    out.push({ axis, start, step, count: Math.max(0, Math.ceil((end - start) / step)) });
  }
  return out;
}

/** Positions that an AxisSlice takes. */
export const positionsOf = (slice: AxisSlice): number[] =>
  Array.from({ length: slice.count }, (_, i) => slice.start + i * slice.step);

/** Which elements along one axis a Gather with constant 1-D indices or a Slice of one axis takes. */
export function selectionOf(node: Node | undefined, edit: Edit): { axis: number; positions: number[] } | undefined {
  const shape = shapeOf(node?.inputs[0]);
  if (!node || !shape) return undefined;
  if (isOp(node, "Gather")) {
    const indices = node.inputs[1]?.constant;
    if (indices?.rank !== 1) return undefined;
    const given = Number(node.attributes.get("axis") ?? 0);
    const axis = given < 0 ? given + shape.length : given;
    const size = shape[axis];
    if (typeof size !== "number") return undefined;
    const positions = Array.from(indices.data as BigInt64Array, Number).map((i) => (i < 0 ? i + size : i));
    return positions.every((i) => i >= 0 && i < size) ? { axis, positions } : undefined;
  }
  const slices = slicesOf(node, edit);
  const only = slices?.length === 1 ? slices[0]! : undefined;
  return only && { axis: only.axis, positions: positionsOf(only) };
}

export const allStatic = (shape: Shape | undefined): shape is readonly number[] =>
  shape !== undefined && isStatic(shape);
