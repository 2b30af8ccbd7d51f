/** Half precision: weights and the values between nodes become float16, inputs and outputs stay what they were. */

import { dtypes } from "../../base/dtypes.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import { cloneGraph } from "../ir/clone.ts";
import { type Graph, Node, Value } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { operatorOrOpaque } from "../ir/opaque.ts";
import { verifyGraph } from "../ir/verify.ts";

/** Operators that engines compute in float32 only, or that lose too much in half precision. */
const defaultKept = [
  "ArrayFeatureExtractor",
  "CumSum",
  "If",
  "Loop",
  "NonMaxSuppression",
  "OneHot",
  "RandomNormal",
  "RandomUniform",
  "Range",
  "Resize",
  "RoiAlign",
  "Scan",
  "TopK",
  "Upsample",
];

/** Largest finite float16. */
const maxHalf = 65504;

export interface Float16Options {
  /** Names of operators that stay in float32. */
  keep?: readonly string[];
  /** Names of the nodes that are converted, a nameless one by its first output. Default: all. */
  nodes?: ReadonlySet<string>;
}

const halved = (tensor: Tensor): Tensor => {
  const numbers = toNumbers(tensor);
  // Infinity would make NaN of 0 · w: values beyond the range become the largest one.
  for (let i = 0; i < numbers.length; i++)
    if (Number.isFinite(numbers[i]!)) numbers[i] = Math.min(maxHalf, Math.max(-maxHalf, numbers[i]!));
  return new Tensor("float16", tensor.shape, fromNumbers("float16", numbers));
};

const isFloat32 = (value: Value | undefined): value is Value =>
  value?.type?.kind === "tensor" && value.type.dtype === "float32";

/**
 * A copy of a graph in half precision. Nodes whose operators are kept (or hold subgraphs) get casts around them.
 *
 * @example
 * const half = toFloat16(graph, { keep: ["Softmax"] });
 */
export function toFloat16(original: Graph, options: Float16Options = {}): Graph {
  const graph = cloneGraph(original);
  inferShapes(graph);
  const kept = new Set([...defaultKept, ...(options.keep ?? [])]);
  const castOperator = operatorOrOpaque("", "Cast");
  const opset = graph.opsets.get("") ?? 1;
  const names = new Set<string>();
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes) for (const v of [...node.inputs, ...node.outputs]) if (v) names.add(v.name);
  for (const value of graph.inputs) names.add(value.name);
  const fresh = (stem: string): string => {
    let name = stem;
    for (let i = 1; names.has(name); i++) name = `${stem}_${i}`;
    names.add(name);
    return name;
  };
  const half = new Map<Value, Value>();
  const cast = (from: Value, to: "float16" | "float32", result: Value, before: Node | undefined): void => {
    const node = new Node(fresh(`${result.name}_cast`), castOperator, opset, [["to", dtypes[to].onnx]]);
    graph.insert(node, [from], [result], before);
  };
  /** The float16 form of a float32 value; a cast is made where there is none yet. */
  const halfOf = (value: Value, before: Node): Value => {
    let found = half.get(value);
    if (!found) {
      found = new Value(fresh(`${value.name}_half`));
      if (value.isConstant) found.setConstant(halved(value.constant!));
      else cast(value, "float16", found, before);
      half.set(value, found);
    }
    return found;
  };
  for (const node of [...graph.nodes]) {
    const isMeant = options.nodes?.has(node.name || (node.outputs.find((value) => value)?.name ?? "")) ?? true;
    const stays = !isMeant || node.operator.domain !== "" || kept.has(node.op) || node.hasSubgraphs;
    if (stays) continue;
    const takesFloats = node.inputs.some(isFloat32);
    if (node.op === "Cast" && node.attributes.get("to") === dtypes.float32.onnx)
      node.attributes.set("to", dtypes.float16.onnx);
    else if (!takesFloats) continue;
    node.inputs.forEach((value, index) => {
      if (isFloat32(value)) graph.setInput(node, index, halfOf(value, node));
    });
    node.outputs.forEach((value, index) => {
      if (!isFloat32(value)) return;
      const result = new Value(fresh(`${value.name}_half`));
      node.outputs[index] = result;
      result.producer = node;
      value.producer = undefined;
      half.set(value, result);
      // Whoever still wants float32 gets it from a cast right behind the node; unused ones go below.
      const next = graph.nodes[graph.nodes.indexOf(node) + 1];
      cast(result, "float32", value, next);
    });
  }
  for (const node of graph.nodes.toReversed()) {
    const unused = node.outputs.every((v) => !v || (v.users.size === 0 && !graph.outputs.includes(v)));
    if (unused && node.op === "Cast") graph.remove(node);
  }
  inferShapes(graph);
  verifyGraph(graph);
  return graph;
}
