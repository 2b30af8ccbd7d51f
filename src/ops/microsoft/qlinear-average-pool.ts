import { stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { strided } from "../common/elements.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { averagePlanes, planPool, poolAttributes, poolCost, pooledDims } from "../common/pooling.ts";
import { quantizedPorts, requantize, scalarOf } from "../common/quantization.ts";
import { operator } from "../operator.ts";

/** A tensor's axes in another order: axis i of the result is axis order[i]. */
const permuted = (x: Tensor, order: readonly number[]): Tensor => {
  const strides = stridesOf(x.shape);
  return strided(
    x,
    order.map((axis) => x.shape[axis]!),
    order.map((axis) => strides[axis]!),
  );
};

/** [N,D1,…,C] as [N,C,D1,…] and back. */
const channelsFirst = <T>(list: readonly T[]): T[] => [list[0]!, list[list.length - 1]!, ...list.slice(1, -1)];
const channelsLast = <T>(list: readonly T[]): T[] => [list[0]!, ...list.slice(2), list[1]!];

export const qLinearAveragePool = operator({
  name: "QLinearAveragePool",
  domain: "com.microsoft",
  since: [1],
  doc: "Mean of each window of a quantised tensor, quantised again.",
  ...quantizedPorts("x", "y", "[N,C,D1,…]."),
  attributes: {
    ...poolAttributes,
    ceil_mode: { type: "int", default: 0, doc: "1: a last window may reach past the padded input." },
    channels_last: { type: "int", default: 0, doc: "1: X and Y are [N,D1,…,C]." },
    count_include_pad: { type: "int", default: 0, doc: "1: padding counts as zeros." },
  },
  types: { T: ["int8", "uint8"] },
  infer(c) {
    const x = c.shape(0);
    const last = c.attrs.channels_last === 1;
    if (!x || x.length < 3) return c.output(0, tensorType(c.dtype(0)));
    const y = pooledDims(c, c.attrs, last ? channelsFirst(x) : x);
    c.output(0, tensorType(c.dtype(0), last ? channelsLast(y) : y));
  },
  reference(c) {
    const [given, xZero, yZero] = [c.tensor(0), c.optionalTensor(2), c.optionalTensor(4)];
    const last = c.attrs.channels_last === 1 && given.rank >= 3;
    const axes = given.shape.map((_, axis) => axis);
    const x = last ? permuted(given, channelsFirst(axes)) : given;
    const plan = planPool(c, x, c.attrs);
    const zero = xZero ? scalarOf(c, xZero, "x_zero_point") : 0;
    const values = Float64Array.from(numbersOf(x), (q) => q - zero);
    const factor = scalarOf(c, c.tensor(1), "x_scale") / scalarOf(c, c.tensor(3), "y_scale");
    const target = yZero ? scalarOf(c, yZero, "y_zero_point") : 0;
    const round = requantize(x.dtype);
    const means = averagePlanes(plan, values, c.attrs.count_include_pad === 1);
    const quantised = fromNumbers(
      x.dtype,
      means.map((mean) => round(mean * factor, target)),
    );
    const y = new Tensor(x.dtype, plan.shape, quantised);
    return [last ? permuted(y, channelsLast(axes)) : y];
  },
  cost: (c) => poolCost(c, c.attrs.kernel_shape),
});
