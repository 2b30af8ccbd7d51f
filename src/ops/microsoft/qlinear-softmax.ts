import { Tensor } from "../../base/tensor.ts";
import { softmaxRows } from "../common/attention.ts";
import { resolveAxis } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { aroundAxis } from "../common/elements.ts";
import { sameAsInput } from "../common/elementwise.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { requantize, scalarOf } from "../common/quantization.ts";
import { operator } from "../operator.ts";

export const qLinearSoftmax = operator({
  name: "QLinearSoftmax",
  domain: "com.microsoft",
  since: [1],
  doc: "Softmax of a quantised tensor, quantised again.",
  inputs: [
    { name: "X", type: "T" },
    { name: "X_scale", type: "float32" },
    { name: "x_zero_point", type: "T", optional: true },
    { name: "y_scale", type: "float32" },
    { name: "y_zero_point", type: "T" },
  ],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    axis: { type: "int", default: -1, doc: "Axis to work along; with opset below 13 the first axis of the row." },
    opset: { type: "int", required: true, doc: "Version of ai.onnx whose Softmax this was." },
  },
  types: { T: ["int8", "uint8"] },
  infer(c) {
    const rank = c.shape(0)?.length;
    if (rank) resolveAxis(c, c.attrs.axis, rank);
    sameAsInput(c);
  },
  reference(c) {
    const x = c.tensor(0);
    const axis = resolveAxis(c, c.attrs.axis, Math.max(1, x.rank));
    const around = aroundAxis(x.shape, x.rank === 0 ? 0 : axis);
    // Rows of the old version reach from the axis to the end.
    const [length, inner] = c.attrs.opset < 13 ? [around.length * around.inner, 1] : [around.length, around.inner];
    const scale = scalarOf(c, c.tensor(1), "X_scale");
    const [step, zero] = [scalarOf(c, c.tensor(3), "y_scale"), scalarOf(c, c.tensor(4), "y_zero_point")];
    const from = numbersOf(x);
    const round = requantize(x.dtype);
    const out = new Float64Array(x.size);
    // The input's zero point moves all of a row alike and changes no value.
    const row = new Float64Array(length);
    for (let o = 0; o < around.outer; o++)
      for (let i = 0; i < inner; i++) {
        const start = o * length * inner + i;
        for (let k = 0; k < length; k++) row[k] = from[start + k * inner]! * scale;
        softmaxRows(row, length);
        for (let k = 0; k < length; k++) out[start + k * inner] = round(row[k]! / step, zero);
      }
    return [new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, out))];
  },
  cost: perOutputElement(14),
});
