import { elementwise, sameAsInput } from "./common/elementwise.ts";
import { operator } from "./operator.ts";

export const relu = operator({
  name: "Relu",
  since: [1, 6, 13, 14],
  doc: "Elementwise max(x, 0).",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "T" }],
  infer: sameAsInput,
  reference: elementwise((x) => (x < 0 ? 0 : x)),
});
