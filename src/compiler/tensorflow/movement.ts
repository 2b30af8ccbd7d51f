/** Operators that move elements: shapes, slices, joins, gathers. */
import { isDType } from "../../base/dtypes.ts";
import { type Shape, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Value } from "../ir/graph.ts";
import { type Emitter, Operand } from "./emitter.ts";

const maxInt64 = Number.MAX_SAFE_INTEGER;

const rowsOf = (rows: Value): Operand => new Operand({ rows });

/** To a shape given as an operand; -1 is what remains. */
export function reshape(e: Emitter, x: Operand, shape: Operand | readonly number[]): Operand {
  const known = Array.isArray(shape) ? (shape as readonly number[]) : e.known(shape as Operand);
  if (!known) return rowsOf(e.node("Reshape", [e.rows(x), e.int64(shape as Operand)]));
  // 0 is a size in TensorFlow, and "as before" in ONNX.
  return rowsOf(e.node("Reshape", [e.rows(x), e.ints(known, "shape")], known.includes(0) ? { allowzero: 1 } : {}));
}

export function transpose(e: Emitter, x: Operand, perm: readonly number[]): Operand {
  const key = perm.join();
  if (perm.length === 4) {
    // The orders are the same elements under another name.
    if (key === "0,3,1,2" && x.planes) return rowsOf(x.planes);
    if (key === "0,2,3,1") return new Operand({ planes: e.rows(x) });
  }
  return rowsOf(e.node("Transpose", [e.rows(x)], { perm: [...perm] }));
}

export function expandDims(e: Emitter, x: Operand, axis: number): Operand {
  const rank = e.rank(x) + 1;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    e.invalid(`axis is ${axis}, the output has rank ${rank}`);
  return rowsOf(e.node("Unsqueeze", [e.rows(x), e.ints([axis < 0 ? axis + rank : axis])]));
}

/** Takes axes of size 1 out; all of them where none is named. */
export function squeeze(e: Emitter, x: Operand, axes: readonly number[]): Operand {
  const shape = e.shape(x);
  const all = axes.length > 0 ? axes.map((axis) => e.axis(x, axis)) : shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
  return all.length === 0 ? x : rowsOf(e.node("Squeeze", [e.rows(x), e.ints(all)]));
}

/** `pads` is [[before, after], …], one pair an axis. */
export function pad(
  e: Emitter,
  x: Operand,
  pads: readonly number[],
  mode: "constant" | "reflect" | "symmetric" = "constant",
  fill?: Operand | number,
): Operand {
  if (mode === "symmetric") return e.unsupported("padding by reflection that repeats the border");
  const rank = e.rank(x);
  if (pads.length !== rank * 2) return e.invalid(`the paddings are ${pads.length} numbers, expected ${rank * 2}`);
  const held = e.held(x);
  const before = held.perAxis(Array.from({ length: rank }, (_, i) => pads[i * 2]!));
  const after = held.perAxis(Array.from({ length: rank }, (_, i) => pads[i * 2 + 1]!));
  const inputs = [held.value, e.ints([...before, ...after], "pads")];
  if (typeof fill === "number" && fill !== 0) inputs.push(e.scalar(fill, e.dtype(x)));
  else if (fill instanceof Operand) inputs.push(scalarOf(e, fill));
  return held.operand(e.node("Pad", inputs, mode === "constant" ? {} : { mode }));
}

/** An operand of one element without axes. */
export function scalarOf(e: Emitter, x: Operand): Value {
  const rows = e.rows(x);
  return e.rank(x) === 0 ? rows : e.node("Reshape", [rows, e.ints([])]);
}

export function concat(e: Emitter, operands: readonly Operand[], axis: number): Operand {
  const first = operands[0];
  if (!first) return e.invalid("nothing to join");
  const at = e.axis(first, axis);
  if (operands.length === 1) return first;
  const planar = e.rank(first) === 4 && operands.some((x) => x.planes) && operands.every((x) => e.rank(x) === 4);
  if (!planar)
    return rowsOf(
      e.node(
        "Concat",
        operands.map((x) => e.rows(x)),
        { axis: at },
      ),
    );
  return new Operand({
    planes: e.node(
      "Concat",
      operands.map((x) => e.planes(x)),
      { axis: [0, 2, 3, 1][at]! },
    ),
  });
}

/** Along a new axis. */
export function pack(e: Emitter, operands: readonly Operand[], axis: number): Operand {
  return concat(
    e,
    operands.map((x) => expandDims(e, x, axis)),
    axis,
  );
}

export function unpack(e: Emitter, x: Operand, axis: number, count: number): Operand[] {
  const at = e.axis(x, axis);
  return split(e, x, at, new Array<number>(count).fill(1)).map((part) => squeeze(e, part, [at]));
}

export function split(e: Emitter, x: Operand, axis: number, sizes: readonly number[]): Operand[] {
  const at = e.axis(x, axis);
  if (sizes.length > 65536 || sizes.length === 0) return e.invalid(`${sizes.length} parts`);
  const held = e.held(x);
  if (sizes.length === 1) return [x];
  return e
    .nodes("Split", [held.value, e.ints(sizes)], { axis: held.axis(at) }, sizes.length)
    .map((v) => held.operand(v));
}

/** `count` equal parts. */
export function splitEqually(e: Emitter, x: Operand, axis: number, count: number): Operand[] {
  const at = e.axis(x, axis);
  const dim = e.shape(x)[at];
  if (typeof dim !== "number") return e.unsupported(`splitting an axis whose size (${dim}) is not known`);
  if (!Number.isInteger(count) || count < 1 || dim % count !== 0) return e.invalid(`${dim} elements in ${count} parts`);
  return split(e, x, at, new Array<number>(count).fill(dim / count));
}

/** `size` -1: to the end. */
export function slice(e: Emitter, x: Operand, begin: readonly number[], size: readonly number[]): Operand {
  const rank = e.rank(x);
  if (begin.length !== rank || size.length !== rank)
    return e.invalid(`begin and size have ${begin.length} and ${size.length} numbers, expected ${rank}`);
  const held = e.held(x);
  const ends = size.map((n, i) => (n < 0 ? maxInt64 : begin[i]! + n));
  return held.operand(
    e.node("Slice", [held.value, e.ints(held.perAxis(begin), "starts"), e.ints(held.perAxis(ends), "ends")]),
  );
}

export interface StridedSlice {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
}

/** `x[begin:end:stride, …]` with the bits of Python's notation: left-out ends, `...`, new axes, single indices. */
export function stridedSlice(e: Emitter, x: Operand, s: StridedSlice): Operand {
  const rank = e.rank(x);
  const bit = (mask: number, i: number): boolean => ((mask >> i) & 1) === 1;
  const count = s.begin.length;
  if (s.end.length !== count || s.strides.length !== count || count > 31)
    return e.invalid(`begin, end and strides have ${count}, ${s.end.length} and ${s.strides.length} numbers`);
  const spec = Array.from({ length: count }, (_, i) => i);
  const used = spec.filter((i) => !bit(s.newAxisMask, i) && !bit(s.ellipsisMask, i)).length;
  const starts: number[] = [];
  const ends: number[] = [];
  const axes: number[] = [];
  const steps: number[] = [];
  const dropped: number[] = [];
  const added: number[] = [];
  let axis = 0;
  let out = 0;
  for (const i of spec) {
    if (bit(s.ellipsisMask, i)) {
      const skip = Math.max(0, rank - used);
      axis += skip;
      out += skip;
      continue;
    }
    if (bit(s.newAxisMask, i)) {
      added.push(out++);
      continue;
    }
    if (axis >= rank) return e.invalid(`a slice along ${axis + 1} axes, the input has ${rank}`);
    const step = s.strides[i]!;
    if (step === 0) return e.invalid("a stride of 0");
    if (bit(s.shrinkAxisMask, i)) {
      const at = s.begin[i]!;
      starts.push(at);
      ends.push(at === -1 ? maxInt64 : at + 1);
      steps.push(1);
      axes.push(axis);
      dropped.push(axis);
    } else {
      const whole = bit(s.beginMask, i) && bit(s.endMask, i) && step === 1;
      if (!whole) {
        starts.push(bit(s.beginMask, i) ? (step > 0 ? 0 : maxInt64) : s.begin[i]!);
        ends.push(bit(s.endMask, i) ? (step > 0 ? maxInt64 : -maxInt64) : s.end[i]!);
        steps.push(step);
        axes.push(axis);
      }
      out++;
    }
    axis++;
  }
  let result = x;
  if (axes.length > 0) {
    const held = e.held(x);
    const places = axes.map((a) => held.axis(a));
    const inputs = [held.value, e.ints(starts, "starts"), e.ints(ends, "ends"), e.ints(places, "axes")];
    if (steps.some((step) => step !== 1)) inputs.push(e.ints(steps, "steps"));
    result = held.operand(e.node("Slice", inputs));
  }
  if (dropped.length > 0) result = rowsOf(e.node("Squeeze", [e.rows(result), e.ints(dropped, "axes")]));
  if (added.length > 0) result = rowsOf(e.node("Unsqueeze", [e.rows(result), e.ints(added, "axes")]));
  return result;
}

export function gather(e: Emitter, x: Operand, indices: Operand, axis: number, batchDims = 0): Operand {
  const at = e.axis(x, axis);
  if (batchDims === 0) return rowsOf(e.node("Gather", [e.rows(x), e.rows(indices)], { axis: at }));
  if (batchDims !== at) return e.unsupported(`a gather along axis ${at} with ${batchDims} batch dimensions`);
  // GatherND counts its batch dimensions the same way, with indices as vectors of length 1.
  const last = e.node("Unsqueeze", [e.int64(indices), e.ints([-1], "axes")]);
  return rowsOf(e.node("GatherND", [e.rows(x), last], { batch_dims: batchDims }));
}

export const gatherNd = (e: Emitter, x: Operand, indices: Operand): Operand =>
  rowsOf(e.node("GatherND", [e.rows(x), e.int64(indices)]));

export const tile = (e: Emitter, x: Operand, multiples: Operand): Operand =>
  rowsOf(e.node("Tile", [e.rows(x), e.int64(multiples)]));

export const broadcastTo = (e: Emitter, x: Operand, shape: Operand): Operand =>
  rowsOf(e.node("Expand", [e.rows(x), e.int64(shape)]));

/** The shape, in the dtype that the net wants. */
export function shapeOf(e: Emitter, x: Operand, dtype: "int32" | "int64"): Operand {
  return rowsOf(e.cast(e.node("Shape", [e.rows(x)]), dtype));
}

export function fill(e: Emitter, shape: Operand, value: Operand): Operand {
  return rowsOf(e.node("Expand", [scalarOf(e, value), e.int64(shape)]));
}

export const range = (e: Emitter, start: Operand, limit: Operand, delta: Operand): Operand =>
  rowsOf(e.node("Range", [scalarOf(e, start), scalarOf(e, limit), scalarOf(e, delta)]));

/** All elements equal: zeros or ones of the operand's shape. */
export function filledLike(e: Emitter, x: Operand, value: number): Operand {
  const dtype = e.dtype(x);
  if (!isDType(dtype) || dtype === "string") return e.unsupported(`a ${dtype} of numbers`);
  return rowsOf(e.node("Expand", [e.scalar(value, dtype), e.node("Shape", [e.rows(x)])]));
}

/** Blocks of b × b pixels become channels, the pixel's place first: [N,H,W,C] → [N,H/b,W/b,b·b·C]. */
export function spaceToDepth(e: Emitter, x: Operand, block: number): Operand {
  return new Operand({ planes: e.node("SpaceToDepth", [e.planes(x)], { blocksize: block }) });
}

export function depthToSpace(e: Emitter, x: Operand, block: number): Operand {
  return new Operand({ planes: e.node("DepthToSpace", [e.planes(x)], { blocksize: block, mode: "DCR" }) });
}

const staticShape = (e: Emitter, shape: Shape): number[] => {
  if (shape.every((dim) => typeof dim === "number")) return shape as number[];
  return e.unsupported(`a shape that is not known ([${shape.join(",")}])`);
};

/** Pads, then moves blocks of the axes behind the first to the batch. */
export function spaceToBatch(e: Emitter, x: Operand, block: readonly number[], pads: readonly number[]): Operand {
  const m = block.length;
  if (m < 1 || block.some((b) => b < 1)) return e.invalid(`block shape is [${block.join(",")}]`);
  const rank = e.rank(x);
  const padded = pad(e, x, [0, 0, ...pads, ...new Array<number>(2 * (rank - 1 - m)).fill(0)]);
  const [batch, ...rest] = staticShape(e, e.shape(padded)) as [number, ...number[]];
  const apart = block.flatMap((b, i) => {
    if (rest[i]! % b !== 0) e.invalid(`${rest[i]} elements in blocks of ${b}`);
    return [rest[i]! / b, b];
  });
  const tail = rest.slice(m);
  const split = e.node("Reshape", [e.rows(padded), e.ints([batch, ...apart, ...tail], "shape")]);
  const perm = [
    ...block.map((_, i) => 2 * i + 2),
    0,
    ...block.map((_, i) => 2 * i + 1),
    ...tail.map((_, i) => 2 * m + 1 + i),
  ];
  const moved = e.node("Transpose", [split], { perm });
  const shape = [batch * sizeOf(block), ...block.map((b, i) => rest[i]! / b), ...tail];
  return rowsOf(e.node("Reshape", [moved, e.ints(shape, "shape")]));
}

/** The reverse, then cuts borders off. */
export function batchToSpace(e: Emitter, x: Operand, block: readonly number[], crops: readonly number[]): Operand {
  const m = block.length;
  if (m < 1 || block.some((b) => b < 1)) return e.invalid(`block shape is [${block.join(",")}]`);
  const [batch, ...rest] = staticShape(e, e.shape(x)) as [number, ...number[]];
  if (batch % sizeOf(block) !== 0) return e.invalid(`a batch of ${batch} in blocks of ${sizeOf(block)}`);
  const tail = rest.slice(m);
  const n = batch / sizeOf(block);
  const split = e.node("Reshape", [e.rows(x), e.ints([...block, n, ...rest], "shape")]);
  const perm = [m, ...block.flatMap((_, i) => [m + 1 + i, i]), ...tail.map((_, i) => 2 * m + 1 + i)];
  const moved = e.node("Transpose", [split], { perm });
  const whole = block.map((b, i) => rest[i]! * b);
  const joined = rowsOf(e.node("Reshape", [moved, e.ints([n, ...whole, ...tail], "shape")]));
  if (crops.every((crop) => crop === 0)) return joined;
  const begin = [0, ...block.map((_, i) => crops[2 * i]!), ...tail.map(() => 0)];
  const size = [-1, ...whole.map((dim, i) => dim - crops[2 * i]! - crops[2 * i + 1]!), ...tail.map(() => -1)];
  return slice(e, joined, begin, size);
}

/** Backwards along axes. */
export function reverse(e: Emitter, x: Operand, axes: readonly number[]): Operand {
  const held = e.held(x);
  const places = axes.map((axis) => held.axis(e.axis(x, axis)));
  return held.operand(
    e.node("Slice", [
      held.value,
      e.ints(
        places.map(() => -1),
        "starts",
      ),
      e.ints(
        places.map(() => -maxInt64),
        "ends",
      ),
      e.ints(places, "axes"),
      e.ints(
        places.map(() => -1),
        "steps",
      ),
    ]),
  );
}

export function oneHot(e: Emitter, indices: Operand, depth: Operand, on: Operand, off: Operand, axis: number): Operand {
  const values = e.node(
    "Concat",
    [on, off].map((v) => e.node("Reshape", [e.rows(v), e.ints([1], "shape")])),
    { axis: 0 },
  );
  return rowsOf(e.node("OneHot", [e.int64(indices), e.int64(depth), values], { axis }));
}

/** Constants of the same dtype joined at import: an empty 1-D tensor for shapes of rank 0. */
export const noNumbers = (): Tensor => new Tensor("int64", [0], new BigInt64Array(0));
