/** What passes change graphs with: it logs, keeps names unique and outputs in place, and infers the types of new nodes. */
import { InferlabError } from "../../base/errors.ts";
import { isStatic } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import { formatValueType, type ValueType } from "../../base/value-type.ts";
import { requireOperator } from "../../ops/lookup.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { type Graph, Node, Value } from "../ir/graph.ts";
import type { KnownValues } from "../ir/infer.ts";
import { attributesOf, nodeLabel, versionOf } from "../ir/interpret.ts";
import type { Rewrite, RewriteClass } from "./pass.ts";

/** What all edits of one run share. */
export interface EditSession {
  readonly log: Rewrite[];
  /** Rewrites that may still be made; Infinity but when a run is replayed. */
  budget: number;
  /** More rewrites than this mean that a pass does not come to rest. */
  readonly maxRewrites: number;
  /** The graph and all inside it when the pass began; a pass that moves nodes between graphs leaves some empty. */
  graphs: readonly Graph[];
  /** A graph's nodes of default-domain operators, in order, as they were when the pass began. */
  nodesOf: (graph: Graph, ops: readonly string[]) => readonly Node[];
  /** Bytes by which constants may still grow. */
  growthBytes: number;
  /** Bytes of the largest tensor that folding may make. */
  readonly maxFoldedBytes: number;
  /** Values that every run computes alike, from inference. */
  known: KnownValues;
  /** Operators of ours, and standard ones younger than the model's opset, may be used. */
  readonly fused: boolean;
  /** Sets the types of a new node's outputs. */
  inferNode: (node: Node) => void;
}

/** What a node takes in a file at least: its names, its kind, an attribute or two. Room that constants may take. */
const bytesPerNode = 60;

export interface AddOptions {
  domain?: string;
  /** Name of the node, and stem of the names of its outputs. */
  name?: string;
  /** Opset it is written under; default the graph's. */
  opset?: number;
  /** Node it takes the place of, whose attributes it has: it is written under the same opset, which may not be the graph's. */
  like?: Node;
  /** Existing values that it computes from now on; new ones by default. */
  outputs?: readonly (Value | undefined)[];
}

export class Edit {
  readonly graph: Graph;
  private readonly root: Graph;
  private readonly session: EditSession;
  private readonly pass: { readonly name: string; readonly class: RewriteClass };
  /** How many values have a name: branches of an If may use one name each. */
  private names: Map<string, number> | undefined;
  private outputs: Map<Value, number> | undefined;
  private added: Node[] = [];
  private before: Node | undefined;

  constructor(
    graph: Graph,
    root: Graph,
    session: EditSession,
    pass: { readonly name: string; readonly class: RewriteClass },
  ) {
    this.graph = graph;
    this.root = root;
    this.session = session;
    this.pass = pass;
  }

  /**
   * Makes one logged change: `change` adds nodes (before the first of `nodes`, unless it says otherwise) and takes `nodes`
   * out of use; those of them without users are removed afterwards. False where the run may make no more rewrites.
   */
  rewrite(nodes: readonly Node[], change: () => void): boolean {
    const { session } = this;
    if (session.budget <= 0) return false;
    if (session.log.length >= session.maxRewrites)
      throw new InferlabError(
        "PASS",
        `pass ${this.pass.name} is still rewriting after ${session.log.length} rewrites`,
        {
          hint: "a pass must make the graph simpler with every rewrite, or it never comes to rest",
          details: { pass: this.pass.name, node: nodes[0]?.name },
        },
      );
    session.budget--;
    this.added = [];
    this.before = nodes[0];
    const labels = nodes.map((node) => [node, nodeLabel(node)] as const);
    change();
    for (let gone = true; gone; ) {
      gone = false;
      for (const node of nodes.toReversed()) {
        if (!node.graph || !this.isUnused(node)) continue;
        this.remove(node);
        gone = true;
      }
    }
    const numRemoved = labels.filter(([node]) => !node.graph).length;
    session.growthBytes += bytesPerNode * (numRemoved - this.added.filter((node) => node.graph).length);
    session.log.push({
      index: session.log.length,
      pass: this.pass.name,
      class: this.pass.class,
      removed: labels.filter(([node]) => !node.graph).map(([, label]) => label),
      added: this.added.filter((node) => node.graph).map(nodeLabel),
    });
    this.outputs = undefined;
    return true;
  }

  /** Appends a node before the rewrite's first node (or `before`) and infers its types. */
  add(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
    options: AddOptions = {},
    before: Node | undefined = this.before,
  ): Node {
    const domain = options.domain ?? "";
    const operator = requireOperator(domain, op);
    const given = Object.entries(attributes).filter(
      (entry): entry is [string, AttributeValue] => entry[1] !== undefined,
    );
    const opset = options.opset ?? options.like?.opset ?? (domain ? 1 : this.opset());
    const node = new Node(options.name ?? before?.name ?? "", operator, opset, given);
    const stem = options.name || before?.outputs.find((value) => value)?.name || op;
    const outputs = options.outputs ?? [new Value(this.freshName(stem))];
    // A value that another node made is taken over: that node is about to go.
    for (const value of outputs) {
      const old = value?.producer;
      if (old) old.outputs[old.outputs.indexOf(value)] = undefined;
    }
    const promised = outputs.map((value) => value?.type);
    this.graph.insert(node, inputs, outputs, before);
    if (domain && !this.root.opsets.has(domain)) this.root.opsets.set(domain, 1);
    this.session.inferNode(node);
    outputs.forEach((value, i) => {
      if (value) this.keepType(value, promised[i], nodeLabel(node));
    });
    this.added.push(node);
    return node;
  }

  /** The only output of a node that `add` made. */
  value(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeValue | undefined>> = {},
    options: AddOptions = {},
  ): Value {
    return this.add(op, inputs, attributes, options).outputs[0]!;
  }

  /** A constant with a new name. */
  constant(tensor: Tensor, name: string): Value {
    const value = new Value(this.freshName(name));
    value.setConstant(tensor);
    return value;
  }

  /** A constant in place of `old`; it takes over the name where only `user` has used the old one. */
  replacement(tensor: Tensor, old: Value, user: Node): Value {
    const value = this.constant(tensor, old.name);
    if (old.users.size === 1 && old.users.has(user) && !this.isOutput(old)) {
      const { name } = old;
      old.name = value.name;
      value.name = name;
    }
    return value;
  }

  /** Whether uses of `from` can be given `to`: outputs of the graph keep their names and stay computed. */
  canSubstitute(from: Value, to: Value): boolean {
    if (from === to) return false;
    if (!this.isOutput(from)) return true;
    return to.producer?.graph === this.graph && !this.isOutput(to);
  }

  /** Makes everybody who uses `from` use `to`. Call `canSubstitute` first. */
  substitute(from: Value, to: Value): void {
    if (this.isOutput(from)) {
      if (!this.canSubstitute(from, to))
        throw new InferlabError("PASS", `output "${from.name}" cannot become "${to.name}"`);
      // The output's name wins: it is part of what the model promises.
      const { name } = from;
      from.name = this.freshName(name);
      to.name = name;
      to.doc ??= from.doc;
      to.declared ||= from.declared;
    }
    this.keepType(to, from.type, `"${to.name}" in place of "${from.name}"`);
    if (from.type && !to.type) to.type = from.type;
    this.graph.replaceUses(from, to, this.session.graphs);
    this.outputs = undefined;
  }

  /** Throws PASS where a value that others use has got a type that contradicts the one it had. */
  private keepType(value: Value, promised: ValueType | undefined, by: string): void {
    if (agrees(promised, value.type)) return;
    throw new InferlabError(
      "PASS",
      `pass ${this.pass.name}: ${by} makes ${value.type ? formatValueType(value.type) : "nothing"}, expected ${formatValueType(promised!)} as before`,
      {
        hint: "a rewrite must keep the type of every value that stays",
        details: { pass: this.pass.name, value: value.name },
      },
    );
  }

  remove(node: Node): void {
    node.graph?.remove(node);
  }

  /** Whether no node and no graph output uses the node's outputs. */
  isUnused(node: Node): boolean {
    return node.outputs.every((value) => !value || (value.users.size === 0 && !this.isOutput(value)));
  }

  /** To be called by a rewrite that changed the outputs of a graph. */
  outputsChanged(): void {
    this.outputs = undefined;
  }

  /** Whether a graph, this one or one inside it, gives the value out. */
  isOutput(value: Value): boolean {
    if (!this.outputs) {
      this.outputs = new Map();
      for (const graph of this.session.graphs)
        for (const output of graph.outputs) this.outputs.set(output, (this.outputs.get(output) ?? 0) + 1);
    }
    return this.outputs.has(value);
  }

  /** The one node that uses the value, once, in this graph; undefined where there are others or it is an output. */
  soleUser(value: Value | undefined): Node | undefined {
    if (value?.users.size !== 1 || this.isOutput(value)) return undefined;
    const [user] = value.users as ReadonlySet<Node>;
    if (user!.graph !== this.graph || user!.inputs.filter((input) => input === value).length !== 1) return undefined;
    return user;
  }

  /** The node of this graph that computes the value, where it is one of the default domain's `ops`. */
  producer(value: Value | undefined, ...ops: readonly string[]): Node | undefined {
    const node = value?.producer;
    return node && node.graph === this.graph && node.operator.domain === "" && ops.includes(node.op) ? node : undefined;
  }

  /** As `producer`, and nothing but `user` reads what it computes. */
  soleProducer(value: Value | undefined, ...ops: readonly string[]): Node | undefined {
    const node = this.producer(value, ...ops);
    return node && this.soleUser(value) && node.outputs.filter((v) => v).length === 1 ? node : undefined;
  }

  /** Elements of a value that every run computes alike. */
  known(value: Value | undefined): Tensor | undefined {
    return value && (value.constant ?? this.session.known.get(value));
  }

  /** The graph's nodes of default-domain operators, in order, as they were when the pass began. */
  nodesOf(ops: readonly string[]): readonly Node[] {
    return this.session.nodesOf(this.graph, ops);
  }

  opset(domain = ""): number {
    return this.graph.opsets.get(domain) ?? this.root.opsets.get(domain) ?? 1;
  }

  /**
   * Opset under which an operator that came with `since` can be written here: the graph's, or `since` itself for an engine of
   * ours; undefined where the file's readers would not know it.
   */
  opsetFor(since: number): number | undefined {
    if (this.opset() >= since) return this.opset();
    return this.session.fused ? since : undefined;
  }

  /** The graph is rewritten for an engine of ours and never saved: fewer nodes are no aim in themselves. */
  get forEngine(): boolean {
    return this.session.fused;
  }

  /** Whether constants may grow by so many bytes; if so they are counted. */
  grow(bytes: number, largest = bytes): boolean {
    if (bytes <= 0) return true;
    if (bytes > this.session.growthBytes || largest > this.session.maxFoldedBytes) return false;
    this.session.growthBytes -= bytes;
    return true;
  }

  freshName(stem: string): string {
    const names = this.nameCounts();
    let name = stem;
    for (let count = 1; names.has(name); count++) name = `${stem}_${count}`;
    names.set(name, 1);
    return name;
  }

  /** Gives a value that comes from another graph a name of its own, where others have the same. */
  claimName(value: Value): void {
    const names = this.nameCounts();
    const count = names.get(value.name) ?? 0;
    if (count <= 1) return;
    names.set(value.name, count - 1);
    value.name = this.freshName(value.name);
  }

  private nameCounts(): Map<string, number> {
    if (this.names) return this.names;
    const names = new Map<string, number>();
    const count = ({ name }: Value): void => {
      names.set(name, (names.get(name) ?? 0) + 1);
    };
    const seen = new Set<Value>();
    for (const { inputs, nodes } of this.session.graphs) {
      for (const value of inputs) {
        seen.add(value);
        count(value);
      }
      for (let i = 0; i < nodes.length; i++) {
        const { inputs: read, outputs } = nodes[i]!;
        // A value has one producer; what has none may be read by many.
        for (let k = 0; k < outputs.length; k++) if (outputs[k]) count(outputs[k]!);
        for (let k = 0; k < read.length; k++) {
          const value = read[k];
          if (!value || value.producer || seen.has(value)) continue;
          seen.add(value);
          count(value);
        }
      }
    }
    this.names = names;
    return names;
  }
}

/** The new type says nothing that contradicts the old one. */
export function agrees(before: ValueType | undefined, after: ValueType | undefined): boolean {
  if (!before || !after) return true;
  if (before.kind !== "tensor" || after.kind !== "tensor") return before.kind === after.kind;
  if (before.dtype !== after.dtype) return false;
  const [old, now] = [before.shape, after.shape];
  if (!old || !now) return true;
  return (
    old.length === now.length &&
    old.every((dim, i) => typeof dim !== "number" || typeof now[i] !== "number" || dim === now[i])
  );
}

/** Sizes of a tensor value whose shape is known in full. */
export function staticShape(value: Value | undefined): readonly number[] | undefined {
  const shape = shapeOf(value);
  return shape && isStatic(shape) ? shape : undefined;
}

export function shapeOf(value: Value | undefined) {
  return value?.type?.kind === "tensor" ? value.type.shape : undefined;
}

export function dtypeOf(value: Value | undefined) {
  return value?.type?.kind === "tensor" ? value.type.dtype : undefined;
}

/** A node's attributes with defaults, untyped: passes know what they look at. */
export function attributesWithDefaults(node: Node): Readonly<Record<string, AttributeValue | undefined>> {
  return attributesOf(node, versionOf(node)) as Readonly<Record<string, AttributeValue | undefined>>;
}

export function intAttribute(node: Node, name: string, fallback: number): number {
  const value = attributesWithDefaults(node)[name];
  return typeof value === "number" ? value : fallback;
}

export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  const value = attributesWithDefaults(node)[name];
  return Array.isArray(value) ? (value as readonly number[]) : undefined;
}

/** The node is of the default domain and called `op`. */
export const isOp = (node: Node | undefined, ...ops: readonly string[]): node is Node =>
  node !== undefined && isA(node, ...ops);

/** As isOp, for a node that is there. */
export const isA = (node: Node, ...ops: readonly string[]): boolean =>
  node.operator.domain === "" && ops.includes(node.op);
