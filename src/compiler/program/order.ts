/** Puts the nodes of a graph with known shapes into the order that needs least memory. */
import { byteLength } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { orderSteps, peakOfOrder, type Step } from "../plan/order-steps.ts";
import { binaryLowering, clipLowering, unaryLowering, variadicLowering } from "./lower/elementwise.ts";
import { instanceNormalizationLowering, layerNormalizationLowering } from "./lower/norm.ts";
import { reshapeLowering } from "./lower/views.ts";
import type { Lowering } from "./lowering.ts";
import { findLowering } from "./registry.ts";

/** The given order stays unless another needs this share less: a file's order is one that people know their way in. */
const worthwhile = 0.05;

/** Those whose result may take over the memory of an input. */
const overwriting: ReadonlySet<Lowering | undefined> = new Set([
  unaryLowering,
  binaryLowering,
  variadicLowering,
  clipLowering,
  instanceNormalizationLowering,
  layerNormalizationLowering,
]);

function bytesOf({ type }: Value): number {
  if (type?.kind !== "tensor" || type.dtype === "string") return 0;
  return type.shape?.every((dim) => typeof dim === "number")
    ? byteLength(type.dtype, sizeOf(type.shape as number[]))
    : 0;
}

/** Reorders `graph.nodes`; what the graph computes stays. No node may have a subgraph. */
export function orderForMemory(graph: Graph): void {
  const position = new Map(graph.nodes.map((node, i) => [node, i]));
  const places = new Map<Value, number>();
  const sizes: number[] = [];
  for (const { operator, inputs, outputs } of graph.nodes) {
    // Its one output lies where its first input lies.
    const isView = findLowering(operator) === reshapeLowering;
    for (const value of outputs) {
      if (!value) continue;
      const base = isView && inputs[0] ? places.get(inputs[0]) : undefined;
      places.set(value, base ?? sizes.push(bytesOf(value)) - 1);
    }
  }
  // Outputs of the graph have blocks of their own.
  for (const value of graph.outputs) if (places.has(value)) sizes[places.get(value)!] = 0;
  const steps = graph.nodes.map(({ inputs, outputs, operator }): Step => {
    const read = inputs.flatMap((value) => (value?.producer ? [value] : []));
    const reads = new Set(read.map((value) => places.get(value)!));
    return {
      reads: [...reads],
      makes: [...new Set(outputs.flatMap((value) => (value ? [places.get(value)!] : [])))].filter(
        (at) => !reads.has(at),
      ),
      after: [...new Set(read.map((value) => position.get(value.producer!)!))],
      inPlace: overwriting.has(findLowering(operator)),
    };
  });
  const order = orderSteps(steps, sizes);
  const given = graph.nodes.map((_, i) => i);
  if (peakOfOrder(steps, sizes, order) > (1 - worthwhile) * peakOfOrder(steps, sizes, given)) return;
  const { nodes } = graph;
  graph.nodes.splice(0, nodes.length, ...order.map((i) => nodes[i]!));
}
