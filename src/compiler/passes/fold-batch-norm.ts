import { fromNumbers, numbersOf, toNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Node, Value } from "../ir/graph.ts";
import { attributesWithDefaults, type Edit } from "./edit.ts";
import { nodePass } from "./pass.ts";

/** y = x * scale + shift, one pair a channel. */
export interface ChannelAffine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** What a BatchNormalization in inference does to each channel; undefined where its parameters are not constant. */
export function batchNormAffine(node: Node): ChannelAffine | undefined {
  const attributes = attributesWithDefaults(node);
  if (attributes.training_mode || attributes.is_test === 0 || attributes.spatial === 0) return undefined;
  if (node.outputs.slice(1).some((value) => value)) return undefined;
  const parameters = node.inputs.slice(1, 5).map((value) => value?.constant);
  if (parameters.length !== 4 || !parameters.every((p) => p !== undefined)) return undefined;
  const [gamma, beta, mean, variance] = parameters.map(toNumbers) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const epsilon = typeof attributes.epsilon === "number" ? attributes.epsilon : 1e-5;
  const scale = gamma.map((g, i) => g / Math.sqrt(variance[i]! + epsilon));
  return { scale, shift: beta.map((b, i) => b - mean[i]! * scale[i]!) };
}

/** A weighted sum whose output channels can be scaled and shifted in its weights. */
export interface Linear {
  readonly node: Node;
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
  readonly channels: number;
  /** Successive weights that add to one channel. */
  readonly runLength: number;
  /** The channel that a run of `runLength` weights adds to. */
  channelOf(run: number): number;
  /** Factor of the bias inside the node (Gemm's beta). */
  readonly biasFactor: number;
}

/** The node as a sum over constant weights, or undefined. */
export function linearOf(node: Node | undefined): Linear | undefined {
  if (node?.operator.domain !== "") return undefined;
  const weights = node.inputs[1]?.constant;
  const biasValue = node.inputs[2];
  if (!weights || (biasValue && !biasValue.isConstant)) return undefined;
  const bias = biasValue?.constant;
  if (node.op === "Conv") {
    const channels = weights.shape[0]!;
    const runLength = weights.size / channels;
    return { node, weights, bias, channels, biasFactor: 1, runLength, channelOf: (run) => run };
  }
  if (node.op === "ConvTranspose") {
    // Weights are [in, out / group, …]: inputs of group g write output channels of group g.
    const group = Number(attributesWithDefaults(node).group ?? 1);
    const [inputs, outputs] = weights.shape as [number, number];
    return {
      node,
      weights,
      bias,
      channels: outputs * group,
      biasFactor: 1,
      runLength: weights.size / (inputs * outputs),
      channelOf: (run) => Math.floor(run / outputs / (inputs / group)) * outputs + (run % outputs),
    };
  }
  if (node.op === "Gemm") {
    const a = attributesWithDefaults(node);
    if (weights.rank !== 2) return undefined;
    const [rows, columns] = weights.shape as [number, number];
    const channels = a.transB ? rows : columns;
    if (bias && !(bias.rank === 1 && bias.size === channels) && bias.size !== 1) {
      if (!(bias.rank === 2 && bias.shape[0] === 1 && bias.shape[1] === channels)) return undefined;
    }
    const biasFactor = typeof a.beta === "number" ? a.beta : 1;
    return {
      node,
      weights,
      bias,
      channels,
      biasFactor,
      runLength: a.transB ? columns : 1,
      channelOf: (run) => run % channels,
    };
  }
  if (node.op === "MatMul" && !bias && weights.rank === 2) {
    const columns = weights.shape[1]!;
    return { node, weights, bias, channels: columns, biasFactor: 1, runLength: 1, channelOf: (run) => run % columns };
  }
  return undefined;
}

/** Each product is rounded once. Computed when asked for: what comes of it may be scaled again, or packed and let go. */
function scaledWeights({ weights, runLength, channelOf }: Linear, scale: Float64Array): Tensor {
  const { dtype, shape } = weights;
  return Tensor.deferred(dtype, shape, () => {
    const from = numbersOf(Tensor.peek(weights));
    const isFloat32 = dtype === "float32";
    const scaled = isFloat32 ? new Float32Array(from.length) : new Float64Array(from.length);
    const count = scaled.length;
    for (let run = 0, at = 0; at < count; run++) {
      const factor = scale[channelOf(run)]!;
      for (const end = at + runLength; at < end; at++) scaled[at] = from[at]! * factor;
    }
    return { data: isFloat32 ? (scaled as Float32Array<ArrayBuffer>) : fromNumbers(dtype, scaled), isOwn: isFloat32 };
  });
}

/** Constants for `node` with `affine` applied to its output channels; undefined where precision would suffer. */
export function scaledParameters(
  linear: Linear,
  affine: ChannelAffine,
): { weights: Tensor; bias: Tensor | undefined } | undefined {
  const { weights, bias, channels, biasFactor } = linear;
  if (biasFactor === 0) return undefined;
  if (affine.scale.length !== channels || !affine.scale.every(Number.isFinite) || !affine.shift.every(Number.isFinite))
    return undefined;
  const isUnit = affine.scale.every((s) => s === 1);
  const before = bias ? toNumbers(bias) : undefined;
  const shifted = affine.shift.map((shift, channel) => {
    const old = before ? before[before.length === 1 ? 0 : channel]! * biasFactor : 0;
    return (old * affine.scale[channel]! + shift) / biasFactor;
  });
  return {
    weights: isUnit ? weights : scaledWeights(linear, affine.scale),
    bias:
      bias || shifted.some((v) => v !== 0)
        ? new Tensor(weights.dtype, [channels], fromNumbers(weights.dtype, shifted))
        : undefined,
  };
}

/** Puts an affine map of `linear`'s output channels, computed by `after`, into its weights. */
export function absorb(linear: Linear, affine: ChannelAffine, after: Node, edit: Edit): boolean {
  const { node } = linear;
  if (node.op === "MatMul") return false;
  // Before opset 7 a bias of one row must be said to be broadcast.
  if (node.op === "Gemm" && node.opset < 7 && node.attributes.get("broadcast") !== 1) return false;
  const result = scaledParameters(linear, affine);
  if (!result) return false;
  const shared = result.weights !== linear.weights && node.inputs[1]!.users.size > 1;
  if (shared && !edit.grow(result.weights.sizeBytes)) return false;
  const [output] = after.outputs;
  return edit.rewrite([after, node], () => {
    const weights: Value =
      result.weights === linear.weights ? node.inputs[1]! : edit.replacement(result.weights, node.inputs[1]!, node);
    const old = node.inputs[2];
    const bias =
      result.bias &&
      (old ? edit.replacement(result.bias, old, node) : edit.constant(result.bias, `${node.inputs[1]!.name}_bias`));
    const attributes = Object.fromEntries(node.attributes);
    edit.add(node.op, [node.inputs[0], weights, bias].slice(0, bias ? 3 : 2), attributes, {
      like: node,
      name: node.name,
      outputs: [output],
    });
  });
}

export const foldBatchNorm = nodePass({
  name: "fold-batch-norm",
  class: "rounding",
  about: "puts BatchNormalization into the weights of the Conv, ConvTranspose or Gemm before it",
  ops: ["BatchNormalization"],
  visit(node, edit) {
    const linear = linearOf(edit.soleProducer(node.inputs[0], "Conv", "ConvTranspose", "Gemm"));
    const affine = linear && batchNormAffine(node);
    return linear !== undefined && affine !== undefined && absorb(linear, affine, node, edit);
  },
});
