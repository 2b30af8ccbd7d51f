/** Normalisations over rows or channels (native/kernels/norm); BatchNormalization is a 1×1 depthwise convolution. */
import { toNumbers } from "../../../base/numbers.ts";
import { lowering } from "../lowering.ts";
import { instruction } from "../schema.ts";
import { activationKinds, residualKinds } from "./activation.ts";
import { blockChannels, blockedBytes, blockedInput, blockedLayout } from "./blocked.ts";
import { convInstruction } from "./conv.ts";
import { convAlgorithms } from "./conv-choice.ts";

export const normalizeInstruction = instruction({
  name: "Normalize",
  doc: "y = (x - mean) / √(variance + epsilon) · scale? + bias? over rows of size elements (kernels/norm). channels: rows share scale[row % channels]; 0: a scale an element. layout: 0 planar, 1 blocked.",
  parameters: { rows: "int", size: "int", channels: "int", layout: "int", rms: "int", epsilon: "float" },
});

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

export const layerNormalizationLowering = lowering({
  operators: ["LayerNormalization", "RMSNormalization"],
  lower(c) {
    if (c.dtype(0) !== "float32" || c.dtype(1) !== "float32") return `no normalisation kernel for ${c.dtype(0)}`;
    if (c.isOutputUsed(1) || c.isOutputUsed(2)) return "statistics as outputs";
    const shape = c.shape(0);
    const given = typeof c.attrs.axis === "number" ? c.attrs.axis : -1;
    const axis = given < 0 ? given + shape.length : given;
    const size = product(shape.slice(axis));
    for (const index of [1, 2]) if (c.has(index) && product(c.shape(index)) !== size) return "a scale that broadcasts";
    const x = c.in(0);
    c.emit(normalizeInstruction, {
      inputs: [x, c.in(1), c.has(2) ? c.in(2) : undefined],
      outputs: [c.out(0, { inPlace: x })],
      parameters: {
        rows: product(shape.slice(0, axis)),
        size,
        channels: 0,
        layout: 0,
        rms: Number(c.node.op === "RMSNormalization"),
        epsilon: typeof c.attrs.epsilon === "number" ? c.attrs.epsilon : 1e-5,
      },
      kernel: `norm_f32_${c.isa}`,
      reason: "statistics and scaling of a row while it is in the cache",
    });
    return undefined;
  },
});

export const instanceNormalizationLowering = lowering({
  operators: ["InstanceNormalization"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `no normalisation kernel for ${c.dtype(0)}`;
    const layout = blockedLayout(c.isa);
    const x = c.in(0, [layout, ""]);
    const [batch, channels, ...spatial] = c.shape(0) as [number, number, ...number[]];
    const output = c.out(0, { layout: x.layout, sizeBytes: x.sizeBytes, inPlace: x });
    c.emit(normalizeInstruction, {
      inputs: [x, c.in(1), c.in(2)],
      outputs: [output],
      parameters: {
        rows: batch * channels,
        size: product(spatial),
        channels,
        layout: Number(x.layout === layout),
        rms: 0,
        epsilon: typeof c.attrs.epsilon === "number" ? c.attrs.epsilon : 1e-5,
      },
      kernel: `norm_f32_${c.isa}`,
      reason: x.layout === layout ? "blocked as its input" : "planar as its input",
    });
    return undefined;
  },
});

export const batchNormalizationLowering = lowering({
  operators: ["BatchNormalization"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `no normalisation kernel for ${c.dtype(0)}`;
    if (c.attrs.training_mode === 1 || [1, 2, 3, 4].some((i) => c.isOutputUsed(i))) return "training mode";
    if (c.version < 9 && c.attrs.spatial === 0) return "statistics of each element";
    const constants = [1, 2, 3, 4].map((i) => c.constant(i));
    if (constants.some((constant) => constant?.dtype !== "float32")) return "statistics known only at run time";
    const [scale, bias, mean, variance] = constants.map((constant) => toNumbers(constant!)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const epsilon = typeof c.attrs.epsilon === "number" ? c.attrs.epsilon : 1e-5;
    const [batch, channels, ...spatial] = c.shape(0) as [number, number, ...number[]];
    const block = blockChannels(c.isa);
    const factors = new Float32Array(Math.ceil(channels / block) * block);
    const shifts = new Float32Array(channels);
    for (let i = 0; i < channels; i++) {
      const factor = scale[i]! / Math.sqrt(variance[i]! + epsilon);
      factors[i] = factor;
      shifts[i] = bias[i]! - mean[i]! * factor;
    }
    const layout = blockedLayout(c.isa);
    const plane = product(spatial);
    const x = blockedInput(c, 0);
    const flat = [1, 1, 1, 1, 1, 0];
    c.emit(convInstruction, {
      inputs: [x, c.data(factors, "float32"), c.data(shifts, "float32")],
      outputs: [c.out(0, { layout, sizeBytes: blockedBytes(c.isa, c.outShape(0)) })],
      parameters: {
        algorithm: convAlgorithms.of("depthwise"),
        inputLayout: 1,
        outputLayout: 1,
        channels: [batch, channels, channels, channels],
        axes: [...flat, ...flat, plane, plane, 1, 1, 1, 0],
        transposed: 0,
        tileColumns: 48,
        tileBlocks: 0,
        activation: activationKinds.of("none"),
        alpha: 0,
        beta: 0,
        residual: residualKinds.of("none"),
      },
      kernel: `conv_f32_${c.isa}_depthwise`,
      reason: "a factor and a summand a channel",
    });
    return undefined;
  },
});
