import { generalize } from "../common/generalize.ts";
import { operator } from "../operator.ts";
import { positionOf, sequenceOf } from "./values.ts";

export const sequenceInsert = operator({
  name: "SequenceInsert",
  since: [11],
  doc: "A sequence with a tensor put before a position (default: at the end).",
  inputs: [
    { name: "input_sequence", type: "S" },
    { name: "tensor", type: "T" },
    { name: "position", type: "I", optional: true, doc: "Scalar; negative counts from the end." },
  ],
  outputs: [{ name: "output_sequence", type: "S" }],
  infer(c) {
    const type = c.type(0);
    if (type?.kind !== "sequence") return;
    const element = generalize(c, type.element, c.type(1)) ?? type.element;
    c.output(0, { kind: "sequence", element });
  },
  reference(c) {
    const sequence = sequenceOf(c, 0);
    const tensor = c.tensor(1);
    const { items } = sequence;
    const dtype = sequence.dtype ?? (items[0]?.kind === "tensor" ? items[0].dtype : tensor.dtype);
    if (dtype !== tensor.dtype) c.fail("DTYPE", `tensor is ${tensor.dtype}, expected ${dtype} as the sequence's`);
    return [
      { ...sequence, dtype, items: items.toSpliced(positionOf(c, 2, items.length, items.length + 1), 0, tensor) },
    ];
  },
});
