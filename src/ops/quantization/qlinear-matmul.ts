import { isFloat } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { inferMatMul, multiplyMatrices, planMatMul } from "../common/matmul.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { multiplierOf, requantize, rescale, scalarOf } from "../common/quantization.ts";
import { float8s, floats } from "../common/types.ts";
import { withoutZero } from "../common/zero-points.ts";
import { operator } from "../operator.ts";

export const qLinearMatMul = operator({
  name: "QLinearMatMul",
  since: [10, 21],
  doc: "Matrix product of quantised matrices, quantised again with y_scale and y_zero_point.",
  inputs: [
    { name: "a", type: "T1", doc: "[…,M,K]." },
    { name: "a_scale", type: "TS", doc: "One, or one a row." },
    { name: "a_zero_point", type: "T1" },
    { name: "b", type: "T2", doc: "[…,K,N]." },
    { name: "b_scale", type: "TS", doc: "One, or one a column." },
    { name: "b_zero_point", type: "T2" },
    { name: "y_scale", type: "TS" },
    { name: "y_zero_point", type: "T3" },
  ],
  outputs: [{ name: "y", type: "T3" }],
  types: {
    T1: ["int8", "uint8", ...float8s],
    T2: ["int8", "uint8", ...float8s],
    T3: ["int8", "uint8", ...float8s],
    TS: floats,
  },
  infer(c) {
    const [a, b] = [c.shape(0), c.shape(3)];
    c.output(0, tensorType(c.dtype(7), a && b && inferMatMul(c, a, b)));
  },
  reference(c) {
    const [a, b] = [c.tensor(0), c.tensor(3)];
    const plan = planMatMul(c, a.shape, b.shape);
    const sums = new Float64Array(sizeOf(plan.shape));
    const left = withoutZero(c, a, c.tensor(2), -2, "a_zero_point");
    multiplyMatrices(left, withoutZero(c, b, c.tensor(5), -1, "b_zero_point"), plan, sums);
    const [aScales, bScales] = [numbersOf(c.tensor(1)), numbersOf(c.tensor(4))];
    const { rows, columns } = plan;
    for (const [name, scales, wanted] of [
      ["a_scale", aScales, rows],
      ["b_scale", bScales, columns],
    ] as const)
      if (scales.length !== 1 && scales.length !== wanted)
        c.fail("SHAPE", `${name} has ${scales.length} elements, expected 1 or ${wanted}`);
    const yScale = scalarOf(c, c.tensor(6), "y_scale");
    const zeroPoint = c.tensor(7);
    const zero = scalarOf(c, zeroPoint, "y_zero_point");
    const round = isFloat(zeroPoint.dtype) ? (v: number, z: number) => v + z : requantize(zeroPoint.dtype);
    for (let i = 0; i < sums.length; i++) {
      const aScale = aScales[aScales.length === 1 ? 0 : Math.floor(i / columns) % rows]!;
      const bScale = bScales[bScales.length === 1 ? 0 : i % columns]!;
      sums[i] = round(rescale(sums[i]!, multiplierOf(aScale, bScale, yScale)), zero);
    }
    return [new Tensor(zeroPoint.dtype, plan.shape, fromNumbers(zeroPoint.dtype, sums))];
  },
  cost: (c) => ({ flops: 2 * sizeOf(c.outputShape(0)) * (c.inputShape(0)?.at(-1) ?? 0), bytes: c.totalBytes }),
});
