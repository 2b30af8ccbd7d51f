import { productOfDims } from "../../base/dims.ts";
import { tensorType } from "../../base/value-type.ts";
import { free } from "../common/cost.ts";
import { int64Tensor } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const size = operator({
  name: "Size",
  since: [1, 13, 19, 21, 23, 24, 25],
  doc: "The number of elements of a tensor, as an int64 scalar.",
  inputs: [{ name: "data", type: "T" }],
  outputs: [{ name: "size", type: "int64" }],
  typing: "scalar",
  infer(c) {
    const shape = c.shape(0);
    c.output(0, tensorType("int64", []), shape && [productOfDims(shape)]);
  },
  reference: (c) => [int64Tensor([c.tensor(0).size], [])],
  cost: free,
});
