/** Builds a random graph node by node, with types known as it grows. */

import type { DType } from "../../src/base/dtypes.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { fromNumbers } from "../../src/base/numbers.ts";
import type { Dim } from "../../src/base/shapes.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { tensorType } from "../../src/base/value-type.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { growingInference } from "../../src/compiler/ir/infer.ts";
import { requireOperator } from "../../src/ops/lookup.ts";
import type { AttributeValue } from "../../src/ops/operator.ts";

/** Every graph is written for this opset: the newest that onnxruntime-node 1.30 runs all of. */
export const fuzzOpset = 18;

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class GraphBuilder {
  readonly graph: Graph;
  readonly random: () => number;
  private readonly infer: (node: Node) => void;
  private readonly names: { next: number };

  constructor(random: () => number, name = "fuzz", outer?: GraphBuilder) {
    this.random = random;
    this.graph = new Graph(name);
    this.graph.opsets.set("", fuzzOpset);
    this.graph.parent = outer?.graph;
    this.infer = outer?.infer ?? growingInference(this.graph);
    this.names = outer?.names ?? { next: 0 };
  }

  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.random() * choices.length)]!;
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  input(name: string, dtype: DType, shape: readonly Dim[]): Value {
    const value = new Value(name, tensorType(dtype, shape));
    this.graph.inputs.push(value);
    return value;
  }

  constant(tensor: Tensor): Value {
    const value = new Value(`c${this.names.next++}`);
    value.setConstant(tensor);
    return value;
  }

  /** Uniform weights in [-scale, scale] + offset. */
  weight(shape: readonly number[], scale = 1, offset = 0): Value {
    const count = shape.reduce((size, dim) => size * dim, 1);
    const values = Float32Array.from({ length: count }, () => (this.random() * 2 - 1) * scale + offset);
    return this.constant(new Tensor("float32", shape, values));
  }

  ints(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant(new Tensor("int64", shape, BigInt64Array.from(values, BigInt)));
  }

  numbers(dtype: DType, values: readonly number[], shape: readonly number[] = []): Value {
    return this.constant(new Tensor(dtype, shape, fromNumbers(dtype, Float64Array.from(values))));
  }

  /** One node; its outputs, typed. */
  nodes(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    numOutputs = 1,
  ): Value[] {
    const id = this.names.next++;
    const node = new Node(`${op}_${id}`, requireOperator("", op), fuzzOpset, Object.entries(attributes));
    const outputs = Array.from({ length: numOutputs }, (_, i) => new Value(`v${id}${i ? `_${i}` : ""}`));
    this.graph.insert(node, inputs, outputs);
    this.infer(node);
    return outputs;
  }

  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): Value {
    return this.nodes(op, inputs, attributes)[0]!;
  }
}

/** The shape of a tensor value; symbols stay. */
export function dimsOf(value: Value): readonly Dim[] {
  if (value.type?.kind !== "tensor" || !value.type.shape)
    throw new InferlabError("SHAPE", `"${value.name}" has no known shape`);
  return value.type.shape;
}

/** A dimension that idioms need as a number. */
export function sizeAt(value: Value, axis: number): number {
  const dim = dimsOf(value).at(axis);
  if (typeof dim !== "number") throw new InferlabError("SHAPE", `axis ${axis} of "${value.name}" is ${dim}`);
  return dim;
}
