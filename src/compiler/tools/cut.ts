/** Parts of models: cutting between tensors, renaming, fixing shapes, joining two models. */
import { InferlabError } from "../../base/errors.ts";
import type { Shape } from "../../base/shapes.ts";
import { formatValueType } from "../../base/value-type.ts";
import { cloneGraph } from "../ir/clone.ts";
import { type Graph, Node, type Value } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { verifyGraph } from "../ir/verify.ts";

/** Values of the outermost graph by name. */
function valuesOf(graph: Graph): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const value of graph.inputs) values.set(value.name, value);
  for (const node of graph.nodes) {
    for (const value of node.inputs) if (value?.isConstant) values.set(value.name, value);
    for (const value of node.outputs) if (value) values.set(value.name, value);
  }
  return values;
}

function find(values: ReadonlyMap<string, Value>, name: string): Value {
  const value = values.get(name);
  if (value) return value;
  const lower = name.toLowerCase();
  const near = [...values.keys()].filter((n) => n.toLowerCase().includes(lower) || lower.includes(n.toLowerCase()));
  throw new InferlabError("ARGUMENT", `there is no value ${JSON.stringify(name)}`, {
    hint: near.length > 0 ? `did you mean ${near.slice(0, 3).join(" or ")}?` : "inspect --layers lists the nodes",
  });
}

/**
 * The part of a model that computes `outputs` from `inputs` (names of tensors; default: the model's own). The original stays.
 *
 * Errors: ARGUMENT for names that do not exist, or where an output needs an input of the model that is not among `inputs`.
 *
 * @example
 * cutGraph(graph, { outputs: ["/backbone/out"] });
 */
export function cutGraph(
  original: Graph,
  options: { readonly inputs?: readonly string[]; readonly outputs?: readonly string[] },
): Graph {
  const graph = cloneGraph(original);
  inferShapes(graph);
  const values = valuesOf(graph);
  const outputs = options.outputs?.map((name) => find(values, name)) ?? [...graph.outputs];
  const inputs = options.inputs?.map((name) => find(values, name)) ?? [...graph.inputs];
  if (outputs.length === 0) throw new InferlabError("ARGUMENT", "no output is named, expected at least one");
  for (const input of inputs) {
    const { producer } = input;
    if (!producer) continue;
    producer.outputs[producer.outputs.indexOf(input)] = undefined;
    input.producer = undefined;
    input.declared = true;
  }
  const needed = new Set<Node>();
  const reached = new Set<Value>();
  const stack: Value[] = [...outputs];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (reached.has(value)) continue;
    reached.add(value);
    const node = value.producer;
    if (!node || needed.has(node) || node.graph !== graph) continue;
    needed.add(node);
    for (const input of node.inputs) if (input) stack.push(input);
    for (const [, inner] of node.subgraphs())
      for (const g of [inner, ...inner.nested()]) {
        for (const n of g.nodes) for (const input of n.inputs) if (input) stack.push(input);
        stack.push(...g.outputs);
      }
  }
  for (const value of graph.inputs)
    if (reached.has(value) && !inputs.includes(value))
      throw new InferlabError(
        "ARGUMENT",
        `the outputs need input "${value.name}", which is not among the inputs given`,
        {
          hint: "cut further down, or name it too",
        },
      );
  for (const node of graph.nodes.toReversed()) if (!needed.has(node)) graph.remove(node);
  graph.inputs.splice(
    0,
    graph.inputs.length,
    ...(options.inputs ? inputs : inputs.filter((value) => reached.has(value))),
  );
  graph.outputs.splice(0, graph.outputs.length, ...outputs);
  for (const value of outputs) value.declared = true;
  verifyGraph(graph);
  return graph;
}

/** A copy with values renamed: old name → new name. Errors: ARGUMENT for unknown or taken names. */
export function renameValues(original: Graph, names: Readonly<Record<string, string>>): Graph {
  const graph = cloneGraph(original);
  const values = valuesOf(graph);
  for (const [from, to] of Object.entries(names)) {
    const value = find(values, from);
    if (!to) throw new InferlabError("ARGUMENT", `the new name of ${JSON.stringify(from)} is empty`);
    if (values.has(to) && !(to in names))
      throw new InferlabError("ARGUMENT", `another value is called ${JSON.stringify(to)} already`);
    value.name = to;
  }
  verifyGraph(graph);
  return graph;
}

/**
 * A copy with other input shapes, and all types inferred from them. Errors: ARGUMENT for unknown inputs, SHAPE where the graph
 * cannot run with them.
 */
export function setShapes(original: Graph, shapes: Readonly<Record<string, Shape>>): Graph {
  const graph = cloneGraph(original);
  inferShapes(graph, { inputShapes: shapes });
  return graph;
}

/**
 * One model of two: `connect` says which outputs of the first feed which inputs of the second. Inputs and outputs that are
 * not connected stay; names of the second that the first has too get `suffix`.
 *
 * Errors: ARGUMENT for unknown names, other types or different opsets.
 */
export function mergeGraphs(
  first: Graph,
  second: Graph,
  connect: Readonly<Record<string, string>>,
  options: { suffix?: string } = {},
): Graph {
  const a = cloneGraph(first);
  const b = cloneGraph(second);
  for (const [domain, version] of b.opsets) {
    const own = a.opsets.get(domain);
    if (own !== undefined && own !== version)
      throw new InferlabError("ARGUMENT", `the models import opset ${own} and ${version} of ${domain || "ai.onnx"}`, {
        hint: "convert one of them first",
      });
    a.opsets.set(domain, version);
  }
  const taken = new Set<string>();
  for (const g of [a, ...a.nested()]) for (const name of valuesOf(g).keys()) taken.add(name);
  const renamed = new Set<Value>();
  for (const g of [b, ...b.nested()])
    for (const value of valuesOf(g).values()) {
      if (renamed.has(value)) continue;
      renamed.add(value);
      const isFed = g === b && Object.values(connect).includes(value.name) && b.inputs.includes(value);
      if (isFed) continue;
      const stem = value.name;
      for (let count = 1; taken.has(value.name); count++)
        value.name = `${stem}${options.suffix ?? "_2"}${count === 1 ? "" : count}`;
      taken.add(value.name);
    }
  const fed = new Set<Value>();
  for (const [from, to] of Object.entries(connect)) {
    const output = a.outputs.find((value) => value.name === from);
    const input = b.inputs.find((value) => value.name === to);
    if (!output)
      throw new InferlabError("ARGUMENT", `the first model has no output ${JSON.stringify(from)}`, {
        hint: `its outputs are ${a.outputNames.join(", ")}`,
      });
    if (!input)
      throw new InferlabError("ARGUMENT", `the second model has no input ${JSON.stringify(to)}`, {
        hint: `its inputs are ${second.inputNames.join(", ")}`,
      });
    const [x, y] = [output.type, input.type];
    if (x && y && (x.kind !== y.kind || (x.kind === "tensor" && y.kind === "tensor" && x.dtype !== y.dtype)))
      throw new InferlabError(
        "ARGUMENT",
        `output "${from}" is ${formatValueType(x)}, input "${to}" is ${formatValueType(y)}`,
      );
    b.replaceUses(input, output);
    fed.add(input);
  }
  const connected = new Set(Object.keys(connect));
  const outputs = [...a.outputs.filter((value) => !connected.has(value.name)), ...b.outputs];
  for (const node of b.nodes) {
    const moved = new Node(node.name, node.operator, node.opset, node.attributes);
    moved.doc = node.doc;
    moved.metadata = node.metadata;
    moved.attributeKinds = node.attributeKinds;
    for (const input of node.inputs) input?.users.delete(node);
    for (const [, inner] of moved.subgraphs()) inner.parent = a;
    a.insert(moved, node.inputs, node.outputs);
  }
  a.inputs.push(...b.inputs.filter((value) => !fed.has(value)));
  a.outputs.splice(0, a.outputs.length, ...outputs);
  a.name = `${first.name}+${second.name}`;
  inferShapes(a);
  verifyGraph(a);
  return a;
}
