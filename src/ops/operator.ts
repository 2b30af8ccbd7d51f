/**
 * The operator table's contract. One file of this folder describes one operator (or one family that shares everything but
 * a formula): inputs, outputs, attributes, the versions they appeared in, type and shape inference, a plain reference
 * implementation and the cost. Nothing else in the project says what an operator means; the C++ enum, the fluent methods
 * and the docs pages are generated from here (`npm run gen`).
 *
 * Versions: a node carries the opset version its model imports; `resolveVersion` picks the since-version that applies.
 * There is no conversion between versions: `infer` and `reference` see the version and the inputs as the file has them.
 */
import type { DType } from "../base/dtypes.ts";
import type { Dim, Shape } from "../base/shapes.ts";
import type { RuntimeValue, Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";

/** A graph held by an attribute (If, Loop, Scan). Opaque here: the layer above knows what is inside. */
export interface Subgraph {
  readonly subgraph: true;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** What is known of the outputs before a run. */
  readonly outputTypes: readonly (ValueType | undefined)[];
}

interface AttributeTypes {
  int: number;
  float: number;
  string: string;
  tensor: Tensor;
  graph: Subgraph;
  type: ValueType;
  ints: readonly number[];
  floats: readonly number[];
  strings: readonly string[];
  tensors: readonly Tensor[];
}
export type AttributeKind = keyof AttributeTypes;
export type AttributeValue = AttributeTypes[AttributeKind];

export interface AttributeSpec<K extends AttributeKind = AttributeKind> {
  readonly type: K;
  /** Absent: the attribute is undefined where the node does not have it. */
  readonly default?: AttributeTypes[K];
  readonly required?: true;
  /** First and last since-version that have it (default: all); elsewhere it is undefined, whatever the default. */
  readonly since?: number;
  readonly until?: number;
  /** Another kind that it had up to a since-version. The value is handed on as the file has it. */
  readonly formerly?: { readonly type: AttributeKind; readonly until: number };
  readonly doc?: string;
}
export type AttributeSpecs = Readonly<Record<string, { [K in AttributeKind]: AttributeSpec<K> }[AttributeKind]>>;

/** Attribute values of a node, with defaults filled in. */
export type Attributes<A extends AttributeSpecs> = {
  readonly [N in keyof A]: A[N] extends { readonly default: unknown } | { readonly required: true }
    ? AttributeTypes[A[N]["type"]]
    : AttributeTypes[A[N]["type"]] | undefined;
};

export interface PortSpec {
  readonly name: string;
  /** Name of a type variable ("T") or a fixed dtype; ports with the same variable have the same dtype ("V": each its own). */
  readonly type: string;
  readonly optional?: true;
  /** Last port only: it may repeat. */
  readonly variadic?: true;
  /** First and last since-version that have it (default: all). */
  readonly since?: number;
  readonly until?: number;
  readonly doc?: string;
}

export interface NodeContext<A extends AttributeSpecs> {
  /** The since-version in force, one of the operator's `since`. */
  readonly version: number;
  readonly attrs: Attributes<A>;
  /** Number of outputs the node names; an output that is not wanted is "" in ONNX. */
  readonly numOutputs: number;
  isOutputUsed(index: number): boolean;
}

export interface InferContext<A extends AttributeSpecs = AttributeSpecs> extends NodeContext<A> {
  readonly numInputs: number;
  /** Type of an input; undefined for one left out or of unknown type. */
  type(index: number): ValueType | undefined;
  /** dtype of a tensor input; throws DTYPE where the input is absent or not a tensor. */
  dtype(index: number): DType;
  /** Shape of a tensor input; undefined where the rank is unknown. */
  shape(index: number): Shape | undefined;
  /** The input's value where it is known before the run. */
  constant(index: number): Tensor | undefined;
  /** The integer elements of a 0-D or 1-D input where all are known at least as symbols (shape arithmetic). */
  dims(index: number): readonly Dim[] | undefined;
  /** A dimension nothing is known about: a symbol not used anywhere else. */
  freshDim(): Dim;
  /** Says an output's type; `dims` also says its elements as sizes or symbols. */
  output(index: number, type: ValueType, dims?: readonly Dim[]): void;
  /** Output types of a subgraph given the types of its inputs. */
  inferSubgraph(graph: Subgraph, inputs: readonly (ValueType | undefined)[]): (ValueType | undefined)[];
  /** Throws an InferlabError whose text starts with the node's operator and name. */
  fail(code: "SHAPE" | "DTYPE" | "VALUE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** What code that several operators share may ask: everything but the attributes, which differ. */
export type SharedInferContext = Omit<InferContext, "attrs">;
export type SharedReferenceContext = Omit<ReferenceContext, "attrs">;
export type SharedCostContext = Omit<CostContext, "attrs">;

export interface ReferenceContext<A extends AttributeSpecs = AttributeSpecs> extends NodeContext<A> {
  readonly inputs: readonly (RuntimeValue | undefined)[];
  /** The tensor at an input; throws where it is left out or is not a tensor. */
  tensor(index: number): Tensor;
  /** The tensor at an optional input. */
  optionalTensor(index: number): Tensor | undefined;
  /** Runs a subgraph on the reference engine: values for its inputs by position, outputs by position. */
  runSubgraph(graph: Subgraph, inputs: readonly RuntimeValue[]): RuntimeValue[];
  /** Deterministic uniform numbers in [0,1) for the random operators: seeded by attribute, else by node. */
  random(seed: number | undefined): () => number;
  fail(code: "SHAPE" | "DTYPE" | "VALUE" | "ATTRIBUTE" | "UNSUPPORTED", message: string, hint?: string): never;
}

/** What a control-flow operator asks of whoever runs it: the outputs of a subgraph for these inputs. */
export interface SubgraphCall {
  readonly graph: Subgraph;
  readonly inputs: readonly RuntimeValue[];
}

/** A control-flow operator between its subgraph calls; an engine resumes it with the outputs of the call it yielded. */
export type Steps = Generator<SubgraphCall, (RuntimeValue | undefined)[], RuntimeValue[]>;

/** Arithmetic an execution costs: `flops` counts a multiply-add as 2, `bytes` are read plus written once. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

export interface CostContext<A extends AttributeSpecs = AttributeSpecs> extends NodeContext<A> {
  inputShape(index: number): readonly number[] | undefined;
  outputShape(index: number): readonly number[];
  /** Bytes of all inputs and outputs: what most operators answer. */
  readonly totalBytes: number;
}

/**
 * Rules for the shapes of an operator's results in the types of the fluent methods: the type-level rules are in
 * src/api/typing.ts, what each adds to a signature in scripts/gen/fluent-methods.ts. `infer` decides; a rule only tells less.
 */
export type Typing =
  | "same"
  | "castLike"
  | "rank"
  | "scalar"
  | "vector"
  | "broadcast"
  | "broadcastAll"
  | "where"
  | "matmul"
  | "gemm"
  | "conv"
  | "images"
  | "pool"
  | "globalPool"
  | "reduce"
  | "arg"
  | "transpose"
  | "reshape"
  | "expand"
  | "flatten"
  | "gather"
  | "unsqueeze"
  | "squeeze";

export interface OperatorSpec<A extends AttributeSpecs = AttributeSpecs> {
  readonly name: string;
  /** "" is ai.onnx; "inferlab" holds our own fused operators. */
  readonly domain?: string;
  /** Versions at which the operator came or changed, ascending. */
  readonly since: readonly number[];
  /** One paragraph: what it computes. Shown on hover and in the docs. */
  readonly doc: string;
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly attributes?: A;
  /** dtypes a type variable may be; absent: any. */
  readonly types?: Readonly<Record<string, readonly DType[]>>;
  /** What TypeScript can say of a call's shapes. Absent: the rank of the results is not known. */
  readonly typing?: Typing;
  /** The same inputs may give different outputs (random operators): never folded, never shared. */
  readonly nondeterministic?: true;
  /** An output's shape depends on input values, not only on shapes. */
  readonly dataDependent?: (c: { readonly version: number; readonly numInputs: number }) => boolean;
  infer(c: InferContext<A>): void;
  /** Outputs by position; undefined for one that is not used. Never modifies or returns the arrays of its inputs
   * unless it only changes the shape. */
  reference(c: ReferenceContext<A>): (RuntimeValue | undefined)[];
  /** Control flow only (see `controlFlow`): `reference`, with its subgraphs left to the engine. */
  steps?(c: ReferenceContext<A>): Steps;
  cost?(c: CostContext<A>): Cost;
}

export interface Operator {
  readonly name: string;
  readonly domain: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly attributes: AttributeSpecs;
  readonly types: Readonly<Record<string, readonly DType[]>>;
  readonly typing?: Typing;
  readonly nondeterministic: boolean;
  readonly dataDependent: (c: { readonly version: number; readonly numInputs: number }) => boolean;
  infer(c: InferContext): void;
  reference(c: ReferenceContext): (RuntimeValue | undefined)[];
  readonly steps?: (c: ReferenceContext) => Steps;
  cost(c: CostContext): Cost;
}

/**
 * Declares an operator. Every file of src/ops exports one or more of these; `npm run gen` collects them.
 *
 * @example
 * export const neg = operator({
 *   name: "Neg", since: [1, 6, 13], doc: "Elementwise negation.",
 *   inputs: [{ name: "X", type: "T" }], outputs: [{ name: "Y", type: "T" }],
 *   infer: sameAsInput, reference: elementwise((x) => -x),
 * });
 */
export function operator<const A extends AttributeSpecs = Record<never, never>>(spec: OperatorSpec<A>): Operator {
  return {
    domain: "",
    attributes: {},
    types: {},
    cost: (c: CostContext) => ({ flops: 0, bytes: c.totalBytes }),
    ...spec,
    nondeterministic: spec.nondeterministic ?? false,
    dataDependent: spec.dataDependent ?? (() => false),
  } as unknown as Operator;
}

/**
 * `reference` and `steps` of a control-flow operator, from one generator. An engine drives `steps` itself, so that a body
 * may run on its kernels and a long loop can be cancelled between iterations.
 */
export function controlFlow<A extends AttributeSpecs>(steps: (c: ReferenceContext<A>) => Steps) {
  return {
    steps,
    reference(c: ReferenceContext<A>): (RuntimeValue | undefined)[] {
      const running = steps(c);
      let next = running.next();
      while (!next.done) next = running.next(c.runSubgraph(next.value.graph, next.value.inputs));
      return next.value;
    },
  };
}

/** The since-version that applies under an opset version; undefined where the operator is younger than the opset. */
export function resolveVersion(op: Operator, opset: number): number | undefined {
  let found: number | undefined;
  for (const since of op.since) if (since <= opset) found = since;
  return found;
}
