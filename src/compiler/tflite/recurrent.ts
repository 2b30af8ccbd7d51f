/**
 * TFLite's recurrent operators over whole sequences. States begin at zero in every run, as after an interpreter's
 * `reset_all_variables()`. Source: tensorflow/lite/kernels/unidirectional_sequence_lstm.cc and _rnn.cc (order of inputs).
 */
import { toNumbers } from "../../base/numbers.ts";
import { stridesOf } from "../../base/shapes.ts";
import type { Value } from "../ir/graph.ts";
import { type Emitter, Operand } from "../tensorflow/emitter.ts";
import { type Cell, type CellWeights, type Part, recurrent, swapBatchAndTime } from "../tensorflow/recurrent.ts";
import type { Call } from "./operators.ts";

/** ActivationFunctionType → ONNX. */
const activations: Readonly<Record<number, string>> = { 1: "Relu", 4: "Tanh" };

/** Steps that are written out one by one where a bound of the cell's state needs it. */
const maxUnrolledSteps = 1024;

/** Elements of a constant as real numbers, quantised ones too, made when asked for. */
function numbersOf(e: Emitter, x: Operand, shape: readonly number[], what: string): Part {
  const found = e.shape(x);
  if (found.length !== shape.length || found.some((dim, i) => dim !== shape[i]))
    e.invalid(`${what} are [${found.join(",")}], expected [${shape.join(",")}]`);
  if (!e.isConstant(x)) e.unsupported(`${what} computed during the run`);
  const { quantization, stored } = x;
  return () => {
    const tensor = e.constantOf(quantization && stored ? stored : x)!;
    const out = Float32Array.from(toNumbers(tensor));
    if (!quantization || !stored) return out;
    const { scale, zeroPoint, axis } = quantization;
    const stride = scale.length > 1 ? stridesOf(tensor.shape)[axis]! : out.length;
    return out.map((q, i) => {
      const index = Math.floor(i / stride) % scale.length;
      return (q - zeroPoint[index]!) * scale[index]!;
    });
  };
}

const joined = (parts: readonly Part[], sizes: readonly number[]): Part => {
  return () => {
    const out = new Float32Array(sizes.reduce((sum, size) => sum + size, 0));
    let at = 0;
    parts.forEach((part, i) => {
      out.set(part(), at);
      at += sizes[i]!;
    });
    return out;
  };
};

const negative =
  (part: Part): Part =>
  () =>
    part().map((v) => -v);

const zeros =
  (length: number): Part =>
  () =>
    new Float32Array(length);

/** The sequence as [time,batch,inputs] with its sizes. */
function sequenceOf(c: Call, timeMajor: boolean): { x: Value; time: number; inputs: number } {
  const { e } = c;
  const shape = e.shape(c.in(0));
  const [time, inputs] = [shape[timeMajor ? 0 : 1], shape[2]];
  if (shape.length !== 3 || typeof time !== "number" || typeof inputs !== "number")
    return e.unsupported(`an input [${shape.join(",")}], expected three axes of known sizes`);
  const rows = e.rows(c.in(0));
  return { x: timeMajor ? rows : swapBatchAndTime(e, rows), time, inputs };
}

function activationOf(c: Call, code: number): string {
  return activations[code] ?? c.e.unsupported(`activation ${code}, expected tanh or relu`);
}

const rows = (c: Call, index: number): number => {
  const dim = c.e.shape(c.in(index))[0];
  return typeof dim === "number" && dim > 0 ? dim : c.e.invalid(`weights of ${dim} units`);
};

/** [time,1,batch,units] in the order of the operator's output. */
function result(c: Call, sequence: Value, timeMajor: boolean): Operand {
  const { e } = c;
  const states = e.node("Squeeze", [sequence, e.ints([1], "axes")]);
  return new Operand({ rows: timeMajor ? states : swapBatchAndTime(e, states) });
}

export function sequenceRnn(c: Call): Operand {
  const { e, options } = c;
  const timeMajor = options?.bool(0) ?? false;
  const { x, inputs } = sequenceOf(c, timeMajor);
  const units = rows(c, 1);
  const activation = activationOf(c, options?.int8(1) ?? 0);
  const weights: CellWeights = {
    w: numbersOf(e, c.in(1), [units, inputs], "weights"),
    r: numbersOf(e, c.in(2), [units, units], "recurrent weights"),
    b: joined([numbersOf(e, c.in(3), [units], "biases"), zeros(units)], [units, units]),
  };
  const { sequence } = recurrent(e, x, { kind: "RNN", inputs, units, activations: [activation] }, [weights]);
  return result(c, sequence, timeMajor);
}

export function sequenceLstm(c: Call): Operand {
  const { e, options } = c;
  const timeMajor = options?.bool(3) ?? false;
  if (c.optional(16)) return e.unsupported("an LSTM with a projection");
  if ([20, 21, 22, 23].some((i) => c.optional(i))) return e.unsupported("an LSTM with layer normalisation");
  const { x, time, inputs } = sequenceOf(c, timeMajor);
  const units = rows(c, 2);
  const activation = activationOf(c, options?.int8(0) ?? 0);
  // Inputs lie in the order input, forget, cell, output; ONNX has input, output, forget, cell.
  const isCoupled = c.optional(1) === undefined;
  const gates = (first: number, shape: readonly number[], what: string): Part[] => {
    const of = (i: number): Part => numbersOf(e, c.in(first + i), shape, what);
    // Coupled gates: 1 − σ(a) = σ(−a).
    return [isCoupled ? negative(of(1)) : of(0), of(3), of(1), of(2)];
  };
  const peepholes = (): Part => {
    const of = (i: number): Part => numbersOf(e, c.in(9 + i), [units], "peephole weights");
    return joined([isCoupled ? negative(of(1)) : of(0), of(2), of(1)], new Array<number>(3).fill(units));
  };
  const four = (size: number): number[] => new Array<number>(4).fill(size);
  const weights: CellWeights = {
    w: joined(gates(1, [units, inputs], "weights"), four(units * inputs)),
    r: joined(gates(5, [units, units], "recurrent weights"), four(units * units)),
    b: joined([...gates(12, [units], "biases"), zeros(4 * units)], [...four(units), 4 * units]),
    ...(c.optional(10) ? { p: peepholes() } : {}),
  };
  const cell: Cell = { kind: "LSTM", inputs, units, activations: ["Sigmoid", activation, activation] };
  return result(c, bounded(e, x, time, cell, weights, options?.float32(1) ?? 0), timeMajor);
}

/** From here on tanh is 1 in float32: the output does not see whether the state behind it was bounded. */
const saturated = 9.1;

/**
 * All hidden states of an LSTM whose cell state is kept within ±bound (0: without a bound). With tanh a state moves by less
 * than 1 a step, so that it cannot leave the bound in the first steps; later steps are written out one by one, with the state
 * bounded between them.
 */
function bounded(e: Emitter, x: Value, time: number, cell: Cell, weights: CellWeights, bound: number): Value {
  const free = bound <= 0 ? time : cell.activations[1] === "Tanh" ? Math.min(time, Math.floor(bound)) : 0;
  if (free >= time) return recurrent(e, x, cell, [weights]).sequence;
  if (bound < saturated || weights.p || free === 0) return e.unsupported(`a cell state bounded by ${bound}`);
  if (time > maxUnrolledSteps) return e.unsupported(`a bounded cell state over ${time} steps`);
  const part = (from: number, to: number): Value =>
    e.node("Slice", [x, e.ints([from], "from"), e.ints([to], "to"), e.ints([0], "axis")]);
  const limits = [e.scalar(-bound, "float32", "low"), e.scalar(bound, "float32", "high")];
  const made: Value[] = [];
  let initial: Value[] | undefined;
  for (let from = 0; from < time; ) {
    const to = from === 0 ? free : from + 1;
    const { sequence, last } = recurrent(e, part(from, to), cell, [weights], initial ? { initial } : {});
    made.push(sequence);
    initial = [last[0]!, e.node("Clip", [last[1]!, ...limits])];
    from = to;
  }
  return e.node("Concat", made, { axis: 0 });
}
