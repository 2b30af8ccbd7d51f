/** Graphs for display tests: operators are names only, weights are never read. */

import type { Shape } from "../../src/base/shapes.ts";
import { tensorType } from "../../src/base/value-type.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import type { Operator } from "../../src/ops/operator.ts";

export class GraphSketch {
  readonly graph: Graph;
  private count = 0;

  constructor(name: string) {
    this.graph = new Graph(name);
    this.graph.opsets.set("", 17);
  }

  input(name: string, shape: Shape): Value {
    const value = new Value(name, tensorType("float32", shape));
    this.graph.inputs.push(value);
    return value;
  }

  weight(shape: readonly number[]): Value {
    const value = new Value(`weight${this.count++}`);
    const sizeBytes = shape.reduce((a, b) => a * b, 4);
    value.setConstant({
      type: { kind: "tensor", dtype: "float32", shape },
      sizeBytes,
      read: () => {
        throw new Error("a display must not read weights");
      },
    });
    return value;
  }

  node(
    name: string,
    op: string,
    inputs: readonly (Value | undefined)[],
    shape: Shape,
    attributes: Record<string, number | number[]> = {},
  ): Value {
    const output = new Value(`value${this.count++}`, tensorType("float32", shape));
    const operator = { name: op, domain: "" } as unknown as Operator;
    this.graph.insert(new Node(name, operator, 17, Object.entries(attributes)), inputs, [output]);
    return output;
  }

  output(value: Value, name?: string): Graph {
    if (name) value.name = name;
    this.graph.outputs.push(value);
    return this.graph;
  }
}

/** Layers of norm, attention and two products, named by scope. */
export function transformer(layers: number): Graph {
  const s = new GraphSketch("transformer");
  const shape = ["n", 128, 256];
  let h = s.node("/embed/Gather", "Gather", [s.weight([1000, 256]), s.input("tokens", ["n", 128])], shape);
  for (let layer = 0; layer < layers; layer++) {
    const p = `/layers.${layer}`;
    const norm = s.node(`${p}/norm/LayerNormalization`, "LayerNormalization", [h, s.weight([256])], shape);
    const [q, k, v] = ["q", "k", "v"].map((c) =>
      s.node(`${p}/attn/${c}/MatMul`, "MatMul", [norm, s.weight([256, 256])], shape),
    );
    const scores = s.node(`${p}/attn/MatMul`, "MatMul", [q, k], ["n", 128, 128]);
    const soft = s.node(`${p}/attn/Softmax`, "Softmax", [scores], ["n", 128, 128]);
    const mixed = s.node(`${p}/attn/MatMul_1`, "MatMul", [soft, v], shape);
    h = s.node(`${p}/Add`, "Add", [h, mixed], shape);
  }
  return s.output(s.node("/head/MatMul", "MatMul", [h, s.weight([256, 10])], ["n", 10]), "y");
}

/** A chain of convolutions without names that mean anything. */
export function chain(length: number, name = (i: number) => `n${i}`): Graph {
  const s = new GraphSketch("chain");
  let h = s.input("x", [1, 8, 32, 32]);
  for (let i = 0; i < length; i++) {
    const op = ["Conv", "BatchNormalization", "Relu"][i % 3]!;
    h = s.node(
      name(i),
      op,
      op === "Conv" ? [h, s.weight([8, 8, 3, 3])] : [h],
      [1, 8, 32, 32],
      op === "Conv" ? { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } : {},
    );
  }
  return s.output(h, "y");
}
