/** The weights of a model, by name. */
import type { Tensor } from "../../base/tensor.ts";
import type { Graph } from "../ir/graph.ts";

/** The constants that nodes use, by name; `minElements` leaves out small ones such as shapes and scalars. */
export function extractWeights(graph: Graph, options: { minElements?: number } = {}): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes)
      for (const value of node.inputs) {
        if (!value?.isConstant || weights.has(value.name)) continue;
        const tensor = value.constant!;
        if (tensor.size >= (options.minElements ?? 0)) weights.set(value.name, tensor);
      }
  return weights;
}
