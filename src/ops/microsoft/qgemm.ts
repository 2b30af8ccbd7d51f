import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { gemmShape, gemmSums } from "../common/gemm.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { multiplierOf, requantize, rescale, scalarOf } from "../common/quantization.ts";
import { operator } from "../operator.ts";

const bytes = ["int8", "uint8"] as const;

export const qGemm = operator({
  name: "QGemm",
  domain: "com.microsoft",
  since: [1],
  doc: "alpha · A'·B' + C of quantised matrices, divided by y_scale; rounded to bytes, or float where y_zero_point is left out.",
  inputs: [
    { name: "A", type: "TA", doc: "[M,K], or [K,M] with transA." },
    { name: "a_scale", type: "float32" },
    { name: "a_zero_point", type: "TA" },
    { name: "B", type: "TB", doc: "[K,N], or [N,K] with transB." },
    { name: "b_scale", type: "float32", doc: "One, or one a column." },
    { name: "b_zero_point", type: "TB", doc: "One, or one a column." },
    { name: "C", type: "TC", optional: true, doc: "With scale alpha · a_scale · b_scale; broadcasts to [M,N]." },
    { name: "y_scale", type: "float32", optional: true, doc: "Divides the result, float32 results too. Default 1." },
    { name: "y_zero_point", type: "TYZ", optional: true },
  ],
  outputs: [{ name: "Y", type: "TY", doc: "[M,N]." }],
  attributes: {
    alpha: { type: "float", default: 1, doc: "Factor of A'·B'." },
    transA: { type: "int", default: 0, doc: "1: A' is A transposed." },
    transB: { type: "int", default: 0, doc: "1: B' is B transposed." },
  },
  types: { TA: bytes, TB: bytes, TC: ["int32"], TYZ: bytes, TY: [...bytes, "float32"] },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(3)];
    const dtype = c.type(8) ? c.dtype(8) : "float32";
    c.output(0, tensorType(dtype, a && b && gemmShape(c, a, b, c.attrs)));
  },
  reference(c) {
    const [a, b, bias, yZero] = [c.tensor(0), c.tensor(3), c.optionalTensor(6), c.optionalTensor(8)];
    const columns = gemmShape(c, a.shape, b.shape, c.attrs)[1] as number;
    const aZero = scalarOf(c, c.tensor(2), "a_zero_point");
    const [bScales, bZeros] = [numbersOf(c.tensor(4)), numbersOf(c.tensor(5))];
    for (const [name, list] of [
      ["b_scale", bScales],
      ["b_zero_point", bZeros],
    ] as const)
      if (list.length !== 1 && list.length !== columns)
        c.fail("SHAPE", `${name} has ${list.length} elements, expected 1 or ${columns}`);
    const columnOf = (at: number): number => (c.attrs.transB ? Math.floor(at / b.shape[1]!) : at % b.shape[1]!);
    const left = Float64Array.from(numbersOf(a), (v) => v - aZero);
    const right = Float64Array.from(numbersOf(b), (v, at) => v - bZeros[bZeros.length === 1 ? 0 : columnOf(at)]!);
    const { shape, sums } = gemmSums(
      c,
      new Tensor("float64", a.shape, left),
      new Tensor("float64", b.shape, right),
      bias,
      { alpha: 1, beta: 1, transA: c.attrs.transA, transB: c.attrs.transB },
    );
    const scale = Math.fround(c.attrs.alpha * scalarOf(c, c.tensor(1), "a_scale"));
    const yScale = c.optionalTensor(7);
    // ONNX Runtime, whose operator it is, divides by y_scale without a y_zero_point too; its definition does not say.
    const step = yScale ? scalarOf(c, yScale, "y_scale") : 1;
    const multipliers = bScales.map((bScale) => multiplierOf(scale, bScale, step));
    const scaled = sums.map((sum, i) => rescale(sum, multipliers[multipliers.length === 1 ? 0 : i % columns]!));
    if (!yZero) return [new Tensor("float32", shape, Float32Array.from(scaled))];
    const zero = scalarOf(c, yZero, "y_zero_point");
    const round = requantize(yZero.dtype);
    return [
      new Tensor(
        yZero.dtype,
        shape,
        fromNumbers(
          yZero.dtype,
          scaled.map((v) => round(v, zero)),
        ),
      ),
    ];
  },
  cost(c) {
    const a = c.inputShape(0) ?? [0, 0];
    return { flops: 2 * sizeOf(c.outputShape(0)) * a[c.attrs.transA ? 0 : 1]!, bytes: c.totalBytes };
  },
});
