/** Graphs of one node, for tests of a single operator. */

import type { DType } from "../../src/base/dtypes.ts";
import { sizeOf } from "../../src/base/shapes.ts";
import { type RuntimeValue, Tensor } from "../../src/base/tensor.ts";
import type { ValueType } from "../../src/base/value-type.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { finish, interpret, prepare } from "../../src/compiler/ir/interpret.ts";
import { fromNumbers } from "../../src/ops/common/numbers.ts";
import { requireOperator } from "../../src/ops/lookup.ts";
import type { AttributeValue } from "../../src/ops/operator.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { randomSource } from "../support/random.ts";

export interface OneNode {
  readonly op: string;
  readonly domain?: string;
  /** Opset of the node's domain. Default 21 for ai.onnx, 1 for others. */
  readonly opset?: number;
  readonly inputs: readonly (Tensor | ValueType | undefined)[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Number of outputs. Default 1. */
  readonly outputs?: number;
}

/** A graph whose inputs are the node's and whose outputs are all of the node's; the node is called "it". */
export function oneNode({ op, domain = "", opset, inputs, attributes = {}, outputs = 1 }: OneNode): Graph {
  const graph = new Graph("one");
  const version = opset ?? (domain === "" ? 21 : 1);
  graph.opsets.set("", domain === "" ? version : 21);
  graph.opsets.set(domain, version);
  const values = inputs.map((input, i) => {
    if (!input) return undefined;
    const type: ValueType = "size" in input ? { kind: "tensor", dtype: input.dtype, shape: input.shape } : input;
    const value = new Value(`in${i}`, type);
    graph.inputs.push(value);
    return value;
  });
  const results = Array.from({ length: outputs }, (_, i) => new Value(`out${i}`));
  graph.insert(new Node("it", requireOperator(domain, op), version, Object.entries(attributes)), values, results);
  graph.outputs.push(...results);
  return graph;
}

const given = (node: OneNode): Tensor[] => node.inputs.filter((input): input is Tensor => input instanceof Tensor);

/** The node's outputs on the operators' references. */
export function run(node: OneNode): Tensor[] {
  return finish(interpret(prepare(oneNode(node)), given(node))).map((value: RuntimeValue) => value as Tensor);
}

/** Types of the node's outputs. */
export function infer(node: OneNode): (ValueType | undefined)[] {
  const graph = oneNode(node);
  inferShapes(graph);
  return graph.outputs.map((value) => value.type);
}

/** The node's outputs on ONNX Runtime. */
export async function runOnOrt(node: OneNode): Promise<Tensor[]> {
  const graph = oneNode(node);
  inferShapes(graph);
  const session = await compileGraph(graph, { engine: "ort", optimize: "none", threads: 1 });
  const tensors = given(node);
  const outputs = await session.run(Object.fromEntries(graph.inputs.map((value, i) => [value.name, tensors[i]!])));
  return graph.outputs.map((value) => outputs[value.name] as Tensor);
}

/** Random numbers in [low, high), rounded to the dtype; the same for the same seed. */
export function random(dtype: DType, shape: readonly number[], seed: number, low = -2, high = 2): Tensor {
  const next = randomSource(seed);
  const values = Float64Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next());
  return new Tensor(dtype, shape, fromNumbers(dtype, values));
}

export const f32 = (shape: readonly number[], values: readonly number[]): Tensor<"float32"> =>
  new Tensor("float32", shape, Float32Array.from(values));
export const i32 = (shape: readonly number[], values: readonly number[]): Tensor<"int32"> =>
  new Tensor("int32", shape, Int32Array.from(values));
export const i64 = (shape: readonly number[], values: readonly number[]): Tensor<"int64"> =>
  new Tensor("int64", shape, BigInt64Array.from(values, BigInt));
