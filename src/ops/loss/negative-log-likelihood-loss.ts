import { inferLoss, lossAttributes, negativeLogLikelihood } from "../common/loss.ts";
import { numbersOf } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

export const negativeLogLikelihoodLoss = operator({
  name: "NegativeLogLikelihoodLoss",
  since: [12, 13, 22],
  doc: "-weight[target] · input[n,target,…] of log-probabilities [N,C,…], as is, summed or averaged.",
  inputs: [
    { name: "input", type: "T", doc: "Log-probabilities, [N,C,…]." },
    { name: "target", type: "Tind", doc: "Classes, [N,…]." },
    { name: "weight", type: "T", optional: true, doc: "Weight of each class, [C]." },
  ],
  outputs: [{ name: "loss", type: "T" }],
  attributes: lossAttributes,
  types: { T: floats, Tind: ["int32", "int64"] },
  infer: (c) => inferLoss(c, c.attrs.reduction, c.dtype(0)),
  reference(c) {
    const x = c.tensor(0);
    return [negativeLogLikelihood(c, numbersOf(x), x, c.tensor(1), c.optionalTensor(2), c.attrs)];
  },
});
