import { free } from "../common/cost.ts";
import { operator } from "../operator.ts";

export const identity = operator({
  name: "Identity",
  since: [1, 13, 14, 16, 19, 21, 23, 24, 25],
  doc: "Its input. Tensors, sequences (from version 14) and optionals (16).",
  inputs: [{ name: "input", type: "V" }],
  outputs: [{ name: "output", type: "V" }],
  typing: "same",
  infer(c) {
    const type = c.type(0);
    if (type) c.output(0, type, c.dims(0));
  },
  reference: (c) => [c.inputs[0]],
  cost: free,
});
