/** The weighted mean over classes that both classification losses end in. */
import type { DType } from "../../base/dtypes.ts";
import { type Shape, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import type { ReferenceContext, SharedInferContext } from "../operator.ts";
import { fromNumbers, numbersOf } from "./numbers.ts";

export const lossAttributes = {
  reduction: { type: "string", default: "mean", doc: "none, sum, or mean: weighted by class." },
  ignore_index: { type: "int", doc: "Targets with this value count nothing; it need not be a class." },
} as const;

interface LossAttributes {
  readonly reduction: string;
  readonly ignore_index: number | undefined;
}

/** Shape of the loss for scores [N,C,…]: [N,…] without reduction, else a scalar. */
export function inferLoss(c: SharedInferContext, reduction: string, dtype: DType): void {
  const scores = c.shape(0);
  const each: Shape | undefined = scores && [scores[0]!, ...scores.slice(2)];
  c.output(0, tensorType(dtype, reduction === "none" ? each : []));
}

/** Loss -weight[target]·logProb[n,target,…], reduced. Errors: SHAPE, VALUE where a target is no class. */
export function negativeLogLikelihood(
  c: Pick<ReferenceContext, "fail">,
  logProb: ArrayLike<number>,
  scores: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  attrs: LossAttributes,
): Tensor {
  const [batch, classes] = scores.shape as [number, number];
  if (scores.rank < 2) c.fail("SHAPE", `input is [${scores.shape}], expected rank 2 or more: [N,C,…]`);
  const shape = [batch, ...scores.shape.slice(2)];
  if (target.shape.join() !== shape.join())
    c.fail("SHAPE", `target is [${target.shape}], expected [${shape}] for input [${scores.shape}]`);
  if (weight && weight.size !== classes) c.fail("SHAPE", `weight is [${weight.shape}], expected [${classes}]`);
  if (!["none", "sum", "mean"].includes(attrs.reduction))
    c.fail("ATTRIBUTE", `reduction is ${JSON.stringify(attrs.reduction)}, expected none, sum or mean`);
  const targets = numbersOf(target);
  const weights = weight && numbersOf(weight);
  const inner = sizeOf(scores.shape.slice(2));
  const losses = new Float64Array(targets.length);
  let total = 0;
  let totalWeight = 0;
  for (let i = 0; i < targets.length; i++) {
    const label = targets[i]!;
    if (label === attrs.ignore_index) continue;
    if (!(label >= 0 && label < classes))
      c.fail("VALUE", `target is ${label} at element ${i}, expected a class from 0 to ${classes - 1}`);
    const share = weights ? weights[label]! : 1;
    const n = Math.floor(i / inner);
    losses[i] = -logProb[(n * classes + label) * inner + (i % inner)]! * share;
    total += losses[i]!;
    totalWeight += share;
  }
  const { dtype } = scores;
  if (attrs.reduction === "none") return new Tensor(dtype, shape, fromNumbers(dtype, losses));
  return new Tensor(dtype, [], fromNumbers(dtype, [attrs.reduction === "sum" ? total : total / totalWeight]));
}
