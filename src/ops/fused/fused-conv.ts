import { sizeOf } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { convolutionCost, convolve, inferConvolution, planConvolution } from "../common/convolution.ts";
import { epilogueAttributes, finish, namedActivation } from "../common/epilogue.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { windowAttributes } from "../common/windows.ts";
import { type Operator, operator } from "../operator.ts";

const attributes = {
  ...windowAttributes,
  group: { type: "int", default: 1, doc: "Channels are cut into so many groups; C for depthwise." },
  ...epilogueAttributes,
} as const;

function fusedConvOperator(domain: string): Operator {
  return operator({
    name: "FusedConv",
    domain,
    since: [1],
    doc: "activation(Conv(X, W, B) + Z), rounded once.",
    inputs: [
      { name: "X", type: "T", doc: "[N,C,D1,…]." },
      { name: "W", type: "T", doc: "[M,C/group,k1,…]." },
      { name: "B", type: "T", optional: true, doc: "[M]." },
      { name: "Z", type: "T", optional: true, doc: "Residual in the result's shape." },
    ],
    outputs: [{ name: "Y", type: "T" }],
    attributes,
    types: { T: floats },
    infer(c) {
      const x = c.shape(0);
      namedActivation(c, c.attrs.activation, c.attrs.activation_params);
      c.output(0, tensorType(c.dtype(0), x && inferConvolution(c, x, c.shape(1), c.attrs, c.shape(2))));
    },
    reference(c) {
      const [x, w, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
      const plan = planConvolution(c, x.shape, w.shape, c.attrs, bias?.shape);
      const sums = new Float64Array(sizeOf(plan.shape));
      convolve(numbersOf(x), x.shape, numbersOf(w), w.shape, plan, bias && numbersOf(bias), sums);
      const f = namedActivation(c, c.attrs.activation, c.attrs.activation_params);
      return [finish(c, sums, x, plan.shape, c.optionalTensor(3), f)];
    },
    cost: convolutionCost,
  });
}

export const fusedConv = fusedConvOperator("inferlab");
/** Written by ONNX Runtime's optimiser. */
export const microsoftFusedConv = fusedConvOperator("com.microsoft");
