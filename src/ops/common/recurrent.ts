/**
 * What LSTM, GRU and RNN share: layouts, directions, sequence lengths and the walk over time. A cell is a function of the
 * step's input projection and the states.
 */
import { mulDims } from "../../base/dims.ts";
import { type Dim, formatType } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import {
  type AttributeSpec,
  type Attributes,
  type Operator,
  operator,
  type PortSpec,
  type ReferenceContext,
  type SharedInferContext,
  type SharedReferenceContext,
} from "../operator.ts";
import { activation, activationArity } from "./activations.ts";
import { fromNumbers, numbersOf, toIntegers } from "./numbers.ts";
import { floats } from "./types.ts";

const recurrentAttributes = {
  activation_alpha: { type: "floats", doc: "First parameters of the activations, in their order." },
  activation_beta: { type: "floats", doc: "Second parameters of the activations, in their order." },
  activations: { type: "strings", doc: "Activation of each gate, for each direction." },
  clip: { type: "float", doc: "Inputs of activations are kept within ±clip." },
  direction: { type: "string", default: "forward", doc: "forward, reverse or bidirectional." },
  hidden_size: { type: "int", doc: "Elements of the state." },
  layout: { type: "int", default: 0, since: 14, doc: "1: batch before time in X, Y and the states." },
  output_sequence: { type: "int", default: 0, until: 6, doc: "Whether Y is wanted; version 1 only." },
} as const;
type RecurrentAttributes = Omit<Attributes<typeof recurrentAttributes>, "output_sequence">;

type F = (x: number) => number;

/** One time step of one batch element. `gates` holds W·x + Wb + Rb-free parts, gate after gate; states change in place. */
export interface Step {
  /** W·x + Wb, gates × hidden. */
  readonly input: Float64Array;
  readonly hidden: Float64Array;
  readonly cell: Float64Array;
  /** R of this direction, [gates · hidden, hidden], and its bias Rb (zeros where none is given). */
  readonly recurrence: ArrayLike<number>;
  readonly recurrenceAt: number;
  readonly recurrenceBias: Float64Array;
  readonly activations: readonly F[];
  readonly clip: F;
  /** Peepholes of this direction (LSTM), i o f. */
  readonly peepholes: Float64Array | undefined;
}

interface CellSpec {
  readonly gates: number;
  /** Activations of a direction where none are named. */
  readonly activations: readonly string[];
  readonly step: (step: Step) => void;
  readonly hasCell: boolean;
}

/** R·h + Rb of one row of a gate. */
export function recur(step: Step, row: number, hidden: Float64Array = step.hidden): number {
  const size = hidden.length;
  const at = step.recurrenceAt + row * size;
  let sum = step.recurrenceBias[row]!;
  for (let j = 0; j < size; j++) sum += step.recurrence[at + j]! * hidden[j]!;
  return sum;
}

const directionCount = (direction: string): number => (direction === "bidirectional" ? 2 : 1);

/** Types of Y, Y_h and (with a cell) Y_c. */
function inferRecurrent(c: SharedInferContext, attrs: RecurrentAttributes, gates: number): void {
  const [x, w, r] = [c.shape(0), c.shape(1), c.shape(2)];
  const hasCell = gates === 4;
  const directions = directionCount(attrs.direction);
  const hidden: Dim = attrs.hidden_size ?? r?.[2] ?? c.freshDim();
  const rows = mulDims(gates, hidden);
  for (const [name, shape, last] of [
    ["W", w, x?.[2]],
    ["R", r, hidden],
  ] as const) {
    const expected = [directions, rows, last];
    const fits = (dim: Dim, i: number): boolean =>
      typeof dim !== "number" || typeof expected[i] !== "number" || dim === expected[i];
    if (shape && (shape.length !== 3 || !shape.every(fits)))
      c.fail(
        "SHAPE",
        `input ${name} is ${formatType(c.dtype(0), shape)}, expected [${expected.map((d) => d ?? "·").join(",")}]`,
      );
  }
  const [first, second] = x ? [x[0]!, x[1]!] : [undefined, undefined];
  const batch = attrs.layout ? first : second;
  const sequence = x && (attrs.layout ? [first!, second!, directions, hidden] : [first!, directions, second!, hidden]);
  const last = x && (attrs.layout ? [batch!, directions, hidden] : [directions, batch!, hidden]);
  c.output(0, tensorType(c.dtype(0), sequence));
  for (let i = 1; i < Math.min(c.numOutputs, hasCell ? 3 : 2); i++) c.output(i, tensorType(c.dtype(0), last));
}

function bindActivations(
  c: Pick<ReferenceContext, "fail">,
  attrs: RecurrentAttributes,
  defaults: readonly string[],
  directions: number,
): F[][] {
  const names = attrs.activations?.length
    ? attrs.activations
    : Array.from({ length: directions }, () => defaults).flat();
  if (names.length !== defaults.length * directions)
    c.fail("ATTRIBUTE", `activations has ${names.length} entries, expected ${defaults.length * directions}`);
  // Parameters are listed only for the activations that take them.
  let [alphaAt, betaAt] = [0, 0];
  const bound = names.map((name) => {
    const arity = activationArity(name);
    const alpha = arity > 0 ? attrs.activation_alpha?.[alphaAt++] : undefined;
    const beta = arity > 1 ? attrs.activation_beta?.[betaAt++] : undefined;
    return activation(name, [alpha, beta]) ?? c.fail("ATTRIBUTE", `activation ${JSON.stringify(name)} is unknown`);
  });
  return Array.from({ length: directions }, (_, d) => bound.slice(d * defaults.length, (d + 1) * defaults.length));
}

/** Runs the cell over all steps. Returns Y, Y_h and the last cell states. */
function runRecurrent(c: SharedReferenceContext, attrs: RecurrentAttributes, spec: CellSpec): Tensor[] {
  const [x, w, r] = [c.tensor(0), c.tensor(1), c.tensor(2)];
  const directions = directionCount(attrs.direction);
  if (!["forward", "reverse", "bidirectional"].includes(attrs.direction))
    c.fail("ATTRIBUTE", `direction is ${JSON.stringify(attrs.direction)}, expected forward, reverse or bidirectional`);
  if (x.rank !== 3) c.fail("SHAPE", `input X is ${formatType(x.dtype, x.shape)}, expected rank 3`);
  const [length, batch] = attrs.layout ? [x.shape[1]!, x.shape[0]!] : [x.shape[0]!, x.shape[1]!];
  const size = x.shape[2]!;
  const hidden = attrs.hidden_size ?? r.shape[2] ?? 0;
  const rows = spec.gates * hidden;
  const expectShape = (t: Tensor | undefined, name: string, shape: readonly number[]): void => {
    if (t && t.shape.join() !== shape.join())
      c.fail("SHAPE", `input ${name} is ${formatType(t.dtype, t.shape)}, expected [${shape}]`);
  };
  const stateShape = attrs.layout ? [batch, directions, hidden] : [directions, batch, hidden];
  const [bias, lengths, firstHidden, firstCell, peepholes] = [3, 4, 5, 6, 7].map((i) => c.optionalTensor(i));
  expectShape(w, "W", [directions, rows, size]);
  expectShape(r, "R", [directions, rows, hidden]);
  expectShape(bias, "B", [directions, 2 * rows]);
  expectShape(lengths, "sequence_lens", [batch]);
  expectShape(firstHidden, "initial_h", stateShape);
  if (spec.hasCell) {
    expectShape(firstCell, "initial_c", stateShape);
    expectShape(peepholes, "P", [directions, 3 * hidden]);
  }
  const [from, weights, recurrence] = [numbersOf(x), numbersOf(w), numbersOf(r)];
  const biases = bias && numbersOf(bias);
  const steps = lengths ? toIntegers(lengths) : new Array<number>(batch).fill(length);
  for (const n of steps) if (n < 0 || n > length) c.fail("VALUE", `sequence_lens has ${n}, expected 0 to ${length}`);
  const activations = bindActivations(c, attrs, spec.activations, directions);
  const limit = attrs.clip;
  const clip: F = limit ? (v) => Math.min(Math.max(v, -limit), limit) : (v) => v;
  const y = new Float64Array(length * directions * batch * hidden);
  const lastHidden = new Float64Array(directions * batch * hidden);
  const lastCell = new Float64Array(directions * batch * hidden);
  const stateAt = (d: number, b: number): number => (attrs.layout ? b * directions + d : d * batch + b) * hidden;
  for (let d = 0; d < directions; d++) {
    const backward = attrs.direction === "reverse" || d === 1;
    const recurrenceBias = new Float64Array(rows);
    if (biases) for (let i = 0; i < rows; i++) recurrenceBias[i] = biases[d * 2 * rows + rows + i]!;
    for (let b = 0; b < batch; b++) {
      const state = (t: Tensor | undefined): Float64Array =>
        t ? Float64Array.from(numbersOf(t).subarray(stateAt(d, b), stateAt(d, b) + hidden)) : new Float64Array(hidden);
      const step: Step = {
        input: new Float64Array(rows),
        hidden: state(firstHidden),
        cell: state(spec.hasCell ? firstCell : undefined),
        recurrence,
        recurrenceAt: d * rows * hidden,
        recurrenceBias,
        activations: activations[d]!,
        clip,
        peepholes:
          spec.hasCell && peepholes
            ? Float64Array.from(numbersOf(peepholes).subarray(d * 3 * hidden, (d + 1) * 3 * hidden))
            : undefined,
      };
      for (let n = 0; n < steps[b]!; n++) {
        const t = backward ? steps[b]! - 1 - n : n;
        const source = (attrs.layout ? b * length + t : t * batch + b) * size;
        for (let row = 0; row < rows; row++) {
          let sum = biases ? biases[d * 2 * rows + row]! : 0;
          const at = (d * rows + row) * size;
          for (let i = 0; i < size; i++) sum += weights[at + i]! * from[source + i]!;
          step.input[row] = sum;
        }
        spec.step(step);
        const to = attrs.layout ? (b * length + t) * directions + d : (t * directions + d) * batch + b;
        y.set(step.hidden, to * hidden);
      }
      lastHidden.set(step.hidden, stateAt(d, b));
      lastCell.set(step.cell, stateAt(d, b));
    }
  }
  const yShape = attrs.layout ? [batch, length, directions, hidden] : [length, directions, batch, hidden];
  const tensorOf = (shape: readonly number[], v: Float64Array): Tensor =>
    new Tensor(x.dtype, shape, fromNumbers(x.dtype, v));
  return [tensorOf(yShape, y), tensorOf(stateShape, lastHidden), tensorOf(stateShape, lastCell)];
}

/** Multiply-adds of both products over all steps and directions. */
function recurrentCost(c: { inputShape(index: number): readonly number[] | undefined; readonly totalBytes: number }): {
  flops: number;
  bytes: number;
} {
  const [x, w, r] = [c.inputShape(0), c.inputShape(1), c.inputShape(2)];
  if (!x || !w || !r) return { flops: 0, bytes: c.totalBytes };
  const weights = w.reduce((a, b) => a * b, 1) + r.reduce((a, b) => a * b, 1);
  return { flops: 2 * x[0]! * x[1]! * weights, bytes: c.totalBytes };
}

export interface RecurrentSpec {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  /** Names of the gates in the order in which W and R have them; none: one gate without a name. */
  readonly gates: readonly string[];
  /** Activations of a direction where none are named. */
  readonly activations: readonly string[];
  /** The cell has a state of its own beside the hidden one, and peepholes. */
  readonly hasCell?: true;
  /** The attribute that this operator has beside the shared ones: 0 or 1. */
  readonly flag?: { readonly name: string; readonly spec: AttributeSpec<"int"> };
  /** One step; `flag`: whether the attribute is 1. */
  step(step: Step, flag: boolean): void;
}

/** One of ONNX's three recurrent operators. */
export function recurrentOperator(spec: RecurrentSpec): Operator {
  const { name, since, doc, activations, hasCell = false, flag } = spec;
  const gates = Math.max(1, spec.gates.length);
  const rows = (count: number): string => (count === 1 ? "hidden" : `${count}·hidden`);
  const inputs: PortSpec[] = [
    { name: "X", type: "T", doc: "[time,batch,input], or batch first with layout=1." },
    {
      name: "W",
      type: "T",
      doc: `[directions,${rows(gates)},input]${spec.gates.length ? `, gates ${spec.gates.join(" ")}` : ""}.`,
    },
    { name: "R", type: "T", doc: `[directions,${rows(gates)},hidden].` },
    { name: "B", type: "T", optional: true, doc: `[directions,${rows(2 * gates)}].` },
    { name: "sequence_lens", type: "T1", optional: true, doc: "Steps of each batch element, [batch]." },
    { name: "initial_h", type: "T", optional: true },
  ];
  const outputs: PortSpec[] = [
    { name: "Y", type: "T", optional: true, doc: "All hidden states, [time,directions,batch,hidden]." },
    { name: "Y_h", type: "T", optional: true, doc: "The last hidden state." },
  ];
  if (hasCell) {
    inputs.push(
      { name: "initial_c", type: "T", optional: true },
      { name: "P", type: "T", optional: true, doc: "Peepholes i o f, [directions,3·hidden]." },
    );
    outputs.push({ name: "Y_c", type: "T", optional: true, doc: "The last cell state." });
  }
  return operator({
    name,
    since,
    doc,
    inputs,
    outputs,
    attributes: { ...recurrentAttributes, ...(flag ? { [flag.name]: flag.spec } : {}) },
    types: { T: floats, T1: ["int32"] },
    infer: (c) => inferRecurrent(c, c.attrs, gates),
    reference(c) {
      const isSet = flag !== undefined && (c.attrs as Readonly<Record<string, unknown>>)[flag.name] === 1;
      const step = (at: Step): void => spec.step(at, isSet);
      return runRecurrent(c, c.attrs, { gates, activations, hasCell, step }).slice(0, outputs.length);
    },
    cost: recurrentCost,
  });
}
