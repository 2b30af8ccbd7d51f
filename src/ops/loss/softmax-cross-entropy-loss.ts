import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { inferLoss, lossAttributes, negativeLogLikelihood } from "../common/loss.ts";
import { fromNumbers, toNumbers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

/** x - log Σ exp x over axis 1, in doubles. */
function logSoftmaxOverClasses(x: Tensor): Float64Array {
  const out = toNumbers(x);
  const classes = x.shape[1] ?? 1;
  const inner = sizeOf(x.shape.slice(2));
  for (let n = 0; n < (x.shape[0] ?? 1); n++)
    for (let i = 0; i < inner; i++) {
      const start = n * classes * inner + i;
      let max = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classes; k++) max = Math.max(max, out[start + k * inner]!);
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += Math.exp(out[start + k * inner]! - max);
      for (let k = 0; k < classes; k++) out[start + k * inner]! -= max + Math.log(sum);
    }
  return out;
}

export const softmaxCrossEntropyLoss = operator({
  name: "SoftmaxCrossEntropyLoss",
  since: [12, 13],
  doc: "Cross entropy of softmax(scores) over axis 1 against labels; optionally the log-probabilities as well.",
  inputs: [
    { name: "scores", type: "T", doc: "[N,C,…]." },
    { name: "labels", type: "Tind", doc: "Classes, [N,…]." },
    { name: "weights", type: "T", optional: true, doc: "Weight of each class, [C]." },
  ],
  outputs: [
    { name: "output", type: "T" },
    { name: "log_prob", type: "T", optional: true, doc: "[N,C,…]." },
  ],
  attributes: lossAttributes,
  types: { T: floats, Tind: ["int32", "int64"] },
  infer(c) {
    inferLoss(c, c.attrs.reduction, c.dtype(0));
    if (c.numOutputs > 1) c.output(1, tensorType(c.dtype(0), c.shape(0)));
  },
  reference(c) {
    const x = c.tensor(0);
    const logProb = logSoftmaxOverClasses(x);
    const loss = negativeLogLikelihood(c, logProb, x, c.tensor(1), c.optionalTensor(2), c.attrs);
    return c.isOutputUsed(1) ? [loss, new Tensor(x.dtype, x.shape, fromNumbers(x.dtype, logProb))] : [loss];
  },
});
