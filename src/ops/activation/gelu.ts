import { activation } from "../common/activations.ts";
import { perOutputElement } from "../common/cost.ts";
import { mapElements, sameAsInput, unaryOperator } from "../common/elementwise.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const gelu = operator({
  name: "Gelu",
  since: [20],
  doc: "Elementwise x · Φ(x), Φ the normal distribution; approximate=tanh uses the tanh approximation.",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "T" }],
  attributes: { approximate: { type: "string", default: "none", doc: "none or tanh." } },
  types: { T: floats },
  infer: sameAsInput,
  reference(c) {
    const { approximate } = c.attrs;
    if (approximate !== "none" && approximate !== "tanh")
      c.fail("ATTRIBUTE", `approximate is ${JSON.stringify(approximate)}, expected "none" or "tanh"`);
    return [mapElements(c.tensor(0), activation(approximate === "tanh" ? "GeluTanh" : "Gelu")!)];
  },
  cost: perOutputElement(15),
});

export const microsoftGelu = unaryOperator({
  name: "Gelu",
  domain: "com.microsoft",
  since: [1],
  doc: "Elementwise x · Φ(x), Φ the normal distribution.",
  types: floats,
  f: activation("Gelu")!,
  flops: 15,
});
