import { Tensor } from "../../base/tensor.ts";
import { resolveAxis } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { aroundAxis } from "../common/elements.ts";
import { collector, sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const lpNormalization = operator({
  name: "LpNormalization",
  since: [1, 22],
  doc: "Each element divided by the L1 or L2 norm along an axis; 0 where the norm is 0.",
  inputs: [{ name: "input", type: "T" }],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    axis: { type: "int", default: -1, doc: "Axis to normalise along." },
    p: { type: "int", default: 2, doc: "1 or 2." },
  },
  types: { T: floats },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    const { p } = c.attrs;
    if (p !== 1 && p !== 2) c.fail("ATTRIBUTE", `p is ${p}, expected 1 or 2`);
    const { outer, length, inner } = aroundAxis(x.shape, resolveAxis(c, c.attrs.axis, x.rank));
    const from = numbersOf(x);
    const { values, done } = collector(x.dtype, from.length);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const start = o * length * inner + i;
        let sum = 0;
        for (let l = 0; l < length; l++) sum += Math.abs(from[start + l * inner]!) ** p;
        const norm = p === 2 ? Math.sqrt(sum) : sum;
        for (let l = 0; l < length; l++) values[start + l * inner] = norm === 0 ? 0 : from[start + l * inner]! / norm;
      }
    return [new Tensor(x.dtype, x.shape, done())];
  },
  cost: perOutputElement(3),
});
