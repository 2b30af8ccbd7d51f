import { dtypeFromOnnx } from "../../base/dtypes.ts";
import { tensorType } from "../../base/value-type.ts";
import { operator } from "../operator.ts";

const dtypeOf = (c: { readonly attrs: { readonly dtype: number }; fail(code: "ATTRIBUTE", text: string): never }) =>
  dtypeFromOnnx(c.attrs.dtype) ?? c.fail("ATTRIBUTE", `dtype is ${c.attrs.dtype}, which is no ONNX type`);

export const sequenceEmpty = operator({
  name: "SequenceEmpty",
  since: [11],
  doc: "A sequence of no tensors.",
  inputs: [],
  outputs: [{ name: "output", type: "S" }],
  attributes: { dtype: { type: "int", default: 1, doc: "ONNX code of the elements' type (default float32)." } },
  infer: (c) => c.output(0, { kind: "sequence", element: tensorType(dtypeOf(c)) }),
  reference: (c) => [{ kind: "sequence", items: [], dtype: dtypeOf(c) }],
});
