/**
 * Type and shape inference over a graph: the operators' `infer` in topological order, with values of small integer tensors
 * carried along (shape arithmetic), as numbers or as symbols. Writes `type` and `dims` of the graph's values.
 */
import { symbolsOf } from "../../base/dims.ts";
import { isInteger } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { type Dim, isStatic, type Shape, sizeOf } from "../../base/shapes.ts";
import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import { formatValueType, type ValueType } from "../../base/value-type.ts";
import type { AttributeSpecs, Attributes, InferContext, Subgraph } from "../../ops/operator.ts";
import { checkInputs } from "../../ops/ports.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { attributesOf, evaluateNode, nodeError, versionOf } from "./interpret.ts";
import { isOpaque } from "./opaque.ts";

export interface InferOptions {
  /** Shapes of graph inputs by name; they replace what the model declares. */
  inputShapes?: Readonly<Record<string, Shape>>;
  /** Operators that are not in the table are an error (default: their outputs keep their declared types). */
  strict?: boolean;
}

export interface InferReport {
  /** Where the file declares a type that cannot be: the inferred one was taken. */
  readonly warnings: readonly string[];
  /** Values of nodes that are the same in every run: small integer and bool tensors. */
  readonly known: KnownValues;
  /** Whether a type, a size or a known value is another one than before. */
  readonly changed: boolean;
  /** Infers a node that was added since, as growingInference does. */
  grow(node: Node): void;
}

export interface KnownValues {
  get(value: Value): Tensor | undefined;
}

/**
 * What a node's inference depended on and what it found, by identity: where nothing of it is another object, inferring again
 * finds the same. A pass changes few nodes of a graph that is inferred in every round.
 */
interface Inferred {
  /** What it was given: attributes; types, sizes and known values of the inputs. */
  readonly given: readonly unknown[];
  /** Which outputs there are, with types and sizes. */
  readonly made: readonly unknown[];
  readonly known: readonly (Tensor | undefined)[];
  /** Whether declared shapes counted; undefined where it makes no difference. */
  readonly trustDeclared: boolean | undefined;
}

const memos = new WeakMap<Node, Inferred>();

/** Lets a copy of a node, whose values have the same types, start from what is inferred of the original. */
export function shareInference(from: Node, to: Node): void {
  const memo = memos.get(from);
  if (memo) memos.set(to, memo);
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function isSameType(a: ValueType | undefined, b: ValueType | undefined): boolean {
  if (a === b || !a || !b) return a === b;
  if (a.kind === "map" || b.kind === "map")
    return a.kind === "map" && b.kind === "map" && a.key === b.key && isSameType(a.value, b.value);
  if (a.kind !== "tensor" || b.kind !== "tensor")
    return a.kind !== "tensor" && b.kind !== "tensor" && a.kind === b.kind && isSameType(a.element, b.element);
  if (a.dtype !== b.dtype) return false;
  return a.shape && b.shape ? isSameList(a.shape, b.shape) : a.shape === b.shape;
}

/** Values of up to this many elements are carried along; shapes are short. */
const maxKnownElements = 1024;

/**
 * Infers the types of all values, subgraphs included. What the model declares fills in what inference cannot know.
 *
 * Errors: SHAPE, DTYPE, VALUE, ATTRIBUTE with the node's name where the graph cannot run; ARGUMENT for an unknown input.
 *
 * @example
 * inferShapes(graph, { inputShapes: { x: [1, 3, 224, 224] } });
 * graph.outputs[0].type; // { kind: "tensor", dtype: "float32", shape: [1, 1000] }
 */
export function inferShapes(graph: Graph, options: InferOptions = {}): InferReport {
  const inference = new Inference(options);
  for (const [name, shape] of Object.entries(options.inputShapes ?? {})) {
    const input = graph.inputs.find((value) => value.name === name);
    if (!input)
      throw new InferlabError("ARGUMENT", `there is no input "${name}"`, {
        hint: `the model's inputs are ${graph.inputNames.map((n) => JSON.stringify(n)).join(", ")}`,
      });
    if (input.type && input.type.kind !== "tensor")
      throw new InferlabError("ARGUMENT", `input "${name}" is a ${input.type.kind}, expected a tensor`);
    const declared = input.type?.shape;
    if (declared && declared.length !== shape.length)
      throw new InferlabError(
        "SHAPE",
        `input "${name}" was given shape [${shape.join(",")}], expected rank ${declared.length} as in [${declared.join(",")}]`,
      );
    input.type = { kind: "tensor", dtype: input.type?.dtype ?? "float32", shape: [...shape] };
  }
  inference.reserveSymbols(graph);
  inference.graph(graph);
  const growing = inference.growing();
  return {
    warnings: inference.warnings,
    known: { get: (value) => (value.producer ? inference.constant(value) : undefined) },
    changed: inference.changed,
    grow: (node) => growing.node(node),
  };
}

/**
 * Inference for a graph that is still being built or rewritten: the returned function infers one node at a time, from its
 * inputs' types as they are. Symbols it makes up stay distinct. Errors: as inferShapes; the node's outputs are then without types.
 */
export function growingInference(graph?: Graph): (node: Node) => void {
  const inference = new Inference({ strict: true });
  if (graph) inference.reserveSymbols(graph);
  return (node) => inference.node(node);
}

class Inference {
  readonly warnings: string[] = [];
  /** Whether a node's inference gave anything else than the one before. */
  changed = false;
  private readonly strict: boolean;
  /** Declared shapes belong to the declared inputs: with other inputs only element types count. */
  private readonly trustDeclared: boolean;
  private readonly symbols: { numFresh: number };
  /** Values known before the run, beside the graph's constants. */
  private readonly known: Map<Value, Tensor>;

  constructor(options: InferOptions, symbols = { numFresh: 0 }, known = new Map<Value, Tensor>()) {
    this.strict = options.strict ?? false;
    this.trustDeclared = options.inputShapes === undefined || Object.keys(options.inputShapes).length === 0;
    this.symbols = symbols;
    this.known = known;
  }

  /** For nodes added to the graph: what is known counts, symbols stay distinct. */
  growing(): Inference {
    return new Inference({ strict: true }, this.symbols, this.known);
  }

  /** Fresh symbols are `?1`, `?2`, …; those that the graph's types already use stay theirs. */
  reserveSymbols(graph: Graph): void {
    for (const g of [graph, ...graph.nested()]) {
      for (const value of g.inputs) this.reserve(value.type);
      for (let i = 0; i < g.nodes.length; i++) {
        const { outputs } = g.nodes[i]!;
        for (let k = 0; k < outputs.length; k++) this.reserve(outputs[k]?.type);
      }
    }
  }

  private reserve(type: ValueType | undefined): void {
    if (type && type.kind !== "tensor") this.reserve(type.kind === "map" ? type.value : type.element);
    if (type?.kind !== "tensor" || !type.shape) return;
    if (isStatic(type.shape)) return;
    for (const dim of type.shape)
      if (typeof dim === "string" && dim.includes("?"))
        for (const symbol of symbolsOf(dim))
          if (/^\?\d+$/.test(symbol)) this.symbols.numFresh = Math.max(this.symbols.numFresh, Number(symbol.slice(1)));
  }

  freshDim(): Dim {
    return `?${++this.symbols.numFresh}`;
  }

  graph(graph: Graph): void {
    for (let i = 0; i < graph.nodes.length; i++) this.node(graph.nodes[i]!);
  }

  node(node: Node): void {
    const memo = memos.get(node);
    if (memo && this.stillHolds(memo, node)) {
      for (let i = 0; i < memo.known.length; i++) {
        const tensor = memo.known[i];
        if (tensor) this.known.set(node.outputs[i]!, tensor);
      }
      return;
    }
    const given = this.given(node);
    const before = node.outputs.map((value) => value && { type: value.type, dims: value.dims });
    const numWarnings = this.warnings.length;
    memos.delete(node);
    const isKnown = this.infer(node);
    node.outputs.forEach((value, index) => {
      const old = before[index];
      if (!value || !old) return;
      // What is the same stays the same object: nobody downstream need look again.
      if (isSameType(old.type, value.type)) value.type = old.type;
      else this.changed = true;
      if (old.dims && value.dims && isSameList(old.dims, value.dims)) value.dims = old.dims;
      else if (old.dims !== value.dims) this.changed = true;
    });
    if (!isKnown || this.warnings.length > numWarnings) return;
    const known = node.outputs.map((value) => value && this.known.get(value));
    if (known.some((tensor, index) => tensor !== undefined && tensor !== memo?.known[index])) this.changed = true;
    const trustMatters = node.outputs.some(
      (value) => value?.declared && !(value.type?.kind === "tensor" && value.type.shape && isStatic(value.type.shape)),
    );
    const trustDeclared = trustMatters ? this.trustDeclared : undefined;
    memos.set(node, { given, made: madeBy(node), known, trustDeclared });
  }

  /** Compares with what `given` and `madeBy` say of the node as it is, without making them. */
  private stillHolds(memo: Inferred, node: Node): boolean {
    if (memo.trustDeclared !== undefined && memo.trustDeclared !== this.trustDeclared) return false;
    const { given, made } = memo;
    const { attributes, inputs, outputs } = node;
    if (given.length !== attributes.size * 2 + inputs.length * 3 || made.length !== outputs.length * 3) return false;
    let at = 0;
    for (let i = 0; i < outputs.length; i++) {
      const value = outputs[i];
      if (made[at++] !== (value !== undefined) || made[at++] !== value?.type || made[at++] !== value?.dims)
        return false;
    }
    at = attributes.size * 2;
    for (let i = 0; i < inputs.length; i++) {
      const value = inputs[i];
      if (given[at++] !== value?.type || given[at++] !== value?.dims) return false;
      if (given[at++] !== (value && (value.isConstant || this.known.get(value)))) return false;
    }
    at = 0;
    let isSame = true;
    attributes.forEach((value, name) => {
      if (given[at++] !== name || given[at++] !== value) isSame = false;
    });
    return isSame;
  }

  /** What a node's inference can depend on. The elements of a constant go with its type, which no other constant has. */
  private given(node: Node): readonly unknown[] {
    const list: unknown[] = [];
    node.attributes.forEach((value, name) => {
      list.push(name, value);
    });
    for (let i = 0; i < node.inputs.length; i++) {
      const value = node.inputs[i];
      list.push(value?.type, value?.dims, value && (value.isConstant || this.known.get(value)));
    }
    return list;
  }

  /** Returns whether inference could say all it ever will of the node as it is. */
  private infer(node: Node): boolean {
    const declared = node.outputs.map((value) => (value?.declared ? value.type : undefined));
    for (const value of node.outputs) {
      if (!value) continue;
      value.dims = undefined;
      this.known.delete(value);
      if (!value.declared) value.type = undefined;
    }
    if (isOpaque(node.operator) && !this.strict) {
      for (const [, inner] of node.subgraphs()) this.graph(inner);
      if (!this.trustDeclared) for (const value of node.outputs) if (value) value.type = withoutShape(value.type);
      return false;
    }
    const context = new NodeInference(node, this);
    try {
      this.checkInputs(node, context);
      node.operator.infer(context as InferContext);
    } catch (error) {
      // Behind an operator that nobody knows types are not known either, and that is no fault of this node.
      const blind = !this.strict && node.inputs.some((value) => value && !value.type);
      if (!(blind && error instanceof InferlabError && error.code === "DTYPE")) throw located(node, error);
      if (!this.trustDeclared) for (const value of node.outputs) if (value) value.type = withoutShape(value.type);
      return false;
    }
    node.outputs.forEach((value, index) => {
      if (!value) return;
      const inferred = context.types[index];
      const dims = context.outputDims[index];
      if (inferred?.kind === "tensor")
        for (const dim of inferred.shape ?? []) {
          if (typeof dim === "number" && !(Number.isSafeInteger(dim) && dim >= 0))
            throw nodeError(node, "SHAPE", `its output "${value.name}" would be ${formatValueType(inferred)}`);
        }
      const before = this.trustDeclared ? declared[index] : withoutShape(declared[index]);
      value.type = this.merge(value, inferred, before);
      if (dims && value.type?.kind === "tensor" && isInteger(value.type.dtype)) value.dims = dims;
    });
    this.evaluate(node);
    return !node.hasSubgraphs;
  }

  private checkInputs(node: Node, context: NodeInference): void {
    const given = node.inputs.map((value) => value && (value.type?.kind === "tensor" ? value.type.dtype : "unknown"));
    checkInputs(node.operator, context.version, given, (code, message) => context.fail(code, message));
  }

  /** Inferred sizes win; what inference left open is taken from the declaration. */
  private merge(value: Value, inferred: ValueType | undefined, declared: ValueType | undefined): ValueType | undefined {
    if (!inferred || !declared) return inferred ?? declared;
    const conflict = (): ValueType => {
      this.warnings.push(
        `"${value.name}" is declared as ${formatValueType(declared)} but computes ${formatValueType(inferred)}`,
      );
      return inferred;
    };
    if (inferred.kind === "map" || declared.kind === "map") {
      const agree = inferred.kind === "map" && declared.kind === "map" && inferred.key === declared.key;
      // What is declared of a map's values is their dtype: whether they are scalars, their operator says.
      return agree && inferred.value.dtype === declared.value.dtype ? inferred : conflict();
    }
    if (inferred.kind !== "tensor" || declared.kind !== "tensor") {
      if (inferred.kind === "tensor" || declared.kind === "tensor" || inferred.kind !== declared.kind) return inferred;
      return { kind: inferred.kind, element: this.merge(value, inferred.element, declared.element)! };
    }
    if (inferred.dtype !== declared.dtype) return conflict();
    if (!inferred.shape) return declared;
    if (!declared.shape) return inferred;
    if (inferred.shape.length !== declared.shape.length) return conflict();
    let clash = false;
    const shape = inferred.shape.map((dim, axis) => {
      const stated = declared.shape![axis]!;
      if (typeof dim === "number") {
        if (typeof stated === "number" && stated !== dim) clash = true;
        return dim;
      }
      // A symbol that stands for nothing in particular yields to any statement, another symbol to a number.
      return typeof stated === "number" || /^\?\d+$/.test(dim) ? stated : dim;
    });
    return clash ? conflict() : { kind: "tensor", dtype: inferred.dtype, shape };
  }

  /** Runs a node on known values where its outputs are small: shape arithmetic the symbols do not cover. */
  private evaluate(node: Node): void {
    if (node.operator.nondeterministic || node.outputs.every((value) => !value)) return;
    for (const value of node.outputs) {
      if (!value) continue;
      const type = value.type;
      if (type?.kind !== "tensor" || !type.shape || !isStatic(type.shape)) return;
      if (sizeOf(type.shape) > maxKnownElements || !(isInteger(type.dtype) || type.dtype === "bool")) return;
      if (value.dims?.every((dim) => typeof dim === "number")) return;
    }
    if (node.inputs.length === 0 || node.hasSubgraphs) return;
    const inputs: (RuntimeValue | undefined)[] = [];
    for (const value of node.inputs) {
      const content = value && this.constant(value);
      if (value && (!content || content.size > maxKnownElements)) return;
      inputs.push(content);
    }
    evaluateNode(node, inputs).forEach((result, index) => {
      const value = node.outputs[index];
      if (!value || !(result instanceof Tensor)) return;
      this.known.set(value, result);
      if (isInteger(result.dtype) && result.rank <= 1) value.dims = Array.from(result.data as BigInt64Array, Number);
    });
  }

  /** The value's elements where they are known before the run. */
  constant(value: Value): Tensor | undefined {
    if (value.isConstant) return value.constant;
    const known = this.known.get(value);
    if (known) return known;
    const type = value.type;
    if (type?.kind !== "tensor" || !type.shape || type.shape.length > 1) return undefined;
    if (!value.dims?.every((dim) => typeof dim === "number")) return undefined;
    const sizes = value.dims as readonly number[];
    if (!sizes.every(Number.isSafeInteger)) return undefined;
    const shape = type.shape.length === 0 ? [] : [sizes.length];
    if (type.dtype === "int64") return new Tensor("int64", shape, BigInt64Array.from(sizes, BigInt));
    return type.dtype === "int32" ? new Tensor("int32", shape, Int32Array.from(sizes)) : undefined;
  }

  dims(value: Value): readonly Dim[] | undefined {
    if (value.dims) return value.dims;
    const type = value.type;
    if (type?.kind !== "tensor" || !type.shape || type.shape.length > 1 || !isInteger(type.dtype)) return undefined;
    // The size is looked at before a constant's elements are: large ones stay in the file.
    if (value.isConstant && sizeOf(type.shape as number[]) > maxKnownElements) return undefined;
    const known = this.constant(value);
    return known && Array.from(known.data as BigInt64Array, Number);
  }

  subgraph(graph: Graph, inputs: readonly (ValueType | undefined)[]): (ValueType | undefined)[] {
    graph.inputs.forEach((value, index) => {
      if (inputs[index]) value.type = inputs[index];
    });
    this.graph(graph);
    return graph.outputs.map((value) => value.type);
  }
}

function madeBy(node: Node): readonly unknown[] {
  const list: unknown[] = [];
  for (const value of node.outputs) list.push(value !== undefined, value?.type, value?.dims);
  return list;
}

function withoutShape(type: ValueType | undefined): ValueType | undefined {
  return type?.kind === "tensor" ? { kind: "tensor", dtype: type.dtype } : type;
}

/** Gives an error of an operator's inference its node, once. */
function located(node: Node, error: unknown): unknown {
  if (!(error instanceof InferlabError) || error.details.op !== undefined) return error;
  return nodeError(node, error.code, error.message, error.hint, error);
}

/** What an operator's inference sees of its node. */
class NodeInference implements InferContext {
  readonly version: number;
  readonly attrs: Attributes<AttributeSpecs>;
  readonly types: (ValueType | undefined)[] = [];
  readonly outputDims: (readonly Dim[] | undefined)[] = [];
  private readonly node: Node;
  private readonly inference: Inference;

  constructor(node: Node, inference: Inference) {
    this.node = node;
    this.inference = inference;
    this.version = versionOf(node);
    this.attrs = attributesOf(node, this.version);
  }

  get numInputs(): number {
    return this.node.inputs.length;
  }

  get numOutputs(): number {
    return this.node.outputs.length;
  }

  isOutputUsed(index: number): boolean {
    return this.node.outputs[index] !== undefined;
  }

  type(index: number): ValueType | undefined {
    return this.node.inputs[index]?.type;
  }

  dtype(index: number) {
    const type = this.type(index);
    if (type?.kind === "tensor") return type.dtype;
    const port = this.node.operator.inputs[index]?.name ?? String(index);
    const value = this.node.inputs[index];
    if (!value) return this.fail("DTYPE", `input ${port} is left out, expected a tensor`);
    return this.fail("DTYPE", `the type of input ${port} ("${value.name}") is ${type ? type.kind : "not known"}`);
  }

  shape(index: number): Shape | undefined {
    const type = this.type(index);
    return type?.kind === "tensor" ? type.shape : undefined;
  }

  constant(index: number): Tensor | undefined {
    const value = this.node.inputs[index];
    return value && this.inference.constant(value);
  }

  dims(index: number): readonly Dim[] | undefined {
    const value = this.node.inputs[index];
    return value && this.inference.dims(value);
  }

  freshDim(): Dim {
    return this.inference.freshDim();
  }

  output(index: number, type: ValueType, dims?: readonly Dim[]): void {
    this.types[index] = type;
    this.outputDims[index] = dims;
  }

  inferSubgraph(graph: Subgraph, inputs: readonly (ValueType | undefined)[]): (ValueType | undefined)[] {
    return this.inference.subgraph(graph as Graph, inputs);
  }

  fail(code: "SHAPE" | "DTYPE" | "VALUE" | "ATTRIBUTE", message: string, hint?: string): never {
    throw nodeError(this.node, code, message, hint);
  }
}
