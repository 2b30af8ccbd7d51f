/** Reductions over axes, and the positions of extremes. */
import { sizeOf, stridesOf } from "../../../base/shapes.ts";
import { type LowerContext, lowering } from "../lowering.ts";
import { codes, instruction } from "../schema.ts";

export const reduceFunctions = codes("ReduceFunction", "Reductions of native/kernels/reduce.", [
  "sum",
  "mean",
  "max",
  "min",
  "prod",
  "sumSquare",
  "l1",
  "l2",
  "logSum",
  "logSumExp",
]);

export const reduceInstruction = instruction({
  name: "Reduce",
  doc: "y[k] = reduction over r of x[k·kept_strides + r·reduced_strides], float32; y is dense over the kept dims.",
  parameters: { function: "int", keptDims: "ints", keptStrides: "ints", reducedDims: "ints", reducedStrides: "ints" },
});

export const argReduceInstruction = instruction({
  name: "ArgReduce",
  doc: "Position (int64) of the largest or smallest element of float32 x[outer, axis, inner] along the middle axis.",
  parameters: { largest: "int", last: "int", outer: "int", axis: "int", inner: "int" },
});

const functions = {
  ReduceSum: "sum",
  ReduceMean: "mean",
  ReduceMax: "max",
  ReduceMin: "min",
  ReduceProd: "prod",
  ReduceSumSquare: "sumSquare",
  ReduceL1: "l1",
  ReduceL2: "l2",
  ReduceLogSum: "logSum",
  ReduceLogSumExp: "logSumExp",
} as const;

interface Run {
  readonly dim: number;
  readonly stride: number;
}

/** Neighbouring axes of one kind as one; axes of size 1 left out. */
function mergeRuns(shape: readonly number[], isWanted: (axis: number) => boolean): Run[] {
  const strides = stridesOf(shape);
  const runs: Run[] = [];
  for (const [axis, dim] of shape.entries()) {
    if (!isWanted(axis) || dim === 1) continue;
    const last = runs.at(-1);
    if (last && last.stride === strides[axis]! * dim)
      runs[runs.length - 1] = { dim: last.dim * dim, stride: strides[axis]! };
    else runs.push({ dim, stride: strides[axis]! });
  }
  return runs;
}

/** Axes of a reduction from the attribute or the input; undefined where they are not known before the run. */
function reducedAxes(c: LowerContext): ReadonlySet<number> | undefined {
  const rank = c.shape(0).length;
  let given = c.attrs.axes as readonly number[] | undefined;
  if (c.has(1)) {
    const tensor = c.constant(1);
    if (!tensor) return undefined;
    given = Array.from(tensor.data as ArrayLike<number | bigint>, Number);
  }
  if (!given || given.length === 0) {
    if (c.attrs.noop_with_empty_axes === 1) return new Set();
    return new Set(Array.from({ length: rank }, (_, axis) => axis));
  }
  return new Set(given.map((axis) => (axis + rank) % rank));
}

export const reduceLowering = lowering({
  operators: Object.keys(functions),
  lower(c) {
    if (c.dtype(0) !== "float32") return `reduction of ${c.dtype(0)}`;
    const axes = reducedAxes(c);
    if (!axes) return "axes that are not known before the run";
    const name = functions[c.node.op as keyof typeof functions];
    const shape = c.shape(0);
    const kept = mergeRuns(shape, (axis) => !axes.has(axis));
    const reduced = mergeRuns(shape, (axis) => axes.has(axis));
    if (kept.length > 8 || reduced.length > 7) return `rank ${shape.length}, kernels take 8`;
    const byRows = reduced.at(-1)?.stride === 1;
    const x = c.in(0);
    c.emit(reduceInstruction, {
      inputs: [x],
      outputs: [c.out(0)],
      parameters: {
        function: reduceFunctions.of(name),
        keptDims: kept.map(({ dim }) => dim),
        keptStrides: kept.map(({ stride }) => stride),
        reducedDims: reduced.map(({ dim }) => dim),
        reducedStrides: reduced.map(({ stride }) => stride),
      },
      kernel: `reduce_${name}_f32_${byRows ? "rows" : "columns"}`,
      reason: byRows ? "the innermost axis is reduced" : "the innermost axis is kept",
    });
    return undefined;
  },
});

export const argReduceLowering = lowering({
  operators: ["ArgMax", "ArgMin"],
  lower(c) {
    if (c.dtype(0) !== "float32") return `positions in ${c.dtype(0)}`;
    const shape = c.shape(0);
    const axis = (((c.attrs.axis as number | undefined) ?? 0) + shape.length) % shape.length;
    if (!shape[axis]) return "an empty axis";
    const x = c.in(0);
    c.emit(argReduceInstruction, {
      inputs: [x],
      outputs: [c.out(0)],
      parameters: {
        largest: c.node.op === "ArgMax" ? 1 : 0,
        last: (c.attrs.select_last_index as number | undefined) ?? 0,
        outer: sizeOf(shape.slice(0, axis)),
        axis: shape[axis],
        inner: sizeOf(shape.slice(axis + 1)),
      },
      kernel: `${c.node.op === "ArgMax" ? "arg_max" : "arg_min"}_f32`,
      reason: "one pass",
    });
    return undefined;
  },
});
