/** What differs between two graphs: inputs and outputs by name, nodes by what they compute and by name. */
import { createHash } from "node:crypto";
import { Tensor } from "../../base/tensor.ts";
import { formatValueType } from "../../base/value-type.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { nodeLabel } from "../ir/interpret.ts";

export interface NodeChange {
  readonly before: string;
  readonly after: string;
  /** What differs, one fact a line: `attribute pads: [0,0,0,0] → [1,1,1,1]`. */
  readonly changes: readonly string[];
}

export interface GraphDiff {
  /** Changes of name, type or presence of inputs and outputs, and of opsets. */
  readonly interface: readonly string[];
  readonly removed: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly NodeChange[];
  /** Nodes that are the same in both. */
  readonly numSame: number;
  readonly isEmpty: boolean;
}

function digest(tensor: Tensor): string {
  const hash = createHash("sha256").update(`${tensor.dtype}[${tensor.shape}]`);
  if (Array.isArray(tensor.data)) hash.update(JSON.stringify(tensor.data));
  else {
    const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array;
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("base64").slice(0, 22);
}

function attributeText(value: AttributeValue): string {
  if (value instanceof Graph) return `graph of ${value.nodes.length} nodes ${graphKey(value)}`;
  if (value instanceof Tensor) return `${value.dtype}[${value.shape}] ${digest(value)}`;
  return JSON.stringify(value) ?? String(value);
}

const graphKey = (graph: Graph): string => {
  const keys = structuralKeys(graph);
  const text = [...graph.nodes.map((node) => keys.get(node)), ...graph.outputNames].join();
  return createHash("sha256").update(text).digest("base64").slice(0, 22);
};

/** SHA-256 of what a graph computes: nodes, attributes, constants, names of inputs and outputs; not of names inside. */
export function graphDigest(graph: Graph): string {
  const keys = structuralKeys(graph);
  const values = new Map<Value, string>();
  for (const node of graph.nodes)
    node.outputs.forEach((value, i) => {
      if (value) values.set(value, `${keys.get(node)} ${i}`);
    });
  const keyOf = (value: Value): string =>
    values.get(value) ?? (value.constant ? digest(value.constant) : `value ${value.name}`);
  const parts = [
    ...graph.inputNames,
    ...graph.outputs.map((value) => `${value.name} ${keyOf(value)}`),
    ...[...graph.opsets].map(([domain, version]) => `${domain} ${version}`).sort(),
  ];
  return createHash("sha256").update(parts.join("\0")).digest("hex");
}

const attributesOf = (node: Node): Map<string, string> =>
  new Map([...node.attributes].map(([name, value]): [string, string] => [name, attributeText(value)]).sort());

/** A key for every node that says what it computes from the graph's inputs and constants, names of values left aside. */
function structuralKeys(graph: Graph): Map<Node, string> {
  const values = new Map<Value, string>();
  const keys = new Map<Node, string>();
  const keyOf = (value: Value | undefined): string => {
    if (!value) return "";
    let key = values.get(value);
    if (key === undefined) values.set(value, (key = value.constant ? digest(value.constant) : `value ${value.name}`));
    return key;
  };
  for (const node of graph.nodes) {
    const attributes = [...attributesOf(node)].map(([name, text]) => `${name}=${text}`);
    const { domain, name } = node.operator;
    const text = [domain, name, ...attributes, "(", ...node.inputs.map(keyOf)].join("\0");
    const key = createHash("sha256").update(text).digest("base64").slice(0, 22);
    keys.set(node, key);
    node.outputs.forEach((value, i) => {
      if (value) values.set(value, `${key} ${i}`);
    });
  }
  return keys;
}

const typeText = (value: Value): string => (value.type ? formatValueType(value.type) : "?");

function interfaceChanges(a: Graph, b: Graph): string[] {
  const changes: string[] = [];
  for (const [what, before, after] of [
    ["input", a.inputs, b.inputs],
    ["output", a.outputs, b.outputs],
  ] as const) {
    for (const value of before) {
      const other = after.find((v) => v.name === value.name);
      if (!other) changes.push(`- ${what} ${value.name}: ${typeText(value)}`);
      else if (typeText(other) !== typeText(value))
        changes.push(`~ ${what} ${value.name}: ${typeText(value)} → ${typeText(other)}`);
    }
    for (const value of after)
      if (!before.some((v) => v.name === value.name)) changes.push(`+ ${what} ${value.name}: ${typeText(value)}`);
  }
  for (const domain of new Set([...a.opsets.keys(), ...b.opsets.keys()])) {
    const [x, y] = [a.opsets.get(domain), b.opsets.get(domain)];
    if (x !== y) changes.push(`~ opset ${domain || "ai.onnx"}: ${x ?? "none"} → ${y ?? "none"}`);
  }
  return changes;
}

function nodeChanges(a: Node, b: Node): string[] {
  const changes: string[] = [];
  if (a.operator !== b.operator) changes.push(`operator: ${a.op} → ${b.op}`);
  const [x, y] = [attributesOf(a), attributesOf(b)];
  for (const name of new Set([...x.keys(), ...y.keys()]))
    if (x.get(name) !== y.get(name))
      changes.push(`attribute ${name}: ${x.get(name) ?? "none"} → ${y.get(name) ?? "none"}`);
  for (let i = 0; i < Math.max(a.inputs.length, b.inputs.length); i++) {
    const [p, q] = [a.inputs[i], b.inputs[i]];
    const label = a.operator.inputs[i]?.name ?? `input ${i}`;
    if (p?.isConstant && q?.isConstant) {
      if (digest(p.constant!) === digest(q.constant!)) continue;
      changes.push(
        `constant ${label}: ${typeText(p)} → ${typeText(q)}${typeText(p) === typeText(q) ? ", other values" : ""}`,
      );
    } else if (p?.name !== q?.name) changes.push(`${label}: ${p?.name ?? "none"} → ${q?.name ?? "none"}`);
  }
  return changes;
}

/**
 * Aligns two graphs. Nodes that compute the same from the same inputs are the same, whatever they are called; of the others,
 * those that make a value of the same name, or have the same name, are changed; the rest is removed or added.
 *
 * @example
 * formatDiff(diffGraphs(readOnnx("v1.onnx"), readOnnx("v2.onnx")));
 */
export function diffGraphs(a: Graph, b: Graph): GraphDiff {
  const [keysA, keysB] = [structuralKeys(a), structuralKeys(b)];
  const byKey = new Map<string, Node[]>();
  for (const node of b.nodes) byKey.set(keysB.get(node)!, [...(byKey.get(keysB.get(node)!) ?? []), node]);
  const matched = new Set<Node>();
  const left: Node[] = [];
  for (const node of a.nodes) {
    const twin = byKey.get(keysA.get(node)!)?.shift();
    if (twin) matched.add(twin);
    else left.push(node);
  }
  const rest = b.nodes.filter((node) => !matched.has(node));
  const byOutput = new Map(rest.flatMap((node) => node.outputs.map((value) => [value?.name ?? "", node] as const)));
  const byName = new Map(rest.filter((node) => node.name).map((node) => [node.name, node]));
  const changed: NodeChange[] = [];
  const removed: string[] = [];
  const taken = new Set<Node>();
  let numSame = matched.size;
  for (const node of left) {
    const candidates = [...node.outputs.map((value) => value && byOutput.get(value.name)), byName.get(node.name)];
    const twin = candidates.find((other) => other && !taken.has(other) && other.op === node.op);
    if (!twin) {
      removed.push(nodeLabel(node));
      continue;
    }
    taken.add(twin);
    const changes = nodeChanges(node, twin);
    // Only what comes before it differs.
    if (changes.length === 0) numSame++;
    else changed.push({ before: nodeLabel(node), after: nodeLabel(twin), changes });
  }
  const added = rest.filter((node) => !taken.has(node)).map(nodeLabel);
  const ports = interfaceChanges(a, b);
  const isEmpty = ports.length + removed.length + added.length + changed.length === 0;
  return { interface: ports, removed, added, changed, numSame, isEmpty };
}

/** The diff as text; `color` marks lines with terminal colours. */
export function formatDiff(diff: GraphDiff, options: { color?: boolean } = {}): string {
  const paint = (line: string): string => {
    const code = { "-": 31, "+": 32, "~": 33 }[line[0] ?? ""];
    return options.color && code ? `\u001b[${code}m${line}\u001b[0m` : line;
  };
  if (diff.isEmpty) return `no difference, ${diff.numSame} nodes`;
  const lines = [
    ...diff.interface,
    ...diff.removed.map((node) => `- ${node}`),
    ...diff.added.map((node) => `+ ${node}`),
    ...diff.changed.flatMap(({ before, after, changes }) => [
      `~ ${before}${before === after ? "" : ` → ${after}`}`,
      ...changes.map((change) => `    ${change}`),
    ]),
  ].map(paint);
  const counts = `${diff.numSame} nodes the same, ${diff.removed.length} removed, ${diff.added.length} added, ${diff.changed.length} changed`;
  return [...lines, counts].join("\n");
}
