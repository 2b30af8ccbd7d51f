/** Keras' recurrent layers against the formulas of its documentation, written out here step by step. */
import { describe, expect, test } from "vitest";
import { init, tensor } from "../../src/api/index.ts";
import { Model } from "../../src/api/model.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { engines } from "../../src/runtime/engines.ts";

const [batch, time, inputs, units] = [2, 4, 3, 5];
type Rows = number[][];
type Weights = { kernel: Rows; recurrent_kernel: Rows; bias: Rows };

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const hardSigmoid = (v: number) => Math.max(0, Math.min(1, 0.2 * v + 0.5));
const times = (x: number[], w: Rows): number[] => w[0]!.map((_, j) => x.reduce((sum, v, i) => sum + v * w[i]![j]!, 0));
const plus = (...lists: number[][]): number[] =>
  lists[0]!.map((_, i) => lists.reduce((sum, list) => sum + list[i]!, 0));
const gate = (x: number[], index: number): number[] => x.slice(index * units, (index + 1) * units);

let seed = 0;
const rows = (n: number, m: number): Rows => {
  const { data } = init.uniform([n, m], ++seed);
  return Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * m, (i + 1) * m)));
};
const weightsFor = (gates: number, biases = 1): Weights => ({
  kernel: rows(inputs, gates * units),
  recurrent_kernel: rows(units, gates * units),
  bias: rows(biases, gates * units),
});

interface State {
  h: number[];
  c: number[];
}
type Step = (x: number[], state: State, w: Weights) => State;

const lstm =
  (f: (v: number) => number): Step =>
  (x, { h, c }, w) => {
    const z = plus(times(x, w.kernel), times(h, w.recurrent_kernel), w.bias[0]!);
    const [i, forget, candidate, o] = [
      gate(z, 0).map(f),
      gate(z, 1).map(f),
      gate(z, 2).map(Math.tanh),
      gate(z, 3).map(f),
    ];
    const next = c.map((v, j) => forget[j]! * v + i[j]! * candidate[j]!);
    return { h: next.map((v, j) => o[j]! * Math.tanh(v)), c: next };
  };
const gru =
  (resetAfter: boolean): Step =>
  (x, { h, c }, w) => {
    const a = plus(times(x, w.kernel), w.bias[0]!);
    const b = resetAfter ? plus(times(h, w.recurrent_kernel), w.bias[1]!) : times(h, w.recurrent_kernel);
    const z = plus(gate(a, 0), gate(b, 0)).map(sigmoid);
    const r = plus(gate(a, 1), gate(b, 1)).map(sigmoid);
    const gated = h.map((v, j) => r[j]! * v);
    const inner = resetAfter
      ? gate(b, 2).map((v, j) => r[j]! * v)
      : times(
          gated,
          w.recurrent_kernel.map((row) => gate(row, 2)),
        );
    const candidate = plus(gate(a, 2), inner).map(Math.tanh);
    return { h: h.map((v, j) => z[j]! * v + (1 - z[j]!) * candidate[j]!), c };
  };
const simple: Step = (x, { h, c }, w) => ({
  h: plus(times(x, w.kernel), times(h, w.recurrent_kernel), w.bias[0]!).map((v) => Math.max(0, v)),
  c,
});

const x = init.uniform([batch, time, inputs], 99);
const inputOf = (b: number, t: number): number[] =>
  Array.from(x.data.subarray((b * time + t) * inputs, (b * time + t + 1) * inputs));

/** Hidden states in the order the steps are taken, and the last state, of each batch element. */
function run(
  step: Step,
  w: Weights,
  backwards = false,
  start?: (b: number) => State,
): { states: number[][]; last: State }[] {
  return Array.from({ length: batch }, (_, b) => {
    let state = start?.(b) ?? { h: new Array<number>(units).fill(0), c: new Array<number>(units).fill(0) };
    const order = Array.from({ length: time }, (__, t) => (backwards ? time - 1 - t : t));
    const states = order.map((t) => {
      state = step(inputOf(b, t), state, w);
      return state.h;
    });
    return { states, last: state };
  });
}

type Named = readonly [string, Rows];

/** A functional model of one layer over an input and, where given, states. */
function modelOf(
  kind: string,
  config: object,
  weights: readonly Named[],
  states: readonly string[] = [],
  outputs = 1,
): Promise<Model> {
  const layers = [
    { class_name: "InputLayer", name: "x", config: { batch_input_shape: [null, time, inputs] }, inbound_nodes: [] },
    ...states.map((name) => ({
      class_name: "InputLayer",
      name,
      config: { batch_input_shape: [null, units] },
      inbound_nodes: [],
    })),
    {
      class_name: kind,
      name: "net",
      config: { units, ...config },
      inbound_nodes: [["x", ...states].map((from) => [from, 0, 0, {}])],
    },
  ];
  const graph = {
    name: "recurrent",
    layers,
    input_layers: ["x", ...states].map((name) => [name, 0, 0]),
    output_layers: Array.from({ length: outputs }, (_, i) => ["net", 0, i]),
  };
  const bytes = new TextEncoder().encode(
    JSON.stringify({
      format: "layers-model",
      modelTopology: { model_config: { class_name: "Functional", config: graph } },
      weightsManifest: [
        {
          paths: ["w"],
          weights: weights.map(([name, w]) => ({
            name,
            shape: name.endsWith("bias") && w.length === 1 ? [w[0]!.length] : [w.length, w[0]!.length],
            dtype: "float32",
          })),
        },
      ],
    }),
  );
  const data = Float32Array.from(weights.flatMap(([, w]) => w.flat()));
  return Model.load(bytes, { shards: new Map([["w", new Uint8Array(data.buffer)]]) });
}

const named = (prefix: string, w: Weights, useBias = true): Named[] =>
  Object.entries(w)
    .filter(([name]) => useBias || name !== "bias")
    .map(([name, part]) => [`${prefix}/${name}`, part]);

/** On every engine: ours, and onnxruntime on what we write. */
async function agree(model: Model, expected: readonly number[][], feeds: object = {}): Promise<void> {
  verifyGraph(model.graph);
  for (const engine of engines.filter((candidate) => candidate.available().ok)) {
    using session = await model.compile({ engine: engine.name });
    const results = Object.values(await session.run({ x, ...feeds }));
    expect(results).toHaveLength(expected.length);
    results.forEach((result, i) => {
      const got = Array.from(result.data as Float32Array);
      expect(got.length, engine.name).toBe(expected[i]!.length);
      for (const [at, v] of got.entries())
        expect(v, `${engine.name}, output ${i}, element ${at}`).toBeCloseTo(expected[i]![at]!, 4);
    });
  }
}

describe("a layer", () => {
  test("LSTM gives the last state, or all", async () => {
    const w = weightsFor(4);
    const found = run(lstm(sigmoid), w);
    await agree(await modelOf("LSTM", {}, named("net", w)), [found.flatMap(({ last }) => last.h)]);
    const model = await modelOf("LSTM", { return_sequences: true }, named("net/lstm_cell_7", w));
    expect(model.toString()).toBe("recurrent(x: float32[N,4,3]) → net: float32[N,4,5]");
    await agree(model, [found.flatMap(({ states }) => states.flat())]);
  });

  test("LSTM goes on from given states and gives its own", async () => {
    const w = weightsFor(4);
    const [h, c] = [rows(batch, units), rows(batch, units)];
    const found = run(lstm(hardSigmoid), w, false, (b) => ({ h: h[b]!, c: c[b]! }));
    const config = { recurrent_activation: "hard_sigmoid", return_state: true };
    const model = await modelOf("LSTM", config, named("net", w), ["h", "c"], 3);
    const last = found.map((one) => one.last);
    const hidden = last.flatMap((state) => state.h);
    await agree(model, [hidden, hidden, last.flatMap((state) => state.c)], { h: tensor(h), c: tensor(c) });
  });

  test("LSTM backwards gives its steps in the order it takes them", async () => {
    const w = weightsFor(4);
    const found = run(lstm(sigmoid), w, true);
    const model = await modelOf("LSTM", { go_backwards: true, return_sequences: true }, named("net", w));
    await agree(model, [found.flatMap(({ states }) => states.flat())]);
  });

  test.each([true, false])("GRU with reset_after %s", async (resetAfter) => {
    const w = weightsFor(3, resetAfter ? 2 : 1);
    const found = run(gru(resetAfter), w);
    const model = await modelOf("GRU", { reset_after: resetAfter, return_sequences: true }, named("net/gru_cell", w));
    await agree(model, [found.flatMap(({ states }) => states.flat())]);
  });

  test("SimpleRNN without a bias, with another activation", async () => {
    const w = { ...weightsFor(1), bias: [new Array<number>(units).fill(0)] };
    const model = await modelOf("SimpleRNN", { activation: "relu", use_bias: false }, named("net", w, false));
    await agree(model, [run(simple, w).flatMap(({ last }) => last.h)]);
  });
});

describe("Bidirectional", () => {
  const [ahead, back] = [weightsFor(4), weightsFor(4)];
  const weights = [...named("net/forward_lstm/lstm_cell_1", ahead), ...named("net/backward_lstm/lstm_cell_2", back)];
  const wrapped = (more: object = {}) => ({ layer: { class_name: "LSTM", config: { name: "lstm", units, ...more } } });
  const [a, b] = [run(lstm(sigmoid), ahead), run(lstm(sigmoid), back, true)];
  /** By batch and time of the input; the second direction's steps are turned round. */
  const pairs = a.flatMap(({ states }, i) => states.map((h, t) => [h, b[i]!.states[time - 1 - t]!] as const));
  const combine = (f: (p: number, q: number) => number) => pairs.flatMap(([p, q]) => p.map((v, j) => f(v, q[j]!)));

  test.each([
    ["concat", pairs.flatMap(([p, q]) => [...p, ...q])],
    ["sum", combine((p, q) => p + q)],
    ["mul", combine((p, q) => p * q)],
    ["ave", combine((p, q) => (p + q) / 2)],
  ])("%s of all states", async (mode, expected) => {
    const config = { ...wrapped({ return_sequences: true }), merge_mode: mode };
    await agree(await modelOf("Bidirectional", config, weights), [expected]);
  });

  test("both last states apart", async () => {
    const model = await modelOf("Bidirectional", { ...wrapped(), merge_mode: null }, weights, [], 2);
    await agree(model, [a.flatMap(({ last }) => last.h), b.flatMap(({ last }) => last.h)]);
  });
});

test.each([
  ["a state kept between runs", { stateful: true }, "UNSUPPORTED", /keeps its state/],
  ["an activation ONNX does not have", { activation: "swish" }, "UNSUPPORTED", /"swish", expected tanh/],
  ["weights of another size", { units: 4 }, "MODEL_INVALID", /kernel is \[3,20\], expected \[3,16\]/],
  ["no units", { units: 0 }, "MODEL_INVALID", /units is 0/],
])("%s is refused", async (_, config, code, message) => {
  await expect(modelOf("LSTM", config, named("net", weightsFor(4)))).rejects.toThrowError(
    expect.objectContaining({ code, message: expect.stringMatching(message) }),
  );
});
