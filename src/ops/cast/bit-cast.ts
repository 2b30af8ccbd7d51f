import { allocate, byteLength, type DType, dtypeFromOnnx, dtypes } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { operator } from "../operator.ts";

const bitsOf = (dtype: DType): number => dtypes[dtype].bits;

export const bitCast = operator({
  name: "BitCast",
  since: [26],
  doc: "The bits of each element read as another type of the same width.",
  inputs: [{ name: "input", type: "T1" }],
  outputs: [{ name: "output", type: "T2" }],
  attributes: { to: { type: "int", required: true, doc: "ONNX code of the wanted type." } },
  infer(c) {
    const to =
      dtypeFromOnnx(c.attrs.to) ?? c.fail("ATTRIBUTE", `to is ${c.attrs.to}, expected the code of an element type`);
    c.output(0, tensorType(to, c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const to =
      dtypeFromOnnx(c.attrs.to) ?? c.fail("ATTRIBUTE", `to is ${c.attrs.to}, expected the code of an element type`);
    if (bitsOf(to) !== bitsOf(x.dtype) || bitsOf(to) === 0)
      c.fail(
        "DTYPE",
        `input is ${x.dtype} of ${bitsOf(x.dtype)} bits, ${to} has ${bitsOf(to)}`,
        "both must have one width",
      );
    const out = allocate(to, x.size);
    const from = x.data as Uint8Array;
    const bytes = new Uint8Array((out as Uint8Array).buffer);
    bytes.set(new Uint8Array(from.buffer, from.byteOffset, byteLength(x.dtype, x.size)));
    const width = bitsOf(to);
    // Types narrower than a byte keep one element a byte: the upper bits follow the new type's sign.
    if (width < 8) {
      const signed = dtypes[to].kind === "int" ? 1 << (width - 1) : 0;
      for (let i = 0; i < bytes.length; i++) bytes[i] = ((bytes[i]! & ((1 << width) - 1)) ^ signed) - signed;
    }
    return [new Tensor(to, x.shape, out)];
  },
});
