/** Copies of graphs. Constants are shared: nobody modifies a constant's elements. */
import type { Tensor } from "../../base/tensor.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { type ConstantSource, Graph, Node, Value } from "./graph.ts";
import { shareInference } from "./infer.ts";

/** A copy whose values and nodes are its own. `values` is filled with original → copy where it is given. */
export function cloneGraph(graph: Graph, values: Map<Value, Value> = new Map()): Graph {
  const copyOf = (value: Value): Value => {
    let copy = values.get(value);
    if (!copy) values.set(value, (copy = cloneValue(value)));
    return copy;
  };
  const clone = (from: Graph, parent: Graph | undefined): Graph => {
    const to = new Graph(from.name);
    to.parent = parent;
    to.doc = from.doc;
    to.header = from.header;
    for (const [domain, version] of from.opsets) to.opsets.set(domain, version);
    for (const [key, value] of from.metadata) to.metadata.set(key, value);
    for (const [key, value] of from.quantization) to.quantization.set(key, value);
    for (const input of from.inputs) to.inputs.push(copyOf(input));
    for (const node of from.nodes) {
      const attributes = [...node.attributes].map(([name, value]): [string, AttributeValue] => [
        name,
        value instanceof Graph ? clone(value, to) : value,
      ]);
      const copy = new Node(node.name, node.operator, node.opset, attributes);
      copy.doc = node.doc;
      copy.metadata = node.metadata;
      copy.attributeKinds = node.attributeKinds;
      to.insert(
        copy,
        node.inputs.map((value) => value && copyOf(value)),
        node.outputs.map((value) => value && copyOf(value)),
      );
      shareInference(node, copy);
    }
    for (const output of from.outputs) to.outputs.push(copyOf(output));
    return to;
  };
  return clone(graph, graph.parent);
}

function cloneValue(value: Value): Value {
  const copy = new Value(value.name, value.type);
  const source = value.constantSource;
  if (source) copy.setConstant(source);
  copy.dims = value.dims;
  copy.declared = value.declared;
  copy.doc = value.doc;
  return copy;
}

/** Lets the copies that are made of a graph from now on share what the first of them reads of a constant in a file. */
export function shareConstants(graph: Graph): void {
  const shared = new Map<ConstantSource, ConstantSource>();
  const share = (value: Value | undefined): void => {
    const source = value?.constantSource;
    if (!value || !source || "kind" in source) return;
    let once = shared.get(source);
    if (!once) {
      let tensor: Tensor | undefined;
      once = { type: source.type, sizeBytes: source.sizeBytes, read: () => (tensor ??= source.read()) };
      shared.set(source, once);
      shared.set(once, once);
    }
    value.setConstant(once);
  };
  for (const { inputs, nodes, outputs } of [graph, ...graph.nested()])
    for (const value of [...inputs, ...nodes.flatMap((node) => node.inputs), ...outputs]) share(value);
}
