import { type DType, dtypeFromOnnx, isFloat } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { perOutputElement } from "../common/cost.ts";
import { fromNumbers, numbersOf, roundTo } from "../common/numbers.ts";
import { checkZeroPoint, forEachScaled, requantize } from "../common/quantization.ts";
import { float8s, floats } from "../common/types.ts";
import { type AttributeSpecs, type Operator, operator } from "../operator.ts";

const quantized = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint4",
  "int4",
  "uint2",
  "int2",
  "float4e2m1",
  ...float8s,
] as const satisfies readonly DType[];

/** The quantised dtype: that of the zero point, else what output_dtype says, else uint8. */
function outputType(zeroPoint: DType | undefined, code: number): DType {
  return zeroPoint ?? (code ? dtypeFromOnnx(code) : undefined) ?? "uint8";
}

const attributes = {
  axis: { type: "int", default: 1, since: 13, doc: "Axis the scales belong to, where they are several." },
  saturate: {
    type: "int",
    default: 1,
    since: 19,
    doc: "8-bit floats only: 0 makes numbers beyond the range infinite or NaN.",
  },
  block_size: { type: "int", default: 0, since: 21, doc: "Elements along the axis that share a scale." },
  output_dtype: {
    type: "int",
    default: 0,
    since: 21,
    doc: "ONNX code of the result's type where no zero point says it.",
  },
  precision: { type: "int", default: 0, since: 23, doc: "ONNX code of the type in which x / y_scale is computed." },
} as const;

function quantizeLinearOperator(domain: string, since: readonly number[], specs: typeof attributes): Operator {
  return operator({
    name: "QuantizeLinear",
    domain,
    since,
    doc: "round(x / y_scale) + y_zero_point, clamped to the quantised type.",
    inputs: [
      { name: "x", type: "T1" },
      { name: "y_scale", type: "T2", doc: "One scale, one a position of the axis, or one a block." },
      { name: "y_zero_point", type: "T3", optional: true, doc: "Like the scale; its type is the result's. Default 0." },
    ],
    outputs: [{ name: "y", type: "T3" }],
    attributes: specs,
    types: { T1: [...floats, "int32"], T2: [...floats, "int32", "float8e8m0"], T3: quantized },
    typing: "same",
    infer(c) {
      const zero = c.type(2)?.kind === "tensor" ? c.dtype(2) : undefined;
      c.output(0, tensorType(outputType(zero, c.attrs.output_dtype), c.shape(0)));
    },
    reference(c) {
      const [x, scale, zeroPoint] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
      const dtype = outputType(zeroPoint?.dtype, c.attrs.output_dtype);
      checkZeroPoint(c, scale, zeroPoint, "y_zero_point");
      const [from, scales] = [numbersOf(x), numbersOf(scale)];
      const zeros = zeroPoint && numbersOf(zeroPoint);
      // The quotient is rounded to the type it is computed in before it is rounded to a whole number.
      const computed = c.attrs.precision ? dtypeFromOnnx(c.attrs.precision) : undefined;
      const quotientType = computed ?? (isFloat(scale.dtype) && scale.dtype !== "float8e8m0" ? scale.dtype : "float32");
      const out = new Float64Array(from.length);
      const toFloat = isFloat(dtype);
      const round = toFloat ? undefined : requantize(dtype);
      forEachScaled(c, x.shape, scale, c.attrs.axis ?? 1, c.attrs.block_size ?? 0, (at, scaleAt) => {
        const quotient = roundTo(quotientType, from[at]! / scales[scaleAt]!);
        const zero = zeros ? zeros[scaleAt]! : 0;
        out[at] = round ? round(quotient, zero) : quotient + zero;
      });
      return [new Tensor(dtype, x.shape, fromNumbers(dtype, out, { saturate: c.attrs.saturate !== 0 }))];
    },
    cost: perOutputElement(3),
  });
}

export const quantizeLinear = quantizeLinearOperator("", [10, 13, 19, 21, 23, 24, 25], attributes);
/** Exported by older tools; means the same. */
export const microsoftQuantizeLinear = quantizeLinearOperator("com.microsoft", [1], withoutVersions(attributes));

/** The same attributes in force at every version. */
function withoutVersions<A extends AttributeSpecs>(specs: A): A {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, { ...spec, since: 1 }])) as unknown as A;
}
