/** What lowering asks of a graph's values and nodes. */
import { byteLength, type DType } from "../../base/dtypes.ts";
import { type StaticShape, sizeOf } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { CostContext } from "../../ops/operator.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { attributesOf, versionOf } from "../ir/interpret.ts";

/** What is known of a graph's values before the run. */
export interface Known {
  constantOf(value: Value): Tensor | undefined;
  /** Position of the last node that reads the value; Infinity for what is needed after the graph. */
  lastUseOf(value: Value): number;
}

export function tensorTypeOf(value: Value): { dtype: DType; shape: StaticShape } {
  const type = value.type;
  if (type?.kind !== "tensor" || !type.shape) throw new Error(`value ${value.name} has no static type`);
  return { dtype: type.dtype, shape: type.shape as StaticShape };
}

/** The operator's own figures for a node of static shapes. */
export function costOf(node: Node): { flops: number; bytes: number } {
  const version = versionOf(node);
  const shapeOf = (value: Value | undefined) =>
    value?.type?.kind === "tensor" ? (value.type.shape as StaticShape | undefined) : undefined;
  let totalBytes = 0;
  for (const value of [...node.inputs, ...node.outputs]) {
    const type = value?.type;
    if (type?.kind === "tensor" && type.shape) totalBytes += byteLength(type.dtype, sizeOf(type.shape as StaticShape));
  }
  const context: CostContext = {
    version,
    attrs: attributesOf(node, version),
    numOutputs: node.outputs.length,
    isOutputUsed: (index) => node.outputs[index] !== undefined,
    inputShape: (index) => shapeOf(node.inputs[index]),
    outputShape: (index) => shapeOf(node.outputs[index]) ?? [],
    totalBytes,
  };
  return node.operator.cost(context);
}

/** Where each value of a graph is read last, subgraphs included. */
export function lastUses(graph: Graph): Map<Value, number> {
  const last = new Map<Value, number>();
  const visit = (node: Node, position: number): void => {
    for (const value of node.inputs) if (value) last.set(value, position);
    for (const [, inner] of node.subgraphs()) {
      for (const value of inner.outputs) last.set(value, position);
      for (const nested of inner.nodes) visit(nested, position);
    }
  };
  graph.nodes.forEach(visit);
  for (const value of graph.outputs) last.set(value, Number.POSITIVE_INFINITY);
  return last;
}
