/** A graph as its display sees it: nodes by number, who feeds whom, and what is said of each. */

import { clip } from "../base/escape.ts";
import { formatBytes } from "../base/shapes.ts";
import { formatValueType } from "../base/value-type.ts";
import type { Graph, Node, Value } from "../compiler/ir/graph.ts";

export interface ModelNode {
  readonly name: string;
  readonly op: string;
  /** Parts of the name that are scopes: `/layer1/conv/Conv` → layer1, conv. */
  readonly scopes: readonly string[];
  /** Nodes that feed it, by number; graph inputs are -1 - index. Each once. */
  readonly producers: readonly number[];
  readonly consumers: number[];
  /** `float32[1,64,56,56]` of the first output. */
  readonly output: string;
  readonly isOutput: boolean;
  readonly source: Node;
}

export interface GraphModel {
  readonly name: string;
  readonly nodes: readonly ModelNode[];
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly consumers: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly type: string; readonly producer: number | undefined }[];
  readonly constantBytes: number;
  readonly constants: number;
  readonly opsets: string;
}

const typeText = (value: Value | undefined) => (value?.type ? clip(formatValueType(value.type), 90) : "");

/** `float32[1,64]` as `1×64`, other types with their name, for places where room is short. */
export function shortType(type: string): string {
  const match = /^(\w+)\[([^[\]]*)[\]…]$/.exec(type);
  if (!match) return clip(type, 34);
  const dims = match[2]!.split(",").map((dim) => clip(dim, 9, "end"));
  if (match[1] === "float32") return dims.join("×") || "scalar";
  return `${match[1]}[${dims.join(",")}]`;
}

/** Scopes of a node's name. Names that hold no `/` have none. */
function scopesOf(name: string): string[] {
  if (!name.includes("/") || name.length > 1000) return [];
  return name.split("/").filter(Boolean).slice(0, -1);
}

/** Values of the enclosing graph that a node reads, its subgraphs' reads included. */
function inputsOf(node: Node): Set<Value> {
  const inputs = new Set<Value>();
  for (const input of node.inputs) if (input) inputs.add(input);
  for (const [, graph] of node.subgraphs())
    for (const inner of [graph, ...graph.nested()])
      for (const nested of inner.nodes) for (const input of nested.inputs) if (input) inputs.add(input);
  return inputs;
}

export function modelOf(graph: Graph): GraphModel {
  const inputIndex = new Map<Value, number>(graph.inputs.map((value, i) => [value, i]));
  const producer = new Map<Value, number>();
  for (const [i, node] of graph.nodes.entries()) for (const output of node.outputs) if (output) producer.set(output, i);
  const outputs = new Set(graph.outputs);
  const inputConsumers: number[][] = graph.inputs.map(() => []);
  const constants = new Set<Value>();
  const nodes: ModelNode[] = [];
  for (const [i, node] of graph.nodes.entries()) {
    const producers = new Set<number>();
    for (const input of inputsOf(node)) {
      if (input.isConstant) constants.add(input);
      const from = producer.get(input);
      const at = inputIndex.get(input);
      if (from !== undefined && from !== i) producers.add(from);
      else if (at !== undefined && !input.isConstant) {
        producers.add(-1 - at);
        inputConsumers[at]!.push(i);
      }
    }
    nodes.push({
      name: node.name,
      op: node.op,
      scopes: scopesOf(node.name),
      producers: [...producers],
      consumers: [],
      // Written when asked for: of a large graph few are.
      get output() {
        return typeText(node.outputs.find((value) => value !== undefined));
      },
      isOutput: node.outputs.some((value) => value !== undefined && outputs.has(value)),
      source: node,
    });
  }
  for (const [i, node] of nodes.entries())
    for (const from of node.producers) if (from >= 0) nodes[from]?.consumers.push(i);
  let constantBytes = 0;
  for (const value of constants) constantBytes += value.constantBytes;
  return {
    name: graph.name,
    nodes,
    inputs: graph.inputs.map((value, i) => ({
      name: value.name,
      type: typeText(value),
      consumers: inputConsumers[i]!,
    })),
    outputs: graph.outputs.map((value) => ({ name: value.name, type: typeText(value), producer: producer.get(value) })),
    constantBytes,
    constants: constants.size,
    opsets: [...graph.opsets].map(([domain, version]) => `${clip(domain || "onnx", 30)} ${version}`).join(", "),
  };
}

function attributeText(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  if (typeof value === "string") return JSON.stringify(clip(value, 30));
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map((item) => (typeof item === "object" ? "…" : String(item)));
    return `[${clip(shown.join(","), 40)}${value.length > 8 ? ",…" : ""}]`;
  }
  if (value && typeof value === "object" && "dtype" in value && "shape" in value)
    return `${String(value.dtype)}[${(value.shape as number[]).join(",")}]`;
  if (value && typeof value === "object" && "subgraph" in value)
    return `graph of ${(value as Graph).nodes?.length ?? "?"} nodes`;
  return "…";
}

/** `kernel_shape=[3,3] strides=[2,2]`. */
export function attributesText(node: Node, max = 120): string {
  return clip([...node.attributes].map(([name, value]) => `${clip(name, 30)}=${attributeText(value)}`).join(" "), max);
}

/** `Conv 3×3 /2`: the operator with what most tells it from its like. */
export function titleOf(node: ModelNode): string {
  const a = node.source.attributes;
  const kernel = a.get("kernel_shape");
  const strides = a.get("strides");
  let title = clip(node.op, 28);
  if (Array.isArray(kernel)) title += ` ${kernel.join("×")}`;
  if (Array.isArray(strides) && strides.some((s) => s !== 1)) title += ` /${[...new Set(strides)].join("×")}`;
  const group = a.get("group");
  if (typeof group === "number" && group > 1) title += ` g${group}`;
  return clip(title, 36);
}

/** Weights of a node: `W float32[64,3,7,7] 36.8 KiB`. */
export function weightsText(node: ModelNode): string {
  const weights = node.source.inputs.filter((value): value is Value => value?.isConstant === true);
  return clip(weights.map((value) => `${typeText(value)} ${formatBytes(value.constantBytes)}`).join(", "), 120);
}
