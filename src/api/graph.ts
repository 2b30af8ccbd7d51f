/** `graph()`: a graph typed by hand. Each call infers at once, so a wrong shape is an error at the line that makes it. */
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { type DType, isDType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { formatType, type Shape } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import { formatValueType, tensorType } from "../base/value-type.ts";
import { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { growingInference } from "../compiler/ir/infer.ts";
import { isFluent, methodName } from "../ops/fluent.ts";
import type { Operator } from "../ops/operator.ts";
import * as registry from "../ops/registry.gen.ts";
import { bindCall } from "./apply.ts";
import type { OperatorMethods } from "./methods.gen.ts";
import { Model } from "./model.ts";
import { type GraphOperand, isTensorOperand, toTensor } from "./operand.ts";
import { defaultOpset } from "./tensor.ts";

/** A value of a graph under construction, with every operator as a method. */
export class GraphValue {
  readonly graphValue = true as const;
  readonly builder: GraphBuilder;
  readonly value: Value;

  constructor(builder: GraphBuilder, value: Value) {
    this.builder = builder;
    this.value = value;
  }

  get name(): string {
    return this.value.name;
  }

  get dtype(): DType | undefined {
    return this.value.type?.kind === "tensor" ? this.value.type.dtype : undefined;
  }

  /** Sizes and symbols; undefined where not even the rank is known. */
  get shape(): Shape | undefined {
    return this.value.type?.kind === "tensor" ? this.value.type.shape : undefined;
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

export interface GraphValue extends OperatorMethods<GraphValue, GraphOperand> {}

export class GraphBuilder {
  readonly graph: Graph;
  private readonly opset: number;
  private readonly names = new Map<string, number>();
  private readonly infer = growingInference();

  constructor(name: string, opset: number) {
    this.graph = new Graph(name);
    this.graph.opsets.set("", opset);
    this.opset = opset;
  }

  /** A graph input. Dims are sizes or symbols: `["n", 3, 224, 224]`. */
  input(name: string, dtype: DType, shape: Shape): GraphValue {
    if (!isDType(dtype)) throw new InferlabError("ARGUMENT", `dtype of input "${name}" is ${JSON.stringify(dtype)}`);
    for (const dim of shape) {
      const good = typeof dim === "string" ? /^[A-Za-z_]\w*$/.test(dim) : Number.isSafeInteger(dim) && dim >= 0;
      if (good) continue;
      throw new InferlabError("SHAPE", `input "${name}" is ${formatType(dtype, shape)}, expected sizes and symbols`);
    }
    const value = new Value(this.claim(name), tensorType(dtype, shape));
    this.graph.inputs.push(value);
    return new GraphValue(this, value);
  }

  /** A constant: weights, or numbers. */
  constant(tensor: Tensor, name?: string): GraphValue {
    const value = new Value(name ? this.claim(name) : this.unique("constant"));
    value.setConstant(tensor);
    return new GraphValue(this, value);
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
    const inputs = call.inputs.map((operand, index) => {
      if (operand === undefined) return undefined;
      if (operand instanceof GraphValue) {
        if (operand.builder === this) return operand.value;
        throw new InferlabError(
          "ARGUMENT",
          `"${operand.name}" is a value of another graph ("${operand.builder.graph.name}")`,
        );
      }
      if (isTensorOperand(operand))
        return this.constant(toTensor(operand, call.dtypes[index] ?? receiver.dtype ?? "float32")).value;
      throw new InferlabError(
        "ARGUMENT",
        `operand ${index} of ${methodName(operator)} is not a value, tensor or numbers`,
      );
    });
    const name = this.unique(methodName(operator));
    const outputs = Array.from({ length: call.count }, (_, i) => new Value(call.count === 1 ? name : `${name}.${i}`));
    const node = this.graph.insert(new Node(name, operator, this.opset, call.attributes), inputs, outputs);
    try {
      this.infer(node);
    } catch (error) {
      this.graph.remove(node); // a cell that is mended and run again must not find the broken node
      throw error;
    }
    const values = outputs.map((output) => new GraphValue(this, output));
    return call.result === "one" ? values[0]! : values;
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

  private unique(base: string): string {
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
