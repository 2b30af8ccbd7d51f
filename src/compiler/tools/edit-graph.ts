/** Editing a model by hand: nodes removed, put in, replaced, renamed. Every step is checked before the next. */

import { InferlabError } from "../../base/errors.ts";
import { fromNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import { findOperator, unknownOperatorError } from "../../ops/lookup.ts";
import { type AttributeValue, resolveVersion } from "../../ops/operator.ts";
import { cloneGraph } from "../ir/clone.ts";
import { type Graph, Node, Value } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { nodeLabel } from "../ir/interpret.ts";
import { nodesOfWrongPorts, verifyGraph, verifyPorts } from "../ir/verify.ts";

/** A value of the model by name, or a constant: a number (of the type of the other inputs) or a tensor. */
export type EditInput = string | number | Tensor | undefined;

export interface NodeSettings {
  /** Inputs in order. Default: for `insert` the value it comes after, for `replace` the inputs of the node replaced. */
  readonly inputs?: readonly EditInput[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly name?: string;
  /** Name of what it computes; a new one by default. */
  readonly output?: string;
}

export interface InsertSettings extends NodeSettings {
  /** The value, or the node, after which it is put: whoever reads that reads the new node from now on. */
  readonly after: string;
}

const near = (names: Iterable<string>, name: string): string[] => {
  const lower = name.toLowerCase();
  return [...names]
    .filter((n) => n && (n.toLowerCase().includes(lower) || lower.includes(n.toLowerCase())))
    .slice(0, 3);
};

/**
 * What `editGraph` hands to its function. Methods return the editor, so that they chain. A node is named by its name or by a
 * value that it computes.
 */
export class GraphEditor {
  private readonly graph: Graph;
  /** Nodes whose types were wrong before any edit; engines may take them all the same. */
  private readonly wrongBefore: ReadonlySet<Node>;
  private count = 0;

  constructor(graph: Graph) {
    this.graph = graph;
    this.wrongBefore = nodesOfWrongPorts(graph);
  }

  /**
   * Takes a node out; whoever read its output reads `use` (default: the node's first input that is no constant).
   *
   * Errors: ARGUMENT for a node that does not exist or whose output cannot be replaced; those of inference where a node that
   * read it cannot run any more.
   */
  remove(name: string, options: { readonly use?: string } = {}): this {
    return this.step(`remove ${JSON.stringify(name)}`, () => {
      const node = this.node(name);
      const used = node.outputs.filter(
        (value) => value && (value.users.size > 0 || this.graph.outputs.includes(value)),
      );
      if (used.length > 1)
        throw new InferlabError(
          "ARGUMENT",
          `${nodeLabel(node)} has ${used.length} outputs that are read, expected one`,
          {
            hint: "replace it, or remove its readers first",
          },
        );
      const [from] = used;
      if (from) {
        const to =
          options.use === undefined ? node.inputs.find((value) => value && !value.isConstant) : this.value(options.use);
        if (!to)
          throw new InferlabError("ARGUMENT", `${nodeLabel(node)} has no input to take its output's place`, {
            hint: "say which: { use }",
          });
        this.redirect(from, to, node);
      }
      this.graph.remove(node);
    });
  }

  /** Puts a new node behind a value: it reads the value, and whoever read the value reads it. Errors: as `remove`. */
  insert(op: string, settings: InsertSettings): this {
    return this.step(`insert ${op} after ${JSON.stringify(settings.after)}`, () => {
      const value = this.value(settings.after);
      const users = [...value.users];
      const isOutput = this.graph.outputs.includes(value);
      const inputs = settings.inputs ?? [value.name];
      const before = this.graph.nodes.find((node) => users.includes(node) || this.readsInside(node, value));
      const made = this.create(op, inputs, settings, settings.name ?? `${value.name}_${op}`, before);
      const result = made.outputs[0]!;
      for (const user of users)
        user.inputs.forEach((input, i) => {
          if (input === value && user !== made) user.graph!.setInput(user, i, result);
        });
      if (isOutput) this.takeOver(value, result);
    });
  }

  /** Adds a node whose output nobody reads yet; `output` makes it an output of the model. */
  add(op: string, settings: NodeSettings & { readonly inputs: readonly EditInput[] }): this {
    return this.step(`add ${op}`, () => {
      this.create(op, settings.inputs, settings, settings.name ?? settings.output ?? op, undefined);
    });
  }

  /** Another operator in a node's place, with its inputs and outputs unless said otherwise. Attributes are not kept. */
  replace(name: string, op: string, settings: NodeSettings = {}): this {
    return this.step(`replace ${JSON.stringify(name)} by ${op}`, () => {
      const node = this.node(name);
      const inputs = settings.inputs?.map((input) => this.input(input, node)) ?? node.inputs;
      const outputs = [...node.outputs];
      const next = this.graph.nodes[this.graph.nodes.indexOf(node) + 1];
      const made = this.build(op, settings, settings.name ?? node.name);
      this.graph.remove(node);
      for (const value of outputs) if (value) value.declared = false;
      this.graph.insert(made, inputs, outputs, next);
      if (settings.output && outputs[0]) this.setName(outputs[0], settings.output);
    });
  }

  /** Sets attributes of a node; undefined takes one away. */
  set(name: string, attributes: Readonly<Record<string, AttributeValue | undefined>>): this {
    return this.step(`set ${Object.keys(attributes).join(", ")} of ${JSON.stringify(name)}`, () => {
      const node = this.node(name);
      for (const [key, value] of Object.entries(attributes)) {
        this.checkAttribute(node, key);
        if (value === undefined) node.attributes.delete(key);
        else node.attributes.set(key, value);
      }
    });
  }

  /** Other elements for a constant, of the same type or not. */
  constant(name: string, tensor: Tensor): this {
    return this.step(`set constant ${JSON.stringify(name)}`, () => {
      const value = this.value(name);
      if (!value.isConstant)
        throw new InferlabError(
          "ARGUMENT",
          `"${name}" is ${value.producer ? `computed by ${nodeLabel(value.producer)}` : "an input"}, expected a constant`,
        );
      value.setConstant(tensor);
    });
  }

  /** Another name for a value, an input or output included, or else for a node. */
  rename(from: string, to: string): this {
    return this.step(`rename ${JSON.stringify(from)} to ${JSON.stringify(to)}`, () => {
      const value = this.values().get(from);
      if (value) this.setName(value, to);
      else this.node(from).name = to;
    });
  }

  /** Makes a value an output of the model as well. */
  output(name: string): this {
    return this.step(`output ${JSON.stringify(name)}`, () => {
      const value = this.value(name);
      if (this.graph.outputs.includes(value)) throw new InferlabError("ARGUMENT", `"${name}" is an output already`);
      this.graph.outputs.push(value);
    });
  }

  /** Drops an output, and the nodes that only it needs. */
  dropOutput(name: string): this {
    return this.step(`drop output ${JSON.stringify(name)}`, () => {
      const index = this.graph.outputNames.indexOf(name);
      if (index < 0)
        throw new InferlabError("ARGUMENT", `there is no output ${JSON.stringify(name)}`, {
          hint: `outputs are ${this.graph.outputNames.join(", ")}`,
        });
      if (this.graph.outputs.length === 1) throw new InferlabError("ARGUMENT", `"${name}" is the only output`);
      this.graph.outputs.splice(index, 1);
      for (const node of this.graph.nodes.toReversed())
        if (node.outputs.every((value) => !value || (value.users.size === 0 && !this.graph.outputs.includes(value))))
          this.graph.remove(node);
    });
  }

  /** Runs a change and checks the graph; an error names the step. */
  private step(what: string, change: () => void): this {
    this.count++;
    try {
      change();
      sortNodes(this.graph);
      inferShapes(this.graph);
      verifyGraph(this.graph);
      verifyPorts(this.graph, this.wrongBefore);
    } catch (cause) {
      if (!(cause instanceof InferlabError)) throw cause;
      throw new InferlabError(cause.code, `edit ${this.count}, ${what}: ${cause.message}`, {
        cause,
        hint: cause.hint,
        details: { ...cause.details, step: this.count, edit: what },
      });
    }
    return this;
  }

  private values(): Map<string, Value> {
    const values = new Map<string, Value>();
    for (const value of this.graph.inputs) values.set(value.name, value);
    for (const node of this.graph.nodes)
      for (const value of [...node.inputs, ...node.outputs]) if (value) values.set(value.name, value);
    return values;
  }

  /** A value by its name, or the first output of the node of that name. */
  private value(name: string): Value {
    const values = this.values();
    const value = values.get(name) ?? this.graph.nodes.find((node) => node.name === name)?.outputs[0];
    if (value) return value;
    const close = near([...values.keys(), ...this.graph.nodes.map((node) => node.name)], name);
    throw new InferlabError("ARGUMENT", `there is no value or node ${JSON.stringify(name)}`, {
      hint: close.length > 0 ? `did you mean ${close.join(" or ")}?` : "model.inspect() lists the nodes",
    });
  }

  private node(name: string): Node {
    const node =
      this.graph.nodes.find((n) => n.name === name) ??
      this.graph.nodes.find((n) => n.outputs.some((value) => value?.name === name));
    if (node) return node;
    const close = near(
      this.graph.nodes.map((n) => n.name),
      name,
    );
    throw new InferlabError("ARGUMENT", `there is no node ${JSON.stringify(name)}`, {
      hint: close.length > 0 ? `did you mean ${close.join(" or ")}?` : "model.inspect() lists the nodes",
    });
  }

  private setName(value: Value, name: string): void {
    const holder = this.values().get(name);
    if (!name || (holder && holder !== value))
      throw new InferlabError("ARGUMENT", name ? `another value is called "${name}" already` : "the new name is empty");
    value.name = name;
  }

  private freshName(stem: string): string {
    const taken = this.values();
    for (const g of this.graph.nested())
      for (const node of g.nodes) for (const value of node.outputs) if (value) taken.set(value.name, value);
    let name = stem;
    for (let count = 1; taken.has(name); count++) name = `${stem}_${count}`;
    return name;
  }

  private input(input: EditInput, of: Node | undefined): Value | undefined {
    if (input === undefined) return undefined;
    if (typeof input === "string") return this.value(input);
    const like = of?.inputs.find((value) => value?.type?.kind === "tensor")?.type;
    const dtype = like?.kind === "tensor" ? like.dtype : "float32";
    const tensor = input instanceof Tensor ? input : new Tensor(dtype, [], fromNumbers(dtype, Float64Array.of(input)));
    const value = new Value(this.freshName("constant"));
    value.setConstant(tensor);
    return value;
  }

  private checkAttribute(node: Node, name: string): void {
    const known = Object.keys(node.operator.attributes);
    if (known.includes(name)) return;
    throw new InferlabError("ATTRIBUTE", `${nodeLabel(node)} has no attribute ${JSON.stringify(name)}`, {
      hint: known.length > 0 ? `its attributes are ${known.join(", ")}` : "it has none",
      details: { node: node.name, op: node.op },
    });
  }

  private build(path: string, settings: NodeSettings, name: string): Node {
    const dot = path.lastIndexOf(".");
    const [domain, op] = dot < 0 ? ["", path] : [path.slice(0, dot), path.slice(dot + 1)];
    const operator = findOperator(domain, op);
    if (!operator) throw unknownOperatorError(domain, op);
    const opset = this.graph.opsets.get(domain) ?? (domain ? 1 : undefined);
    if (opset === undefined || resolveVersion(operator, opset) === undefined)
      throw new InferlabError(
        "UNSUPPORTED",
        `${op} is not in opset ${opset ?? "of this model"}, it came with ${operator.since[0]}`,
        {
          hint: `convert the model first: inferlab convert --opset ${operator.since[0]}`,
        },
      );
    if (domain && !this.graph.opsets.has(domain)) this.graph.opsets.set(domain, opset);
    const node = new Node(name, operator, opset, Object.entries(settings.attributes ?? {}));
    for (const key of node.attributes.keys()) this.checkAttribute(node, key);
    return node;
  }

  private create(
    op: string,
    inputs: readonly EditInput[],
    settings: NodeSettings,
    stem: string,
    before: Node | undefined,
  ): Node {
    const node = this.build(op, settings, settings.name ?? stem);
    const first = inputs.find((input) => typeof input === "string");
    const like = first === undefined ? undefined : ({ inputs: [this.value(first)] } as unknown as Node);
    if (settings.output && this.values().has(settings.output))
      throw new InferlabError("ARGUMENT", `another value is called "${settings.output}" already`);
    const output = new Value(settings.output ?? this.freshName(stem));
    const required = node.operator.outputs.length > 0 ? [output] : [];
    this.graph.insert(
      node,
      inputs.map((input) => this.input(input, like)),
      required,
      before,
    );
    return node;
  }

  private readsInside(node: Node, value: Value): boolean {
    for (const [, inner] of node.subgraphs())
      for (const g of [inner, ...inner.nested()])
        if (g.outputs.includes(value) || g.nodes.some((n) => n.inputs.includes(value))) return true;
    return false;
  }

  /** Everybody who reads `from` reads `to`; an output of the model keeps its name. */
  private redirect(from: Value, to: Value, node: Node): void {
    const isOutput = this.graph.outputs.includes(from);
    if (!isOutput) {
      this.graph.replaceUses(from, to);
      return;
    }
    const free = to.producer?.graph === this.graph && !this.graph.outputs.includes(to);
    if (!free) {
      // An input, a constant or another output cannot take the name: an Identity gives it out.
      const identity = new Node(
        this.freshName(`${from.name}_identity`),
        findOperator("", "Identity")!,
        this.graph.opsets.get("") ?? 1,
      );
      const copy = new Value(this.freshName(`${from.name}_copy`));
      this.graph.insert(identity, [to], [copy], node);
      this.swapNames(from, copy);
      this.graph.replaceUses(from, copy);
      return;
    }
    this.swapNames(from, to);
    this.graph.replaceUses(from, to);
  }

  /** `result` becomes the output that `value` was, under its name. */
  private takeOver(value: Value, result: Value): void {
    this.graph.outputs[this.graph.outputs.indexOf(value)] = result;
    const { name } = value;
    value.name = this.freshName(`${name}_before`);
    value.declared = false;
    result.name = name;
    result.declared = true;
  }

  private swapNames(a: Value, b: Value): void {
    const { name } = a;
    a.name = this.freshName(`${name}_before`);
    b.name = name;
    b.declared = true;
    a.declared = false;
  }
}

/** Puts nodes after those whose values they read. Errors: MODEL_INVALID for a cycle, with a node of it. */
function sortNodes(graph: Graph): void {
  const done = new Set<Node>();
  const open = new Set<Node>();
  const sorted: Node[] = [];
  const readOf = (node: Node): Value[] => {
    const values = node.inputs.filter((value) => value !== undefined);
    for (const [, inner] of node.subgraphs())
      for (const g of [inner, ...inner.nested()])
        for (const values2 of [g.outputs, ...g.nodes.map((n) => n.inputs)])
          for (const value of values2) if (value) values.push(value);
    return values;
  };
  // Iterative: nets are thousands of nodes deep.
  for (const root of graph.nodes) {
    const stack: { node: Node; rest: Value[] }[] = done.has(root) ? [] : [{ node: root, rest: readOf(root) }];
    if (stack.length > 0) open.add(root);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const value = top.rest.pop();
      if (!value) {
        stack.pop();
        open.delete(top.node);
        done.add(top.node);
        sorted.push(top.node);
        continue;
      }
      const maker = value.producer;
      if (!maker || maker.graph !== graph || done.has(maker)) continue;
      if (open.has(maker))
        throw new InferlabError("MODEL_INVALID", `${nodeLabel(maker)} would read what it computes (a cycle)`, {
          details: { node: maker.name },
        });
      open.add(maker);
      stack.push({ node: maker, rest: readOf(maker) });
    }
  }
  graph.nodes.splice(0, graph.nodes.length, ...sorted);
}

/**
 * An edited copy of a graph; the original stays as it is.
 *
 * Errors: those of the editor's methods, with the number of the edit and what it was.
 *
 * @example
 * const quiet = editGraph(graph, (e) => e.remove("dropout").insert("Softmax", { after: "logits", attributes: { axis: 1 } }));
 */
export function editGraph(original: Graph, change: (editor: GraphEditor) => unknown): Graph {
  const graph = cloneGraph(original);
  inferShapes(graph);
  change(new GraphEditor(graph));
  return graph;
}
