import { generalize } from "../common/generalize.ts";
import { operator } from "../operator.ts";

export const sequenceConstruct = operator({
  name: "SequenceConstruct",
  since: [11],
  doc: "A sequence of the given tensors.",
  inputs: [{ name: "inputs", type: "T", variadic: true }],
  outputs: [{ name: "output_sequence", type: "S" }],
  infer(c) {
    let element = c.type(0);
    for (let i = 1; i < c.numInputs; i++) element = generalize(c, element, c.type(i));
    if (element) c.output(0, { kind: "sequence", element });
  },
  reference(c) {
    const items = c.inputs.map((_, i) => c.tensor(i));
    return [{ kind: "sequence", items, dtype: items[0]?.dtype }];
  },
});
