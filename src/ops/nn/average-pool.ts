import { Tensor } from "../../base/tensor.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { averagePlanes, inferPool, planPool, poolAttributes, poolCost } from "../common/pooling.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

const attributes = {
  ...poolAttributes,
  dilations: { type: "ints", since: 19, doc: "Distance of neighbouring window elements. Default 1." },
  count_include_pad: { type: "int", default: 0, since: 7, doc: "1: padding counts as zeros." },
} as const;

export const averagePool = operator({
  name: "AveragePool",
  since: [1, 7, 10, 11, 19, 22],
  doc: "Mean of each window. Padding counts as zeros with count_include_pad=1, else not at all.",
  inputs: [{ name: "X", type: "T", doc: "[N,C,D1,…]." }],
  outputs: [{ name: "Y", type: "T" }],
  attributes,
  types: { T: floats },
  typing: "pool",
  infer: (c) => inferPool(c, c.attrs),
  reference(c) {
    const x = c.tensor(0);
    const plan = planPool(c, x, c.attrs);
    const out = averagePlanes(plan, numbersOf(x), c.attrs.count_include_pad === 1);
    return [new Tensor(x.dtype, plan.shape, fromNumbers(x.dtype, out))];
  },
  cost: (c) => poolCost(c, c.attrs.kernel_shape),
});
