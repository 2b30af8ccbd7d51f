import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { reshaped } from "../common/elements.ts";
import { collector } from "../common/elementwise.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { consumedInputs, float8s, floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const dropout = operator({
  name: "Dropout",
  since: [1, 6, 7, 10, 12, 13, 22],
  doc: "In training, zeroes a share `ratio` of the elements at random and scales the rest by 1/(1-ratio); else the input.",
  inputs: [
    { name: "data", type: "T" },
    { name: "ratio", type: "T1", optional: true, since: 12, doc: "Share that is dropped, in [0,1). Default 0.5." },
    { name: "training_mode", type: "T2", optional: true, since: 12, doc: "Whether to drop at all. Default false." },
  ],
  outputs: [
    { name: "output", type: "T" },
    { name: "mask", type: "T2", optional: true, doc: "Which elements stayed; bool since version 10." },
  ],
  attributes: {
    ...consumedInputs,
    is_test: { type: "int", default: 0, until: 6, doc: "1: inference." },
    ratio: { type: "float", default: 0.5, until: 11, doc: "Share that is dropped." },
    seed: { type: "int", since: 12, doc: "Seed of the random numbers." },
  },
  types: { T: [...floats, ...float8s], T1: floats, T2: ["bool"] },
  nondeterministic: true,
  typing: "same",
  infer(c) {
    c.output(0, tensorType(c.dtype(0), c.shape(0)));
    if (c.numOutputs > 1) c.output(1, tensorType(c.version < 10 ? c.dtype(0) : "bool", c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const ratioInput = c.version >= 12 ? c.optionalTensor(1) : undefined;
    const modeInput = c.version >= 12 ? c.optionalTensor(2) : undefined;
    const ratio = c.version < 12 ? c.attrs.ratio : ratioInput ? numbersOf(ratioInput)[0]! : 0.5;
    // Versions 7 and 10 are defined for inference only.
    const training =
      c.version >= 12 ? modeInput !== undefined && numbersOf(modeInput)[0] !== 0 : c.version < 7 && !c.attrs.is_test;
    if (!(ratio >= 0 && ratio < 1)) c.fail("VALUE", `ratio is ${ratio}, expected a number in [0,1)`);
    const maskType = c.version < 10 ? x.dtype : "bool";
    const kept = new Float64Array(x.size).fill(1);
    let y = reshaped(x, x.shape);
    if (training && ratio > 0) {
      const random = c.random(c.attrs.seed);
      const { values, done } = collector(x.dtype, x.size);
      numbersOf(x).forEach((v, i) => {
        kept[i] = random() >= ratio ? 1 : 0;
        values[i] = (kept[i]! * v) / (1 - ratio);
      });
      y = new Tensor(x.dtype, x.shape, done());
    }
    return c.isOutputUsed(1) ? [y, new Tensor(maskType, x.shape, fromNumbers(maskType, kept))] : [y];
  },
});
