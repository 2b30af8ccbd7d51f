/** Convolutions: which algorithm, in which layout, with which epilogue (native/kernels/conv). */

import { InferlabError } from "../../../base/errors.ts";
import { resolveWindow, type WindowAttributes, windowPadsBegin } from "../../../ops/common/windows.ts";
import { transposedLayout } from "../../../ops/nn/conv-transpose.ts";
import { type LowerContext, lowering, type TensorRef } from "../lowering.ts";
import { codes, instruction } from "../schema.ts";
import { activationKinds, activationOf, residualKinds } from "./activation.ts";
import { blockChannels, blockedBytes, blockedCopy, blockedInput, blockedLayout, toRowMajor } from "./blocked.ts";
import { emitCast, float32Scratch, widenedInput } from "./half.ts";

export const convAlgorithms = codes("ConvAlgorithm", "How a convolution is computed (kernels/conv).", [
  "patches",
  "direct",
  "depthwise",
  "winograd",
]);
type Algorithm = (typeof convAlgorithms.names)[number];

/** channels: batch, input, output, groups. axes: input, output, kernel, stride, dilation, pad of depth, height, width. */
const geometry = {
  algorithm: "int",
  inputLayout: "int",
  outputLayout: "int",
  channels: "ints",
  axes: "ints",
  transposed: "int",
  tileColumns: "int",
} as const;

export const convInstruction = instruction({
  name: "Conv",
  doc: "Convolution (kernels/conv) of input, packed weights, bias?, slope?, residual?. channels: batch, input, output, groups. axes: input, output, kernel, stride, dilation, pad of depth, height, width. Layouts: 0 planar, 1 blocked.",
  parameters: { ...geometry, activation: "int", alpha: "float", beta: "float", residual: "int" },
});

export const packConvInstruction = instruction({
  name: "PackConv",
  doc: "Convolution weights as the kernel wants them; parameters as those of Conv.",
  parameters: geometry,
});

interface Shape {
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

const isTrivial = (a: Shape["axes"][number]): boolean =>
  a.input === 1 && a.output === 1 && a.kernel === 1 && a.pad === 0;

function shapeOf(c: LowerContext, transposed: boolean): Shape | string {
  const [x, w, y] = [c.shape(0), c.shape(1), c.outShape(0)];
  const spatial = x.length - 2;
  if (spatial > 3) return `${spatial} spatial axes, kernels take 3`;
  const attrs = c.attrs as unknown as WindowAttributes & { readonly group: number };
  const fail = (_code: string, message: string): never => {
    throw new Error(message); // inference has checked the attributes
  };
  const window = resolveWindow({ fail }, attrs, w.slice(2));
  const input = x.slice(2);
  const pads = transposed
    ? transposedLayout({ fail }, attrs as unknown as Parameters<typeof transposedLayout>[1], w.slice(2), input)
        .padsBegin
    : windowPadsBegin(window, input, y.slice(2));
  const axes = input.map((size, axis) => ({
    input: size,
    output: y[axis + 2]!,
    kernel: window.kernel[axis]!,
    stride: window.strides[axis]!,
    dilation: window.dilations[axis]!,
    pad: pads[axis]!,
  }));
  const flat = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, pad: 0 };
  // A last axis of one element is no axis: tiles run along the last one that has some.
  while (axes.length > 1 && isTrivial(axes.at(-1)!)) axes.pop();
  while (axes.length < 3) axes.unshift(flat);
  return { batch: x[0]!, inputChannels: x[1]!, outputChannels: y[1]!, groups: attrs.group, axes, transposed };
}

interface Choice {
  readonly algorithm: Algorithm;
  readonly blockedInput: boolean;
  readonly reason: string;
  /** Algorithms that can compute it besides this one and patches. */
  readonly others?: readonly Algorithm[];
}

/** Fewest input and output channels for which Winograd's products outweigh its transforms (measured: 1.4 × at 16 → 16). */
const winogradChannels = 16;

/** The algorithm that is thought to be fastest, or the one that was asked for. */
function choose(c: LowerContext, s: Shape): Choice {
  const best = fastest(c, s);
  if (c.asked === undefined || c.asked === best.algorithm) return best;
  const takesPatches = !s.transposed || c.constant(1) !== undefined;
  const possible = new Set<string>([best.algorithm, ...(best.others ?? []), ...(takesPatches ? ["patches"] : [])]);
  if (!possible.has(c.asked))
    throw new InferlabError(
      "ARGUMENT",
      `kernel is ${JSON.stringify(c.asked)}, expected ${[...possible].join(", ")} or reference`,
      {
        hint: "other algorithms do not compute a convolution of this shape",
        details: { node: c.node.name, op: c.node.op },
      },
    );
  return { algorithm: c.asked as Algorithm, blockedInput: c.asked !== "patches", reason: "asked for" };
}

function fastest(c: LowerContext, s: Shape): Choice {
  const block = blockChannels(c.isa);
  const [depth, y, x] = s.axes as [Shape["axes"][0], Shape["axes"][0], Shape["axes"][0]];
  const planarInput = c.layout(0) === "";
  const patches = (reason: string): Choice => ({ algorithm: "patches", blockedInput: false, reason });
  if (depth.kernel !== 1 || depth.input !== 1 || depth.pad !== 0) return patches("three spatial dimensions");
  if (!c.constant(1)) return patches("weights known only at run time");
  const [ic, oc] = [s.inputChannels / s.groups, s.outputChannels / s.groups];
  const unit = (a: Shape["axes"][0]) => a.stride === 1 && a.dilation === 1;
  if (s.transposed) {
    if (y.dilation !== 1 || x.dilation !== 1) return patches("a dilated transposed convolution");
    if (s.groups > 1 && (ic % block !== 0 || oc % block !== 0)) return patches("groups of a part of a block");
    return { algorithm: "direct", blockedInput: true, reason: `${y.stride * x.stride} phases of stride 1` };
  }
  if (s.groups > 1 && ic === 1 && oc === 1)
    return { algorithm: "depthwise", blockedInput: true, reason: "one channel a group" };
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
    return {
      algorithm: "winograd",
      blockedInput: true,
      reason: "3×3 of stride 1 with enough channels",
      others: ["direct"],
    };
  const planar = planarInput && ic <= 4;
  // Wider kernels would copy every input many times for few products.
  if (planarInput && oc < block / 2 && ic > 4 && y.kernel * x.kernel === 1)
    return { ...patches("few output channels from a planar input"), others: ["direct"] };
  return {
    algorithm: "direct",
    blockedInput: !planar,
    reason: planar ? "few input channels, read where they lie" : "register tiles over channel blocks",
  };
}

/** Floating point operations and the rest of an emission are the operator's own; this only names the kernel. */
function kernelName(c: LowerContext, algorithm: Algorithm): string {
  const name = algorithm === "winograd" ? "winograd_4x4" : algorithm;
  return `conv_f32_${c.isa}_${name}`;
}

/** Of a convolution whose node ends with another instruction: two for each product, of which there are as many as weights for
 * each element of the output (each of the input, transposed). */
function flopsOf(s: Shape, weights: readonly number[]): number {
  const elements = s.axes.reduce((product, axis) => product * (s.transposed ? axis.input : axis.output), s.batch);
  return 2 * elements * weights.reduce((product, dim) => product * dim, 1);
}

export function emitConv(
  c: LowerContext,
  transposed: boolean,
  operands: {
    readonly bias?: number | undefined;
    readonly slope?: number;
    readonly residual?: number;
    readonly residualKind?: "beforeActivation" | "afterActivation";
  },
): string | undefined {
  const isHalf = c.dtype(0) === "float16";
  if (c.dtype(0) !== "float32" && !isHalf) return `no convolution kernel for ${c.dtype(0)}`;
  const s = shapeOf(c, transposed);
  if (typeof s === "string") return s;
  const named = activationOf(c);
  if (!named) return `no kernel applies ${String(c.attrs.activation)} to its result`;
  const activation = operands.slope === undefined ? named : { kind: "prelu" as const, alpha: 0, beta: 0 };
  const choice = choose(c, s);
  if (choice.algorithm === "patches" && transposed && !c.constant(1))
    return "transposed weights known only at run time";
  const layout = choice.algorithm === "patches" ? "" : blockedLayout(c.isa);
  const planar = (index: number): TensorRef => (isHalf ? widenedInput(c, index) : c.in(index));
  const blocked = (index: number): TensorRef =>
    isHalf ? blockedCopy(c, widenedInput(c, index)) : blockedInput(c, index);
  const x = choice.blockedInput ? blocked(0) : planar(0);
  const residual =
    operands.residual === undefined
      ? undefined
      : layout === ""
        ? planar(operands.residual)
        : blocked(operands.residual);
  const bias = operands.bias === undefined ? undefined : planar(operands.bias);
  const slope = operands.slope === undefined ? undefined : planar(operands.slope);
  const given = planar(1);

  const columns =
    s.axes[1]!.kernel === 1 && s.axes[2]!.kernel === 1 ? s.axes[1]!.output * s.axes[2]!.output : s.axes[2]!.output;
  const parameters = {
    algorithm: convAlgorithms.of(choice.algorithm),
    inputLayout: Number(choice.blockedInput),
    outputLayout: Number(layout !== ""),
    channels: [s.batch, s.inputChannels, s.outputChannels, s.groups],
    axes: s.axes.flatMap((a) => [a.input, a.output, a.kernel, a.stride, a.dilation, a.pad]),
    transposed: Number(transposed),
    // Narrow images get tiles of their own; all others share the packing.
    tileColumns: columns > 0 && columns <= 12 ? columns : 48,
  };
  // Packing depends on channels, kernel, and for transposed ones on stride and padding: sizes are left out of its key.
  const weights =
    choice.algorithm === "patches" && !transposed
      ? given
      : c.prepare(packConvInstruction, [given], {
          ...parameters,
          channels: [1, ...parameters.channels.slice(1)],
          axes: s.axes.flatMap((a) => [1, 1, a.kernel, a.stride, a.dilation, transposed ? a.pad : 0]),
          // Only the direct kernel groups channels by the width of its tiles.
          tileColumns: choice.algorithm === "direct" ? parameters.tileColumns : 48,
        });
  const shape = c.outShape(0);
  const ownLayout = { layout, ...(layout === "" ? {} : { sizeBytes: blockedBytes(c.isa, shape) }) };
  const output: TensorRef = isHalf
    ? layout === ""
      ? float32Scratch(c, shape)
      : { ...c.scratch(blockedBytes(c.isa, shape)), dtype: "float32", shape, layout }
    : c.out(0, {
        ...ownLayout,
        // Not over a copy made for its layout, which may have other readers, nor over the input, whose neighbourhoods are
        // still read when the first results are written.
        inPlace:
          residual && residual.layout === c.layout(operands.residual!) && residual.storage !== x.storage
            ? residual
            : undefined,
      });
  c.emit(convInstruction, {
    inputs: [x, weights, bias, slope, residual],
    outputs: [output],
    parameters: {
      ...parameters,
      activation: activationKinds.of(activation.kind),
      alpha: activation.alpha,
      beta: activation.beta,
      residual: residualKinds.of(residual ? (operands.residualKind ?? "beforeActivation") : "none"),
    },
    kernel: kernelName(c, choice.algorithm),
    reason: choice.reason,
    ...(isHalf ? { flops: flopsOf(s, c.shape(1)) } : {}),
  });
  if (!isHalf) return undefined;
  let rows = output;
  if (layout !== "") toRowMajor(c, output, (rows = float32Scratch(c, shape)));
  emitCast(c, rows, c.out(0), "the result is float16");
  return undefined;
}

const givenBias = (c: LowerContext) => (c.has(2) ? 2 : undefined);

export const convLowering = lowering({
  operators: ["Conv"],
  lower: (c) => emitConv(c, false, { bias: givenBias(c) }),
});

export const convTransposeLowering = lowering({
  operators: ["ConvTranspose"],
  lower: (c) => emitConv(c, true, { bias: givenBias(c) }),
});

export const fusedConvLowering = lowering({
  operators: ["inferlab.FusedConv", "com.microsoft.FusedConv"],
  lower: (c) => emitConv(c, false, { bias: givenBias(c), ...(c.has(3) ? { residual: 3 } : {}) }),
});
