/**
 * Builds a graph in ONNX operators from a net in TensorFlow's. TFLite and TensorFlow.js files share it: their operators mean
 * the same and differ in how a file spells them.
 *
 * Nouns: an **operand** is a tensor of the net. TensorFlow keeps images as [N,H,W,C] (**rows** here), ONNX as [N,C,H,W]
 * (**planes**). An operand is held in either order or in both, and is turned only where an operator needs the other, so that
 * a chain of convolutions has one Transpose in front and one behind.
 */
import { type DType, dtypes, isInteger } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { type Dim, type Shape, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { requireOperator } from "../../ops/lookup.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import { type ConstantSource, Graph, Node, Value } from "../ir/graph.ts";
import { growingInference } from "../ir/infer.ts";
import { operatorOrOpaque } from "../ir/opaque.ts";
import { lazySource, transposed } from "./constants.ts";

/**
 * Opset of ai.onnx that imported nets are written in. From 21 on QuantizeLinear has 16 and 4 bits, but onnxruntime 1.30 moves
 * a Transpose over it and loses the type of its zero point, so only nets that need those bits are written in it.
 */
export const importOpset = 20;
export const wideQuantizationOpset = 21;

/** How an integer tensor stands for real numbers: scale · (q − zeroPoint), one pair a tensor or one an index of `axis`. */
export interface Quantization {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  readonly axis: number;
}

export class Operand {
  rows: Value | undefined;
  planes: Value | undefined;
  /** The integers behind a quantised tensor; rows and planes hold the real numbers then. */
  stored: Operand | undefined;
  /** Of a quantised constant, whose real numbers are computed when asked for. */
  quantization: Quantization | undefined;

  constructor(held: { rows?: Value; planes?: Value; stored?: Operand; quantization?: Quantization }) {
    this.rows = held.rows;
    this.planes = held.planes;
    this.stored = held.stored;
    this.quantization = held.quantization;
  }
}

/** One of the orders an operand is held in, with how axes of [N,H,W,C] are found in it. */
export interface Held {
  readonly value: Value;
  /** Position here of an axis of the net. */
  axis(axis: number): number;
  /** A list with one entry an axis of the net, in the order held. */
  perAxis<T>(list: readonly T[]): T[];
  /** A result in the same order. */
  operand(value: Value): Operand;
}

const planeAxis = [0, 2, 3, 1];
const toPlanes = [0, 3, 1, 2];
const toRows = [0, 2, 3, 1];

type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

const maxNameLength = 1000;

export class Emitter {
  /** Where nodes go: the net's graph, or a branch or body inside it. */
  graph: Graph;
  /** What is being translated, as messages name it, and the name its nodes get. */
  scope = "";
  private readonly infer = growingInference();
  private readonly names = new Set<string>();
  private readonly counts = new Map<string, number>();
  /** Values that carry a name of the net. */
  private readonly labelled = new Set<Value>();

  private readonly opset: number;

  constructor(name: string, opset: number = importOpset) {
    this.graph = new Graph(name);
    this.graph.opsets.set("", opset);
    this.opset = opset;
  }

  unsupported(what: string, hint?: string): never {
    throw new InferlabError("UNSUPPORTED", `${this.scope}: ${what}`, { hint, details: { node: this.scope } });
  }

  invalid(what: string): never {
    throw new InferlabError("MODEL_INVALID", `${this.scope}: ${what}`, { details: { node: this.scope } });
  }

  /** A name that no value has yet: `base`, or `base_1`, … */
  unique(base: string): string {
    const short = base.slice(0, maxNameLength);
    let name = short;
    for (let count = this.counts.get(short) ?? 1; this.names.has(name); count++) {
      name = `${short}_${count}`;
      this.counts.set(short, count + 1);
    }
    this.names.add(name);
    return name;
  }

  input(name: string, dtype: DType, shape: Shape): Operand {
    const value = new Value(this.unique(name), tensorType(dtype, shape));
    value.declared = true;
    this.graph.inputs.push(value);
    return new Operand({ rows: value });
  }

  constantValue(name: string, source: ConstantSource | Tensor): Value {
    const value = new Value(this.unique(name));
    value.setConstant(source);
    return value;
  }

  constant(name: string, source: ConstantSource | Tensor): Operand {
    return new Operand({ rows: this.constantValue(name, source) });
  }

  ints(values: readonly number[], name = "ints"): Value {
    if (!values.every(Number.isInteger))
      this.invalid(`${name} are [${values.slice(0, 8).join(", ")}], expected integers`);
    const tensor = new Tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
    return this.constantValue(`${this.scope}/${name}`, tensor);
  }

  /** A scalar of a dtype. */
  scalar(value: number, dtype: DType = "float32", name = "scalar"): Value {
    const tensor = Tensor.zeros(dtype, []);
    const data = tensor.data as { [index: number]: number | bigint };
    data[0] = dtype === "int64" || dtype === "uint64" ? BigInt(value) : value;
    return this.constantValue(`${this.scope}/${name}`, tensor);
  }

  /** Applies an operator and infers its outputs at once. */
  nodes(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes, numOutputs: number): Value[] {
    const given = Object.entries(attributes).filter(
      (entry): entry is [string, AttributeValue] => entry[1] !== undefined,
    );
    const outputs = Array.from({ length: numOutputs }, () => new Value(this.unique(`${this.scope}/${op}`)));
    const node = new Node(outputs[0]!.name, requireOperator("", op), this.opset, given);
    this.graph.insert(node, inputs, outputs);
    try {
      this.infer(node);
    } catch (error) {
      if (!(error instanceof InferlabError)) throw error;
      const { code, message, hint, details } = error;
      throw new InferlabError(code, `${this.scope}: ${message}`, { hint, details, cause: error });
    }
    return outputs;
  }

  node(op: string, inputs: readonly (Value | undefined)[], attributes: Attributes = {}): Value {
    return this.nodes(op, inputs, attributes, 1)[0]!;
  }

  /**
   * A branch or body: what `build` emits goes into it, its outputs are what `build` gives, in the net's own order. Operands from
   * outside are handed on as `borrowed`: an order they are turned to inside is not there outside.
   */
  nested(
    name: string,
    inputs: readonly { readonly name: string; readonly dtype: DType; readonly shape: Shape }[],
    build: (inputs: Operand[]) => readonly Operand[],
  ): Graph {
    const outer = this.graph;
    const graph = new Graph(this.unique(name));
    graph.parent = outer;
    for (const [domain, version] of outer.opsets) graph.opsets.set(domain, version);
    this.graph = graph;
    try {
      const made = build(inputs.map((input) => this.input(input.name, input.dtype, input.shape)));
      for (const operand of made) {
        const value = this.rows(operand);
        const isOwn = value.producer && graph.nodes.includes(value.producer) && !graph.outputs.includes(value);
        graph.outputs.push(isOwn ? value : this.node("Identity", [value]));
      }
      return graph;
    } finally {
      this.graph = outer;
    }
  }

  /** The same operand for a graph inside. */
  borrowed(x: Operand): Operand {
    return new Operand({ rows: this.rows(x) });
  }

  /** An operator that the table does not have: the net can be looked at and saved, not run. */
  opaque(domain: string, op: string, inputs: readonly Value[], types: readonly { dtype: DType; shape: Shape }[]) {
    const outputs = types.map(({ dtype, shape }) => {
      const value = new Value(this.unique(`${this.scope}/${op}`), tensorType(dtype, shape));
      value.declared = true;
      return value;
    });
    this.graph.opsets.set(domain, 1);
    const node = new Node(this.scope, operatorOrOpaque(domain, op), 1);
    this.graph.insert(node, inputs, outputs);
    return outputs.map((rows) => new Operand({ rows }));
  }

  /** The operand in the net's own order. */
  rows(x: Operand): Value {
    if (x.rows) return x.rows;
    if (x.planes) x.rows = this.node("Transpose", [x.planes], { perm: toRows });
    else x.rows = this.dequantized(x.stored!, x.quantization!);
    return x.rows;
  }

  /** The operand as [N,C,H,W]; only for rank 4. */
  planes(x: Operand): Value {
    if (x.planes) return x.planes;
    const rows = this.rows(x);
    x.planes = rows.isConstant ? this.rearranged(x, toPlanes) : this.node("Transpose", [rows], { perm: toPlanes });
    return x.planes;
  }

  /** The order it is held in; planes where it is held in both. */
  held(x: Operand): Held {
    if (!x.planes)
      return {
        value: this.rows(x),
        axis: (axis) => axis,
        perAxis: (list) => [...list],
        operand: (rows) => new Operand({ rows }),
      };
    return {
      value: x.planes,
      axis: (axis) => planeAxis[axis]!,
      perAxis: (list) => toPlanes.map((axis) => list[axis]!),
      operand: (planes) => new Operand({ planes }),
    };
  }

  dtype(x: Operand): DType {
    if (!x.rows && !x.planes) return "float32";
    const type = (x.planes ?? x.rows)!.type;
    if (type?.kind !== "tensor") return this.unsupported("the type of an input is not known");
    return type.dtype;
  }

  /** Shape in the net's own order. */
  shape(x: Operand): Shape {
    const value = x.rows ?? x.planes ?? x.stored?.rows;
    const type = value?.type;
    if (type?.kind !== "tensor" || !type.shape) return this.unsupported("the rank of an input is not known");
    return x.rows || !x.planes ? type.shape : toRows.map((axis) => (type.shape as Shape)[axis]!);
  }

  rank(x: Operand): number {
    return this.shape(x).length;
  }

  /** An axis counted from the end where negative. */
  axis(x: Operand, axis: number): number {
    const rank = this.rank(x);
    if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
      return this.invalid(`axis is ${axis}, the input has rank ${rank}`);
    return axis < 0 ? axis + rank : axis;
  }

  isConstant(x: Operand): boolean {
    return x.rows?.isConstant ?? x.stored?.rows?.isConstant ?? false;
  }

  constantOf(x: Operand | undefined): Tensor | undefined {
    return x?.rows?.constant;
  }

  /** Elements of a small integer operand that are known before the run. */
  known(x: Operand): number[] | undefined {
    const dims = x.rows?.dims;
    if (dims?.every((dim) => typeof dim === "number")) return dims as number[];
    const type = x.rows?.type;
    if (!x.rows?.isConstant || type?.kind !== "tensor" || !isInteger(type.dtype)) return undefined;
    if (sizeOf(type.shape as number[]) > 65536) return undefined;
    return Array.from(x.rows.constant!.data as Int32Array, Number);
  }

  /** As `known`, refusing what is computed during the run. */
  numbers(x: Operand | undefined, what: string): number[] {
    if (!x) return this.invalid(`${what} is left out`);
    const found = this.known(x);
    if (found) return found;
    const dims: readonly Dim[] | undefined = x.rows?.dims;
    if (!isInteger(this.dtype(x))) return this.invalid(`${what} is ${this.dtype(x)}, expected integers`);
    return this.unsupported(
      `${what} is computed during the run${dims ? ` ([${dims.join(", ")}])` : ""}, expected a constant`,
    );
  }

  /** An operand of sizes or indices as int64, which ONNX wants where TensorFlow has int32. */
  int64(x: Operand): Value {
    const known = this.known(x);
    if (known && this.rank(x) <= 1) {
      const tensor = new Tensor("int64", this.rank(x) === 0 ? [] : [known.length], BigInt64Array.from(known, BigInt));
      return this.constantValue(`${this.scope}/sizes`, tensor);
    }
    return this.cast(this.rows(x), "int64");
  }

  cast(value: Value, to: DType): Value {
    if (value.type?.kind === "tensor" && value.type.dtype === to) return value;
    return this.node("Cast", [value], { to: dtypes[to].onnx });
  }

  /**
   * Weights with their axes in another order, then another shape where it is given. A constant stays one, turned when its
   * elements are first asked for; integers of a quantised one stay integers.
   */
  rearranged(x: Operand, perm: readonly number[], shape?: readonly number[]): Value {
    const rank = this.rank(x);
    if (rank !== perm.length) this.invalid(`weights have rank ${rank}, expected ${perm.length}`);
    if (shape && this.isConstant(x) && sizeOf(this.shape(x) as number[]) !== sizeOf(shape))
      this.invalid(`weights are [${this.shape(x).join(",")}], expected as many elements as [${shape.join(",")}]`);
    if (x.quantization && x.stored) {
      const axis = perm.indexOf(x.quantization.axis);
      if (shape && x.quantization.scale.length > 1 && shape[0] !== x.quantization.scale.length)
        return this.unsupported("weights quantised along an axis that is split");
      const stored = new Operand({ rows: this.rearranged(x.stored, perm, shape) });
      return this.dequantized(stored, { ...x.quantization, axis: shape ? 0 : axis });
    }
    const value = this.rows(x);
    const source = value.constantSource;
    if (source) return this.constantValue(value.name, transposed(source, perm, shape));
    const turned = perm.every((axis, i) => axis === i) ? value : this.node("Transpose", [value], { perm: [...perm] });
    return shape ? this.node("Reshape", [turned, this.ints(shape)]) : turned;
  }

  /** scale · (q − zeroPoint). */
  dequantized(stored: Operand, quantization: Quantization): Value {
    const held = this.held(stored);
    return this.node("DequantizeLinear", [held.value, ...this.parameters(quantization, this.dtype(stored))], {
      axis: quantization.scale.length > 1 ? held.axis(quantization.axis) : undefined,
    });
  }

  /** The operand rounded to a quantised type: what an operator of a quantised net gives. */
  quantized(x: Operand, quantization: Quantization, dtype: DType): Operand {
    const held = this.held(x);
    const attributes = { axis: quantization.scale.length > 1 ? held.axis(quantization.axis) : undefined };
    const parameters = this.parameters(quantization, dtype);
    const q = this.node("QuantizeLinear", [held.value, ...parameters], attributes);
    const real = held.operand(this.node("DequantizeLinear", [q, ...parameters], attributes));
    real.stored = held.operand(q);
    return real;
  }

  private parameters({ scale, zeroPoint }: Quantization, dtype: DType): Value[] {
    const shape = scale.length > 1 ? [scale.length] : [];
    const scales = this.constantValue(`${this.scope}/scale`, new Tensor("float32", shape, Float32Array.from(scale)));
    // int32 (a bias) has no zero point in ONNX.
    if (dtype === "int32") return [scales];
    const zeros = Tensor.zeros(dtype, shape);
    zeroPoint.forEach((zero, i) => {
      if (i < scale.length) (zeros.data as Int8Array)[i] = zero;
    });
    return [scales, this.constantValue(`${this.scope}/zero_point`, zeros)];
  }

  /** Gives the result its name in the net. */
  label(x: Operand, name: string): void {
    const value = x.planes ?? x.rows;
    if (!value?.producer || this.labelled.has(value) || this.names.has(name)) return;
    this.labelled.add(value);
    value.name = this.unique(name);
  }

  /** Makes an operand an output of the graph, under exactly this name. */
  output(name: string, x: Operand): void {
    const known = this.names.has(name);
    let value = this.rows(x);
    if (!value.producer || this.graph.outputs.includes(value) || this.graph.inputs.includes(value))
      value = this.node("Identity", [value]);
    if (known && value.name !== name) {
      for (const v of this.allValues()) if (v.name === name) v.name = this.unique(`${name}/inner`);
    }
    this.names.add(name);
    value.name = name;
    value.declared = true;
    this.graph.outputs.push(value);
  }

  private *allValues(): Generator<Value> {
    yield* this.graph.inputs;
    for (const node of this.graph.nodes) {
      for (const value of node.inputs) if (value?.isConstant) yield value;
      for (const value of node.outputs) if (value) yield value;
    }
  }

  /** A constant computed from another when its elements are first asked for. */
  derived(name: string, source: ConstantSource | Tensor, dtype: DType, compute: (tensor: Tensor) => Tensor): Operand {
    return this.constant(name, lazySource(source, dtype, compute));
  }
}
