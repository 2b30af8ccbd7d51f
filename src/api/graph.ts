/** `graph()`: a graph typed by hand. Each call infers at once, so a wrong shape is an error at the line that makes it. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { type DType, dtypes, isDType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { formatType, type Shape } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import { formatValueType, tensorType } from "../base/value-type.ts";
import { cloneGraph } from "../compiler/ir/clone.ts";
import { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { growingInference } from "../compiler/ir/infer.ts";
import { isFluent, methodName } from "../ops/fluent.ts";
import type { AttributeValue, Operator } from "../ops/operator.ts";
import * as registry from "../ops/registry.gen.ts";
import { bindCall } from "./apply.ts";
import type { OperatorMethods } from "./methods.gen.ts";
import { Model } from "./model.ts";
import { type GraphOperand, isTensorOperand, toTensor } from "./operand.ts";
import { defaultOpset, tensor } from "./tensor.ts";
import type { DTypeOf, Plain, ValueLike } from "./typing.ts";

/**
 * A value of a graph under construction, with every operator as a method. D and S are its dtype and shape as far as TypeScript
 * knows them.
 */
export class GraphValue<D extends DType = DType, S extends Shape = Shape> {
  readonly graphValue = true as const;
  readonly builder: GraphBuilder;
  readonly value: Value;
  /** The graph it belongs to: the builder's, or a branch or body inside. */
  readonly home: Graph;

  constructor(builder: GraphBuilder, value: Value, home: Graph = builder.graph) {
    this.builder = builder;
    this.value = value;
    this.home = home;
  }

  get name(): string {
    return this.value.name;
  }

  get dtype(): D | undefined {
    return this.value.type?.kind === "tensor" ? (this.value.type.dtype as D) : undefined;
  }

  /** Sizes and symbols; undefined where not even the rank is known. */
  get shape(): Shape | undefined {
    return this.value.type?.kind === "tensor" ? this.value.type.shape : undefined;
  }

  /** The same numbers in another dtype, rounded by its rules; the value itself where it has the dtype. (ONNX Cast) */
  to<E extends DType>(dtype: E): GraphValue<E, S> {
    if (!isDType(dtype)) throw new InferlabError("ARGUMENT", `dtype is ${JSON.stringify(dtype)}`);
    if ((dtype as DType) === this.dtype) return this as GraphValue as GraphValue<E, S>;
    return this.builder.apply(registry.cast, this, [{ to: dtypes[dtype].onnx }]) as GraphValue<E, S>;
  }

  toString(): string {
    return `${this.name}: ${this.value.type ? formatValueType(this.value.type) : "?"}`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  [displaySymbol](): Displayed {
    return { "text/plain": this.toString() };
  }
}

export interface GraphValue<D extends DType = DType, S extends Shape = Shape>
  extends OperatorMethods<"value", D, S>,
    ValueLike<D, S> {}

/** What the second branch of `cond` may give: as many values as the first. */
type Either<A> = A extends readonly unknown[] ? { readonly [K in keyof A]: GraphValue } : GraphValue;

/** What `cond` gives: what both branches are known to give. */
type Merged<A, B> = A extends readonly unknown[]
  ? { readonly [K in keyof A]: K extends keyof B ? MergedValue<A[K], B[K]> : never }
  : MergedValue<A, B>;
type MergedValue<A, B> = [A] extends [B] ? B : [B] extends [A] ? A : GraphValue<DTypeOf<A>>;

/** The state of a loop: sizes may change from one iteration to the next. */
type LoopState<S extends readonly GraphValue[]> = { readonly [K in keyof S]: GraphValue<DTypeOf<S[K]>> };

/** What the body of a loop gives. */
export interface LoopStep {
  readonly state: readonly GraphValue[];
  /** Whether there is another iteration; left out: until `times`. */
  readonly again?: GraphValue<"bool">;
  /** Values kept of every iteration. */
  readonly collect?: readonly GraphValue[];
}

export class GraphBuilder {
  readonly graph: Graph;
  readonly opset: number;
  private readonly names = new Map<string, number>();
  private readonly infer = growingInference();
  /** Where nodes go: the graph, or the branch or body that is being built. */
  private current: Graph;

  constructor(name: string, opset: number) {
    this.graph = new Graph(name);
    this.graph.opsets.set("", opset);
    this.opset = opset;
    this.current = this.graph;
  }

  /** A graph input. Dims are sizes or symbols: `["n", 3, 224, 224]`. */
  input<D extends DType, const S extends Shape>(name: string, dtype: D, shape: S): GraphValue<D, Plain<S>> {
    if (!isDType(dtype)) throw new InferlabError("ARGUMENT", `dtype of input "${name}" is ${JSON.stringify(dtype)}`);
    for (const dim of shape as Shape) {
      const good = typeof dim === "string" ? /^[A-Za-z_]\w*$/.test(dim) : Number.isSafeInteger(dim) && dim >= 0;
      if (good) continue;
      throw new InferlabError("SHAPE", `input "${name}" is ${formatType(dtype, shape)}, expected sizes and symbols`);
    }
    const value = new Value(this.claim(name), tensorType(dtype, shape));
    this.graph.inputs.push(value);
    return new GraphValue(this, value);
  }

  /** A constant: weights, or numbers. */
  constant<D extends DType, S extends number[]>(content: Tensor<D, S>, name?: string): GraphValue<D, S> {
    const value = new Value(name ? this.claim(name) : this.unique("constant"));
    value.setConstant(content);
    return new GraphValue(this, value, this.current);
  }

  /** A named constant that branches and bodies see too: the weights of a module. */
  weight<D extends DType, S extends number[]>(content: Tensor<D, S>, name: string): GraphValue<D, S> {
    const value = new Value(this.unique(name, true));
    value.setConstant(content);
    return new GraphValue(this, value, this.graph);
  }

  /** Makes a value an output under a name. */
  output(name: string, value: GraphValue): void {
    if (value?.builder !== this)
      throw new InferlabError("ARGUMENT", `output "${name}" is not a value of graph "${this.graph.name}"`);
    // An input, a constant or a value that is an output already keeps its name; an Identity carries the new one.
    const free = value.value.producer !== undefined && !this.graph.outputs.includes(value.value);
    const renamed = free ? value : (this.apply(registry.identity, value, []) as GraphValue);
    renamed.value.name = this.claim(name);
    this.graph.outputs.push(renamed.value);
  }

  /** The graph as a Model: compile, save, simplify. Errors: MODEL_INVALID where it has no output. */
  toModel(): Model {
    if (this.graph.outputs.length === 0)
      throw new InferlabError("MODEL_INVALID", `graph "${this.graph.name}" has no output`, {
        hint: 'call g.output("y", value) first',
      });
    return new Model(this.graph);
  }

  /** Applies an operator to a value of this graph: what the fluent methods do. */
  apply(operator: Operator, receiver: GraphValue, args: readonly unknown[]): GraphValue | GraphValue[] {
    const call = bindCall(operator, this.opset, receiver, args);
    const method = methodName(operator);
    const inputs = call.inputs.map((operand, index) =>
      operand === undefined
        ? undefined
        : this.operand(operand, call.dtypes[index] ?? receiver.dtype ?? "float32", `operand ${index} of ${method}`),
    );
    const values = this.node(operator, method, inputs, call.attributes, call.count);
    return call.result === "one" ? values[0]! : values;
  }

  /**
   * A value for what may stand in its place: a value of this graph, a tensor, numbers.
   *
   * Errors: ARGUMENT for a value of another graph, or of a branch or body that has ended.
   */
  operand(operand: unknown, dtype: DType, what: string): GraphValue {
    if (operand instanceof GraphValue) {
      if (operand.builder !== this)
        throw new InferlabError(
          "ARGUMENT",
          `"${operand.name}" is a value of another graph ("${operand.builder.graph.name}")`,
        );
      for (let graph: Graph | undefined = this.current; graph; graph = graph.parent)
        if (graph === operand.home) return operand;
      throw new InferlabError("ARGUMENT", `"${operand.name}" belongs to a branch or body that has ended`, {
        hint: "return it from the function, and use what cond() or loop() gives back",
      });
    }
    if (isTensorOperand(operand)) return this.constant(toTensor(operand, dtype));
    throw new InferlabError("ARGUMENT", `${what} is not a value, tensor or numbers`);
  }

  /** Applies an operator to inputs by position; infers at once. */
  node(
    operator: Operator,
    label: string,
    inputs: readonly (GraphValue | undefined)[],
    attributes: ReadonlyMap<string, AttributeValue>,
    count: number,
  ): GraphValue[] {
    const name = this.unique(label);
    const outputs = Array.from({ length: count }, (_, i) => new Value(count === 1 ? name : `${name}.${i}`));
    const { domain } = operator;
    const opset = domain === "" ? this.opset : operator.since.at(-1)!;
    if (domain !== "" && !this.graph.opsets.has(domain)) this.graph.opsets.set(domain, opset);
    const node = this.current.insert(
      new Node(name, operator, opset, attributes),
      inputs.map((input) => input?.value),
      outputs,
    );
    try {
      this.infer(node);
    } catch (error) {
      this.current.remove(node); // a cell that is mended and run again must not find the broken node
      throw error;
    }
    return outputs.map((output) => new GraphValue(this, output, this.current));
  }

  /**
   * One of two results, as a bool value says during the run. Both functions see the values around them.
   *
   * Errors: ARGUMENT where they give different numbers of values, DTYPE where these have different types.
   *
   * @example
   * g.output("y", g.cond(x.reduceSum({ keepdims: false }).greater(0), () => x.relu(), () => x.neg()));
   */
  cond<A extends GraphValue | readonly GraphValue[], B extends Either<A>>(
    condition: GraphValue<"bool">,
    then: () => A,
    otherwise: () => B,
  ): Merged<A, B> {
    const test = this.operand(condition, "bool", "the condition");
    const one = this.subgraph("then", [], then);
    const two = this.subgraph("else", [], otherwise);
    if (one.graph.outputs.length !== two.graph.outputs.length)
      throw new InferlabError(
        "ARGUMENT",
        `the first branch gives ${one.graph.outputs.length} values, the second ${two.graph.outputs.length}`,
      );
    const attributes = new Map<string, AttributeValue>([
      ["then_branch", one.graph],
      ["else_branch", two.graph],
    ]);
    const values = this.node(registry.ifOp, "cond", [test], attributes, one.graph.outputs.length);
    return (Array.isArray(one.result) ? values : values[0]) as Merged<A, B>;
  }

  /**
   * Repeats a body. It is given the iteration's number (int64) and the state, and gives the next state, maybe a bool that says
   * whether to go on, and values to collect. Result: the last state, and what was collected, stacked along a new first axis.
   *
   * Errors: ARGUMENT where the next state has another number of values.
   *
   * @example
   * const { state: [sum] } = g.loop({ times: 10, state: [x] }, ({ state: [s] }) => ({ state: [s.add(1)] }));
   */
  loop<const S extends readonly GraphValue[]>(
    options: { times?: number | GraphValue; while?: GraphValue; state: S },
    body: (step: { i: GraphValue<"int64", []>; state: LoopState<S> }) => LoopStep,
  ): { state: LoopState<S>; collected: GraphValue[] } {
    const { times, state } = options;
    const most =
      times === undefined
        ? undefined
        : this.operand(typeof times === "number" ? tensor(BigInt(times)) : times, "int64", "times");
    const test = options.while && this.operand(options.while, "bool", "while");
    const initial = state.map((value, i) => this.operand(value, "float32", `state ${i}`));
    const inputs: [string, Value["type"]][] = [
      ["i", tensorType("int64", [])],
      ["go", tensorType("bool", [])],
      ...initial.map((value, i): [string, Value["type"]] => [`state${i}`, value.value.type]),
    ];
    let collected = 0;
    const { graph } = this.subgraph("body", inputs, ([i, go, ...carried]) => {
      const step = body({ i: i as GraphValue<"int64", []>, state: carried as readonly GraphValue[] as LoopState<S> });
      if (step.state.length !== state.length)
        throw new InferlabError(
          "ARGUMENT",
          `the body gives ${step.state.length} values of state, expected ${state.length}`,
        );
      collected = step.collect?.length ?? 0;
      return [step.again ?? go!, ...step.state, ...(step.collect ?? [])];
    });
    const attributes = new Map<string, AttributeValue>([["body", graph]]);
    const values = this.node(registry.loop, "loop", [most, test, ...initial], attributes, state.length + collected);
    return {
      state: values.slice(0, state.length) as readonly GraphValue[] as LoopState<S>,
      collected: values.slice(state.length),
    };
  }

  /**
   * Another model as a function of values: its nodes and weights become part of this graph. Gives its outputs by name.
   *
   * Errors: ARGUMENT for a missing or unknown input.
   *
   * @example
   * const { embedding } = g.include(await Model.load("net.onnx"), { image: x });
   */
  include(model: Model, inputs: Readonly<Record<string, GraphOperand>>): Record<string, GraphValue> {
    const known = model.graph.inputNames;
    for (const name of Object.keys(inputs))
      if (!known.includes(name))
        throw new InferlabError("ARGUMENT", `model "${model.name}" has no input ${JSON.stringify(name)}`, {
          hint: `its inputs are ${known.join(", ")}`,
        });
    const copies = new Map<Value, Value>();
    for (const value of model.graph.inputs) {
      const given = inputs[value.name];
      if (given === undefined)
        throw new InferlabError("ARGUMENT", `input ${JSON.stringify(value.name)} of model "${model.name}" is missing`);
      const dtype = value.type?.kind === "tensor" ? value.type.dtype : "float32";
      copies.set(value, this.operand(given, dtype, `input ${JSON.stringify(value.name)}`).value);
    }
    const prefix = this.unique(model.name || "model");
    const copy = cloneGraph(model.graph, copies);
    const given = new Set(model.graph.inputs.map((value) => copies.get(value)));
    for (const graph of [copy, ...copy.nested()]) {
      for (const value of [
        ...(graph === copy ? [] : graph.inputs),
        ...graph.nodes.flatMap((n) => [...n.outputs, ...n.inputs]),
      ])
        if (value && !given.has(value) && !this.names.has(value.name)) {
          value.name = `${prefix}/${value.name}`;
          this.names.set(value.name, 1);
        }
    }
    for (const node of copy.nodes) {
      const { inputs: from, outputs } = node;
      const [sources, results] = [[...from], [...outputs]];
      for (const value of from) value?.users.delete(node);
      from.length = 0;
      outputs.length = 0;
      node.name = `${prefix}/${node.name}`;
      for (const [, inner] of node.subgraphs()) inner.parent = this.current;
      this.current.insert(node, sources, results);
      this.infer(node);
    }
    for (const [domain, version] of copy.opsets)
      if (!this.graph.opsets.has(domain)) this.graph.opsets.set(domain, version);
    return Object.fromEntries(
      model.graph.outputs.map((value) => [value.name, new GraphValue(this, copies.get(value) ?? value, this.current)]),
    );
  }

  /** Builds a branch or body: what `make` calls goes into it. */
  private subgraph<T extends GraphValue | readonly GraphValue[]>(
    label: string,
    inputs: readonly (readonly [string, Value["type"]])[],
    make: (inputs: GraphValue[]) => T,
  ): { graph: Graph; result: T } {
    const outer = this.current;
    const graph = new Graph(this.unique(label));
    graph.parent = outer;
    for (const [domain, version] of this.graph.opsets) graph.opsets.set(domain, version);
    this.current = graph;
    try {
      const values = inputs.map(([name, type]) => {
        const value = new Value(this.unique(`${label}.${name}`), type);
        graph.inputs.push(value);
        return new GraphValue(this, value, graph);
      });
      const result = make(values);
      for (const value of Array.isArray(result) ? (result as readonly GraphValue[]) : [result as GraphValue]) {
        const own = this.operand(value, "float32", "a result");
        // A subgraph's output is made by one of its own nodes.
        const made = own.home === graph && own.value.producer && !graph.outputs.includes(own.value);
        graph.outputs.push((made ? own : (this.apply(registry.identity, own, []) as GraphValue)).value);
      }
      return { graph, result };
    } finally {
      this.current = outer;
    }
  }

  [displaySymbol](): Displayed {
    return (
      display("graph", this.graph) ?? { "text/plain": `graph "${this.graph.name}", ${this.graph.nodes.length} nodes` }
    );
  }

  private claim(name: string): string {
    if (this.names.has(name))
      throw new InferlabError("ARGUMENT", `graph "${this.graph.name}" already has a value "${name}"`);
    this.names.set(name, 1);
    return name;
  }

  /** `base_0`, `base_1`, …; `plain`: `base` itself where it is free. */
  private unique(base: string, plain = false): string {
    if (plain && !this.names.has(base)) return this.claim(base);
    for (let count = this.names.get(base) ?? 0; ; count++) {
      const name = `${base}_${count}`;
      if (this.names.has(name)) continue;
      this.names.set(base, count + 1);
      this.names.set(name, 1);
      return name;
    }
  }
}

for (const operator of Object.values(registry)) {
  const name = methodName(operator);
  if (!isFluent(operator) || name in GraphValue.prototype) continue;
  Object.defineProperty(GraphValue.prototype, name, {
    value(this: GraphValue, ...args: unknown[]) {
      return this.builder.apply(operator, this, args);
    },
    writable: true,
    configurable: true,
  });
}

/**
 * A graph to build by calls.
 *
 * @example
 * const g = graph("tiny");
 * const x = g.input("x", "float32", ["n", 4]);
 * g.output("y", x.matmul(g.constant(tensor([[1], [1], [1], [1]]))).relu());
 * g.toModel().toString(); // "tiny(x: float32[n,4]) → y: float32[n,1]"
 */
export function graph(name = "graph", options: { opset?: number } = {}): GraphBuilder {
  return new GraphBuilder(name, options.opset ?? defaultOpset);
}
