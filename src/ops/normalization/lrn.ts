import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { collector, sameAsInput } from "../common/elementwise.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const lrn = operator({
  name: "LRN",
  since: [1, 13],
  doc: "x / (bias + alpha/size · Σ x²)^beta, the sum over `size` neighbouring channels.",
  inputs: [{ name: "X", type: "T", doc: "[N,C,…]." }],
  outputs: [{ name: "Y", type: "T" }],
  attributes: {
    alpha: { type: "float", default: 1e-4, doc: "Factor of the mean square." },
    beta: { type: "float", default: 0.75, doc: "The exponent." },
    bias: { type: "float", default: 1, doc: "Added to the mean square." },
    size: { type: "int", required: true, doc: "Channels to sum over." },
  },
  types: { T: floats },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    if (x.rank < 2) c.fail("SHAPE", `input X is [${x.shape}], expected rank 2 or more: [N,C,…]`);
    const { alpha, beta, bias, size } = c.attrs;
    const [batch, channels] = x.shape as [number, number];
    const plane = sizeOf(x.shape.slice(2));
    const from = numbersOf(x);
    const { values, done } = collector(x.dtype, from.length);
    for (let n = 0; n < batch; n++)
      for (let ch = 0; ch < channels; ch++) {
        const first = Math.max(0, ch - Math.floor((size - 1) / 2));
        const last = Math.min(channels - 1, ch + Math.ceil((size - 1) / 2));
        for (let i = 0; i < plane; i++) {
          let squares = 0;
          for (let k = first; k <= last; k++) squares += from[(n * channels + k) * plane + i]! ** 2;
          const at = (n * channels + ch) * plane + i;
          values[at] = from[at]! / (bias + (alpha / size) * squares) ** beta;
        }
      }
    return [new Tensor(x.dtype, x.shape, done())];
  },
  cost: (c) => ({ flops: sizeOf(c.outputShape(0)) * (2 * c.attrs.size + 20), bytes: c.totalBytes }),
});
