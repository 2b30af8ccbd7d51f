/**
 * Runs a graph node by node on the operators' references. A generator, so that one interpreter serves whoever needs an
 * answer at once (constant folding, a fallback node) and an engine that pauses between nodes.
 *
 * A **frame** holds the values of one graph during one run; a subgraph's frame has the frame around it as parent, which is
 * how a body sees the values of the graphs that enclose it. A value leaves its frame after the last node that uses it.
 */
import { InferlabError } from "../../base/errors.ts";
import { randomSource } from "../../base/random.ts";
import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import type {
  AttributeSpecs,
  Attributes,
  AttributeValue,
  Operator,
  ReferenceContext,
  Subgraph,
} from "../../ops/operator.ts";
import { resolveVersion } from "../../ops/operator.ts";
import { checkInputs } from "../../ops/ports.ts";
import type { Graph, Node, Value } from "./graph.ts";

export class Frame {
  private readonly values = new Map<Value, RuntimeValue>();
  private readonly parent: Frame | undefined;

  constructor(parent?: Frame) {
    this.parent = parent;
  }

  set(value: Value, content: RuntimeValue): void {
    this.values.set(value, content);
  }

  /** The value's content here or in an enclosing frame; a constant needs no frame. */
  get(value: Value): RuntimeValue | undefined {
    return this.values.get(value) ?? this.parent?.get(value) ?? value.constant;
  }

  release(value: Value): void {
    this.values.delete(value);
  }
}

/** A graph with what the interpreter needs to know of it. Stale once the graph changes. */
export interface Prepared {
  readonly graph: Graph;
  /** By node position: values of this graph that no later node uses. */
  readonly lastUses: readonly (readonly Value[])[];
  readonly nested: ReadonlyMap<Graph, Prepared>;
}

export function prepare(graph: Graph): Prepared {
  const nested = new Map<Graph, Prepared>();
  const own = new Set<Value>(graph.inputs);
  for (const node of graph.nodes) for (const output of node.outputs) if (output) own.add(output);
  const last = new Map<Value, number>();
  graph.nodes.forEach((node, index) => {
    for (const value of [...node.outputs, ...usesOf(node)]) if (value && own.has(value)) last.set(value, index);
    for (const [, inner] of node.subgraphs()) nested.set(inner, prepare(inner));
  });
  for (const output of graph.outputs) last.delete(output);
  const lastUses: Value[][] = graph.nodes.map(() => []);
  for (const [value, index] of last) lastUses[index]!.push(value);
  return { graph, lastUses, nested };
}

/** Values a node reads, those its subgraphs take from outside included. */
function* usesOf(node: Node): Generator<Value> {
  for (const input of node.inputs) if (input) yield input;
  for (const [, graph] of node.subgraphs()) {
    yield* graph.outputs;
    for (const inner of graph.nodes) yield* usesOf(inner);
  }
}

/** Told of every node that has run. */
export interface Observer {
  ran(node: Node, inputs: readonly (RuntimeValue | undefined)[], outputs: readonly (RuntimeValue | undefined)[]): void;
  /** Just before a node runs. */
  starts?(node: Node): void;
}

/** Yields after every node; returns the graph's outputs by position. `inputs` are given by position. */
export function* interpret(
  prepared: Prepared,
  inputs: readonly RuntimeValue[],
  parent?: Frame,
  observer?: Observer,
): Generator<void, RuntimeValue[]> {
  const { graph } = prepared;
  const frame = new Frame(parent);
  if (inputs.length > graph.inputs.length)
    throw new InferlabError(
      "FEED",
      `graph "${graph.name}" was given ${inputs.length} values, expected ${graph.inputs.length}`,
    );
  graph.inputs.forEach((value, index) => {
    if (inputs[index]) frame.set(value, inputs[index]);
  });
  for (const [index, node] of graph.nodes.entries()) {
    observer?.starts?.(node);
    const taken = node.inputs.map((value) => value && read(frame, value, node));
    const outputs = yield* runNode(node, taken, frame, prepared, observer);
    node.outputs.forEach((value, position) => {
      if (!value) return;
      const content = outputs[position];
      if (!content) throw nodeError(node, "ENGINE", `gave no output ${position} ("${value.name}")`);
      frame.set(value, content);
    });
    observer?.ran(node, taken, outputs);
    for (const value of prepared.lastUses[index]!) frame.release(value);
    yield;
  }
  return graph.outputs.map((value) => {
    const content = frame.get(value);
    if (!content)
      throw new InferlabError("MODEL_INVALID", `output "${value.name}" of graph "${graph.name}" has no value`, {
        hint: "no node makes it, and it is neither a constant nor an input that was given",
      });
    return content;
  });
}

function read(frame: Frame, value: Value, node: Node): RuntimeValue {
  const content = frame.get(value);
  if (!content) throw nodeError(node, "FEED", `has no value for its input "${value.name}"`);
  return content;
}

/** One node on given inputs, at once. For constant folding and for engines without a kernel for it. */
export function evaluateNode(
  node: Node,
  inputs: readonly (RuntimeValue | undefined)[],
  outer?: Frame,
): (RuntimeValue | undefined)[] {
  const nested = new Map<Graph, Prepared>();
  for (const [, graph] of node.subgraphs()) nested.set(graph, prepare(graph));
  return finish(runNode(node, inputs, outer ?? new Frame(), { nested }));
}

/** Drives an interpretation to its end without a pause. */
export function finish<T>(running: Generator<void, T>): T {
  let next = running.next();
  while (!next.done) next = running.next();
  return next.value;
}

function* runNode(
  node: Node,
  inputs: readonly (RuntimeValue | undefined)[],
  frame: Frame,
  prepared: Pick<Prepared, "nested">,
  observer?: Observer,
): Generator<void, (RuntimeValue | undefined)[]> {
  const body = (graph: Subgraph, values: readonly RuntimeValue[]) => {
    const ready = prepared.nested.get(graph as Graph) ?? prepare(graph as Graph);
    return interpret(ready, values, frame, observer);
  };
  const context = new NodeRun(node, inputs, (graph, values) => finish(body(graph, values)));
  try {
    checkInputs(
      node.operator,
      context.version,
      inputs.map((value) => value && (value instanceof Tensor ? value.dtype : "unknown")),
      (code, message) => context.fail(code, message),
    );
    if (!node.operator.steps) return node.operator.reference(context);
    const steps = node.operator.steps(context);
    let next = steps.next();
    while (!next.done) next = steps.next(yield* body(next.value.graph, next.value.inputs));
    return next.value;
  } catch (error) {
    throw explain(node, error);
  }
}

/** What an operator's reference sees of its node. */
class NodeRun implements ReferenceContext {
  readonly version: number;
  readonly attrs: Attributes<AttributeSpecs>;
  readonly inputs: readonly (RuntimeValue | undefined)[];
  readonly runSubgraph: ReferenceContext["runSubgraph"];
  private readonly node: Node;

  constructor(node: Node, inputs: readonly (RuntimeValue | undefined)[], runSubgraph: ReferenceContext["runSubgraph"]) {
    this.node = node;
    this.inputs = inputs;
    this.runSubgraph = runSubgraph;
    this.version = versionOf(node);
    this.attrs = attributesOf(node, this.version);
  }

  get numOutputs(): number {
    return this.node.outputs.length;
  }

  isOutputUsed(index: number): boolean {
    return this.node.outputs[index] !== undefined;
  }

  tensor(index: number): Tensor {
    const found = this.optionalTensor(index);
    return found ?? this.fail("VALUE", `input ${portName(this.node, index)} is left out, expected a tensor`);
  }

  optionalTensor(index: number): Tensor | undefined {
    const found = this.inputs[index];
    if (found === undefined || found instanceof Tensor) return found;
    return this.fail("DTYPE", `input ${portName(this.node, index)} is a ${found.kind}, expected a tensor`);
  }

  random(seed: number | undefined): () => number {
    return randomSource(seed === undefined ? hash(this.node.outputs[0]?.name ?? this.node.name) : hash(String(seed)));
  }

  fail(code: "SHAPE" | "DTYPE" | "VALUE" | "ATTRIBUTE" | "UNSUPPORTED", message: string, hint?: string): never {
    throw nodeError(this.node, code, message, hint);
  }
}

/** `Gemm "/fc1"`, or by what it makes where the node has no name. */
export function nodeLabel(node: Node): string {
  return node.name ? `${node.op} "${node.name}"` : `${node.op} (makes "${node.outputs.find((v) => v)?.name ?? ""}")`;
}

function portName(node: Node, index: number): string {
  const ports = node.operator.inputs;
  return ports[index]?.name ?? `${ports.at(-1)?.name ?? "input"}[${index}]`;
}

export function nodeError(
  node: Node,
  code: InferlabError["code"],
  message: string,
  hint?: string,
  cause?: unknown,
): InferlabError {
  return new InferlabError(code, `${nodeLabel(node)}: ${message}`, {
    hint,
    cause,
    details: { node: node.name, op: node.op, domain: node.operator.domain },
  });
}

/** Gives an error that came out of a reference the node it came from, once. */
function explain(node: Node, error: unknown): unknown {
  if (error instanceof InferlabError) {
    if (error.details.op !== undefined || error.code === "CANCELLED") return error;
    return nodeError(node, error.code, error.message, error.hint, error);
  }
  if (error instanceof RangeError)
    return nodeError(
      node,
      "MEMORY",
      `needs an array that cannot be had (${error.message})`,
      "look at the shapes of its inputs",
      error,
    );
  return nodeError(
    node,
    "ENGINE",
    `failed: ${error instanceof Error ? error.message : String(error)}`,
    undefined,
    error,
  );
}

/** The since-version under which a node is written. Throws UNSUPPORTED where the operator is younger than the opset. */
export function versionOf(node: Node): number {
  const version = resolveVersion(node.operator, node.opset);
  if (version === undefined)
    throw nodeError(
      node,
      "UNSUPPORTED",
      `is not in opset ${node.opset}, it came with ${node.operator.since[0]}`,
      "raise the opset the model imports",
    );
  return version;
}

type AttributeEntry = readonly [name: string, spec: AttributeSpecs[string]];

const attributesByVersion = new WeakMap<Operator, Map<number, readonly AttributeEntry[]>>();

/** The attributes that a since-version has. */
function attributeEntries(operator: Operator, version: number): readonly AttributeEntry[] {
  let byVersion = attributesByVersion.get(operator);
  if (!byVersion) attributesByVersion.set(operator, (byVersion = new Map()));
  let entries = byVersion.get(version);
  if (!entries) {
    entries = Object.entries(operator.attributes).filter(
      ([, { since = 0, until = Number.POSITIVE_INFINITY }]) => since <= version && version <= until,
    );
    byVersion.set(version, entries);
  }
  return entries;
}

/** A node's attributes with defaults filled in. Throws ATTRIBUTE where a required one is missing. */
export function attributesOf(node: Node, version: number): Attributes<AttributeSpecs> {
  const filled: Record<string, AttributeValue | undefined> = {};
  const entries = attributeEntries(node.operator, version);
  for (let i = 0; i < entries.length; i++) {
    const [name, spec] = entries[i]!;
    const value = node.attributes.get(name) ?? spec.default;
    if (spec.required && value === undefined)
      throw nodeError(node, "ATTRIBUTE", `attribute ${name} is missing, expected a value of type ${spec.type}`);
    filled[name] = value;
  }
  return filled;
}

/** FNV-1a. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
