/** Activations that FusedConv and FusedGemm apply to their result, as src/ops/common/activations.ts names them. */
import { toNumbers } from "../../base/numbers.ts";
import type { Node, Value } from "../ir/graph.ts";
import { attributesWithDefaults, type Edit, isA } from "./edit.ts";

export interface Activation {
  readonly name: string;
  readonly params: readonly number[];
  /** What it is applied to. */
  readonly input: Value;
  /** The nodes that it consists of, the one that makes the result first. */
  readonly nodes: readonly Node[];
}

/** A constant of one element. */
function scalar(value: Value | undefined): number | undefined {
  const tensor = value?.constant;
  return tensor?.size === 1 && tensor.dtype !== "string" ? toNumbers(tensor)[0] : undefined;
}

/** Operators that are activations or end one. */
export const activationOps =
  "Relu Sigmoid Tanh HardSwish Mish Softplus Softsign LeakyRelu Elu Celu ThresholdedRelu Swish HardSigmoid Gelu PRelu Clip Mul".split(
    " ",
  );

/** The activation that `node` computes, alone or with the nodes before it; undefined where it is none. */
export function activationOf(node: Node, edit: Edit): Activation | undefined {
  const input = node.inputs[0];
  if (!input || node.operator.domain !== "") return undefined;
  const a = attributesWithDefaults(node);
  const made = (name: string, ...params: unknown[]): Activation | undefined =>
    params.every((p) => typeof p === "number") ? { name, params: params as number[], input, nodes: [node] } : undefined;
  switch (node.op) {
    case "Relu":
    case "Sigmoid":
    case "Tanh":
    case "HardSwish":
    case "Mish":
    case "Softplus":
    case "Softsign":
      return made(node.op);
    case "LeakyRelu":
    case "Elu":
    case "Celu":
    case "ThresholdedRelu":
    case "Swish":
      return made(node.op, a.alpha);
    case "HardSigmoid":
      return made(node.op, a.alpha, a.beta);
    case "Gelu":
      return made(a.approximate === "tanh" ? "GeluTanh" : "Gelu");
    case "PRelu": {
      const slope = scalar(node.inputs[1]);
      return slope === undefined ? undefined : made("LeakyRelu", slope);
    }
    case "Clip": {
      const low = node.inputs[1] ? scalar(node.inputs[1]) : (a.min ?? Number.NEGATIVE_INFINITY);
      const high = node.inputs[2] ? scalar(node.inputs[2]) : (a.max ?? Number.POSITIVE_INFINITY);
      return made("Clip", low, high);
    }
    case "Mul":
      return swishOf(node, edit);
    default:
      return undefined;
  }
}

/** x · sigmoid(x) and x · hardSigmoid(x). */
function swishOf(node: Node, edit: Edit): Activation | undefined {
  for (const [x, gateValue] of [node.inputs, node.inputs.toReversed()]) {
    const gate = edit.soleProducer(gateValue, "Sigmoid", "HardSigmoid");
    if (!x || !gate || gate.inputs[0] !== x) continue;
    if (isA(gate, "Sigmoid")) return { name: "Swish", params: [1], input: x, nodes: [node, gate] };
    const { alpha, beta } = attributesWithDefaults(gate);
    if (Math.abs(Number(alpha) - 1 / 6) < 1e-6 && beta === 0.5)
      return { name: "HardSwish", params: [], input: x, nodes: [node, gate] };
  }
  return undefined;
}

const fusedNames: Readonly<Record<string, string>> = { Conv: "FusedConv", Gemm: "FusedGemm" };

/** A convolution or product, fused already or not, that can still take an activation or a residual. */
export function fusible(
  node: Node | undefined,
  edit: Edit,
): { node: Node; op: string; inputs: (Value | undefined)[] } | undefined {
  if (!node || node.graph !== edit.graph) return undefined;
  const { domain, name } = node.operator;
  if (domain === "" && Object.hasOwn(fusedNames, name)) {
    if (node.inputs.slice(1).some((value) => value && !value.isConstant)) return undefined;
    // A Gemm with another factor of its summand has no bias in the sense of FusedGemm.
    return { node, op: fusedNames[name]!, inputs: [...node.inputs] };
  }
  const fused = domain === "inferlab" && Object.values(fusedNames).includes(name);
  return fused && !node.attributes.get("activation") ? { node, op: name, inputs: [...node.inputs] } : undefined;
}
