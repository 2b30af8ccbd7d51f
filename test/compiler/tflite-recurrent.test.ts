/** TFLite's recurrent operators against the formulas of its kernels, written out here step by step. */
import { expect, test } from "vitest";
import { init } from "../../src/api/index.ts";
import { Model } from "../../src/api/model.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { engines } from "../../src/runtime/engines.ts";
import { type TestTensor, tfliteFile } from "../support/tflite-writer.ts";

const [batch, inputs, units] = [2, 3, 4];
let seed = 0;
const random = (...shape: number[]): Float32Array => init.uniform(shape, ++seed).data;
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

/** Row `i` of a matrix times a vector. */
const dot = (w: Float32Array, i: number, x: ArrayLike<number>): number => {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += w[i * x.length + k]! * x[k]!;
  return sum;
};

/** Weights of the gates input, forget, cell, output; peepholes of input, forget, output. */
interface Weights {
  readonly w: (Float32Array | undefined)[];
  readonly r: (Float32Array | undefined)[];
  readonly b: (Float32Array | undefined)[];
  readonly p: (Float32Array | undefined)[];
}
const gates = ["input", "forget", "cell", "output"];
const weights = (options: { peepholes?: boolean; coupled?: boolean } = {}): Weights => {
  const of = (...shape: number[]) => gates.map((_, i) => (i === 0 && options.coupled ? undefined : random(...shape)));
  const p = [0, 1, 2].map((i) => (options.peepholes && !(i === 0 && options.coupled) ? random(units) : undefined));
  return { w: of(units, inputs), r: of(units, units), b: of(units), p };
};

/** All hidden states of one sequence [time,inputs]. */
function lstm(x: readonly number[][], { w, r, b, p }: Weights, clip = 0): number[][] {
  let h = new Array<number>(units).fill(0);
  let c = new Array<number>(units).fill(0);
  return x.map((step) => {
    const before = h;
    const sum = (gate: number, j: number): number => dot(w[gate]!, j, step) + dot(r[gate]!, j, before) + b[gate]![j]!;
    const next = c.map((old, j) => {
      const f = sigmoid(sum(1, j) + (p[1]?.[j] ?? 0) * old);
      const i = w[0] ? sigmoid(sum(0, j) + (p[0]?.[j] ?? 0) * old) : 1 - f;
      const state = f * old + i * Math.tanh(sum(2, j));
      return clip > 0 ? Math.max(-clip, Math.min(clip, state)) : state;
    });
    h = next.map((state, j) => sigmoid(sum(3, j) + (p[2]?.[j] ?? 0) * state) * Math.tanh(state));
    c = next;
    return h;
  });
}

/** A file with one operator over a sequence; a missing operand has the index -1. */
function fileOf(
  code: number,
  shape: readonly number[],
  operands: readonly (TestTensor | undefined)[],
  options: object,
) {
  const tensors: TestTensor[] = [{ name: "x", shape }];
  const indices = operands.map((operand) => (operand ? tensors.push(operand) - 1 : -1));
  const y = tensors.push({ name: "y", shape: [shape[0]!, shape[1]!, units] }) - 1;
  return tfliteFile({
    tensors,
    operators: [{ code, inputs: [0, ...indices], outputs: [y], options: options as never }],
    inputs: [0],
    outputs: [y],
  });
}

const dense = (shape: number[], data: Float32Array | undefined): TestTensor | undefined => data && { shape, data };
const lstmOperands = ({ w, r, b, p }: Weights): (TestTensor | undefined)[] => [
  ...w.map((data) => dense([units, inputs], data)),
  ...r.map((data) => dense([units, units], data)),
  ...p.map((data) => dense([units], data)),
  ...b.map((data) => dense([units], data)),
];

async function agree(
  bytes: Uint8Array,
  time: number,
  run: (x: number[][]) => number[][],
  timeMajor = false,
  digits = 4,
) {
  const model = await Model.load(bytes);
  verifyGraph(model.graph);
  const x = init.uniform(timeMajor ? [time, batch, inputs] : [batch, time, inputs], 1000);
  const at = (b: number, t: number, size: number): number => (timeMajor ? t * batch + b : b * time + t) * size;
  for (const engine of engines.filter((candidate) => candidate.available().ok)) {
    using session = await model.compile({ engine: engine.name });
    const { y } = await session.run({ x });
    for (let b = 0; b < batch; b++) {
      const steps = Array.from({ length: time }, (_, t) => [
        ...x.data.subarray(at(b, t, inputs), at(b, t, inputs) + inputs),
      ]);
      run(steps).forEach((h, t) => {
        const got = [...(y!.data as Float32Array).subarray(at(b, t, units), at(b, t, units) + units)];
        for (const [j, v] of got.entries()) expect(v, `${engine.name} at ${b},${t},${j}`).toBeCloseTo(h[j]!, digits);
      });
    }
  }
}

const tanh = { 0: { int8: 4 } };

test.each([
  ["plain", {}, false],
  ["with time first", {}, true],
  ["with peepholes", { peepholes: true }, false],
  ["with coupled gates", { coupled: true }, false],
  ["with both", { coupled: true, peepholes: true }, true],
])("a sequence LSTM, %s", async (_, options, timeMajor) => {
  const w = weights(options);
  const shape = timeMajor ? [5, batch, inputs] : [batch, 5, inputs];
  const bytes = fileOf(44, shape, lstmOperands(w), { ...tanh, 3: { bool: timeMajor } });
  await agree(bytes, 5, (x) => lstm(x, w), timeMajor);
});

test("a bound of the cell state holds at every step", async () => {
  const w = weights();
  // Gates wide open and a candidate near 1: the state grows by almost 1 a step, then forgets.
  w.b[0] = new Float32Array(units).fill(9);
  w.b[1] = new Float32Array(units).fill(9);
  w.b[2] = new Float32Array(units).fill(4);
  w.b[3] = new Float32Array(units).fill(0);
  const time = 24;
  const grown = (x: number[][]): number[][] => lstm(x, w, 10);
  const bytes = fileOf(44, [batch, time, inputs], lstmOperands(w), { ...tanh, 1: { float32: 10 } });
  await agree(bytes, time, grown);
  const model = await Model.load(bytes);
  expect(model.graph.nodes.filter(({ op }) => op === "LSTM")).toHaveLength(time - 10 + 1);
});

test("a sequence LSTM with weights in 8 bits", async () => {
  const w = weights();
  const scale = 1 / 64;
  const rounded = (data: Float32Array): Int8Array => Int8Array.from(data, (v) => Math.round(v / scale));
  const operands = lstmOperands(w).map((operand, i) =>
    operand && i < 8
      ? { ...operand, type: 9, data: rounded(operand.data as Float32Array), scale: [scale], zeroPoint: [0] }
      : operand,
  );
  const real = (list: (Float32Array | undefined)[]) =>
    list.map((data) => data && Float32Array.from(rounded(data), (q) => q * scale));
  const exact = { ...w, w: real(w.w), r: real(w.r) };
  await agree(fileOf(44, [batch, 5, inputs], operands, tanh), 5, (x) => lstm(x, exact));
});

test("a sequence RNN", async () => {
  const [w, r, b] = [random(units, inputs), random(units, units), random(units)];
  const run = (x: number[][]): number[][] => {
    let h = new Array<number>(units).fill(0);
    return x.map((step) => {
      const before = h;
      h = before.map((_, j) => Math.max(0, dot(w, j, step) + dot(r, j, before) + b[j]!));
      return h;
    });
  };
  const operands = [dense([units, inputs], w), dense([units, units], r), dense([units], b)];
  await agree(fileOf(35, [batch, 5, inputs], operands, { 0: { bool: false }, 1: { int8: 1 } }), 5, run);
});

test.each([
  ["a bound that the output would see", { ...tanh, 1: { float32: 2 } }, /a cell state bounded by 2/],
  ["another activation", { 0: { int8: 3 } }, /activation 3, expected tanh or relu/],
])("%s is refused", async (_, options, message) => {
  const bytes = fileOf(44, [batch, 5, inputs], lstmOperands(weights()), options);
  await expect(Model.load(bytes)).rejects.toThrowError(
    expect.objectContaining({ code: "UNSUPPORTED", message: expect.stringMatching(message) }),
  );
});
