/** A small graph with inputs and the outputs it should have: what a fault shrank to, kept as a test. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Displayed, display, displaySymbol } from "../base/display-hook.ts";
import { InferlabError } from "../base/errors.ts";
import type { RuntimeValue } from "../base/tensor.ts";
import type { Graph } from "../compiler/ir/graph.ts";
import { saveOnnx, writeTensor } from "../compiler/onnx/write.ts";
import type { Values } from "../runtime/engine.ts";
import { labelOf } from "./link.ts";

export interface FailingGraph {
  readonly graph: Graph;
  /** Names of its nodes. */
  readonly nodes: readonly string[];
  readonly feeds: Values;
  /** What the truth makes of them. */
  readonly expected: Values;
  /**
   * Writes it as a test case in the form of ONNX's backend tests: `model.onnx`, `test_data_set_0/input_0.pb`, `output_0.pb`.
   * Errors: UNSUPPORTED for values that are no tensors.
   */
  save(folder: string): void;
  [displaySymbol](): Displayed;
}

/** The graph's own inputs and outputs must be those of `feeds` and `expected`. */
export function failingGraph(graph: Graph, feeds: Values, expected: Values): FailingGraph {
  return {
    graph,
    nodes: graph.nodes.map(labelOf),
    feeds,
    expected,
    save(folder) {
      const data = join(folder, "test_data_set_0");
      mkdirSync(data, { recursive: true });
      saveOnnx(graph, join(folder, "model.onnx"));
      const write = (kind: string, names: readonly string[], values: Values) => {
        for (const [i, name] of names.entries())
          writeFileSync(join(data, `${kind}_${i}.pb`), tensorBytes(name, values[name]));
      };
      write("input", graph.inputNames, feeds);
      write("output", graph.outputNames, expected);
    },
    [displaySymbol]: () => display("graph", graph) ?? { "text/plain": graph.name },
  };
}

function tensorBytes(name: string, value: RuntimeValue | undefined): Uint8Array {
  if (value?.kind !== "tensor")
    throw new InferlabError("UNSUPPORTED", `"${name}" is ${value?.kind ?? "missing"}, a saved test holds tensors`);
  return writeTensor(value, name);
}
