/** What the folding passes share: running a node on constants, within limits of size and work. */
import { byteLength } from "../../base/dtypes.ts";
import { InferlabError } from "../../base/errors.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Node } from "../ir/graph.ts";
import { attributesOf, evaluateNode, versionOf } from "../ir/interpret.ts";
import { dtypeOf, type Edit, staticShape } from "./edit.ts";

/** Arithmetic that one folded node may cost on the reference, operations. */
const maxFlops = 5e7;

/** Bytes that go with a node's constants when nobody else uses them. */
function freedBytes(node: Node): number {
  let bytes = 0;
  for (const value of new Set(node.inputs))
    if (value?.isConstant && value.users.size === 1) bytes += value.constantBytes;
  return bytes;
}

function flopsOf(node: Node): number {
  const version = versionOf(node);
  const { flops } = node.operator.cost({
    version,
    attrs: attributesOf(node, version),
    numOutputs: node.outputs.length,
    isOutputUsed: (index) => node.outputs[index] !== undefined,
    inputShape: (index) => staticShape(node.inputs[index]),
    outputShape: (index) => staticShape(node.outputs[index]) ?? [],
    totalBytes: 0,
  });
  return flops;
}

/** Replaces a node whose inputs are all constant by its results, where they are small enough. */
export function foldNode(node: Node, edit: Edit): boolean {
  if (node.inputs.some((value) => value && !value.isConstant)) return false;
  if (node.operator.nondeterministic || node.hasSubgraphs) return false;
  let made = 0;
  let largest = 0;
  for (const value of node.outputs) {
    if (!value) continue;
    const shape = staticShape(value);
    const dtype = dtypeOf(value);
    // A result of unknown size may be anything: only what inference can foresee is computed.
    if (!shape || !dtype) return false;
    const bytes = byteLength(dtype, sizeOf(shape));
    made += bytes;
    largest = Math.max(largest, bytes);
  }
  if (flopsOf(node) > maxFlops) return false;
  if (!edit.grow(made - freedBytes(node), largest)) return false;
  let results: ReturnType<typeof evaluateNode>;
  try {
    results = evaluateNode(
      node,
      node.inputs.map((value) => value?.constant),
    );
  } catch (error) {
    // A node that cannot run here keeps its error for the run.
    if (error instanceof InferlabError) return false;
    throw error;
  }
  if (!results.every((result) => result === undefined || result instanceof Tensor)) return false;
  return edit.rewrite([node], () => {
    node.outputs.forEach((value, index) => {
      const result = results[index];
      if (value && result instanceof Tensor) become(value, result, node);
    });
  });
}

/** Makes a node's output a constant, keeping the value and its name. */
export function become(value: NonNullable<Node["outputs"][number]>, tensor: Tensor, node: Node): void {
  node.outputs[node.outputs.indexOf(value)] = undefined;
  value.producer = undefined;
  value.dims = undefined;
  value.setConstant(tensor);
}
