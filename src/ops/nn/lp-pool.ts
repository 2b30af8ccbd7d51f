import { Tensor } from "../../base/tensor.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { forEachMeeting, inferPool, planPool, poolAttributes, poolCost } from "../common/pooling.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

const attributes = {
  ...poolAttributes,
  kernel_shape: { type: "ints", doc: "Size of the window along each spatial axis; required." },
  dilations: { type: "ints", since: 18, doc: "Distance of neighbouring window elements. Default 1." },
  ceil_mode: { type: "int", default: 0, since: 18, doc: "1: a last window may reach past the padded input." },
  p: { type: "int", default: 2, formerly: { type: "float", until: 1 }, doc: "Which norm." },
} as const;

export const lpPool = operator({
  name: "LpPool",
  since: [1, 2, 11, 18, 22],
  doc: "Lp norm of each window: (Σ |x|^p)^(1/p).",
  inputs: [{ name: "X", type: "T", doc: "[N,C,D1,…]." }],
  outputs: [{ name: "Y", type: "T" }],
  attributes,
  types: { T: floats },
  typing: "pool",
  infer: (c) => inferPool(c, c.attrs),
  reference(c) {
    const x = c.tensor(0);
    const { p } = c.attrs;
    const plan = planPool(c, x, c.attrs);
    const { inputSize, outputSize } = plan.walk;
    const from = numbersOf(x);
    const out = new Float64Array(plan.planes * outputSize);
    for (let plane = 0; plane < plan.planes; plane++) {
      const [inBase, outBase] = [plane * inputSize, plane * outputSize];
      forEachMeeting(plan.walk, (o, at) => {
        out[outBase + o]! += Math.abs(from[inBase + at]!) ** p;
      });
    }
    for (let i = 0; i < out.length; i++) out[i] = out[i]! ** (1 / p);
    return [new Tensor(x.dtype, plan.shape, fromNumbers(x.dtype, out))];
  },
  cost: (c) => poolCost(c, c.attrs.kernel_shape),
});
