/** Normalisation over the last axes, with a scale and a bias that broadcast to them. */
import { type DType, dtypeFromOnnx } from "../../base/dtypes.ts";
import { type Shape, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { resolveAxis } from "../common/axes.ts";
import { forEachRow } from "../common/broadcast.ts";
import { perOutputElement } from "../common/cost.ts";
import { momentsOf } from "../common/normalize.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator, type ReferenceContext } from "../operator.ts";

const attributes = {
  axis: { type: "int", default: -1, doc: "First of the axes to normalise over." },
  epsilon: { type: "float", default: 1e-5, doc: "Added to the variance." },
  stash_type: { type: "int", default: 1, doc: "ONNX code of the type of the statistics." },
} as const;

const statisticsType = (code: number): DType => dtypeFromOnnx(code) ?? "float32";

/** Shape of the statistics: the normalised axes are 1. */
const statisticsShape = <D extends number | string>(shape: readonly D[], axis: number): (D | 1)[] =>
  shape.map((dim, i) => (i < axis ? dim : 1));

/** Multiplies (and adds) a tensor that broadcasts to x's shape; fails where it does not. */
function apply(
  c: Pick<ReferenceContext, "fail">,
  values: Float64Array,
  shape: readonly number[],
  other: Tensor,
  name: string,
  f: (value: number, other: number) => number,
): void {
  const missing = shape.length - other.rank;
  if (missing < 0 || other.shape.some((dim, i) => dim !== 1 && dim !== shape[i + missing]))
    c.fail("SHAPE", `${name} is [${other.shape}], expected to broadcast to X [${shape}]`);
  const from = numbersOf(other);
  forEachRow(shape, [other.shape], (at, [start], length, [step]) => {
    for (let i = 0; i < length; i++) values[at + i] = f(values[at + i]!, from[start! + i * step!]!);
  });
}

interface Normalized {
  readonly values: Float64Array;
  readonly means: Float64Array;
  readonly inverses: Float64Array;
}

/** (x - mean)·inverse of each row; without `centered` the mean is taken as 0. */
function normalizeRows(x: Tensor, axis: number, epsilon: number, centered: boolean): Normalized {
  const from = numbersOf(x);
  const count = sizeOf(x.shape.slice(axis));
  const rows = sizeOf(x.shape.slice(0, axis));
  const values = new Float64Array(from.length);
  const means = new Float64Array(rows);
  const inverses = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * count;
    let { mean, variance } = momentsOf(from, start, count);
    if (!centered) {
      variance += mean * mean;
      mean = 0;
    }
    const inverse = 1 / Math.sqrt(variance + epsilon);
    means[row] = mean;
    inverses[row] = inverse;
    for (let i = start; i < start + count; i++) values[i] = (from[i]! - mean) * inverse;
  }
  return { values, means, inverses };
}

export const layerNormalization = operator({
  name: "LayerNormalization",
  since: [17],
  doc: "(X - mean) / sqrt(variance + epsilon) · Scale + B over the axes from `axis` on.",
  inputs: [
    { name: "X", type: "T" },
    { name: "Scale", type: "T", doc: "Broadcasts to X." },
    { name: "B", type: "T", optional: true, doc: "Broadcasts to X." },
  ],
  outputs: [
    { name: "Y", type: "T" },
    { name: "Mean", type: "U", optional: true },
    { name: "InvStdDev", type: "U", optional: true },
  ],
  attributes,
  types: { T: floats, U: ["float32", "bfloat16", "float64", "float16"] },
  typing: "same",
  infer(c) {
    const shape: Shape | undefined = c.shape(0);
    c.output(0, tensorType(c.dtype(0), shape));
    const statistics = shape && statisticsShape(shape, resolveAxis(c, c.attrs.axis, shape.length));
    for (let i = 1; i < c.numOutputs; i++) c.output(i, tensorType(statisticsType(c.attrs.stash_type), statistics));
  },
  reference(c) {
    const [x, scale, bias] = [c.tensor(0), c.tensor(1), c.optionalTensor(2)];
    const axis = resolveAxis(c, c.attrs.axis, x.rank);
    const { values, means, inverses } = normalizeRows(x, axis, c.attrs.epsilon, true);
    apply(c, values, x.shape, scale, "Scale", (v, s) => v * s);
    if (bias) apply(c, values, x.shape, bias, "B", (v, b) => v + b);
    const type = statisticsType(c.attrs.stash_type);
    const statistic = (v: Float64Array): Tensor =>
      new Tensor(type, statisticsShape(x.shape, axis), fromNumbers(type, v));
    return [new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, values)), statistic(means), statistic(inverses)];
  },
  cost: perOutputElement(8),
});

export const rmsNormalization = operator({
  name: "RMSNormalization",
  since: [23],
  doc: "X / sqrt(mean(X²) + epsilon) · scale over the axes from `axis` on.",
  inputs: [
    { name: "X", type: "T" },
    { name: "scale", type: "V", doc: "Broadcasts to X." },
  ],
  outputs: [{ name: "Y", type: "V" }],
  attributes,
  types: { T: floats, V: floats },
  typing: "same",
  infer(c) {
    c.output(0, tensorType(c.type(1)?.kind === "tensor" ? c.dtype(1) : c.dtype(0), c.shape(0)));
  },
  reference(c) {
    const [x, scale] = [c.tensor(0), c.tensor(1)];
    const { values } = normalizeRows(x, resolveAxis(c, c.attrs.axis, x.rank), c.attrs.epsilon, false);
    apply(c, values, x.shape, scale, "scale", (v, s) => v * s);
    return [new Tensor(scale.dtype, x.shape, fromNumbers(scale.dtype, values))];
  },
  cost: perOutputElement(5),
});
