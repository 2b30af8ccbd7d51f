/** Gelu of a sum, as ONNX Runtime's optimiser writes it. */
import { tensorType } from "../../base/value-type.ts";
import { activation } from "../common/activations.ts";
import { broadcastDims } from "../common/broadcast.ts";
import { perOutputElement } from "../common/cost.ts";
import { combine, mapElements, sameAsInput } from "../common/elementwise.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

const gelu = activation("Gelu")!;
const geluTanh = activation("GeluTanh")!;

export const biasGelu = operator({
  name: "BiasGelu",
  domain: "com.microsoft",
  since: [1],
  doc: "x · Φ(x) of x = A + B, Φ the normal distribution.",
  inputs: [
    { name: "A", type: "T" },
    { name: "B", type: "T", doc: "Bias of the last axis." },
  ],
  outputs: [{ name: "C", type: "T" }],
  types: { T: floats },
  infer(c) {
    c.output(0, tensorType(c.dtype(0), broadcastDims(c, [c.shape(0), c.shape(1)])));
  },
  reference: (c) => [combine(c, c.tensor(0), c.tensor(1), { number: (a, b) => gelu(a + b) })],
  cost: perOutputElement(16),
});

export const fastGelu = operator({
  name: "FastGelu",
  domain: "com.microsoft",
  since: [1],
  doc: "The tanh approximation of Gelu, of X or of X + bias.",
  inputs: [
    { name: "X", type: "T" },
    { name: "bias", type: "T", optional: true, doc: "Bias of the last axis." },
  ],
  outputs: [{ name: "Y", type: "T" }],
  types: { T: floats },
  infer: sameAsInput,
  reference(c) {
    const [x, bias] = [c.tensor(0), c.optionalTensor(1)];
    return [bias ? combine(c, x, bias, { number: (a, b) => geluTanh(a + b) }) : mapElements(x, geluTanh)];
  },
  cost: perOutputElement(16),
});
