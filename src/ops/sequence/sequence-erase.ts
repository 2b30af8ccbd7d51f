import { operator } from "../operator.ts";
import { positionOf, sequenceOf } from "./values.ts";

export const sequenceErase = operator({
  name: "SequenceErase",
  since: [11],
  doc: "A sequence without the tensor at a position (default: the last).",
  inputs: [
    { name: "input_sequence", type: "S" },
    { name: "position", type: "I", optional: true, doc: "Scalar; negative counts from the end." },
  ],
  outputs: [{ name: "output_sequence", type: "S" }],
  infer(c) {
    const type = c.type(0);
    if (type) c.output(0, type);
  },
  reference(c) {
    const sequence = sequenceOf(c, 0);
    const at = positionOf(c, 1, sequence.items.length, sequence.items.length);
    return [{ ...sequence, items: sequence.items.toSpliced(at, 1) }];
  },
});
