/**
 * Keras' recurrent layers: LSTM, GRU, SimpleRNN, and Bidirectional around them. A kernel is [inputs,gates·units] with gates
 * i f c o (LSTM) or z r h (GRU); the result is the last state, or with return_sequences all of them as [batch,time,units].
 */
import type { Value } from "../ir/graph.ts";
import * as arithmetic from "../tensorflow/arithmetic.ts";
import type { Emitter, Operand } from "../tensorflow/emitter.ts";
import * as movement from "../tensorflow/movement.ts";
import {
  type Cell,
  type CellKind,
  type CellWeights,
  lastOf,
  numGates,
  type Part,
  recurrent,
  statesOf,
  swapBatchAndTime,
} from "../tensorflow/recurrent.ts";
import { asNumber, asObject, asText, type JsonObject } from "./json.ts";

/** A weight of a recurrent layer, by its name there: `kernel`; of a layer inside, with that layer's name. */
type Weight = (name: string, inner?: string) => Operand | undefined;

export interface RecurrentCall {
  readonly e: Emitter;
  readonly config: JsonObject;
  readonly inputs: readonly Operand[];
  readonly cellWeight: Weight;
}

const kinds: Readonly<Record<string, CellKind>> = { LSTM: "LSTM", GRU: "GRU", SimpleRNN: "RNN" };

/** Position in Keras' order of each gate in ONNX's. */
const gateOrder: Readonly<Record<CellKind, readonly number[]>> = { LSTM: [0, 3, 1, 2], GRU: [0, 1, 2], RNN: [0] };

const activations: Readonly<Record<string, string>> = {
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  hard_sigmoid: "HardSigmoid",
  hardsigmoid: "HardSigmoid",
  relu: "Relu",
  elu: "Elu",
  softsign: "Softsign",
  softplus: "Softplus",
};

const isSet = (config: JsonObject, key: string): boolean => config[key] === true;

function activation(e: Emitter, config: JsonObject, key: string, otherwise: string): string {
  const value = config[key];
  const name =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? asText((value as JsonObject)["class_name"] ?? "linear", key)
      : value === undefined || value === null
        ? otherwise
        : asText(value, `${key} of ${e.scope}`);
  const known = activations[name.toLowerCase()];
  return known ?? e.unsupported(`${key} is ${JSON.stringify(name)}, expected ${Object.keys(activations).join(", ")}`);
}

function cellOf(e: Emitter, kind: CellKind, config: JsonObject, inputs: number): Cell {
  if (isSet(config, "stateful")) return e.unsupported("a layer that keeps its state between runs");
  if (isSet(config, "time_major")) return e.unsupported("time_major");
  const units = asNumber(config["units"], `units of ${e.scope}`);
  if (!Number.isInteger(units) || units < 1) return e.invalid(`units is ${units}`);
  const main = activation(e, config, "activation", "tanh");
  const gate = kind === "RNN" ? main : activation(e, config, "recurrent_activation", "sigmoid");
  return {
    kind,
    inputs,
    units,
    activations: kind === "LSTM" ? [gate, main, main] : kind === "GRU" ? [gate, main] : [main],
    linearBeforeReset: kind === "GRU" && isSet(config, "reset_after"),
  };
}

/** Weights of one direction in ONNX's order. */
function weightsOf(
  e: Emitter,
  cell: Cell,
  config: JsonObject,
  weight: (name: string) => Operand | undefined,
): CellWeights {
  const { kind, inputs, units } = cell;
  const gates = numGates[kind];
  const order = gateOrder[kind];
  const constant = (name: string, shape: readonly number[]): Part => {
    const operand = weight(name) ?? e.invalid(`there is no weight ${JSON.stringify(name)} in the manifest`);
    const found = e.shape(operand);
    if (found.length !== shape.length || found.some((dim, i) => dim !== shape[i]))
      e.invalid(`${name} is [${found.join(",")}], expected [${shape.join(",")}]`);
    return () => e.constantOf(operand)!.data as Float32Array;
  };
  /** [from,gates·units] as [gates·units,from]. */
  const turned = (name: string, from: number): Part => {
    const read = constant(name, [from, gates * units]);
    return () => {
      const data = read();
      const out = new Float32Array(data.length);
      order.forEach((source, gate) => {
        for (let u = 0; u < units; u++)
          for (let i = 0; i < from; i++)
            out[(gate * units + u) * from + i] = data[i * gates * units + source * units + u]!;
      });
      return out;
    };
  };
  const after = cell.linearBeforeReset === true;
  const bias = (): Part => {
    const read = constant("bias", after ? [2, gates * units] : [gates * units]);
    return () => {
      const data = read();
      const out = new Float32Array(2 * gates * units);
      for (let half = 0; half < (after ? 2 : 1); half++)
        order.forEach((source, gate) => {
          const from = (half * gates + source) * units;
          out.set(data.subarray(from, from + units), (half * gates + gate) * units);
        });
      return out;
    };
  };
  return {
    w: turned("kernel", inputs),
    r: turned("recurrent_kernel", units),
    ...(config["use_bias"] === false ? {} : { b: bias() }),
  };
}

function sequenceOf(e: Emitter, inputs: readonly Operand[]): { x: Value; size: number } {
  const [x] = inputs;
  if (!x) return e.invalid("the layer has no input");
  const shape = e.shape(x);
  const size = shape[2];
  if (shape.length !== 3 || typeof size !== "number")
    return e.invalid(`the input is [${shape.join(",")}], expected [batch,time,features]`);
  return { x: swapBatchAndTime(e, e.rows(x)), size };
}

/** States given as inputs, [batch,units] each, as [directions,batch,units]. */
function initialStates(e: Emitter, states: readonly Operand[], cell: Cell, count: number): Value[] | undefined {
  const each = cell.kind === "LSTM" ? 2 : 1;
  if (states.length === 0) return undefined;
  if (states.length !== each * count) return e.invalid(`${states.length} initial states, expected ${each * count}`);
  return Array.from({ length: each }, (_, i) => {
    const parts = Array.from({ length: count }, (__, d) =>
      e.node("Unsqueeze", [e.rows(states[d * each + i]!), e.ints([0], "axes")]),
    );
    return parts.length === 1 ? parts[0]! : e.node("Concat", parts, { axis: 0 });
  });
}

/** A sequence with its steps in the opposite order. */
function reversed(e: Emitter, x: Operand): Operand {
  const [start, end, axis, step] = [[-1], [-(2 ** 31)], [1], [-1]].map((list) => e.ints(list, "reverse"));
  const held = e.held(x);
  return held.operand(e.node("Slice", [held.value, start!, end!, axis!, step!]));
}

const layer =
  (kind: CellKind) =>
  ({ e, config, inputs, cellWeight }: RecurrentCall): Operand[] => {
    const { x, size } = sequenceOf(e, inputs);
    const cell = cellOf(e, kind, config, size);
    const reverse = isSet(config, "go_backwards");
    const initial = initialStates(e, inputs.slice(1), cell, 1);
    const weights = weightsOf(e, cell, config, cellWeight);
    const { sequence, last } = recurrent(e, x, cell, [weights], { reverse, ...(initial ? { initial } : {}) });
    const states = last.map((state) => lastOf(e, state, 0, 1));
    if (!isSet(config, "return_sequences")) return [states[0]!, ...(isSet(config, "return_state") ? states : [])];
    const all = statesOf(e, sequence, 0, 1);
    // Keras gives the steps in the order they were taken, ONNX in that of the input.
    return [reverse ? reversed(e, all) : all, ...(isSet(config, "return_state") ? states : [])];
  };

function bidirectional({ e, config, inputs, cellWeight }: RecurrentCall): Operand[] {
  const wrapped = asObject(config["layer"], `layer of ${e.scope}`);
  const name = asText(wrapped["class_name"], `class_name in ${e.scope}`);
  const kind = kinds[name];
  if (!kind || !Object.hasOwn(kinds, name)) return e.unsupported(`Bidirectional around ${name}`);
  const inner = asObject(wrapped["config"], `the configuration in ${e.scope}`);
  if (isSet(inner, "go_backwards")) return e.unsupported("Bidirectional around a layer that goes backwards");
  const { x, size } = sequenceOf(e, inputs);
  const cell = cellOf(e, kind, inner, size);
  const base = asText(inner["name"] ?? name.toLowerCase(), `name in ${e.scope}`).replace(/^(forward|backward)_/, "");
  const weights = ["forward", "backward"].map((way) =>
    weightsOf(e, cell, inner, (weight) => cellWeight(weight, `${way}_${base}`)),
  );
  const initial = initialStates(e, inputs.slice(1), cell, 2);
  const { sequence, last } = recurrent(e, x, cell, weights, initial ? { initial } : {});
  const sequences = isSet(inner, "return_sequences");
  const both = [0, 1].map((d) => (sequences ? statesOf(e, sequence, d, 2) : lastOf(e, last[0]!, d, 2)));
  const states = isSet(inner, "return_state") ? [0, 1].flatMap((d) => last.map((state) => lastOf(e, state, d, 2))) : [];
  return [...merged(e, config["merge_mode"], both as [Operand, Operand]), ...states];
}

function merged(e: Emitter, mode: JsonObject[string] | undefined, both: readonly [Operand, Operand]): Operand[] {
  switch (mode ?? (mode === null ? "none" : "concat")) {
    case "none":
      return [...both];
    case "concat":
      return [movement.concat(e, both, -1)];
    case "sum":
      return [arithmetic.elementwise(e, "Add", both)];
    case "mul":
      return [arithmetic.elementwise(e, "Mul", both)];
    case "ave": {
      const sum = arithmetic.elementwise(e, "Add", both);
      return [arithmetic.elementwise(e, "Mul", [sum, arithmetic.scalarLike(e, sum, 0.5)])];
    }
    default:
      return e.unsupported(`merge_mode is ${JSON.stringify(mode)}`);
  }
}

/** Classes by name. */
export const recurrentLayers: Readonly<Record<string, (c: RecurrentCall) => Operand[]>> = {
  LSTM: layer("LSTM"),
  GRU: layer("GRU"),
  SimpleRNN: layer("RNN"),
  Bidirectional: bidirectional,
};
