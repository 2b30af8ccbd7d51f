import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { convolve, inferConvolution, planConvolution } from "../common/convolution.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { multiplierOf, requantize, rescale, scalarOf } from "../common/quantization.ts";
import { windowAttributes } from "../common/windows.ts";
import { operator } from "../operator.ts";
import { filtersWithoutZero } from "./conv-integer.ts";

const attributes = {
  ...windowAttributes,
  group: { type: "int", default: 1, doc: "Channels are cut into so many groups." },
} as const;
const bytes = ["int8", "uint8"] as const;

export const qLinearConv = operator({
  name: "QLinearConv",
  since: [10],
  doc: "Convolution of quantised tensors, quantised again with y_scale and y_zero_point.",
  inputs: [
    { name: "x", type: "T1", doc: "[N,C,D1,…]." },
    { name: "x_scale", type: "float32" },
    { name: "x_zero_point", type: "T1" },
    { name: "w", type: "T2", doc: "[M,C/group,k1,…]." },
    { name: "w_scale", type: "float32", doc: "One, or one a filter." },
    { name: "w_zero_point", type: "T2", doc: "One, or one a filter." },
    { name: "y_scale", type: "float32" },
    { name: "y_zero_point", type: "T3" },
    { name: "B", type: "T4", optional: true, doc: "[M], with scale x_scale · w_scale." },
  ],
  outputs: [{ name: "y", type: "T3" }],
  attributes,
  types: { T1: bytes, T2: bytes, T3: bytes, T4: ["int32"] },
  infer(c) {
    const x = c.shape(0);
    c.output(0, tensorType(c.dtype(7), x && inferConvolution(c, x, c.shape(3), c.attrs, c.shape(8))));
  },
  reference(c) {
    const [x, w, bias, yZero] = [c.tensor(0), c.tensor(3), c.optionalTensor(8), c.tensor(7)];
    const plan = planConvolution(c, x.shape, w.shape, c.attrs, bias?.shape);
    const zero = scalarOf(c, c.tensor(2), "x_zero_point");
    const from = Float64Array.from(numbersOf(x), (v) => v - zero);
    const sums = new Float64Array(sizeOf(plan.shape));
    convolve(from, x.shape, filtersWithoutZero(c, w, c.tensor(5)), w.shape, plan, bias && numbersOf(bias), sums);
    const filters = w.shape[0]!;
    const wScales = numbersOf(c.tensor(4));
    if (wScales.length !== 1 && wScales.length !== filters)
      c.fail("SHAPE", `w_scale has ${wScales.length} elements, expected 1 or ${filters}`);
    const [xScale, yScale] = [scalarOf(c, c.tensor(1), "x_scale"), scalarOf(c, c.tensor(6), "y_scale")];
    const multipliers = wScales.map((wScale) => multiplierOf(xScale, wScale, yScale));
    const yZeroPoint = scalarOf(c, yZero, "y_zero_point");
    const round = requantize(yZero.dtype);
    const plane = plan.walk.outputSize;
    for (let i = 0; i < sums.length; i++) {
      const filter = Math.floor(i / plane) % filters;
      sums[i] = round(rescale(sums[i]!, multipliers[multipliers.length === 1 ? 0 : filter]!), yZeroPoint);
    }
    return [new Tensor(yZero.dtype, plan.shape, fromNumbers(yZero.dtype, sums))];
  },
  cost(c) {
    const w = c.inputShape(3) ?? [0, 0];
    return { flops: 2 * sizeOf(c.outputShape(0)) * sizeOf(w.slice(1)), bytes: c.totalBytes };
  },
});
