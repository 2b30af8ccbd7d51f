import { operator } from "../operator.ts";

export const optional = operator({
  name: "Optional",
  since: [15],
  doc: "An optional that holds the input, or nothing where the input is left out.",
  inputs: [{ name: "input", type: "V", optional: true }],
  outputs: [{ name: "output", type: "O" }],
  attributes: { type: { type: "type", doc: "Type of the element, where the input is left out." } },
  infer(c) {
    const element = c.type(0) ?? c.attrs.type;
    if (element) c.output(0, { kind: "optional", element });
  },
  reference: (c) => [{ kind: "optional", value: c.inputs[0] ?? null }],
});
