import { type DType, dtypeFromOnnx } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { perOutputElement } from "../common/cost.ts";
import { collector } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { checkZeroPoint, forEachScaled } from "../common/quantization.ts";
import { float8s, floats } from "../common/types.ts";
import { type Operator, operator } from "../operator.ts";

const quantized = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "uint4",
  "int4",
  "uint2",
  "int2",
  "float4e2m1",
  ...float8s,
] as const satisfies readonly DType[];

function dequantizeLinearOperator(domain: string, since: readonly number[], everywhere: boolean): Operator {
  const from = (version: number): number => (everywhere ? 1 : version);
  return operator({
    name: "DequantizeLinear",
    domain,
    since,
    doc: "(x - x_zero_point) · x_scale.",
    inputs: [
      { name: "x", type: "T1" },
      { name: "x_scale", type: "T2", doc: "One scale, one a position of the axis, or one a block." },
      { name: "x_zero_point", type: "T1", optional: true, doc: "Like the scale. Default 0." },
    ],
    outputs: [{ name: "y", type: "T3" }],
    attributes: {
      axis: { type: "int", default: 1, since: from(13), doc: "Axis the scales belong to, where they are several." },
      block_size: { type: "int", default: 0, since: from(21), doc: "Elements along the axis that share a scale." },
      output_dtype: {
        type: "int",
        default: 0,
        since: from(23),
        doc: "ONNX code of the result's type; 0: the scale's.",
      },
    },
    types: { T1: quantized, T2: [...floats, "float8e8m0"], T3: floats },
    typing: "same",
    infer(c) {
      c.output(0, tensorType((c.attrs.output_dtype && dtypeFromOnnx(c.attrs.output_dtype)) || c.dtype(1), c.shape(0)));
    },
    reference(c) {
      const [x, scale, zeroPoint] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
      if (zeroPoint && zeroPoint.dtype !== x.dtype)
        c.fail("DTYPE", `x_zero_point is ${zeroPoint.dtype}, expected ${x.dtype} as x`);
      checkZeroPoint(c, scale, zeroPoint, "x_zero_point");
      const dtype = (c.attrs.output_dtype && dtypeFromOnnx(c.attrs.output_dtype)) || scale.dtype;
      const [values, scales] = [numbersOf(x), numbersOf(scale)];
      const zeros = zeroPoint && numbersOf(zeroPoint);
      const { values: out, done } = collector(dtype, values.length);
      forEachScaled(c, x.shape, scale, c.attrs.axis ?? 1, c.attrs.block_size ?? 0, (at, scaleAt) => {
        out[at] = (values[at]! - (zeros ? zeros[scaleAt]! : 0)) * scales[scaleAt]!;
      });
      return [new Tensor(dtype, x.shape, done())];
    },
    cost: perOutputElement(2),
  });
}

export const dequantizeLinear = dequantizeLinearOperator("", [10, 13, 19, 21, 23, 24, 25], false);
/** Exported by older tools; means the same. */
export const microsoftDequantizeLinear = dequantizeLinearOperator("com.microsoft", [1], true);
