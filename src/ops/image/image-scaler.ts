import { Tensor } from "../../base/tensor.ts";
import { perOutputElement } from "../common/cost.ts";
import { sameAsInput } from "../common/elementwise.ts";
import { fromNumbers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const imageScaler = operator({
  name: "ImageScaler",
  since: [1],
  doc: "input·scale + bias[channel] for an image N,C,H,W, as experimental operator of old exporters.",
  inputs: [{ name: "input", type: "T", doc: "[N,C,H,W]." }],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    bias: { type: "floats", doc: "One a channel (default 0)." },
    scale: { type: "float", default: 1 },
  },
  infer: sameAsInput,
  reference(c) {
    const x = c.tensor(0);
    const [, channels = 0, h = 0, w = 0] = x.shape;
    const bias = c.attrs.bias ?? new Array<number>(channels).fill(0);
    if (x.rank !== 4 || bias.length !== channels)
      c.fail(
        "SHAPE",
        `input is [${x.shape.join(",")}] with ${bias.length} biases, expected [N,C,H,W] with one a channel`,
      );
    const values = Float64Array.from(
      toNumbers(x),
      (v, i) => v * c.attrs.scale + bias[Math.floor(i / (h * w)) % channels]!,
    );
    return [new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, values))];
  },
  cost: perOutputElement(2),
});
