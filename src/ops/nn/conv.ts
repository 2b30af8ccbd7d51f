import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { convolutionCost, convolve, inferConvolution, planConvolution } from "../common/convolution.ts";
import { collector } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { windowAttributes } from "../common/windows.ts";
import { operator } from "../operator.ts";

const attributes = {
  ...windowAttributes,
  group: { type: "int", default: 1, doc: "Channels are cut into so many groups; C for depthwise." },
} as const;

export const conv = operator({
  name: "Conv",
  since: [1, 11, 22],
  doc: "Convolution (cross-correlation) of X[N,C,…] with filters W[M,C/group,…], plus bias B[M], over any number of spatial axes.",
  inputs: [
    { name: "X", type: "T", doc: "[N,C,D1,…]." },
    { name: "W", type: "T", doc: "[M,C/group,k1,…]." },
    { name: "B", type: "T", optional: true, doc: "[M]." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes,
  types: { T: floats },
  typing: "conv",
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(c.dtype(0), x && inferConvolution(c, x, c.shape(1), c.attrs, c.shape(2))));
  },
  reference(c) {
    const [x, w, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    const plan = planConvolution(c, x.shape, w.shape, c.attrs, bias?.shape);
    const { values, done } = collector(x.dtype, sizeOf(plan.shape));
    convolve(numbersOf(x), x.shape, numbersOf(w), w.shape, plan, bias && numbersOf(bias), values);
    return [new Tensor(x.dtype, plan.shape, done())];
  },
  cost: convolutionCost,
});
