/** Convolutions: which algorithm, in which layout, with which epilogue (native/kernels/conv). */

import { resolveWindow, type WindowAttributes, windowPadsBegin } from "../../../ops/common/windows.ts";
import { transposedLayout } from "../../../ops/nn/conv-transpose.ts";
import { type LowerContext, lowering, type TensorRef } from "../lowering.ts";
import { type Instruction, instruction } from "../schema.ts";
import { type Trial, trial } from "../trial.ts";
import { activationKinds, activationOf, residualKinds } from "./activation.ts";
import { blockedBytes, blockedCopy, blockedInput, blockedLayout, toRowMajor } from "./blocked.ts";
import { type ConvChoice, type ConvShape, chooseConv, convAlgorithms } from "./conv-choice.ts";
import { emitCast, float32Scratch, widenedInput } from "./half.ts";

/** channels: batch, input, output, groups. axes: input, output, kernel, stride, dilation, pad of depth, height, width. */
const geometry = {
  algorithm: "int",
  inputLayout: "int",
  outputLayout: "int",
  channels: "ints",
  axes: "ints",
  transposed: "int",
  tileColumns: "int",
  tileBlocks: "int",
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

const isTrivial = (a: ConvShape["axes"][number]): boolean =>
  a.input === 1 && a.output === 1 && a.kernel === 1 && a.pad === 0;

/** What the kernels want to know of a convolution, of inputs 0 and 1 unless told others; or why they cannot take it. */
export function shapeOf(c: LowerContext, transposed: boolean, image = 0, weights = 1): ConvShape | string {
  const [x, w, y] = [c.shape(image), c.shape(weights), c.outShape(0)];
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

/** Floating point operations and the rest of an emission are the operator's own; this only names the kernel. */
function kernelName(c: LowerContext, algorithm: ConvChoice["algorithm"]): string {
  const name = algorithm === "winograd" ? "winograd_4x4" : algorithm;
  return `conv_f32_${c.isa}_${name}`;
}

/** Of a convolution whose node ends with another instruction: two for each product, of which there are as many as weights for
 * each element of the output (each of the input, transposed). */
function flopsOf(s: ConvShape, weights: readonly number[]): number {
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
  const columns =
    s.axes[1]!.kernel === 1 && s.axes[2]!.kernel === 1 ? s.axes[1]!.output * s.axes[2]!.output : s.axes[2]!.output;
  const parametersOf = (way: ConvChoice) => ({
    algorithm: convAlgorithms.of(way.algorithm),
    inputLayout: Number(way.blockedInput),
    outputLayout: Number(way.algorithm !== "patches"),
    channels: [s.batch, s.inputChannels, s.outputChannels, s.groups],
    axes: s.axes.flatMap((a) => [a.input, a.output, a.kernel, a.stride, a.dilation, a.pad]),
    transposed: Number(transposed),
    // Narrow images get tiles of their own; all others share the packing.
    tileColumns: columns > 0 && columns <= 12 ? columns : 48,
    tileBlocks: way.tileBlocks,
  });
  // Packing depends on channels, kernel, and for transposed ones on stride and padding: sizes are left out of its key.
  const packingOf = (way: ConvChoice) => {
    const parameters = parametersOf(way);
    return {
      ...parameters,
      channels: [1, ...parameters.channels.slice(1)],
      axes: s.axes.flatMap((a) => [1, 1, a.kernel, a.stride, a.dilation, transposed ? a.pad : 0]),
      // Only the direct kernel groups channels by the width of its tiles.
      tileColumns: way.algorithm === "direct" ? parameters.tileColumns : 48,
    };
  };
  const isPacked = (way: ConvChoice): boolean => way.algorithm !== "patches" || transposed;
  const epilogue = {
    activation: activationKinds.of(activation.kind),
    alpha: activation.alpha,
    beta: activation.beta,
    residual: residualKinds.of(
      operands.residual === undefined ? "none" : (operands.residualKind ?? "beforeActivation"),
    ),
  };
  const trialOf = (way: ConvChoice, name: string): Trial => {
    const [inShape, outShape] = [c.shape(0), c.outShape(0)];
    const bytes = (shape: readonly number[], blocked: boolean): number =>
      blocked ? blockedBytes(c.isa, shape) : 4 * shape.reduce((a, b) => a * b, 1);
    const outputBytes = bytes(outShape, way.algorithm !== "patches");
    const weightBytes = bytes(c.shape(1), false);
    return trial({
      name,
      instruction: convInstruction,
      parameters: { ...parametersOf(way), ...epilogue },
      inputs: [
        bytes(inShape, way.blockedInput),
        isPacked(way)
          ? { instruction: packConvInstruction as Instruction, parameters: packingOf(way), inputBytes: weightBytes }
          : weightBytes,
        operands.bias === undefined ? undefined : 4 * s.outputChannels,
        operands.slope === undefined ? undefined : 4 * s.outputChannels,
        operands.residual === undefined ? undefined : outputBytes,
      ],
      outputBytes,
    });
  };
  const choice = chooseConv(c, s, trialOf, operands.residual);
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

  const weights = isPacked(choice) ? c.prepare(packConvInstruction, [given], packingOf(choice)) : given;
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
    parameters: { ...parametersOf(choice), ...epilogue },
    kernel: kernelName(c, choice.algorithm),
    reason: choice.reason,
    measured: choice.measured,
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
