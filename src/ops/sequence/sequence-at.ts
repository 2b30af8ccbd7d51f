import { operator } from "../operator.ts";
import { positionOf, sequenceOf } from "./values.ts";

export const sequenceAt = operator({
  name: "SequenceAt",
  since: [11],
  doc: "The tensor at a position of a sequence; negative positions count from the end.",
  inputs: [
    { name: "input_sequence", type: "S" },
    { name: "position", type: "I", doc: "Scalar." },
  ],
  outputs: [{ name: "tensor", type: "T" }],
  infer(c) {
    const type = c.type(0);
    if (type?.kind === "sequence") c.output(0, type.element);
  },
  reference(c) {
    const { items } = sequenceOf(c, 0);
    return [items[positionOf(c, 1, items.length, items.length)]];
  },
});
