/** Bad input: a typed error that names the node, what was found and what was expected. */
import { describe, expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { f32, i32, i64, infer, type OneNode, random, run } from "./one-node.ts";

const r = (...shape: number[]): Tensor => random("float32", shape, 1);

const text = new Tensor("string", [1], ["seven"]);

const cases: [string, OneNode, string, RegExp][] = [
  [
    "shapes that do not broadcast",
    { op: "Add", inputs: [r(2, 3), r(4, 3)] },
    "SHAPE",
    /Add "it".*\[2,3\] and \[4,3\].*axis 0/,
  ],
  ["two dtypes", { op: "Mul", inputs: [r(2), i32([2], [1, 2])] }, "DTYPE", /Mul "it".*int32, expected/],
  ["a condition that is no bool", { op: "Where", inputs: [r(2), r(2), r(2)] }, "DTYPE", /float32, expected bool/],
  ["strings where numbers belong", { op: "Relu", inputs: [text] }, "DTYPE", /X is string, expected float32/],
  ["an index that is a float", { op: "Gather", inputs: [r(3), r(1)] }, "DTYPE", /indices is float32, expected int32/],
  ["an input too few", { op: "Conv", inputs: [r(1, 1, 4, 4)] }, "VALUE", /W is left out, expected a tensor/],
  ["an input too many", { op: "Relu", inputs: [r(2), r(2)] }, "VALUE", /has 2 inputs, expected at most 1/],
  ["a hole among the inputs", { op: "Sub", inputs: [undefined, r(2)] }, "VALUE", /A is left out/],
  ["matrices that do not fit", { op: "MatMul", inputs: [r(2, 3), r(4, 5)] }, "SHAPE", /3 columns meet 4 rows/],
  [
    "a Gemm that wants transB",
    { op: "Gemm", inputs: [r(1, 512), r(768, 512)] },
    "SHAPE",
    /B is \[768,512\], expected \[512,N\]/,
  ],
  ["a Gemm of three axes", { op: "Gemm", inputs: [r(1, 2, 3), r(3, 4)] }, "SHAPE", /expected matrices/],
  ["channels last", { op: "Conv", inputs: [r(1, 8, 8, 3), r(4, 3, 3, 3)] }, "SHAPE", /X has 8 channels.*expects 3/],
  ["a kernel larger than its input", { op: "Conv", inputs: [r(1, 1, 2, 2), r(1, 1, 5, 5)] }, "SHAPE", /spans 5.*has 2/],
  [
    "too few pads",
    { op: "Conv", inputs: [r(1, 1, 4, 4), r(1, 1, 3, 3)], attributes: { pads: [1, 1] } },
    "ATTRIBUTE",
    /pads is \[1,1\], expected 4/,
  ],
  [
    "a bias of another length",
    { op: "Conv", inputs: [r(1, 1, 4, 4), r(2, 1, 3, 3), r(3)] },
    "SHAPE",
    /B is \[3\], expected \[2\]/,
  ],
  ["an axis outside", { op: "Softmax", inputs: [r(2, 3)], attributes: { axis: 2 } }, "ATTRIBUTE", /axis is 2/],
  [
    "a reduction axis twice",
    { op: "ReduceMax", opset: 13, inputs: [r(2, 3)], attributes: { axes: [1, -1] } },
    "ATTRIBUTE",
    /twice/,
  ],
  [
    "an unknown auto_pad",
    { op: "MaxPool", inputs: [r(1, 1, 4, 4)], attributes: { kernel_shape: [2, 2], auto_pad: "BOTH" } },
    "ATTRIBUTE",
    /"BOTH"/,
  ],
  [
    "statistics of another length",
    { op: "BatchNormalization", inputs: [r(1, 3, 2, 2), r(3), r(3), r(4), r(3)] },
    "SHAPE",
    /input_mean is float32\[4\], expected \[3\]/,
  ],
  [
    "Einsum labels that differ",
    { op: "Einsum", inputs: [r(2, 3), r(4, 2)], attributes: { equation: "ij,jk->ik" } },
    "SHAPE",
    /label j is 3 and 4/,
  ],
  ["a Cast to nothing", { op: "Cast", inputs: [r(2)], attributes: { to: 99 } }, "ATTRIBUTE", /to is 99/],
  [
    "heads that do not divide",
    {
      op: "Attention",
      opset: 23,
      inputs: [r(1, 2, 9), r(1, 2, 9), r(1, 2, 9)],
      attributes: { q_num_heads: 2, kv_num_heads: 2 },
    },
    "ATTRIBUTE",
    /2 heads.*divides 9/,
  ],
  [
    "a weight matrix of another net",
    { op: "LSTM", inputs: [r(2, 1, 3), r(1, 8, 4), r(1, 8, 2)], attributes: { hidden_size: 2 } },
    "SHAPE",
    /W is float32\[1,8,4\], expected \[1,8,3\]/,
  ],
  [
    "an unknown activation",
    {
      op: "FusedConv",
      domain: "inferlab",
      inputs: [r(1, 1, 3, 3), r(1, 1, 2, 2)],
      attributes: { activation: "Rellu" },
    },
    "ATTRIBUTE",
    /"Rellu".*Relu/,
  ],
];
const runtimeCases: [string, OneNode, string, RegExp][] = [
  [
    "an integer divided by 0",
    { op: "Div", inputs: [i32([2], [1, 2]), i32([2], [1, 0])] },
    "VALUE",
    /B is 0 at element 1/,
  ],
  [
    "a class that is none",
    { op: "NegativeLogLikelihoodLoss", inputs: [r(2, 3), i64([2], [0, 3])] },
    "VALUE",
    /target is 3 at element 1, expected a class from 0 to 2/,
  ],
  [
    "an unpooling index outside",
    {
      op: "MaxUnpool",
      inputs: [r(1, 1, 1, 1), i64([1, 1, 1, 1], [4])],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
    "VALUE",
    /I is 4.*expected 0 to 3/,
  ],
  ["a text that is no number", { op: "Cast", inputs: [text], attributes: { to: 1 } }, "VALUE", /"seven".*float32/],
  ["fmod left out for floats", { op: "Mod", inputs: [r(2), r(2)] }, "ATTRIBUTE", /fmod is 0/],
  [
    "a dropout ratio of 1",
    { op: "Dropout", inputs: [r(2), f32([], [1]), new Tensor("bool", [], Uint8Array.of(1))] },
    "VALUE",
    /ratio is 1/,
  ],
  [
    "a scale for every other block",
    { op: "DequantizeLinear", inputs: [random("int8", [2, 6], 2), r(2, 2)], attributes: { axis: 1, block_size: 2 } },
    "SHAPE",
    /scale is float32\[2,2\]/,
  ],
  [
    "a length beyond the sequence",
    {
      op: "GRU",
      inputs: [r(2, 1, 3), r(1, 6, 3), r(1, 6, 2), undefined, i32([1], [3])],
      attributes: { hidden_size: 2 },
    },
    "VALUE",
    /sequence_lens has 3, expected 0 to 2/,
  ],
  [
    "a position without an angle",
    { op: "RotaryEmbedding", opset: 23, inputs: [r(1, 1, 1, 4), r(2, 2), r(2, 2), i64([1, 1], [2])] },
    "VALUE",
    /position of token 0 of batch element 0 is 2, expected 0 to 1/,
  ],
];

function check(action: () => unknown, code: string, text: RegExp): void {
  let caught: unknown;
  try {
    action();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(InferlabError);
  const error = caught as InferlabError;
  expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringMatching(text) });
  expect(error.message).toContain('"it"');
}

describe("running", () => {
  test.each([...cases, ...runtimeCases])("%s", (_, node, code, text) => check(() => run(node), code, text));
});

describe("inferring finds before the run", () => {
  test.each(cases)("%s", (_, node, code, text) => check(() => infer(node), code, text));
});

describe("edges that are no errors", () => {
  const zero = (...shape: number[]): Tensor => Tensor.zeros("float32", shape);
  test("tensors without elements", () => {
    expect(run({ op: "Add", inputs: [zero(0, 3), r(1, 3)] })[0]!.shape).toEqual([0, 3]);
    expect(run({ op: "MatMul", inputs: [zero(2, 0), zero(0, 3)] })[0]!.data).toEqual(new Float32Array(6));
    expect(run({ op: "Softmax", inputs: [zero(2, 0)] })[0]!.shape).toEqual([2, 0]);
    expect(run({ op: "Conv", inputs: [zero(0, 1, 4, 4), r(2, 1, 3, 3)] })[0]!.shape).toEqual([0, 2, 2, 2]);
    expect([...run({ op: "ReduceSum", inputs: [zero(2, 0), i64([1], [1])] })[0]!.data]).toEqual([0, 0]);
    expect([...run({ op: "ReduceMax", inputs: [zero(2, 0), i64([1], [1])] })[0]!.data]).toEqual([-Infinity, -Infinity]);
  });

  test("scalars", () => {
    expect(run({ op: "Add", inputs: [f32([], [1]), f32([], [2])] })[0]).toEqual(f32([], [3]));
    expect(run({ op: "ReduceMean", opset: 13, inputs: [f32([], [4])] })[0]).toEqual(f32([], [4]));
  });

  test("NaN and infinities pass through", () => {
    const x = f32([4], [Number.NaN, Infinity, -Infinity, -0]);
    expect([...run({ op: "Relu", inputs: [x] })[0]!.data]).toEqual([Number.NaN, Infinity, 0, 0]);
    expect([...run({ op: "Max", inputs: [x, f32([1], [0])] })[0]!.data]).toEqual([Number.NaN, Infinity, 0, 0]);
    expect([...run({ op: "IsNaN", inputs: [x] })[0]!.data]).toEqual([1, 0, 0, 0]);
    expect([...run({ op: "Sigmoid", inputs: [f32([2], [-1000, 1000])] })[0]!.data]).toEqual([0, 1]);
    expect([...run({ op: "Softmax", inputs: [f32([3], [1000, 1000, -Infinity])] })[0]!.data]).toEqual([0.5, 0.5, 0]);
  });

  test("64-bit integers keep every bit", () => {
    const big = 2n ** 62n + 1n;
    const x = new Tensor("int64", [1], BigInt64Array.of(big));
    expect(run({ op: "Add", inputs: [x, i64([1], [2])] })[0]!.data).toEqual(BigInt64Array.of(big + 2n));
    expect(run({ op: "Mul", inputs: [x, i64([1], [3])] })[0]!.data).toEqual(
      BigInt64Array.of(BigInt.asIntN(64, big * 3n)),
    );
    expect(run({ op: "Pow", inputs: [i64([1], [3]), i64([1], [39])] })[0]!.data).toEqual(BigInt64Array.of(3n ** 39n));
    expect(run({ op: "Cast", inputs: [x], attributes: { to: 6 } })[0]!.data).toEqual(Int32Array.of(1));
    expect(run({ op: "Greater", inputs: [x, new Tensor("int64", [1], BigInt64Array.of(big - 1n))] })[0]!.data).toEqual(
      Uint8Array.of(1),
    );
  });

  test("32-bit products wrap", () => {
    expect(run({ op: "Mul", inputs: [i32([1], [123456789]), i32([1], [987654321])] })[0]!.data).toEqual(
      Int32Array.of(Number(BigInt.asIntN(32, 123456789n * 987654321n))),
    );
  });

  test("floats print as the shortest text that reads back", () => {
    const texts = run({
      op: "Cast",
      inputs: [f32([6], [0.1, 1, 1e-5, 3e38, -Infinity, Number.NaN])],
      attributes: { to: 8 },
    })[0]!;
    expect(texts.data).toEqual(["0.1", "1.0", "1e-05", "3e+38", "-INF", "NaN"]);
  });
});
