/**
 * Judges inference by what a run really gives: every value's inferred type and every element that shape arithmetic claims
 * to know must hold, first for the shapes of the feeds, then with a symbol for each dimension of each input.
 */
import { readFileSync } from "node:fs";
import { evaluateDim } from "../../src/base/dims.ts";
import { InferlabError } from "../../src/base/errors.ts";
import type { Dim } from "../../src/base/shapes.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { formatValueType } from "../../src/base/value-type.ts";
import type { Graph, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { readOnnx } from "../../src/compiler/onnx/read.ts";
import { reference } from "../../src/runtime/reference.ts";
import type { Values } from "./runners.ts";

/** The graph of a file without what it says of its own values: inference is on its own. */
function undeclared(file: string): Graph {
  const graph = readOnnx(readFileSync(file));
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes)
      for (const value of node.outputs)
        if (value) {
          value.declared = false;
          value.type = undefined;
        }
  return graph;
}

const holds = (dims: readonly Dim[], sizes: readonly number[], bindings: Readonly<Record<string, number>>): boolean =>
  dims.length === sizes.length &&
  dims.every((dim, i) => {
    const size = evaluateDim(dim, bindings);
    return size === undefined || size === sizes[i];
  });

function check(value: Value, actual: Tensor, bindings: Readonly<Record<string, number>>, how: string): void {
  const { type, dims } = value;
  const found = (what: string): never => {
    throw new InferlabError("SHAPE", `inference with ${how}: "${value.name}" is ${what}`);
  };
  if (
    type?.kind !== "tensor" ||
    type.dtype !== actual.dtype ||
    (type.shape && !holds(type.shape, actual.shape, bindings))
  )
    found(`${actual.dtype}[${actual.shape.join(",")}], inferred ${type ? formatValueType(type) : "nothing"}`);
  if (dims && !holds(dims, Array.from(actual.data as ArrayLike<number>, Number), bindings))
    found(`[${Array.from(actual.data as ArrayLike<number>, Number).join(",")}], inferred [${dims.join(",")}]`);
}

/** Outputs of the reference engine; throws SHAPE where inference said otherwise. */
export async function runAndInfer(file: string, feeds: readonly Values[]): Promise<Values[]> {
  const session = await reference.compile(readOnnx(readFileSync(file)), {
    engine: "reference",
    device: "cpu",
    threads: 1,
    optimize: "none",
  });
  const outputs: Values[] = [];
  for (const values of feeds) {
    const { outputs: made, trace } = await session.trace(values, { capture: "all" });
    outputs.push(made);
    const shapes: Record<string, number[]> = {};
    const symbols: Record<string, string[]> = {};
    const bindings: Record<string, number> = {};
    Object.entries(values).forEach(([name, value], index) => {
      if (!(value instanceof Tensor)) return;
      shapes[name] = value.shape;
      symbols[name] = value.shape.map((size, axis) => {
        bindings[`s${index}_${axis}`] = size;
        return `s${index}_${axis}`;
      });
    });
    for (const [how, inputShapes] of [
      ["sizes", shapes],
      ["symbols", symbols],
    ] as const) {
      const graph = undeclared(file);
      inferShapes(graph, { inputShapes });
      for (const node of graph.nodes)
        for (const value of node.outputs) {
          const actual = value && trace.tensors.get(value.name);
          if (actual) check(value, actual, bindings, how);
        }
    }
  }
  session.dispose();
  return outputs;
}
