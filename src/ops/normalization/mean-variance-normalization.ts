import { Tensor } from "../../base/tensor.ts";
import { resolveAxes } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { collector, sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { planReduction } from "../common/reduction.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

/** Keeps the quotient finite where all elements are equal. */
const epsilon = 1e-9;

export const meanVarianceNormalization = operator({
  name: "MeanVarianceNormalization",
  since: [1, 9, 13],
  doc: "(X - mean) / standard deviation over axes.",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    axes: { type: "ints", default: [0, 2, 3], doc: "Axes to take the statistics over." },
    across_channels: { type: "int", until: 8, doc: "Experimental form: 1 takes statistics over channels as well." },
    normalize_variance: { type: "int", until: 8, doc: "Experimental form: 0 takes off the mean only." },
  },
  types: { T: floats },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    // The first experimental form normalised each image on its own; the later one has axes already.
    const { across_channels: across, normalize_variance: scaling } = c.attrs;
    const perImage = across !== undefined || scaling !== undefined;
    const imageAxes = x.shape.map((_, axis) => axis).filter((axis) => axis >= 2 || (axis === 1 && across === 1));
    const axes = perImage ? imageAxes : resolveAxes(c, c.attrs.axes, x.rank);
    const scaled = scaling !== 0;
    const { starts, members } = planReduction(x.shape, axes, true);
    const from = numbersOf(x);
    const { values, done } = collector(x.dtype, from.length);
    for (const start of starts) {
      let sum = 0;
      for (const member of members) sum += from[start + member]!;
      const mean = sum / members.length;
      let squares = 0;
      for (const member of members) squares += (from[start + member]! - mean) ** 2;
      const deviation = scaled ? Math.sqrt(squares / members.length) + epsilon : 1;
      for (const member of members) values[start + member] = (from[start + member]! - mean) / deviation;
    }
    return [new Tensor(x.dtype, x.shape, done())];
  },
  cost: perOutputElement(6),
});
