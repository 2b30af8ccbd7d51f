/**
 * The intermediate representation. A graph is nodes in topological order over values; a value knows its producer and its
 * users, so a pass can rewrite locally. Only this file changes those links.
 *
 * Invariants (checked by `verifyGraph` in verify.ts, run after every pass in tests): nodes are topologically sorted; every input is a
 * graph input, a constant, the output of an earlier node or a value of an enclosing graph; value names are unique.
 *
 * What is asked of every node many times, here and in inference, counts with an index: until V8 has optimised a function,
 * which takes longer than most compilations, `for…of` makes an object for each element: a quarter of all bytes allocated.
 */
import { pinMemory } from "../../base/memory-use.ts";
import type { Dim } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import type { AttributeKind, AttributeValue, Operator, Subgraph } from "../../ops/operator.ts";

/** A constant's elements, read from the file when first asked for. */
export interface ConstantSource {
  readonly type: ValueType & { kind: "tensor" };
  /** Bytes in the file; known without reading. */
  readonly sizeBytes: number;
  read(): Tensor;
}

/** An edge. Exactly one of: graph input, node output, constant. */
export class Value {
  name: string;
  type: ValueType | undefined;
  /** Elements of a small integer tensor known as sizes or symbols (shape arithmetic). */
  dims: readonly Dim[] | undefined;
  producer: Node | undefined;
  /** The model's file stated the type; it is stated again when the model is saved. */
  declared = false;
  doc: string | undefined;
  readonly users = new Set<Node>();
  private source: ConstantSource | Tensor | undefined;

  constructor(name: string, type?: ValueType) {
    this.name = name;
    this.type = type;
  }

  get isConstant(): boolean {
    return this.source !== undefined;
  }

  /** The constant's elements (read on first use), or undefined for a value known only at run time. */
  get constant(): Tensor | undefined {
    if (this.source && !("kind" in this.source)) this.source = this.source.read();
    return this.source as Tensor | undefined;
  }

  /** The constant as it is held, read or not: for copies. */
  get constantSource(): ConstantSource | Tensor | undefined {
    return this.source;
  }

  /** Bytes of a constant without reading it; 0 for other values. */
  get constantBytes(): number {
    return this.source?.sizeBytes ?? 0;
  }

  setConstant(source: ConstantSource | Tensor): void {
    this.source = "kind" in source ? pinMemory(source) : source;
    this.type = "kind" in source ? { kind: "tensor", dtype: source.dtype, shape: source.shape } : source.type;
  }
}

/** An operator applied to values. */
export class Node {
  name: string;
  readonly operator: Operator;
  /** Opset version of the operator's domain under which the node was written. */
  readonly opset: number;
  readonly inputs: (Value | undefined)[] = [];
  readonly outputs: (Value | undefined)[] = [];
  readonly attributes: Map<string, AttributeValue>;
  /** The graph that holds the node; undefined before it is inserted and once it is removed. */
  graph: Graph | undefined;
  /** Free text and metadata of the file, kept for saving. */
  doc: string | undefined;
  metadata: ReadonlyMap<string, string> | undefined;
  /** Kinds of attributes that the operator's table does not tell (unknown operators, vendors' additions). */
  attributeKinds: ReadonlyMap<string, AttributeKind> | undefined;

  constructor(
    name: string,
    operator: Operator,
    opset: number,
    attributes?: Iterable<readonly [string, AttributeValue]>,
  ) {
    this.name = name;
    this.operator = operator;
    this.opset = opset;
    this.attributes = new Map(attributes);
  }

  get op(): string {
    return this.operator.name;
  }

  get hasSubgraphs(): boolean {
    if (this.attributes.size === 0) return false;
    let has = false;
    this.attributes.forEach((value) => {
      if (typeof value === "object" && value instanceof Graph) has = true;
    });
    return has;
  }

  /** Subgraphs this node holds, by attribute name. */
  *subgraphs(): Generator<[string, Graph]> {
    for (const [name, value] of this.attributes) if (value instanceof Graph) yield [name, value];
  }
}

/** What a model's file says about itself beside the graph; kept for saving. */
export interface ModelHeader {
  readonly irVersion: number;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: number;
  readonly doc: string;
}

export class Graph implements Subgraph {
  readonly subgraph = true as const;
  name: string;
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly nodes: Node[] = [];
  /** The graph whose node holds this one; its values may be used here. */
  parent: Graph | undefined;
  /** Opset version by domain ("" is ai.onnx). */
  readonly opsets = new Map<string, number>();
  readonly metadata = new Map<string, string>();
  /** Of the outermost graph, where it came from a file. */
  header: ModelHeader | undefined;
  /** Quantisation annotations: value name → parameter (`SCALE_TENSOR`, …) → value name. */
  readonly quantization = new Map<string, ReadonlyMap<string, string>>();
  doc: string | undefined;

  constructor(name = "graph") {
    this.name = name;
  }

  get inputNames(): readonly string[] {
    return this.inputs.map((value) => value.name);
  }

  get outputNames(): readonly string[] {
    return this.outputs.map((value) => value.name);
  }

  get outputTypes(): readonly (ValueType | undefined)[] {
    return this.outputs.map((value) => value.type);
  }

  /** Appends a node, or inserts it before `before`; links its inputs and makes its outputs its own. */
  insert(
    node: Node,
    inputs: readonly (Value | undefined)[],
    outputs: readonly (Value | undefined)[],
    before?: Node,
  ): Node {
    for (const input of inputs) {
      node.inputs.push(input);
      input?.users.add(node);
    }
    for (const output of outputs) {
      node.outputs.push(output);
      if (output) output.producer = node;
    }
    node.graph = this;
    const position = before ? this.nodes.indexOf(before) : this.nodes.length;
    this.nodes.splice(position, 0, node);
    return node;
  }

  /** Changes one input of a node. */
  setInput(node: Node, index: number, value: Value | undefined): void {
    const old = node.inputs[index];
    node.inputs[index] = value;
    if (old && !node.inputs.includes(old)) old.users.delete(node);
    value?.users.add(node);
  }

  /**
   * Makes every user of `from`, nodes of subgraphs and graph outputs included, use `to`. `graphs` are this one and those
   * inside it, for callers that have the list.
   */
  replaceUses(from: Value, to: Value, graphs: Iterable<Graph> = [this, ...this.nested()]): void {
    for (const user of [...from.users]) {
      for (let i = 0; i < user.inputs.length; i++) if (user.inputs[i] === from) user.inputs[i] = to;
      to.users.add(user);
    }
    from.users.clear();
    for (const graph of graphs) {
      for (let i = 0; i < graph.outputs.length; i++) if (graph.outputs[i] === from) graph.outputs[i] = to;
    }
  }

  /** Takes a node out; its outputs must have no user left (not checked here: `verifyGraph` finds it). */
  remove(node: Node): void {
    for (const input of node.inputs) input?.users.delete(node);
    if (node.hasSubgraphs)
      for (const [, subgraph] of node.subgraphs())
        for (const graph of [subgraph, ...subgraph.nested()])
          for (const inner of graph.nodes) for (const v of inner.inputs) v?.users.delete(inner);
    for (const output of node.outputs) if (output?.producer === node) output.producer = undefined;
    node.graph = undefined;
    const index = this.nodes.indexOf(node);
    if (index >= 0) this.nodes.splice(index, 1);
  }

  /** All graphs inside this one, at any depth. */
  *nested(): Generator<Graph> {
    for (let i = 0; i < this.nodes.length; i++) {
      const node = this.nodes[i]!;
      // Asked first: few nodes hold graphs, and many callers look at all nodes.
      if (!node.hasSubgraphs) continue;
      for (const [, inner] of node.subgraphs()) {
        yield inner;
        yield* inner.nested();
      }
    }
  }
}
