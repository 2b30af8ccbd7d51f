/** Graphs of one node of which some inputs are fed and the others known before the run. */
import type { Tensor } from "../../src/base/tensor.ts";
import type { Graph } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { type OneNode, oneNode } from "../ops/one-node.ts";

/** The graph of a node whose inputs from `numFed` on are constants, and what to feed it. */
export function partFed(
  spec: OneNode,
  numFed: number,
): { readonly graph: Graph; readonly feeds: Record<string, Tensor> } {
  const graph = oneNode(spec);
  const feeds: Record<string, Tensor> = {};
  inferShapes(graph);
  for (const [i, input] of spec.inputs.entries()) {
    if (!input) continue;
    const port = graph.inputs.find(({ name }) => name === `in${i}`)!;
    if (i < numFed) {
      feeds[port.name] = input as Tensor;
    } else {
      port.setConstant(input as Tensor);
      graph.inputs.splice(graph.inputs.indexOf(port), 1);
    }
  }
  return { graph, feeds };
}
