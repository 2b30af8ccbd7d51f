/**
 * Which algorithm computes a convolution: what a model of the kernels prefers or, where kernels are measured, the one that
 * is fastest on this machine, copies between layouts counted in.
 */
import { InferlabError } from "../../../base/errors.ts";
import type { LowerContext } from "../lowering.ts";
import { codes } from "../schema.ts";
import { type MeasuredKernel, type Trial, trial } from "../trial.ts";
import { blockChannels, blockedBytes, blockedLayout, reorderInstruction, reorderParameters } from "./blocked.ts";

export const convAlgorithms = codes("ConvAlgorithm", "How a convolution is computed (kernels/conv).", [
  "patches",
  "direct",
  "depthwise",
  "winograd",
]);
type Algorithm = (typeof convAlgorithms.names)[number];

export interface ConvShape {
  readonly batch: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly groups: number;
  /** Of each spatial axis, three in all. */
  readonly axes: readonly {
    readonly input: number;
    readonly output: number;
    readonly kernel: number;
    readonly stride: number;
    readonly dilation: number;
    readonly pad: number;
  }[];
  readonly transposed: boolean;
}

export interface ConvChoice {
  readonly algorithm: Algorithm;
  readonly blockedInput: boolean;
  /** Output channel blocks of the direct kernel's tile; 0: as its own model says. */
  readonly tileBlocks: number;
  readonly reason: string;
  readonly measured?: readonly MeasuredKernel[];
}

/** Fewest input and output channels for which Winograd's products outweigh its transforms (measured: 1.3 × at 12 → 12, 1.0 at 8 → 8). */
const winogradChannels = 12;

/** The algorithm that a model of the kernels prefers. */
function modelled(c: LowerContext, s: ConvShape): ConvChoice {
  const block = blockChannels(c.isa);
  const [depth, y, x] = s.axes as [ConvShape["axes"][0], ConvShape["axes"][0], ConvShape["axes"][0]];
  const planarInput = c.layout(0) === "";
  const patches = (reason: string): ConvChoice => ({
    algorithm: "patches",
    blockedInput: false,
    tileBlocks: 0,
    reason,
  });
  if (depth.kernel !== 1 || depth.input !== 1 || depth.pad !== 0) return patches("three spatial dimensions");
  if (!c.constant(1)) return patches("weights known only at run time");
  const [ic, oc] = [s.inputChannels / s.groups, s.outputChannels / s.groups];
  const unit = (a: ConvShape["axes"][0]) => a.stride === 1 && a.dilation === 1;
  if (s.transposed) {
    if (y.dilation !== 1 || x.dilation !== 1) return patches("a dilated transposed convolution");
    if (s.groups > 1 && (ic % block !== 0 || oc % block !== 0)) return patches("groups of a part of a block");
    return {
      algorithm: "direct",
      blockedInput: true,
      tileBlocks: 0,
      reason: `${y.stride * x.stride} phases of stride 1`,
    };
  }
  if (s.groups > 1 && ic === 1 && oc === 1)
    return { algorithm: "depthwise", blockedInput: true, tileBlocks: 0, reason: "one channel a group" };
  if (s.groups > 1 && (ic % block !== 0 || oc % block !== 0)) return patches("groups of a part of a block");
  const tiles = Math.ceil(y.output / 4) * Math.ceil(x.output / 4);
  const waste = (tiles * 16) / Math.max(1, y.output * x.output);
  if (
    s.groups === 1 &&
    y.kernel === 3 &&
    x.kernel === 3 &&
    unit(y) &&
    unit(x) &&
    ic >= winogradChannels &&
    oc >= winogradChannels &&
    waste < 1.8 &&
    s.batch * tiles >= 6
  )
    return { algorithm: "winograd", blockedInput: true, tileBlocks: 0, reason: "3×3 of stride 1 with enough channels" };
  const planar = planarInput && ic <= 4;
  // Wider kernels would copy every input many times for few products.
  if (planarInput && oc < block / 2 && ic > 4 && y.kernel * x.kernel === 1)
    return patches("few output channels from a planar input");
  return {
    algorithm: "direct",
    blockedInput: !planar,
    tileBlocks: 0,
    reason: planar ? "few input channels, read where they lie" : "register tiles over channel blocks",
  };
}

/** An object, so that a test can be wrong in its place. */
export const convModel = { choose: modelled };

/** Every way that the kernels have (native/kernels/conv: Supports). */
function candidatesOf(c: LowerContext, s: ConvShape): readonly ConvChoice[] {
  const block = blockChannels(c.isa);
  const [depth, y, x] = s.axes as [ConvShape["axes"][0], ConvShape["axes"][0], ConvShape["axes"][0]];
  const [ic, oc] = [s.inputChannels / s.groups, s.outputChannels / s.groups];
  const found: ConvChoice[] = [];
  const add = (algorithm: Algorithm, blockedInput: boolean, tileBlocks = 0): void => {
    found.push({ algorithm, blockedInput, tileBlocks, reason: "" });
  };
  if (!s.transposed || c.constant(1)) add("patches", false);
  if (!c.constant(1) || depth.kernel !== 1 || depth.input !== 1 || depth.pad !== 0) return found;
  const dense = y.dilation === 1 && x.dilation === 1;
  if (!s.transposed && s.groups > 1 && ic === 1 && oc === 1) add("depthwise", true);
  if ((s.groups === 1 || (ic % block === 0 && oc % block === 0)) && (!s.transposed || dense)) {
    const mostBlocks = Math.min(4, Math.ceil(oc / block));
    for (let blocks = 1; blocks <= mostBlocks; blocks++) {
      add("direct", true, blocks);
      if (s.groups === 1 && !s.transposed && ic <= 4 && c.layout(0) === "") add("direct", false, blocks);
    }
  }
  const isUnit = dense && y.stride === 1 && x.stride === 1;
  if (!s.transposed && s.groups === 1 && y.kernel === 3 && x.kernel === 3 && isUnit) add("winograd", true);
  return found;
}

function nameOf({ algorithm, tileBlocks, blockedInput }: ConvChoice): string {
  const tiles = tileBlocks > 0 ? `, ${tileBlocks} block${tileBlocks > 1 ? "s" : ""}` : "";
  return `${algorithm}${tiles}${algorithm === "direct" && !blockedInput ? ", planar input" : ""}`;
}

const convolutions = new Set(["Conv", "ConvTranspose", "FusedConv"]);
/** Operators whose kernels take images in either layout. */
const eitherLayout = new Set(
  "Add Sub Mul Div Relu LeakyRelu PRelu Clip Sigmoid HardSigmoid HardSwish Tanh Elu Concat MaxPool AveragePool GlobalAveragePool BatchNormalization InstanceNormalization".split(
    " ",
  ),
);

/** Whether somebody who reads the result would have it copied from this layout. */
function isCopiedBehind(c: LowerContext, blocked: boolean): boolean {
  const users = c.users(0);
  if (!blocked) return users.some(({ op }) => convolutions.has(op));
  return users.length === 0 || users.some(({ op }) => !convolutions.has(op) && !eitherLayout.has(op));
}

const reorderTrial = (
  shape: readonly number[],
  toBlocked: boolean,
  bytes: readonly [from: number, to: number],
): Trial =>
  trial({
    name: "reorder",
    instruction: reorderInstruction,
    parameters: reorderParameters(shape, toBlocked),
    inputs: [bytes[0]],
    outputBytes: bytes[1],
  });

/** The algorithm that somebody asked for. */
function askedFor(c: LowerContext, model: ConvChoice, candidates: readonly ConvChoice[]): ConvChoice {
  if (c.asked === model.algorithm) return model;
  const found = candidates.find(({ algorithm }) => algorithm === c.asked);
  if (found) return { ...found, tileBlocks: 0, blockedInput: c.asked !== "patches", reason: "asked for" };
  const possible = new Set([model.algorithm, ...candidates.map(({ algorithm }) => algorithm).reverse()]);
  throw new InferlabError(
    "ARGUMENT",
    `kernel is ${JSON.stringify(c.asked)}, expected ${[...possible].join(", ")} or reference`,
    {
      hint: "other algorithms do not compute a convolution of this shape",
      details: { node: c.node.name, op: c.node.op },
    },
  );
}

/**
 * The way a convolution is computed. `trialOf` describes how one is measured; `residual` is the position of the tensor that
 * is added.
 */
export function chooseConv(
  c: LowerContext,
  s: ConvShape,
  trialOf: (choice: ConvChoice, name: string) => Trial,
  residual: number | undefined,
): ConvChoice {
  const model = convModel.choose(c, s);
  if (c.asked !== undefined) return askedFor(c, model, candidatesOf(c, s));
  if (!c.measurements || c.dtype(0) !== "float32") return model;
  const candidates = candidatesOf(c, s);
  if (candidates.length < 2) return model;
  const trials = candidates.map((choice) => trialOf(choice, nameOf(choice)));
  // Copies that a way may need: of the input to either layout, and of the output.
  const spatial = s.axes.reduce((size, axis) => size * axis.input, 1);
  const [inShape, outShape] = [[s.batch, s.inputChannels, spatial], c.outShape(0)];
  const planarBytes = (shape: readonly number[]): number => 4 * shape.reduce((a, b) => a * b, 1);
  const copies = [inShape, outShape].flatMap((shape) => {
    const [planar, blocked] = [planarBytes(shape), blockedBytes(c.isa, shape)];
    return [reorderTrial(shape, true, [planar, blocked]), reorderTrial(shape, false, [blocked, planar])];
  });
  const times = c.measurements.times(c.node.name || c.node.outputs[0]!.name, [...trials, ...copies]);
  if (!times) return model;
  const [inToBlocked, inToPlanar, outToBlocked, outToPlanar] = times.slice(trials.length) as [
    number,
    number,
    number,
    number,
  ];
  const isBlocked = (index: number): boolean => c.layout(index) === blockedLayout(c.isa);
  const layoutUs = ({ algorithm, blockedInput }: ConvChoice): number => {
    const blockedOutput = algorithm !== "patches";
    let us = 0;
    if (blockedInput !== isBlocked(0)) us += blockedInput ? inToBlocked : inToPlanar;
    if (residual !== undefined && blockedOutput !== isBlocked(residual))
      us += blockedOutput ? outToBlocked : outToPlanar;
    if (isCopiedBehind(c, blockedOutput)) us += blockedOutput ? outToPlanar : outToBlocked;
    return us;
  };
  const ways = candidates
    .map((choice, i) => ({ choice, us: times[i]!, layoutUs: layoutUs(choice) }))
    .sort((a, b) => a.us + a.layoutUs - b.us - b.layoutUs);
  const best = ways[0]!.choice;
  const isModels = best.algorithm === model.algorithm && best.blockedInput === model.blockedInput;
  return {
    ...best,
    reason: `fastest of ${ways.length} measured${isModels ? "" : `; a model would take ${model.algorithm}`}`,
    measured: ways.map(({ choice, us, layoutUs: copies }) => ({
      name: nameOf(choice),
      ms: us / 1000,
      layoutMs: copies / 1000,
    })),
  };
}
