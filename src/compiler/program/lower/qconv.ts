/** Convolutions of 8-bit images (native/kernels/qconv): ConvInteger and QLinearConv. */
import { sizeOf } from "../../../base/shapes.ts";
import { type LowerContext, lowering } from "../lowering.ts";
import { instruction } from "../schema.ts";
import { shapeOf } from "./conv.ts";
import { isByte, isSigned, outputCode, packQuantizedRowsInstruction } from "./qgemm.ts";

export const quantizedConvInstruction = instruction({
  name: "QuantizedConv",
  doc: "Convolution of 8-bit integers (kernels/qconv) of x, weights made by PackQuantizedRows, xZero?, xScale?, wScale?, yScale?, yZero?, bias?. channels: batch, input, output, groups. axes: input, output, kernel, stride, dilation, pad of depth, height, width. types: whether x is signed; the result (int32, float32, uint8, int8).",
  parameters: { channels: "ints", axes: "ints", types: "ints", scalePerFilter: "int" },
});

interface Operands {
  readonly x: number;
  readonly w: number;
  readonly xZero: number;
  readonly wZero: number;
  readonly xScale?: number;
  readonly wScale?: number;
  readonly yScale?: number;
  readonly yZero?: number;
  readonly bias?: number;
}

function emitQuantizedConv(c: LowerContext, o: Operands): string | undefined {
  const [xType, wType, result] = [c.dtype(o.x), c.dtype(o.w), c.outDtype(0)];
  for (const dtype of [xType, wType]) if (!isByte(dtype)) return `no 8-bit convolution kernel for ${dtype}`;
  if (outputCode(result) < 0 || result === "float32") return `no 8-bit convolution kernel with a result of ${result}`;
  const s = shapeOf(c, false, o.x, o.w);
  if (typeof s === "string") return s;
  const filters = s.outputChannels;
  const ref = (index: number | undefined) => (index !== undefined && c.has(index) ? c.in(index) : undefined);
  const count = (index: number | undefined): number =>
    index !== undefined && c.has(index) ? sizeOf(c.shape(index)) : 1;
  for (const index of [o.xZero, o.xScale, o.yScale, o.yZero])
    if (count(index) !== 1) return "several scales or zero points of an image";
  for (const index of [o.wZero, o.wScale])
    if (count(index) !== 1 && count(index) !== filters) return "scales that are not one a filter";
  // Known weights are packed once; others by each run.
  const parameters = {
    m: filters,
    k: sizeOf(c.shape(o.w).slice(1)),
    isSigned: isSigned(wType),
    zeroPerRow: Number(count(o.wZero) === filters && filters !== 1),
  };
  const known = c.constant(o.w) !== undefined && (!c.has(o.wZero) || c.constant(o.wZero) !== undefined);
  const sources = [c.in(o.w), ...(c.has(o.wZero) ? [c.in(o.wZero)] : [])];
  const packRows = () => {
    // As qgemm::PackedABytes.
    const { m, k } = parameters;
    const to = c.scratch(m * (4 * Math.ceil(k / 2) + 4 + 4 * Math.ceil(k / 4)) + 4);
    c.emit(packQuantizedRowsInstruction, {
      inputs: sources,
      outputs: [to],
      parameters,
      kernel: `pack_qgemm_${c.isa}`,
      reason: "weights known only at run time",
      flops: 0,
    });
    return to;
  };
  const weights = known ? c.prepare(packQuantizedRowsInstruction, sources, parameters) : packRows();
  // As qconv::IsDepthwise chooses.
  const [depth, height, width] = s.axes;
  const byChannel =
    s.groups === s.inputChannels &&
    [depth!.input, depth!.output, depth!.kernel].every((n) => n === 1) &&
    depth!.pad === 0 &&
    height!.kernel <= 8 &&
    height!.kernel * width!.kernel <= 64 &&
    Math.max(height!.stride, width!.stride) <= 8 &&
    Math.max(height!.dilation, width!.dilation) <= 16 &&
    width!.output <= 8192;
  c.emit(quantizedConvInstruction, {
    inputs: [c.in(o.x), weights, ref(o.xZero), ref(o.xScale), ref(o.wScale), ref(o.yScale), ref(o.yZero), ref(o.bias)],
    outputs: [c.out(0)],
    parameters: {
      channels: [s.batch, s.inputChannels, filters, s.groups],
      axes: s.axes.flatMap((a) => [a.input, a.output, a.kernel, a.stride, a.dilation, a.pad]),
      types: [isSigned(xType), outputCode(result)],
      scalePerFilter: Number(count(o.wScale) === filters && filters !== 1),
    },
    kernel: `qconv_${c.isa}_${byChannel ? "depthwise" : "patches"}`,
    reason: byChannel ? "each filter reads one channel" : "patches of bytes, then the 8-bit product",
  });
  return undefined;
}

export const convIntegerLowering = lowering({
  operators: ["ConvInteger"],
  lower: (c) => emitQuantizedConv(c, { x: 0, w: 1, xZero: 2, wZero: 3 }),
});

export const qLinearConvLowering = lowering({
  operators: ["QLinearConv"],
  lower: (c) =>
    emitQuantizedConv(c, {
      x: 0,
      xScale: 1,
      xZero: 2,
      w: 3,
      wScale: 4,
      wZero: 5,
      yScale: 6,
      yZero: 7,
      bias: 8,
    }),
});
