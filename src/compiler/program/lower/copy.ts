/** Moving elements: transposes, slices, concatenations, padding are all copies with strides. */
import { byteLength, type DType } from "../../../base/dtypes.ts";
import { sizeOf, stridesOf } from "../../../base/shapes.ts";
import { type LowerContext, lowering, type NumberArray, type TensorRef } from "../lowering.ts";
import { codes, instruction } from "../schema.ts";
import { blockChannels, blockedBytes, blockedInput, blockedLayout } from "./blocked.ts";
import { broadcastStrides } from "./elementwise.ts";

export const copyInstruction = instruction({
  name: "Copy",
  doc: "y[out_offset + i·out_strides] = x[in_offset + i·in_strides] for every index i of dims, in elements of element_bytes (1, 2, 4, 8).",
  parameters: {
    elementBytes: "int",
    dims: "ints",
    inStrides: "ints",
    outStrides: "ints",
    inOffset: "int",
    outOffset: "int",
  },
});

export const gatherInstruction = instruction({
  name: "Gather",
  doc: "y[o, i, k] = x[o, index[i], k] over outer × indices × blocks of block_bytes; x has `axis` blocks along the axis. Indices are int64, or int32 where index_bytes is 4; a negative one counts from the end.",
  parameters: { outer: "int", axis: "int", indices: "int", blockBytes: "int", indexBytes: "int" },
});

export const padModes = codes("PadMode", "What lies around the input of a Pad.", [
  "constant",
  "edge",
  "reflect",
  "wrap",
]);

export const padInstruction = instruction({
  name: "Pad",
  doc: "Padding (kernels/copy/pad.h) of elements of element_bytes (1, 2, 4, 8). axes: input, positions before it, output of each; `block` elements behind the last axis move as one. Inputs: the tensor, the fill (one element).",
  parameters: { elementBytes: "int", mode: "int", axes: "ints", block: "int" },
});

interface Copy {
  readonly dims: readonly number[];
  readonly inStrides: readonly number[];
  readonly outStrides: readonly number[];
  readonly inOffset?: number;
  readonly outOffset?: number;
}

const widths: ReadonlySet<number> = new Set([1, 2, 4, 8]);

/** Bytes of an element where kernels can move it. */
function widthOf(dtype: DType): number | undefined {
  const bytes = dtype === "string" ? 0 : byteLength(dtype, 1);
  return widths.has(bytes) ? bytes : undefined;
}

/** Merges dims that both sides walk densely, so that most copies fit the kernel's rank. */
function merge({ dims, inStrides, outStrides }: Copy) {
  const merged: { dim: number; from: number; to: number }[] = [];
  for (const [axis, dim] of dims.entries()) {
    if (dim === 1) continue;
    const from = inStrides[axis]!;
    const to = outStrides[axis]!;
    const last = merged.at(-1);
    if (last && last.from === from * dim && last.to === to * dim)
      merged[merged.length - 1] = { dim: last.dim * dim, from, to };
    else merged.push({ dim, from, to });
  }
  return merged;
}

/** Emits a strided copy; returns why it cannot. */
export function emitCopy(
  c: LowerContext,
  from: TensorRef,
  to: TensorRef,
  copy: Copy,
  kernel: string,
): string | undefined {
  const elementBytes = widthOf(from.dtype);
  if (!elementBytes) return `elements of ${from.dtype}`;
  const merged = merge(copy);
  if (merged.length > 8) return `rank ${merged.length} after merging, kernels take 8`;
  c.emit(copyInstruction, {
    inputs: [from],
    outputs: [to],
    parameters: {
      elementBytes,
      dims: merged.map(({ dim }) => dim),
      inStrides: merged.map((axis) => axis.from),
      outStrides: merged.map((axis) => axis.to),
      inOffset: copy.inOffset ?? 0,
      outOffset: copy.outOffset ?? 0,
    },
    kernel: `${kernel}_${elementBytes * 8}`,
    reason: merged.length <= 1 ? "one run" : `${merged.length} dimensions after merging`,
    flops: 0,
    bytes: 2 * elementBytes * sizeOf(copy.dims),
  });
  return undefined;
}

export const transposeLowering = lowering({
  operators: ["Transpose"],
  lower(c) {
    const shape = c.shape(0);
    const order = (c.attrs.perm as readonly number[] | undefined) ?? shape.map((_, axis) => shape.length - 1 - axis);
    const from = c.in(0);
    // Only dims of 1 change place: the elements stay where they are.
    const moved = order.filter((axis) => shape[axis] !== 1);
    if (moved.every((axis, i) => i === 0 || axis > moved[i - 1]!)) {
      c.view(0, from);
      return undefined;
    }
    const strides = stridesOf(shape);
    const dims = c.outShape(0);
    return emitCopy(
      c,
      from,
      c.out(0),
      { dims, inStrides: order.map((axis) => strides[axis]!), outStrides: stridesOf(dims) },
      "transpose",
    );
  },
});

export const concatLowering = lowering({
  operators: ["Concat"],
  lower(c) {
    const dims = c.outShape(0);
    const axis = ((c.attrs.axis as number | undefined) ?? 1) + ((c.attrs.axis as number) < 0 ? dims.length : 0);
    const inBlocks = concatBlocks(c, axis);
    if (inBlocks) return undefined;
    const refs = Array.from({ length: c.numInputs }, (_, i) => c.in(i));
    const full = refs.filter((ref) => ref.sizeBytes > 0);
    if (full.length === 1 && full[0]!.sizeBytes === c.outBytes(0)) {
      c.view(0, full[0]!);
      return undefined;
    }
    const to = c.out(0);
    const outStrides = stridesOf(dims);
    let start = 0;
    for (const ref of refs) {
      const outOffset = start * outStrides[axis]!;
      start += ref.shape[axis]!;
      if (ref.sizeBytes === 0) continue;
      const reason = emitCopy(
        c,
        ref,
        to,
        { dims: ref.shape, inStrides: stridesOf(ref.shape), outStrides, outOffset },
        "concat",
      );
      if (reason) return reason;
    }
    return undefined;
  },
});

/** Joins channels in blocks where most of them lie so and each input but the last ends with a block; says whether it did. */
function concatBlocks(c: LowerContext, axis: number): boolean {
  const layout = blockedLayout(c.isa);
  const dims = c.outShape(0);
  const inputs = Array.from({ length: c.numInputs }, (_, i) => i);
  if (axis !== 1 || dims.length < 3 || c.dtype(0) !== "float32" || sizeOf(dims) === 0) return false;
  const sizes = inputs.map((i) => sizeOf(c.shape(i)));
  const blocked = inputs.reduce((sum, i) => sum + (c.layout(i) === layout ? sizes[i]! : 0), 0);
  const block = blockChannels(c.isa);
  if (blocked * 2 < sizeOf(dims) || inputs.slice(0, -1).some((i) => c.shape(i)[1]! % block !== 0)) return false;
  const sizeBytes = blockedBytes(c.isa, dims);
  const refs = inputs.map((i) => blockedInput(c, i));
  const to = c.out(0, { layout, sizeBytes });
  const batch = dims[0]!;
  const step = sizeBytes / 4 / batch;
  let outOffset = 0;
  for (const from of refs) {
    if (from.sizeBytes === 0) continue;
    const length = from.sizeBytes / 4 / batch;
    c.emit(copyInstruction, {
      inputs: [from],
      outputs: [to],
      parameters: {
        elementBytes: 4,
        dims: [batch, length],
        inStrides: [length, 1],
        outStrides: [step, 1],
        inOffset: 0,
        outOffset,
      },
      kernel: "concat_blocks",
      reason: "whole channel blocks, each in one piece",
      flops: 0,
    });
    outOffset += length;
  }
  return true;
}

/** A part of an input: a view where it lies in one piece, else a copy. `starts` and `steps` by axis. */
function emitPart(
  c: LowerContext,
  output: number,
  from: TensorRef,
  starts: readonly number[],
  steps: readonly number[],
  kernel: string,
) {
  const dims = c.outShape(output);
  const strides = stridesOf(from.shape);
  const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  const inStrides = strides.map((stride, axis) => stride * steps[axis]!);
  const width = widthOf(from.dtype);
  if (!width) return `elements of ${from.dtype}`;
  const outStrides = stridesOf(dims);
  if (dims.every((dim, axis) => dim === 1 || inStrides[axis] === outStrides[axis])) {
    c.view(output, from, offset * width);
    return undefined;
  }
  return emitCopy(c, from, c.out(output), { dims, inStrides, outStrides, inOffset: offset }, kernel);
}

/**
 * Channels `first` … of one image in blocks as a view of them, where they begin with a block and lie in one piece; says
 * whether it is one.
 */
function viewBlocks(c: LowerContext, output: number, first: number): boolean {
  const layout = blockedLayout(c.isa);
  const [shape, dims] = [c.shape(0), c.outShape(output)];
  if (!isPartOfBlocks(c, output, first)) return false;
  const plane = sizeOf(shape.slice(2));
  c.view(output, c.in(0, [layout]), 4 * first * plane, blockedBytes(c.isa, dims));
  return true;
}

function isPartOfBlocks(c: LowerContext, output: number, first: number): boolean {
  const [shape, dims] = [c.shape(0), c.outShape(output)];
  return (
    c.layout(0) === blockedLayout(c.isa) &&
    shape[0] === 1 &&
    first % blockChannels(c.isa) === 0 &&
    sizeOf(dims) > 0 &&
    dims.every((dim, axis) => axis === 1 || dim === shape[axis])
  );
}

export const splitLowering = lowering({
  operators: ["Split"],
  lower(c) {
    const shape = c.shape(0);
    const rank = shape.length;
    const axis = (((c.attrs.axis as number | undefined) ?? 0) + rank) % rank;
    let start = 0;
    // Unused outputs take their share all the same: sizes come from the attribute, the input, or equal parts.
    const given = c.version < 13 ? (c.attrs.split as readonly number[] | undefined) : undefined;
    const listed = c.version >= 13 && c.has(1) ? c.constant(1) : undefined;
    if (c.version >= 13 && c.has(1) && !listed) return "sizes that are not known before the run";
    const total = shape[axis]!;
    const equal = Math.ceil(total / c.numOutputs);
    const parts: { readonly output: number; readonly start: number }[] = [];
    for (let i = 0; i < c.numOutputs; i++) {
      const size = given?.[i] ?? (listed ? Number(listed.data[i]) : Math.min(equal, total - start));
      if (c.isOutputUsed(i)) parts.push({ output: i, start });
      start += size;
    }
    if (axis === 1 && parts.every(({ output, start }) => isPartOfBlocks(c, output, start))) {
      for (const { output, start } of parts) viewBlocks(c, output, start);
      return undefined;
    }
    const from = c.in(0);
    const ones = shape.map(() => 1);
    for (const { output, start } of parts) {
      const starts = shape.map((_, a) => (a === axis ? start : 0));
      const reason = emitPart(c, output, from, starts, ones, "split");
      if (reason) return reason;
    }
    return undefined;
  },
});

export const sliceLowering = lowering({
  operators: ["Slice"],
  lower(c) {
    const shape = c.shape(0);
    const list = (index: number, attribute: string): number[] | undefined => {
      if (c.version < 10) return (c.attrs[attribute] as number[] | undefined)?.map(Number);
      return c.has(index)
        ? Array.from((c.constant(index)?.data ?? []) as ArrayLike<number | bigint>, Number)
        : undefined;
    };
    for (let i = 1; c.version >= 10 && i < c.numInputs; i++)
      if (c.has(i) && !c.constant(i)) return "bounds that are not known before the run";
    const starts = list(1, "starts")!;
    const axes = list(3, "axes") ?? starts.map((_, i) => i);
    const steps = list(4, "steps") ?? starts.map(() => 1);
    const first = shape.map(() => 0);
    const step = shape.map(() => 1);
    for (const [i, given] of axes.entries()) {
      const axis = (given + shape.length) % shape.length;
      const size = shape[axis]!;
      const start = starts[i]! < 0 ? starts[i]! + size : starts[i]!;
      step[axis] = steps[i]!;
      first[axis] = steps[i]! > 0 ? Math.min(Math.max(start, 0), size) : Math.min(Math.max(start, 0), size - 1);
    }
    if (sizeOf(c.outShape(0)) === 0) {
      c.out(0);
      return undefined;
    }
    if (step.every((s) => s === 1) && first[0] === 0 && first[1] === 0 && cropBlocks(c, first)) return undefined;
    if (
      step.every((s) => s === 1) &&
      first.every((start, axis) => axis === 1 || start === 0) &&
      viewBlocks(c, 0, first[1]!)
    )
      return undefined;
    return emitPart(c, 0, c.in(0), first, step, "slice");
  },
});

export const cropLowering = lowering({
  operators: ["Crop"],
  lower(c) {
    const [left = 0, top = 0] = c.attrs.border as readonly number[];
    const [, , height = 0, width = 0] = c.shape(0);
    const [, , h = 0, w = 0] = c.outShape(0);
    if (c.shape(0).length !== 4 || left < 0 || top < 0 || top + h > height || left + w > width)
      return "a border beyond the image";
    const ones = [1, 1, 1, 1];
    const starts = [0, 0, top, left];
    if (cropBlocks(c, starts)) return undefined;
    return emitPart(c, 0, c.in(0), starts, ones, "crop");
  },
});

/** Cuts rows and columns out of channel blocks where an input lies so; says whether it did. */
function cropBlocks(c: LowerContext, starts: readonly number[]): boolean {
  const layout = blockedLayout(c.isa);
  const [shape, dims] = [c.shape(0), c.outShape(0)];
  if (c.layout(0) !== layout || shape[0] !== dims[0] || shape[1] !== dims[1] || sizeOf(dims) === 0) return false;
  const from = c.in(0, [layout]);
  const to = c.out(0, { layout, sizeBytes: blockedBytes(c.isa, dims) });
  const block = blockChannels(c.isa);
  const inBlocks = (of: readonly number[]) => [of[0]! * Math.ceil(of[1]! / block), ...of.slice(2), block];
  const inStrides = stridesOf(inBlocks(shape));
  emitCopy(
    c,
    from,
    to,
    {
      dims: inBlocks(dims),
      inStrides,
      outStrides: stridesOf(inBlocks(dims)),
      inOffset: starts.slice(2).reduce((sum, start, axis) => sum + start * inStrides[axis + 1]!, 0),
    },
    "crop_blocks",
  );
  return true;
}

export const expandLowering = lowering({
  operators: ["Expand"],
  lower(c) {
    const from = c.in(0);
    const dims = c.outShape(0);
    if (from.sizeBytes === c.outBytes(0)) {
      c.view(0, from);
      return undefined;
    }
    return emitCopy(
      c,
      from,
      c.out(0),
      { dims, inStrides: broadcastStrides(from.shape, dims), outStrides: stridesOf(dims) },
      "expand",
    );
  },
});

export const tileLowering = lowering({
  operators: ["Tile"],
  lower(c) {
    const from = c.in(0);
    const dims = c.outShape(0);
    if (c.version < 6) return "Tile of before opset 6";
    // Each axis as (repeat, size): the repeat has stride 0.
    const strides = stridesOf(from.shape);
    const outStrides = stridesOf(dims);
    const split = from.shape.map((size, axis) => ({ size, repeat: size ? dims[axis]! / size : 0 }));
    return emitCopy(
      c,
      from,
      c.out(0),
      {
        dims: split.flatMap(({ size, repeat }) => [repeat, size]),
        inStrides: split.flatMap((_, axis) => [0, strides[axis]!]),
        outStrides: split.flatMap(({ size }, axis) => [outStrides[axis]! * size, outStrides[axis]!]),
      },
      "tile",
    );
  },
});

export const depthToSpaceLowering = lowering({
  operators: ["DepthToSpace", "SpaceToDepth"],
  lower(c) {
    const block = c.attrs.blocksize as number;
    const from = c.in(0);
    const deep = c.node.op === "SpaceToDepth";
    // In the terms of the side that is spatial: [n, c, h, b, w, b] against [n, (b, b, c | c, b, b), h, w].
    const [n, channels, height, width] = (deep ? c.shape(0) : c.outShape(0)) as [number, number, number, number];
    const h = height / block;
    const w = width / block;
    const dims = [n, channels, h, block, w, block];
    const spatial = stridesOf(dims);
    const plane = h * w;
    const columnsFirst = !deep && c.attrs.mode === "CRD";
    const packed = columnsFirst
      ? [channels * block * block * plane, block * block * plane, w, block * plane, 1, plane]
      : [channels * block * block * plane, plane, w, block * channels * plane, 1, channels * plane];
    const copy = deep
      ? { dims, inStrides: spatial, outStrides: packed }
      : { dims, inStrides: packed, outStrides: spatial };
    return emitCopy(c, from, c.out(0), copy, deep ? "space_to_depth" : "depth_to_space");
  },
});

interface PadAxis {
  readonly in: number;
  readonly before: number;
  readonly out: number;
}

/** Merges axes that move together; `block` elements behind the last one move as one. */
function mergePadded(axes: readonly PadAxis[], mode: string): { axes: PadAxis[]; block: number } {
  const isPadded = (axis: PadAxis) => axis.before !== 0 || axis.in !== axis.out;
  const merged: PadAxis[] = [];
  for (const axis of axes) {
    const last = merged.at(-1);
    // Behind a padded axis only a fill can be laid out in its elements: the other modes move them as blocks.
    const joins = last && !isPadded(axis) && (mode === "constant" || !isPadded(last));
    if (joins)
      merged[merged.length - 1] = { in: last.in * axis.in, before: last.before * axis.in, out: last.out * axis.out };
    else merged.push(axis);
  }
  const behind = merged.at(-1);
  if (merged.length < 2 || !behind || isPadded(behind)) return { axes: merged, block: 1 };
  return { axes: merged.slice(0, -1), block: behind.in };
}

export const padLowering = lowering({
  operators: ["Pad"],
  lower(c) {
    const mode = (c.attrs.mode as string | undefined) ?? "constant";
    const shape = c.shape(0);
    const dims = c.outShape(0);
    const dtype = c.dtype(0);
    const width = widthOf(dtype);
    if (!width) return `elements of ${dtype}`;
    let pads: number[];
    if (c.version < 11) pads = [...((c.attrs.pads ?? c.attrs.paddings) as number[])].map(Number);
    else {
      const given = c.constant(1);
      if (!given) return "sizes that are not known before the run";
      pads = Array.from(given.data as ArrayLike<number | bigint>, Number);
    }
    const axesTensor = c.has(3) ? c.constant(3) : undefined;
    if (c.has(3) && !axesTensor) return "axes that are not known before the run";
    const axes = axesTensor
      ? Array.from(axesTensor.data as ArrayLike<number | bigint>, (a) => (Number(a) + shape.length) % shape.length)
      : shape.map((_, axis) => axis);
    const before = shape.map(() => 0);
    for (const [i, axis] of axes.entries()) before[axis] = pads[i]!;
    const from = c.in(0);
    if (pads.every((pad) => pad === 0)) {
      c.view(0, from);
      return undefined;
    }
    if (sizeOf(dims) === 0) {
      c.out(0);
      return undefined;
    }
    if (!padModes.has(mode)) return `the mode "${mode}"`;
    if (mode !== "constant" && sizeOf(shape) === 0) return "nothing to take the border from";
    let fill: unknown = c.version < 11 ? (c.attrs.value ?? 0) : 0;
    if (mode === "constant" && c.version >= 11 && c.has(2)) fill = c.constant(2)?.data[0];
    if (fill === undefined) return "a constant that is not known before the run";
    const { axes: merged, block } = mergePadded(
      shape.map((size, axis) => ({ in: size, before: before[axis]!, out: dims[axis]! })),
      mode,
    );
    if (merged.length > 8) return `rank ${merged.length} after merging, kernels take 8`;
    c.emit(padInstruction, {
      inputs: [from, c.data(oneElement(dtype, fill as number | bigint), dtype, [])],
      outputs: [c.out(0)],
      parameters: {
        elementBytes: width,
        mode: padModes.of(mode),
        axes: merged.flatMap((axis) => [axis.in, axis.before, axis.out]),
        block,
      },
      kernel: `pad_${mode}_${width * 8}`,
      reason: block > 1 ? `blocks of ${block} move as one` : `rows of ${merged.at(-1)!.out}`,
      flops: 0,
    });
    return undefined;
  },
});

function oneElement(dtype: DType, value: number | bigint): NumberArray {
  switch (dtype) {
    case "int64":
      return BigInt64Array.of(BigInt(value));
    case "uint64":
      return BigUint64Array.of(BigInt(value));
    case "float32":
      return Float32Array.of(Number(value));
    case "float64":
      return Float64Array.of(Number(value));
    case "int32":
    case "uint32":
      return Int32Array.of(Number(value));
    case "float16":
    case "bfloat16":
    case "int16":
    case "uint16":
      return Int16Array.of(Number(value));
    default:
      return Int8Array.of(Number(value));
  }
}

function emitGather(
  c: LowerContext,
  from: TensorRef,
  axis: number,
  indices: TensorRef,
  indexBytes: number,
  count: number,
  to: TensorRef,
  kernel: string,
): void {
  const width = byteLength(from.dtype, 1);
  c.emit(gatherInstruction, {
    inputs: [from, indices],
    outputs: [to],
    parameters: {
      outer: sizeOf(from.shape.slice(0, axis)),
      axis: from.shape[axis]!,
      indices: count,
      blockBytes: width * sizeOf(from.shape.slice(axis + 1)),
      indexBytes,
    },
    kernel,
    reason: "blocks behind the axis move as one",
    flops: 0,
  });
}

export const gatherLowering = lowering({
  operators: ["Gather"],
  lower(c) {
    const shape = c.shape(0);
    const axis = (((c.attrs.axis as number | undefined) ?? 0) + shape.length) % shape.length;
    const indexType = c.dtype(1);
    if (indexType !== "int64" && indexType !== "int32") return `indices of ${indexType}`;
    if (!widthOf(c.dtype(0))) return `elements of ${c.dtype(0)}`;
    const from = c.in(0);
    emitGather(c, from, axis, c.in(1), indexType === "int64" ? 8 : 4, sizeOf(c.shape(1)), c.out(0), "gather");
    return undefined;
  },
});
