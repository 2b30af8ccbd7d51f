/** Elementwise operators: in whatever order the operands are held. */
import type { DType } from "../../base/dtypes.ts";
import { isFloat } from "../../base/dtypes.ts";
import type { Value } from "../ir/graph.ts";
import { type Emitter, Operand } from "./emitter.ts";

/** One operand, shape kept. */
export function unary(e: Emitter, op: string, x: Operand, attributes: Record<string, number | string> = {}): Operand {
  const held = e.held(x);
  return held.operand(e.node(op, [held.value], attributes));
}

/** A constant that broadcasts against [N,H,W,C], for [N,C,H,W]. */
function constantPlanes(e: Emitter, x: Operand): Value {
  const shape = e.shape(x) as readonly number[];
  if (shape.every((dim) => dim === 1))
    return e.rearranged(
      x,
      shape.map((_, axis) => axis),
      [],
    );
  const [n, h, w, c] = [...new Array<number>(4 - shape.length).fill(1), ...shape] as [number, number, number, number];
  if (shape.length === 4) return e.planes(x);
  // Below rank 4 only a vector of channels comes up often; it need not be turned.
  if (n * h * w === 1)
    return e.rearranged(
      x,
      shape.map((_, axis) => axis),
      [c, 1, 1],
    );
  const perm = shape.length === 3 ? [2, 0, 1] : [1, 0];
  return e.rearranged(x, perm, [c, h, w]);
}

/** Operands that broadcast together, as an operator's inputs, and how to hold the result. */
function aligned(e: Emitter, operands: readonly Operand[]): { values: Value[]; wrap: (value: Value) => Operand } {
  const varying = operands.filter((x) => !e.isConstant(x));
  const planar =
    varying.some((x) => x.planes !== undefined) &&
    varying.every((x) => e.rank(x) === 4) &&
    operands.every((x) => !e.isConstant(x) || e.rank(x) <= 4);
  if (!planar) return { values: operands.map((x) => e.rows(x)), wrap: (rows) => new Operand({ rows }) };
  return {
    values: operands.map((x) => (e.isConstant(x) ? constantPlanes(e, x) : e.planes(x))),
    wrap: (planes) => new Operand({ planes }),
  };
}

/** Operands with broadcasting. */
export function elementwise(
  e: Emitter,
  op: string,
  operands: readonly Operand[],
  attributes: Record<string, number | string> = {},
): Operand {
  const { values, wrap } = aligned(e, operands);
  return wrap(e.node(op, values, attributes));
}

const scalarLike = (e: Emitter, x: Operand, value: number): Operand =>
  new Operand({ rows: e.scalar(value, e.dtype(x)) });

export function clip(e: Emitter, x: Operand, low: number | undefined, high: number | undefined): Operand {
  const held = e.held(x);
  const dtype = e.dtype(x);
  const bound = (value: number | undefined) => (value === undefined ? undefined : e.scalar(value, dtype, "bound"));
  return held.operand(e.node("Clip", [held.value, bound(low), bound(high)]));
}

/** (a − b)². */
export function squaredDifference(e: Emitter, a: Operand, b: Operand): Operand {
  const difference = elementwise(e, "Sub", [a, b]);
  return elementwise(e, "Mul", [difference, difference]);
}

export const rsqrt = (e: Emitter, x: Operand): Operand => unary(e, "Reciprocal", unary(e, "Sqrt", x));

/** a − b · floor(a / b): the remainder has the sign of the divisor. */
export function floorMod(e: Emitter, a: Operand, b: Operand): Operand {
  if (!isFloat(e.dtype(a))) return elementwise(e, "Mod", [a, b]);
  const whole = elementwise(e, "Mul", [floorDiv(e, a, b), b]);
  return elementwise(e, "Sub", [a, whole]);
}

/** The quotient rounded down; ONNX divides integers towards zero. */
export function floorDiv(e: Emitter, a: Operand, b: Operand): Operand {
  if (isFloat(e.dtype(a))) return unary(e, "Floor", elementwise(e, "Div", [a, b]));
  const exact = elementwise(e, "Sub", [a, elementwise(e, "Mod", [a, b])]);
  return elementwise(e, "Div", [exact, b]);
}

/** The sum of all. */
export function addAll(e: Emitter, operands: readonly Operand[]): Operand {
  if (operands.length === 1) return operands[0]!;
  return operands.slice(1).reduce((sum, x) => elementwise(e, "Add", [sum, x]), operands[0]!);
}

export const leakyRelu = (e: Emitter, x: Operand, alpha: number): Operand => unary(e, "LeakyRelu", x, { alpha });

/** x · alpha below zero; alpha has the shape [C] or [1,1,C]. */
export function prelu(e: Emitter, x: Operand, alpha: Operand): Operand {
  const { values, wrap } = aligned(e, [x, alpha]);
  return wrap(e.node("PRelu", values));
}

/** x · relu6(x + 3) / 6. */
export const hardSwish = (e: Emitter, x: Operand): Operand => unary(e, "HardSwish", x);

export function castTo(e: Emitter, x: Operand, dtype: DType): Operand {
  if (e.dtype(x) === dtype) return x;
  const held = e.held(x);
  return held.operand(e.cast(held.value, dtype));
}

/** round(x) with ties to even, as both give it. */
export const round = (e: Emitter, x: Operand): Operand => unary(e, "Round", x);

/** condition ? a : b, with a condition of lower rank that chooses along the first axis. */
export function select(e: Emitter, condition: Operand, a: Operand, b: Operand): Operand {
  const rank = e.rank(condition);
  const target = Math.max(e.rank(a), e.rank(b));
  if (rank === 1 && target > 1) {
    const axes = e.ints(Array.from({ length: target - 1 }, (_, i) => i + 1));
    const column = new Operand({ rows: e.node("Unsqueeze", [e.rows(condition), axes]) });
    return elementwise(e, "Where", [column, a, b]);
  }
  return elementwise(e, "Where", [condition, a, b]);
}

/** Activations by the names that Keras and TensorFlow's fused operators use. */
const activations: Readonly<Record<string, (e: Emitter, x: Operand) => Operand>> = {
  linear: (_, x) => x,
  relu: (e, x) => unary(e, "Relu", x),
  relu6: (e, x) => clip(e, x, 0, 6),
  relu_n1_to_1: (e, x) => clip(e, x, -1, 1),
  relu_0_to_1: (e, x) => clip(e, x, 0, 1),
  tanh: (e, x) => unary(e, "Tanh", x),
  sigmoid: (e, x) => unary(e, "Sigmoid", x),
  elu: (e, x) => unary(e, "Elu", x),
  selu: (e, x) => unary(e, "Selu", x),
  exponential: (e, x) => unary(e, "Exp", x),
  softplus: (e, x) => unary(e, "Softplus", x),
  softsign: (e, x) => unary(e, "Softsign", x),
  hardswish: hardSwish,
  gelu: (e, x) => unary(e, "Gelu", x),
  swish: (e, x) => elementwise(e, "Mul", [x, unary(e, "Sigmoid", x)]),
  mish: (e, x) => unary(e, "Mish", x),
  // clip(0.2 x + 0.5, 0, 1)
  hardsigmoid: (e, x) => unary(e, "HardSigmoid", x, { alpha: 0.2, beta: 0.5 }),
  softmax: (e, x) => {
    const held = e.held(x);
    return held.operand(e.node("Softmax", [held.value], { axis: held.axis(e.rank(x) - 1) }));
  },
};

/** Errors: UNSUPPORTED for a name that nobody knows. */
export function activation(e: Emitter, x: Operand, name: string | undefined): Operand {
  const key = (name ?? "linear").toLowerCase().replace(/^(hard|leaky)_/, "$1");
  const apply = Object.hasOwn(activations, key) ? activations[key] : undefined;
  if (!apply)
    return e.unsupported(`activation is ${JSON.stringify(name)}`, `known are ${Object.keys(activations).join(", ")}`);
  return apply(e, x);
}

export { scalarLike };
