/** Reductions, products of matrices, and what is normalised along an axis. */
import type { DType } from "../../base/dtypes.ts";
import type { Value } from "../ir/graph.ts";
import { elementwise } from "./arithmetic.ts";
import { type Emitter, Operand } from "./emitter.ts";

const rowsOf = (rows: Value): Operand => new Operand({ rows });

/** Over axes; over all where none is given. */
export function reduce(e: Emitter, op: string, x: Operand, axes: readonly number[], keepDims: boolean): Operand {
  const rank = e.rank(x);
  if (rank === 0) return x;
  const places = [...new Set(axes.map((axis) => e.axis(x, axis)))].sort((a, b) => a - b);
  if (axes.length === 0) return keepDims ? x : rowsOf(e.rows(x));
  const attributes = { keepdims: keepDims ? 1 : 0 };
  if (!x.planes) return rowsOf(e.node(op, [e.rows(x), e.ints(places, "axes")], attributes));
  const planes = places.map((axis) => [0, 2, 3, 1][axis]!).sort((a, b) => a - b);
  if (keepDims) return new Operand({ planes: e.node(op, [x.planes, e.ints(planes, "axes")], attributes) });
  // What is left is in the net's order where the channels are gone, or both axes of the image.
  const inOrder = places.includes(3) || (places.includes(1) && places.includes(2));
  if (!inOrder) return rowsOf(e.node(op, [e.rows(x), e.ints(places, "axes")], attributes));
  return rowsOf(e.node(op, [x.planes, e.ints(planes, "axes")], attributes));
}

/** Any or all of booleans. */
export function reduceBool(e: Emitter, all: boolean, x: Operand, axes: readonly number[], keepDims: boolean): Operand {
  const held = e.held(x);
  const numbers = held.operand(e.cast(held.value, "int32"));
  const reduced = e.held(reduce(e, all ? "ReduceMin" : "ReduceMax", numbers, axes, keepDims));
  return reduced.operand(e.cast(reduced.value, "bool"));
}

export function argExtreme(e: Emitter, op: "ArgMax" | "ArgMin", x: Operand, axis: number, dtype: DType): Operand {
  const at = e.axis(x, axis);
  // Without its axis an image's planes are in the net's order only where the axis was that of the channels.
  const value = x.planes && at === 3 ? e.node(op, [x.planes], { axis: 1, keepdims: 0 }) : undefined;
  return rowsOf(e.cast(value ?? e.node(op, [e.rows(x)], { axis: at, keepdims: 0 }), dtype));
}

export function softmax(e: Emitter, op: "Softmax" | "LogSoftmax", x: Operand, axis = -1): Operand {
  const held = e.held(x);
  return held.operand(e.node(op, [held.value], { axis: held.axis(e.axis(x, axis)) }));
}

/** Values and indices of the k largest along the last axis. */
export function topK(e: Emitter, x: Operand, k: Operand, indexType: DType = "int32"): Operand[] {
  const count = e.node("Reshape", [e.int64(k), e.ints([1], "shape")]);
  const [values, indices] = e.nodes("TopK", [e.rows(x), count], { axis: -1 }, 2) as [Value, Value];
  return [rowsOf(values), rowsOf(e.cast(indices, indexType))];
}

export function cumsum(e: Emitter, x: Operand, axis: number, exclusive: boolean, backwards: boolean): Operand {
  const held = e.held(x);
  const place = e.scalar(held.axis(e.axis(x, axis)), "int64", "axis");
  return held.operand(
    e.node("CumSum", [held.value, place], { exclusive: exclusive ? 1 : 0, reverse: backwards ? 1 : 0 }),
  );
}

/** x / √Σx² along the last axis, the sum no smaller than epsilon. */
export function l2Normalize(e: Emitter, x: Operand, epsilon = 1e-12): Operand {
  const last = e.rank(x) - 1;
  const squares = reduce(e, "ReduceSum", elementwise(e, "Mul", [x, x]), [last], true);
  const held = e.held(squares);
  const bounded = held.operand(e.node("Max", [held.value, e.scalar(epsilon, e.dtype(x), "epsilon")]));
  const root = e.held(bounded);
  return elementwise(e, "Div", [x, root.operand(e.node("Sqrt", [root.value]))]);
}

/** [rows, in] · [out, in]ᵀ + bias; an input of higher rank is flattened first unless its axes are kept. */
export function fullyConnected(
  e: Emitter,
  x: Operand,
  weights: Operand,
  bias: Operand | undefined,
  keep: boolean,
): Operand {
  const [, depth] = e.shape(weights);
  if (e.rank(weights) !== 2 || typeof depth !== "number") return e.invalid("the weights are no matrix");
  const b = bias ? e.rows(bias) : undefined;
  if (keep && e.rank(x) !== 2) {
    const product = e.node("MatMul", [e.rows(x), e.rearranged(weights, [1, 0])]);
    return rowsOf(b ? e.node("Add", [product, b]) : product);
  }
  const flat =
    e.rank(x) === 2 && e.shape(x)[1] === depth
      ? e.rows(x)
      : e.node("Reshape", [e.rows(x), e.ints([-1, depth], "shape")]);
  return rowsOf(e.node("Gemm", [flat, e.rows(weights), ...(b ? [b] : [])], { transB: 1 }));
}

/** A matrix of each operand, maybe turned over; leading axes broadcast. */
export function matmul(e: Emitter, a: Operand, b: Operand, turnA: boolean, turnB: boolean): Operand {
  const side = (x: Operand, turn: boolean): Value => {
    if (!turn) return e.rows(x);
    const perm = Array.from({ length: e.rank(x) }, (_, i) => i);
    if (perm.length < 2) return e.invalid("an operand is no matrix");
    [perm[perm.length - 2], perm[perm.length - 1]] = [perm.length - 1, perm.length - 2];
    return e.rearranged(x, perm);
  };
  return rowsOf(e.node("MatMul", [side(a, turnA), side(b, turnB)]));
}

/** (x − mean) / √(variance + epsilon) · scale + offset for each channel of an image. */
export function batchNorm(
  e: Emitter,
  x: Operand,
  parameters: { scale: Operand; offset: Operand; mean: Operand; variance: Operand },
  epsilon: number,
): Operand {
  const { scale, offset, mean, variance } = parameters;
  const values = [scale, offset, mean, variance].map((p) => e.rows(p));
  const rank = e.rank(x);
  if (rank === 4) return new Operand({ planes: e.node("BatchNormalization", [e.planes(x), ...values], { epsilon }) });
  if (rank === 2) return rowsOf(e.node("BatchNormalization", [e.rows(x), ...values], { epsilon }));
  const perm = Array.from({ length: rank }, (_, i) => (i === 0 ? 0 : i === 1 ? rank - 1 : i - 1));
  const back = Array.from({ length: rank }, (_, i) => (i === 0 ? 0 : i === rank - 1 ? 1 : i + 1));
  const turned = e.node("Transpose", [e.rows(x)], { perm });
  const normal = e.node("BatchNormalization", [turned, ...values], { epsilon });
  return rowsOf(e.node("Transpose", [normal], { perm: back }));
}
