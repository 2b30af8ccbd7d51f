/** TFLite's control flow: graphs of the file that operators run, compared with the same steps in JavaScript. */
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/api/index.ts";
import { Model } from "../../src/api/model.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { engines } from "../../src/runtime/engines.ts";
import { type TestGraph, tfliteFile } from "../support/tflite-writer.ts";

const [add, conv, logistic, mul, callOp, sum, less, ifOp, whileOp] = [0, 3, 14, 18, 31, 74, 58, 118, 119];
const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });
const float = { shape: [2, 2] };
const constants = { axes: { shape: [2], type: 2, data: Int32Array.of(0, 1) } };

/** x → x·factor + 1. */
const affine = (factor: number): TestGraph => ({
  tensors: [float, scalar(factor), scalar(1), float, float],
  operators: [
    { code: mul, inputs: [0, 1], outputs: [3] },
    { code: add, inputs: [3, 2], outputs: [4] },
  ],
  inputs: [0],
  outputs: [4],
});

async function agree(bytes: Uint8Array, x: number[], expected: number[], name = "y"): Promise<void> {
  const model = await Model.load(bytes);
  verifyGraph(model.graph);
  for (const engine of engines.filter((candidate) => candidate.available().ok)) {
    using session = await model.compile({ engine: engine.name });
    const y = (await session.run({ x: tensor(Float32Array.from(x), [2, 2]) }))[name]!;
    expect([...(y.data as Float32Array)], engine.name).toEqual(expected);
  }
}

test("CALL puts a graph in the caller's place", async () => {
  const bytes = tfliteFile(
    {
      tensors: [{ ...float, name: "x" }, float, { ...float, name: "y" }],
      operators: [
        { code: callOp, inputs: [0], outputs: [1], options: { 0: { int32: 1 } } },
        { code: callOp, inputs: [1], outputs: [2], options: { 0: { int32: 1 } } },
      ],
      inputs: [0],
      outputs: [2],
    },
    affine(2),
  );
  await agree(bytes, [0, 1, 2, 3], [3, 7, 11, 15]);
  expect((await Model.load(bytes)).graph.nodes.map(({ op }) => op)).toEqual(["Mul", "Add", "Mul", "Add"]);
});

/** y = Σx < 5 ? x·2 + 1 : x·3 + 1. */
const branching = tfliteFile(
  {
    tensors: [
      { ...float, name: "x" },
      constants.axes,
      { shape: [] },
      scalar(5),
      { shape: [], type: 6 },
      { ...float, name: "y" },
    ],
    operators: [
      { code: sum, inputs: [0, 1], outputs: [2] },
      { code: less, inputs: [2, 3], outputs: [4] },
      { code: ifOp, inputs: [4, 0], outputs: [5], options: { 0: { int32: 1 }, 1: { int32: 2 } } },
    ],
    inputs: [0],
    outputs: [5],
  },
  affine(2),
  affine(3),
);

test.each([
  [
    [1, 1, 1, 1],
    [3, 3, 3, 3],
  ],
  [
    [1, 2, 3, 4],
    [4, 7, 10, 13],
  ],
])("IF of %j", async (x, expected) => {
  await agree(branching, x, expected);
});

/** Σx < 40 as a graph. */
const below: TestGraph = {
  tensors: [float, constants.axes, { shape: [] }, scalar(40), { shape: [], type: 6 }],
  operators: [
    { code: sum, inputs: [0, 1], outputs: [2] },
    { code: less, inputs: [2, 3], outputs: [4] },
  ],
  inputs: [0],
  outputs: [4],
};
const looping = (body: TestGraph): Uint8Array =>
  tfliteFile(
    {
      tensors: [
        { ...float, name: "x" },
        { ...float, name: "y" },
      ],
      operators: [{ code: whileOp, inputs: [0], outputs: [1], options: { 0: { int32: 1 }, 1: { int32: 2 } } }],
      inputs: [0],
      outputs: [1],
    },
    below,
    body,
  );

test.each([
  [[0, 1, 2, 3], 3],
  [[20, 20, 20, 20], 0],
])("WHILE from %j", async (x, rounds) => {
  let state = x;
  for (let i = 0; i < rounds; i++) state = state.map((v) => v * 2 + 1);
  await agree(looping(affine(2)), x, state);
});

test("an image in a branch", async () => {
  const image = [1, 2, 2, 1];
  const filter = { shape: [1, 1, 1, 1], data: Float32Array.of(2) };
  const convolved: TestGraph = {
    tensors: [{ shape: image }, filter, { shape: [1], data: Float32Array.of(1) }, { shape: image }],
    operators: [{ code: conv, inputs: [0, 1, 2], outputs: [3], options: { 1: { int32: 1 }, 2: { int32: 1 } } }],
    inputs: [0],
    outputs: [3],
  };
  const smooth: TestGraph = {
    tensors: [{ shape: image }, { shape: image }],
    operators: [{ code: logistic, inputs: [0], outputs: [1] }],
    inputs: [0],
    outputs: [1],
  };
  const bytes = tfliteFile(
    {
      tensors: [
        { shape: image, name: "x" },
        filter,
        { shape: [1], data: Float32Array.of(0) },
        { shape: image },
        { shape: [4], type: 2, data: Int32Array.of(0, 1, 2, 3) },
        { shape: [] },
        scalar(100),
        { shape: [], type: 6 },
        { shape: image, name: "y" },
      ],
      operators: [
        { code: conv, inputs: [0, 1, 2], outputs: [3], options: { 1: { int32: 1 }, 2: { int32: 1 } } },
        { code: sum, inputs: [3, 4], outputs: [5] },
        { code: less, inputs: [5, 6], outputs: [7] },
        { code: ifOp, inputs: [7, 3], outputs: [8], options: { 0: { int32: 1 }, 1: { int32: 2 } } },
      ],
      inputs: [0],
      outputs: [8],
    },
    convolved,
    smooth,
  );
  const model = await Model.load(bytes);
  verifyGraph(model.graph);
  for (const engine of engines.filter((candidate) => candidate.available().ok)) {
    using session = await model.compile({ engine: engine.name });
    const { y } = await session.run({ x: tensor([1, 2, 3, 4], image) });
    expect([...(y!.data as Float32Array)], engine.name).toEqual([5, 9, 13, 17]);
  }
});

describe("graphs that cannot be", () => {
  const calling = (index: number): TestGraph => ({
    tensors: [float, float],
    operators: [{ code: callOp, inputs: [0], outputs: [1], options: { 0: { int32: index } } }],
    inputs: [0],
    outputs: [1],
  });
  /** Each graph runs the next one twice. */
  const twice = (index: number): TestGraph => ({
    tensors: [float, float, float],
    operators: [
      { code: callOp, inputs: [0], outputs: [1], options: { 0: { int32: index } } },
      { code: callOp, inputs: [1], outputs: [2], options: { 0: { int32: index } } },
    ],
    inputs: [0],
    outputs: [2],
  });
  test.each([
    ["a graph that is not there", [calling(7)], /subgraph 7 is used, the model has 1/],
    ["one that runs itself", [calling(1), calling(1)], /graph 1 runs itself/],
    ["two that run each other", [calling(1), calling(2), calling(1)], /graph 1 runs itself/],
    ["a chain without end", [...Array.from({ length: 40 }, (_, i) => calling(i + 1)), affine(1)], /more than 32 deep/],
    ["a bomb", [...Array.from({ length: 25 }, (_, i) => twice(i + 1)), affine(1)], /more than 16384 operators/],
    ["other inputs", [calling(1), { ...affine(1), inputs: [0, 3] }], /1 values for a graph of 2 inputs/],
  ])("%s", async (_, [main, ...others], message) => {
    await expect(Model.load(tfliteFile(main!, ...others))).rejects.toThrowError(
      expect.objectContaining({ code: "MODEL_INVALID", message: expect.stringMatching(message) }),
    );
  });
});
