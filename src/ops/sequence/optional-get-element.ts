import { operator } from "../operator.ts";

export const optionalGetElement = operator({
  name: "OptionalGetElement",
  since: [15, 18],
  doc: "What an optional holds; fails where it is empty. A tensor or a sequence is given back as it is (version 18).",
  inputs: [{ name: "input", type: "O" }],
  outputs: [{ name: "output", type: "V" }],
  infer(c) {
    const type = c.type(0);
    if (type) c.output(0, type.kind === "optional" ? type.element : type);
  },
  reference(c) {
    const input = c.inputs[0];
    const value = input?.kind === "optional" ? input.value : input;
    return [value ?? c.fail("VALUE", "the optional is empty, expected a value", "ask OptionalHasElement first")];
  },
});
