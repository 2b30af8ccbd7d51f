/** What a model consists of and what it costs: operators, parameters, arithmetic, memory per layer. */
import { byteLength } from "../../base/dtypes.ts";
import { formatBytes, isStatic, sizeOf } from "../../base/shapes.ts";
import { formatValueType, type ValueType } from "../../base/value-type.ts";
import { cloneGraph } from "../ir/clone.ts";
import type { Graph, Node, Value } from "../ir/graph.ts";
import { type InferOptions, inferShapes } from "../ir/infer.ts";
import { attributesOf, versionOf } from "../ir/interpret.ts";
import { isOpaque } from "../ir/opaque.ts";

export interface LayerReport {
  readonly node: string;
  readonly op: string;
  /** Types of the outputs, as `float32[1,16,112,112]`. */
  readonly outputs: readonly string[];
  readonly parameters: number;
  readonly parameterBytes: number;
  /** Multiply-adds count as 2; undefined where a shape is not known. */
  readonly flops: number | undefined;
  /** Bytes of the outputs; undefined where a shape is not known. */
  readonly outputBytes: number | undefined;
}

export interface GraphReport {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly outputs: readonly { readonly name: string; readonly type: string }[];
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  /** Nodes, those of subgraphs included. */
  readonly numNodes: number;
  /** Operators by falling count. */
  readonly operators: readonly (readonly [string, number])[];
  /** Operators that are not in the operator table. */
  readonly unknownOperators: readonly string[];
  readonly parameters: number;
  readonly parameterBytes: number;
  /** Sum over the layers whose shapes are known. */
  readonly flops: number;
  /** Bytes that the values between nodes take when each is kept only while it is needed; undefined for unknown shapes. */
  readonly peakActivationBytes: number | undefined;
  /** Nodes of the outermost graph, in order. */
  readonly layers: readonly LayerReport[];
  /** False where a shape is not known, so that sums leave something out. */
  readonly complete: boolean;
}

const bytesOf = (type: ValueType | undefined): number | undefined =>
  type?.kind === "tensor" && type.shape && isStatic(type.shape)
    ? byteLength(type.dtype, sizeOf(type.shape))
    : undefined;

const elementsOf = (value: Value): number => {
  const shape = value.type?.kind === "tensor" ? value.type.shape : undefined;
  return shape && isStatic(shape) ? sizeOf(shape) : 0;
};

/** Arithmetic of one run of a node; undefined where a shape it needs is not known. */
export function flopsOf(node: Node): number | undefined {
  if (isOpaque(node.operator)) return undefined;
  const shapeOf = (value: Value | undefined): readonly number[] | undefined =>
    value?.type?.kind === "tensor" && value.type.shape && isStatic(value.type.shape) ? value.type.shape : undefined;
  if (node.outputs.some((value) => value && !shapeOf(value))) return undefined;
  const version = versionOf(node);
  return node.operator.cost({
    version,
    attrs: attributesOf(node, version),
    numOutputs: node.outputs.length,
    isOutputUsed: (index) => node.outputs[index] !== undefined,
    inputShape: (index) => shapeOf(node.inputs[index]),
    outputShape: (index) => shapeOf(node.outputs[index]) ?? [],
    totalBytes: 0,
  }).flops;
}

/** Largest sum of values alive at once, running the nodes in order. */
function peakBytes(graph: Graph): number | undefined {
  const last = new Map<Value, number>();
  graph.nodes.forEach((node, index) => {
    for (const value of [...node.inputs, ...node.outputs]) if (value && !value.isConstant) last.set(value, index);
    for (const [, inner] of node.subgraphs())
      for (const n of inner.nodes)
        for (const value of n.inputs) if (value?.producer?.graph === graph) last.set(value, index);
  });
  for (const output of graph.outputs) last.set(output, graph.nodes.length);
  const dying = new Map<number, number>();
  let alive = 0;
  for (const [value, index] of last) {
    const bytes = bytesOf(value.type);
    if (bytes === undefined) return undefined;
    dying.set(index, (dying.get(index) ?? 0) + bytes);
    if (!value.producer) alive += bytes;
  }
  let peak = alive;
  graph.nodes.forEach((node, index) => {
    for (const value of node.outputs) if (value) alive += bytesOf(value.type) ?? 0;
    peak = Math.max(peak, alive);
    alive -= dying.get(index) ?? 0;
  });
  return peak;
}

/**
 * A report on a graph; the graph is not changed. `inputShapes` fills in sizes that the model leaves open.
 *
 * @example
 * inspectGraph(graph, { inputShapes: { x: [1, 3, 224, 224] } }).parameters; // 1235496
 */
export function inspectGraph(original: Graph, options: Pick<InferOptions, "inputShapes"> = {}): GraphReport {
  const graph = cloneGraph(original);
  inferShapes(graph, options);
  const operators = new Map<string, number>();
  const unknown = new Set<string>();
  const constants = new Set<Value>();
  let numNodes = 0;
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes) {
      numNodes++;
      const { domain, name } = node.operator;
      const label = domain ? `${domain}.${name}` : name;
      operators.set(label, (operators.get(label) ?? 0) + 1);
      if (isOpaque(node.operator)) unknown.add(label);
      for (const value of node.inputs) if (value?.isConstant) constants.add(value);
    }
  const counted = new Set<Value>();
  const layers = graph.nodes.map((node): LayerReport => {
    const own = new Set(node.inputs.filter((value) => value?.isConstant && !counted.has(value)) as Value[]);
    for (const value of own) counted.add(value);
    const outputs = node.outputs.filter((value) => value !== undefined);
    const sizes = outputs.map((value) => bytesOf(value.type));
    return {
      node: node.name,
      op: node.op,
      outputs: outputs.map((value) => (value.type ? formatValueType(value.type) : "?")),
      parameters: [...own].reduce((sum, value) => sum + elementsOf(value), 0),
      parameterBytes: [...own].reduce((sum, value) => sum + value.constantBytes, 0),
      flops: flopsOf(node),
      outputBytes: sizes.every((s) => s !== undefined) ? sizes.reduce((sum, s) => sum + s, 0) : undefined,
    };
  });
  const port = (value: Value) => ({ name: value.name, type: value.type ? formatValueType(value.type) : "?" });
  return {
    name: graph.name,
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map(port),
    opsets: Object.fromEntries([...graph.opsets].map(([domain, version]) => [domain || "ai.onnx", version])),
    producer: [graph.header?.producerName, graph.header?.producerVersion].filter(Boolean).join(" "),
    numNodes,
    operators: [...operators].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)),
    unknownOperators: [...unknown].sort(),
    parameters: [...constants].reduce((sum, value) => sum + elementsOf(value), 0),
    parameterBytes: [...constants].reduce((sum, value) => sum + value.constantBytes, 0),
    flops: layers.reduce((sum, layer) => sum + (layer.flops ?? 0), 0),
    peakActivationBytes: peakBytes(graph),
    layers,
    complete: layers.every((layer) => layer.flops !== undefined),
  };
}

/** `1.24 M`, `5.0 k`, `17`. */
export function formatCount(count: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const)
    if (count >= size) return `${(count / size).toFixed(2)} ${unit}`;
  return String(count);
}

/** The report as text: a summary, then a line a layer where `layers` is set. */
export function formatReport(report: GraphReport, options: { layers?: boolean } = {}): string {
  const more = report.complete ? "" : " (of the layers whose shapes are known)";
  const lines = [
    `${report.name}${report.producer ? `, made by ${report.producer}` : ""}`,
    `opset       ${Object.entries(report.opsets)
      .map(([domain, version]) => `${domain} ${version}`)
      .join(", ")}`,
    ...report.inputs.map(({ name, type }) => `input       ${name}: ${type}`),
    ...report.outputs.map(({ name, type }) => `output      ${name}: ${type}`),
    `nodes       ${report.numNodes}`,
    `operators   ${report.operators.map(([op, count]) => `${op} ${count}`).join(", ")}`,
    `parameters  ${formatCount(report.parameters)}, ${formatBytes(report.parameterBytes)}`,
    `arithmetic  ${formatCount(Math.round(report.flops / 2))}MAC${more}`,
    `activations ${report.peakActivationBytes === undefined ? "sizes depend on the inputs" : `${formatBytes(report.peakActivationBytes)} at once`}`,
  ];
  if (report.unknownOperators.length > 0) lines.push(`unknown     ${report.unknownOperators.join(", ")}`);
  if (options.layers) {
    const rows = report.layers.map((layer) => [
      layer.op,
      layer.outputs.join(" "),
      layer.parameters ? formatCount(layer.parameters) : "",
      layer.flops ? formatCount(Math.round(layer.flops / 2)) : layer.flops === undefined ? "?" : "",
      layer.outputBytes === undefined ? "?" : formatBytes(layer.outputBytes),
      layer.node,
    ]);
    lines.push("", ...table(["operator", "output", "parameters", "MACs", "memory", "node"], rows));
  }
  return lines.join("\n");
}

/** Rows with aligned columns; the last column is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const last = head.length - 1;
  return [head, ...rows].map((row) => row.map((cell, i) => (i === last ? cell : cell.padEnd(widths[i]!))).join("  "));
}
