import { sizeOf } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { epilogueAttributes, finish, namedActivation } from "../common/epilogue.ts";
import { gemmAttributes, gemmShape, gemmSums } from "../common/gemm.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

const inputs = [
  { name: "A", type: "T", doc: "[M,K], or [K,M] with transA." },
  { name: "B", type: "T", doc: "[K,N], or [N,K] with transB." },
  { name: "C", type: "T", optional: true, doc: "Broadcasts to [M,N]." },
] as const;

export const fusedGemm = operator({
  name: "FusedGemm",
  domain: "inferlab",
  since: [1],
  doc: "activation(alpha · A' · B' + beta · C + Z), rounded once.",
  inputs: [...inputs, { name: "Z", type: "T", optional: true, doc: "Residual in the result's shape." }],
  outputs: [{ name: "Y", type: "T", doc: "[M,N]." }],
  attributes: { ...gemmAttributes, ...epilogueAttributes },
  types: { T: floats },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    namedActivation(c, c.attrs.activation, c.attrs.activation_params);
    c.output(0, tensorType(c.dtype(0), a && b && gemmShape(c, a, b, c.attrs)));
  },
  reference(c) {
    const a = c.tensor(0);
    const { shape, sums } = gemmSums(c, a, c.tensor(1), c.optionalTensor(2), c.attrs);
    const f = namedActivation(c, c.attrs.activation, c.attrs.activation_params);
    return [finish(c, sums, a, shape, c.optionalTensor(3), f)];
  },
  cost(c) {
    const a = c.inputShape(0) ?? [0, 0];
    return { flops: 2 * sizeOf(c.outputShape(0)) * a[c.attrs.transA ? 0 : 1]!, bytes: c.totalBytes };
  },
});

/** Written by ONNX Runtime's optimiser. */
export const microsoftFusedGemm = operator({
  name: "FusedGemm",
  domain: "com.microsoft",
  since: [1],
  doc: "activation(alpha · A' · B' + beta · C).",
  inputs,
  outputs: [{ name: "Y", type: "T", doc: "[M,N]." }],
  attributes: {
    ...gemmAttributes,
    activation: { type: "string", default: "", doc: "Name of an activation operator, such as Relu; empty: none." },
    activation_alpha: { type: "float", doc: "Its first parameter." },
    activation_beta: { type: "float", doc: "Its second parameter." },
    activation_gamma: { type: "float", doc: "Its third parameter; Selu's gamma is its second." },
  },
  types: { T: floats },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(1)];
    c.output(0, tensorType(c.dtype(0), a && b && gemmShape(c, a, b, c.attrs)));
  },
  reference(c) {
    const a = c.tensor(0);
    const { activation_alpha: alpha, activation_beta: beta, activation_gamma: gamma } = c.attrs;
    const given = [alpha, beta ?? gamma];
    const params = given.slice(0, given.findLastIndex((v) => v !== undefined) + 1).map((v) => v ?? 0);
    const { shape, sums } = gemmSums(c, a, c.tensor(1), c.optionalTensor(2), c.attrs);
    return [finish(c, sums, a, shape, undefined, namedActivation(c, c.attrs.activation, params))];
  },
  cost(c) {
    const a = c.inputShape(0) ?? [0, 0];
    return { flops: 2 * sizeOf(c.outputShape(0)) * a[c.attrs.transA ? 0 : 1]!, bytes: c.totalBytes };
  },
});
