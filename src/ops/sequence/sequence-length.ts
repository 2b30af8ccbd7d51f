import { tensorType } from "../../base/value-type.ts";
import { int64Tensor } from "../common/elements.ts";
import { operator } from "../operator.ts";
import { sequenceOf } from "./values.ts";

export const sequenceLength = operator({
  name: "SequenceLength",
  since: [11],
  doc: "The number of tensors in a sequence, as an int64 scalar.",
  inputs: [{ name: "input_sequence", type: "S" }],
  outputs: [{ name: "length", type: "int64" }],
  infer: (c) => c.output(0, tensorType("int64", [])),
  reference: (c) => [int64Tensor([sequenceOf(c, 0).items.length], [])],
});
