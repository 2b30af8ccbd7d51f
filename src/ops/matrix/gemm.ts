import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { legacyShape } from "../common/broadcast.ts";
import { gemmAttributes, gemmBig, gemmShape, gemmSums } from "../common/gemm.ts";
import { fromNumbers, isBig } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

const attributes = {
  ...gemmAttributes,
  broadcast: { type: "int", default: 0, until: 6, doc: "1: C may be repeated to the result's shape." },
} as const;

export const gemm = operator({
  name: "Gemm",
  since: [1, 6, 7, 9, 11, 13],
  doc: "alpha · A' · B' + beta · C of matrices, A' and B' optionally transposed; C broadcasts.",
  inputs: [
    { name: "A", type: "T", doc: "[M,K], or [K,M] with transA." },
    { name: "B", type: "T", doc: "[K,N], or [N,K] with transB." },
    { name: "C", type: "T", optional: true, doc: "Broadcasts to [M,N]." },
  ],
  outputs: [{ name: "Y", type: "T", doc: "[M,N]." }],
  attributes,
  types: { T: [...floats, "int32", "int64", "uint32", "uint64"] },
  typing: "gemm",
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType(c.dtype(0), a && b && gemmShape(c, a, b, c.attrs)));
  },
  reference(c) {
    const [a, b, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    if (a.dtype !== b.dtype)
      c.fail("DTYPE", `inputs are ${a.dtype} and ${b.dtype}, expected one type`, "insert a Cast");
    const result = gemmShape(c, a.shape, b.shape, c.attrs) as [number, number];
    const shape =
      bias && c.version < 7 ? legacyShape(c, result, bias.shape, { broadcast: c.attrs.broadcast }) : bias?.shape;
    if (isBig(a.dtype)) return [gemmBig(c, a, b, bias, c.attrs, shape)];
    const { shape: out, sums } = gemmSums(c, a, b, bias, c.attrs, shape);
    return [new Tensor(a.dtype, out, fromNumbers(a.dtype, sums))];
  },
  cost(c) {
    const a = c.inputShape(0) ?? [0, 0];
    return { flops: 2 * sizeOf(c.outputShape(0)) * a[c.attrs.transA ? 0 : 1]!, bytes: c.totalBytes };
  },
});
