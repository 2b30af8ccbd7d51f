/** Activations whose parameters are float attributes; the formulas are in common/activations.ts. */
import type { DType } from "../../base/dtypes.ts";
import { activation } from "../common/activations.ts";
import { perOutputElement } from "../common/cost.ts";
import { mapElements, sameAsInput } from "../common/elementwise.ts";
import { floats, numerics } from "../common/types.ts";
import { type AttributeSpecs, type Operator, operator } from "../operator.ts";

interface ParametricSpec {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly types?: readonly DType[];
  /** Attributes in the formula's order with their defaults. A list: [default, default before opset 6]. */
  readonly params: Readonly<Record<string, number | readonly [number, number]>>;
  readonly domain?: string;
  readonly flops?: number;
}

function parametricOperator(spec: ParametricSpec): Operator {
  const { name, since, doc, types = floats, params, domain = "", flops = 12 } = spec;
  const attributes: Record<string, AttributeSpecs[string]> = {};
  for (const [param, value] of Object.entries(params))
    attributes[param] = typeof value === "number" ? { type: "float", default: value } : { type: "float" };
  if (since[0] === 1 && since.includes(6)) attributes["consumed_inputs"] = { type: "ints", until: 5 };
  return operator({
    name,
    domain,
    since,
    doc,
    inputs: [{ name: "X", type: "T" }],
    outputs: [{ name: "Y", type: "T" }],
    attributes: attributes as AttributeSpecs,
    types: { T: types },
    infer: sameAsInput,
    reference(c) {
      const given = c.attrs as Readonly<Record<string, number | undefined>>;
      const values = Object.entries(params).map(([param, value]) =>
        typeof value === "number" ? given[param] : (given[param] ?? value[c.version < 6 ? 1 : 0]),
      );
      return [mapElements(c.tensor(0), activation(name, values)!)];
    },
    cost: perOutputElement(flops),
  });
}

export const leakyRelu = parametricOperator({
  name: "LeakyRelu",
  since: [1, 6, 16],
  doc: "Elementwise x where x ≥ 0, else alpha · x.",
  params: { alpha: 0.01 },
  flops: 2,
});
export const elu = parametricOperator({
  name: "Elu",
  since: [1, 6, 22],
  doc: "Elementwise x where x ≥ 0, else alpha · (eˣ - 1).",
  params: { alpha: 1 },
});
export const selu = parametricOperator({
  name: "Selu",
  since: [1, 6, 22],
  doc: "Elementwise gamma · x where x > 0, else gamma · alpha · (eˣ - 1).",
  params: { alpha: [1.6732632423543772, 1.6732], gamma: [1.0507009873554805, 1.0507] },
});
export const celu = parametricOperator({
  name: "Celu",
  since: [12],
  doc: "Elementwise max(0, x) + min(0, alpha · (e^(x/alpha) - 1)).",
  params: { alpha: 1 },
});
export const hardSigmoid = parametricOperator({
  name: "HardSigmoid",
  since: [1, 6, 22],
  doc: "Elementwise max(0, min(1, alpha · x + beta)).",
  params: { alpha: 0.2, beta: 0.5 },
  flops: 4,
});
export const thresholdedRelu = parametricOperator({
  name: "ThresholdedRelu",
  since: [1, 10, 22],
  doc: "Elementwise x where x > alpha, else 0.",
  params: { alpha: 1 },
  flops: 1,
});
export const shrink = parametricOperator({
  name: "Shrink",
  since: [9],
  doc: "Elementwise x + bias where x < -lambd, x - bias where x > lambd, else 0.",
  types: numerics,
  params: { lambd: 0.5, bias: 0 },
  flops: 3,
});
export const swish = parametricOperator({
  name: "Swish",
  since: [24],
  doc: "Elementwise x / (1 + e^(-alpha · x)).",
  params: { alpha: 1 },
});
export const scaledTanh = parametricOperator({
  name: "ScaledTanh",
  since: [1],
  doc: "Elementwise alpha · tanh(beta · x). Experimental in old opsets.",
  params: { alpha: 1, beta: 1 },
});
export const parametricSoftplus = parametricOperator({
  name: "ParametricSoftplus",
  since: [1],
  doc: "Elementwise alpha · log(1 + e^(beta · x)). Experimental in old opsets.",
  params: { alpha: 1, beta: 1 },
});
export const affine = parametricOperator({
  name: "Affine",
  since: [1],
  doc: "Elementwise alpha · x + beta. Experimental in old opsets.",
  params: { alpha: 1, beta: 0 },
  flops: 2,
});
export const quickGelu = parametricOperator({
  name: "QuickGelu",
  domain: "com.microsoft",
  since: [1],
  doc: "Elementwise x · sigmoid(alpha · x).",
  params: { alpha: 1.702 },
});
