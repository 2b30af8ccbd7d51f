import { tensorType } from "../../base/value-type.ts";
import { boolScalar } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const optionalHasElement = operator({
  name: "OptionalHasElement",
  since: [15, 18],
  doc: "Whether an optional holds something. No input counts as empty, a tensor or a sequence as filled (version 18).",
  inputs: [{ name: "input", type: "O", optional: true }],
  outputs: [{ name: "output", type: "bool" }],
  infer: (c) => c.output(0, tensorType("bool", [])),
  reference(c) {
    const input = c.inputs[0];
    return [boolScalar(input?.kind === "optional" ? input.value !== null : input !== undefined)];
  },
});
