/**
 * Recurrent layers: TensorFlow's cells as ONNX's LSTM, GRU and RNN. The caller lays weights in ONNX's order of gates (i o f c,
 * z r h); they are laid when their elements are first asked for.
 */
import { byteLength } from "../../base/dtypes.ts";
import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import type { Value } from "../ir/graph.ts";
import { type Emitter, Operand } from "./emitter.ts";

export type CellKind = "LSTM" | "GRU" | "RNN";

/** Gates of a cell. */
export const numGates: Readonly<Record<CellKind, number>> = { LSTM: 4, GRU: 3, RNN: 1 };

/** Elements of a weight, made when asked for. */
export type Part = () => Float32Array;

/** One direction's weights: W [gates·units,inputs], R [gates·units,units], B [2·gates·units], P [3·units]. */
export interface CellWeights {
  readonly w: Part;
  readonly r: Part;
  readonly b?: Part;
  readonly p?: Part;
}

export interface Cell {
  readonly kind: CellKind;
  readonly inputs: number;
  readonly units: number;
  /** ONNX names, those of one direction. */
  readonly activations: readonly string[];
  /** GRU only: the reset gate acts on the product with R. */
  readonly linearBeforeReset?: boolean;
  /** LSTM only: bound of what goes into the activations. */
  readonly clip?: number;
}

/** Weights of all directions as one constant. */
function stacked(e: Emitter, name: string, shape: readonly number[], parts: readonly (Part | undefined)[]): Value {
  return e.constantValue(`${e.scope}/${name}`, {
    type: { kind: "tensor", dtype: "float32", shape },
    sizeBytes: byteLength("float32", sizeOf(shape)),
    read() {
      const tensor = Tensor.zeros("float32", shape);
      const length = tensor.size / parts.length;
      parts.forEach((part, i) => {
        const data = part?.();
        if (data) tensor.data.set(data, i * length);
      });
      return tensor;
    },
  });
}

/**
 * A cell run along [time,batch,inputs]; two sets of weights are both directions. Gives all hidden states
 * [time,directions,batch,units], and the last ones [directions,batch,units].
 */
export function recurrent(
  e: Emitter,
  x: Value,
  cell: Cell,
  weights: readonly CellWeights[],
  options: { readonly reverse?: boolean; readonly initial?: readonly Value[] } = {},
): { sequence: Value; last: readonly Value[] } {
  const { kind, inputs, units, activations } = cell;
  const [count, rows] = [weights.length, numGates[kind] * units];
  const part = (name: "w" | "r" | "b" | "p", shape: readonly number[]): Value | undefined =>
    weights.some((one) => one[name])
      ? stacked(
          e,
          name,
          [count, ...shape],
          weights.map((one) => one[name]),
        )
      : undefined;
  const values = [x, part("w", [rows, inputs]), part("r", [rows, units]), part("b", [2 * rows]), undefined];
  values.push(...(options.initial ?? []));
  if (kind === "LSTM") {
    const peepholes = part("p", [3 * units]);
    if (peepholes) values.push(...new Array<undefined>(7 - values.length).fill(undefined), peepholes);
  }
  while (values.at(-1) === undefined) values.pop();
  const [sequence, ...last] = e.nodes(
    kind,
    values,
    {
      hidden_size: units,
      direction: count === 2 ? "bidirectional" : options.reverse ? "reverse" : undefined,
      activations: weights.flatMap(() => activations),
      linear_before_reset: cell.linearBeforeReset ? 1 : undefined,
      clip: cell.clip,
    },
    kind === "LSTM" ? 3 : 2,
  );
  return { sequence: sequence!, last };
}

/** [batch,time,…] as [time,batch,…], and back. */
export const swapBatchAndTime = (e: Emitter, x: Value): Value => e.node("Transpose", [x], { perm: [1, 0, 2] });

/** One direction of all hidden states as [batch,time,units]. */
export function statesOf(e: Emitter, sequence: Value, direction: number, count: number): Operand {
  const one = count === 1 ? sequence : e.node("Gather", [sequence, e.ints([direction], "direction")], { axis: 1 });
  return new Operand({ rows: swapBatchAndTime(e, e.node("Squeeze", [one, e.ints([1], "axes")])) });
}

/** One direction of the last states as [batch,units]. */
export function lastOf(e: Emitter, last: Value, direction: number, count: number): Operand {
  const one = count === 1 ? last : e.node("Gather", [last, e.ints([direction], "direction")], { axis: 0 });
  return new Operand({ rows: e.node("Squeeze", [one, e.ints([0], "axes")]) });
}
