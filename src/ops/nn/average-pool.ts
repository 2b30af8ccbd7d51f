import { Tensor } from "../../base/tensor.ts";
import { fromNumbers, numbersOf } from "../common/numbers.ts";
import { forEachMeeting, inferPool, type PoolPlan, planPool, poolAttributes, poolCost } from "../common/pooling.ts";
import { floats } from "../common/types.ts";
import { windowSpan } from "../common/windows.ts";
import { operator } from "../operator.ts";

/** Elements each output averages over: those inside the input, or (count_include_pad) inside the padded input. */
function counts(plan: PoolPlan, includePad: boolean): Float64Array {
  const out = new Float64Array(plan.walk.outputSize);
  if (!includePad) {
    forEachMeeting(plan.walk, (o) => {
      out[o]! += 1;
    });
    return out;
  }
  out.fill(1);
  const { window, input, output, padsBegin } = plan;
  let inner = 1;
  for (let axis = input.length - 1; axis >= 0; axis--) {
    // Padding that auto_pad added is as wide as the windows reach; explicit padding ends where it was said to.
    const explicit = window.autoPad === "NOTSET";
    const end = explicit ? input[axis]! + window.padsEnd[axis]! : Number.POSITIVE_INFINITY;
    for (let i = 0; i < out.length; i++) {
      const start = (Math.floor(i / inner) % output[axis]!) * window.strides[axis]! - padsBegin[axis]!;
      const over = Math.max(0, start + windowSpan(window, axis) - end);
      out[i]! *= window.kernel[axis]! - Math.ceil(over / window.dilations[axis]!);
    }
    inner *= output[axis]!;
  }
  return out;
}

const attributes = {
  ...poolAttributes,
  dilations: { type: "ints", since: 19, doc: "Distance of neighbouring window elements. Default 1." },
  count_include_pad: { type: "int", default: 0, since: 7, doc: "1: padding counts as zeros." },
} as const;

export const averagePool = operator({
  name: "AveragePool",
  since: [1, 7, 10, 11, 19, 22],
  doc: "Mean of each window. Padding counts as zeros with count_include_pad=1, else not at all.",
  inputs: [{ name: "X", type: "T", doc: "[N,C,D1,…]." }],
  outputs: [{ name: "Y", type: "T" }],
  attributes,
  types: { T: floats },
  infer: (c) => inferPool(c, c.attrs),
  reference(c) {
    const x = c.tensor(0);
    const plan = planPool(c, x, c.attrs);
    const { inputSize, outputSize } = plan.walk;
    const from = numbersOf(x);
    const divisor = counts(plan, c.attrs.count_include_pad === 1);
    const out = new Float64Array(plan.planes * outputSize);
    for (let p = 0; p < plan.planes; p++) {
      const [inBase, outBase] = [p * inputSize, p * outputSize];
      forEachMeeting(plan.walk, (o, at) => {
        out[outBase + o]! += from[inBase + at]!;
      });
      for (let o = 0; o < outputSize; o++) out[outBase + o]! /= divisor[o]!;
    }
    return [new Tensor(x.dtype, plan.shape, fromNumbers(x.dtype, out))];
  },
  cost: (c) => poolCost(c, c.attrs.kernel_shape),
});
