/** Elementwise operators on 8-bit quantised tensors: computed on the numbers they stand for, then quantised again. */
import type { DType } from "../../base/dtypes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { activation } from "../common/activations.ts";
import { broadcastDims } from "../common/broadcast.ts";
import { perOutputElement } from "../common/cost.ts";
import { combine, sameAsInput } from "../common/elementwise.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { quantizedPorts, requantize, scalarOf } from "../common/quantization.ts";
import { type AttributeSpecs, type Operator, operator, type ReferenceContext } from "../operator.ts";

const bytes = ["int8", "uint8"] as const satisfies readonly DType[];
const domain = "com.microsoft";
type Context = Pick<ReferenceContext, "fail" | "tensor" | "optionalTensor">;

/** The numbers that a quantised input stands for, its scale and zero point lying behind it. */
function real(c: Context, index: number, name: string): Tensor<"float64"> {
  const [q, zero] = [c.tensor(index), c.optionalTensor(index + 2)];
  const scale = scalarOf(c, c.tensor(index + 1), `${name}_scale`);
  const zeroPoint = zero ? scalarOf(c, zero, `${name}_zero_point`) : 0;
  return new Tensor(
    "float64",
    q.shape,
    Float64Array.from(numbersOf(q), (v) => (v - zeroPoint) * scale),
  );
}

/** x quantised with the scale at an input and the zero point behind it. */
function quantized(c: Context, x: Tensor<"float64">, index: number, name: string, dtype: DType): Tensor {
  const scale = scalarOf(c, c.tensor(index), `${name}_scale`);
  const zero = c.optionalTensor(index + 1);
  const zeroPoint = zero ? scalarOf(c, zero, `${name}_zero_point`) : 0;
  const round = requantize(dtype);
  return new Tensor(
    dtype,
    x.shape,
    fromNumbers(
      dtype,
      x.data.map((v) => round(v / scale, zeroPoint)),
    ),
  );
}

function qLinearBinaryOperator(name: string, doc: string, number: (a: number, b: number) => number): Operator {
  return operator({
    name,
    domain,
    since: [1],
    doc,
    inputs: [
      { name: "A", type: "T" },
      { name: "A_scale", type: "float32" },
      { name: "A_zero_point", type: "T", optional: true },
      { name: "B", type: "T" },
      { name: "B_scale", type: "float32" },
      { name: "B_zero_point", type: "T", optional: true },
      { name: "C_scale", type: "float32" },
      { name: "C_zero_point", type: "T", optional: true },
    ],
    outputs: [{ name: "C", type: "T" }],
    types: { T: bytes },
    infer(c) {
      c.output(0, tensorType(c.dtype(0), broadcastDims(c, [c.shape(0), c.shape(3)])));
    },
    reference(c) {
      const sum = combine(c, real(c, 0, "A"), real(c, 3, "B"), { number });
      return [quantized(c, sum as Tensor<"float64">, 6, "C", c.tensor(0).dtype)];
    },
    cost: perOutputElement(5),
  });
}

export const qLinearAdd = qLinearBinaryOperator("QLinearAdd", "A + B of quantised tensors.", (a, b) => a + b);
export const qLinearMul = qLinearBinaryOperator("QLinearMul", "A · B of quantised tensors.", (a, b) => a * b);

function qLinearUnaryOperator(name: string, doc: string, attributes: AttributeSpecs, activationName: string): Operator {
  return operator({
    name,
    domain,
    since: [1],
    doc,
    ...quantizedPorts("X", "Y"),
    attributes,
    types: { T: bytes },
    infer: sameAsInput,
    reference(c) {
      const f = activation(activationName, [c.attrs["alpha"] as number | undefined])!;
      const x = real(c, 0, "X");
      return [quantized(c, new Tensor("float64", x.shape, x.data.map(f)), 3, "Y", c.tensor(0).dtype)];
    },
    cost: perOutputElement(12),
  });
}

export const qLinearSigmoid = qLinearUnaryOperator("QLinearSigmoid", "Sigmoid of a quantised tensor.", {}, "Sigmoid");
export const qLinearLeakyRelu = qLinearUnaryOperator(
  "QLinearLeakyRelu",
  "LeakyRelu of a quantised tensor.",
  { alpha: { type: "float", default: 0.01, doc: "Slope below 0." } },
  "LeakyRelu",
);

/** [N,C,…] with its spatial axes 1, or [N,…,C] with channels last. */
const pooledShape = <D>(shape: readonly D[], channelsLast: boolean): (D | 1)[] =>
  shape.map((dim, axis) => (axis === 0 || axis === (channelsLast ? shape.length - 1 : 1) ? dim : 1));

export const qLinearGlobalAveragePool = operator({
  name: "QLinearGlobalAveragePool",
  domain,
  since: [1],
  doc: "Mean over all spatial axes of each channel of a quantised tensor.",
  ...quantizedPorts("x", "y", "[N,C,D1,…]."),
  attributes: { channels_last: { type: "int", default: 0, doc: "1: X is [N,D1,…,C]." } },
  types: { T: bytes },
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(c.dtype(0), x && pooledShape(x, c.attrs.channels_last === 1)));
  },
  reference(c) {
    const x = real(c, 0, "x");
    if (x.rank < 2) c.fail("SHAPE", `X is [${x.shape}], expected rank 2 or more: [N,C,…]`);
    const last = c.attrs.channels_last === 1;
    const [batch, channels] = [x.shape[0]!, x.shape[last ? x.rank - 1 : 1]!];
    const plane = batch * channels === 0 ? 0 : x.size / (batch * channels);
    const sums = new Float64Array(batch * channels);
    x.data.forEach((v, i) => {
      const image = Math.floor(i / (plane * channels));
      const channel = last ? i % channels : Math.floor(i / plane) % channels;
      sums[image * channels + channel]! += v / plane;
    });
    const mean = new Tensor("float64", pooledShape(x.shape, last), sums);
    return [quantized(c, mean, 3, "y", c.tensor(0).dtype)];
  },
  cost: (c) => ({ flops: (c.inputShape(0) ?? []).reduce((a, b) => a * b, 1), bytes: c.totalBytes }),
});
