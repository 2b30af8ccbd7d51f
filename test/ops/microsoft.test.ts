/** Operators of com.microsoft that exported and quantised language models carry, against ONNX Runtime. */
import { expect, test } from "vitest";
import { InferlabError } from "../../src/base/errors.ts";
import { tensorType } from "../../src/base/value-type.ts";
import { describeAgainstOrt } from "./against-ort.ts";
import { f32, i32, i64, infer, type OneNode, random, run } from "./one-node.ts";

const domain = "com.microsoft";
const r = (shape: number[], seed: number, low?: number, high?: number) => random("float32", shape, seed, low, high);
const u8 = (shape: number[], seed: number) => random("uint8", shape, seed, 0, 256);
const i8 = (shape: number[], seed: number) => random("int8", shape, seed, -128, 128);
const scale = (value: number) => f32([], [value]);

const [K, N] = [40, 6];
const weights: Record<string, OneNode> = {
  "MatMulNBits of 4 bits, symmetric": {
    op: "MatMulNBits",
    domain,
    inputs: [r([2, 3, K], 1), u8([N, 2, 16], 2), r([N, 2], 3, 0.01, 0.1)],
    attributes: { K, N, bits: 4, block_size: 32 },
  },
  "MatMulNBits with packed zero points": {
    op: "MatMulNBits",
    domain,
    inputs: [r([3, K], 4), u8([N, 3, 8], 5), r([N * 3], 6, 0.01, 0.1), u8([N * 2], 7)],
    attributes: { K, N, bits: 4, block_size: 16 },
  },
  "MatMulNBits with zero points of floats and a bias": {
    op: "MatMulNBits",
    domain,
    inputs: [r([3, K], 8), u8([N, 3, 8], 9), r([N * 3], 10, 0.01, 0.1), r([N * 3], 11, 6, 9), undefined, r([N], 12)],
    attributes: { K, N, bits: 4, block_size: 16 },
  },
  "MatMulNBits of 8 bits": {
    op: "MatMulNBits",
    domain,
    inputs: [r([3, K], 13), u8([N, 2, 32], 14), r([N, 2], 15, 0.001, 0.01), u8([N, 2], 16)],
    attributes: { K, N, bits: 8, block_size: 32 },
  },
};

const x = r([2, 3, 4, 8], 20);
const ids = i64([2, 4], [0, 3, 9, 1, 2, 2, 5, 6]);
const rotary: Record<string, OneNode> = {
  "RotaryEmbedding of [B,H,L,D]": { op: "RotaryEmbedding", domain, inputs: [x, ids, r([10, 4], 21), r([10, 4], 22)] },
  "RotaryEmbedding from one position on, pairs interleaved": {
    op: "RotaryEmbedding",
    domain,
    inputs: [r([2, 4, 24], 23), i64([1], [3]), r([10, 4], 24), r([10, 4], 25)],
    attributes: { interleaved: 1 },
  },
  "RotaryEmbedding of a part of each head": {
    op: "RotaryEmbedding",
    domain,
    inputs: [r([2, 4, 24], 26), ids, r([10, 3], 27), r([10, 3], 28)],
    attributes: { num_heads: 3, rotary_embedding_dim: 6 },
  },
};

const gqa = (inputs: OneNode["inputs"], attributes: OneNode["attributes"] = {}): OneNode => ({
  op: "GroupQueryAttention",
  domain,
  outputs: 3,
  inputs,
  attributes: { num_heads: 4, kv_num_heads: 2, ...attributes },
});
// Heads of 16 elements: ONNX Runtime rotates no smaller ones.
const prompt = [r([2, 5, 64], 30), r([2, 5, 32], 31), r([2, 5, 32], 32)];
const empty = [r([2, 2, 0, 16], 33), r([2, 2, 0, 16], 34)];
const step = [r([2, 1, 64], 35), r([2, 1, 32], 36), r([2, 1, 32], 37), r([2, 2, 6, 16], 38), r([2, 2, 6, 16], 39)];
const caches = [r([16, 8], 40), r([16, 8], 41)];
const grouped: Record<string, OneNode> = {
  "GroupQueryAttention of a prompt": gqa([...prompt, ...empty, i32([2], [4, 4]), i32([], [5])]),
  "GroupQueryAttention of a prompt, rotated": gqa([...prompt, ...empty, i32([2], [4, 4]), i32([], [5]), ...caches], {
    do_rotary: 1,
  }),
  "GroupQueryAttention of one token": gqa([...step, i32([2], [6, 6]), i32([], [7])]),
  "GroupQueryAttention of one token, interleaved pairs rotated, its own scale": gqa(
    [...step, i32([2], [6, 6]), i32([], [7]), ...caches],
    { do_rotary: 1, rotary_interleaved: 1, scale: 0.2 },
  ),
  "GroupQueryAttention with soft cap and window": gqa([...prompt, ...empty, i32([2], [4, 4]), i32([], [5])], {
    softcap: 1.5,
    local_window_size: 2,
  }),
  "GroupQueryAttention with a smooth softmax": gqa([...step, i32([2], [6, 6]), i32([], [7])], { smooth_softmax: 1 }),
  "GroupQueryAttention of packed heads": gqa(
    [r([2, 5, 128], 42), undefined, undefined, ...empty, i32([2], [4, 4]), i32([], [5]), ...caches],
    { do_rotary: 1 },
  ),
  "GroupQueryAttention of several tokens after others": gqa([
    r([1, 3, 32], 43),
    r([1, 3, 16], 44),
    r([1, 3, 16], 45),
    r([1, 2, 4, 8], 46),
    r([1, 2, 4, 8], 47),
    i32([1], [6]),
    i32([], [7]),
  ]),
};

const pooled = (seed: number, shape: number[], attributes: OneNode["attributes"]): OneNode => ({
  op: "QLinearAveragePool",
  domain,
  inputs: [u8(shape, seed), scale(0.05), u8([], seed + 1), scale(0.04), u8([], seed + 2)],
  attributes: { kernel_shape: [3, 2], ...attributes },
});
const quantised: Record<string, OneNode> = {
  "QLinearAveragePool with pads": pooled(50, [2, 3, 7, 6], { pads: [1, 0, 1, 1], strides: [2, 1] }),
  "QLinearAveragePool, padding counted": pooled(53, [1, 3, 7, 6], { pads: [1, 1, 1, 1], count_include_pad: 1 }),
  "QLinearAveragePool with channels last": pooled(56, [2, 7, 6, 3], { channels_last: 1, strides: [2, 2] }),
  "QLinearSoftmax along an axis": {
    op: "QLinearSoftmax",
    domain,
    inputs: [u8([2, 5, 3], 60), scale(0.05), u8([], 61), scale(1 / 256), random("uint8", [], 62, 0, 1)],
    attributes: { axis: 1, opset: 13 },
  },
  "QLinearSoftmax of rows, signed": {
    op: "QLinearSoftmax",
    domain,
    inputs: [i8([2, 5, 3], 63), scale(0.05), i8([], 64), scale(1 / 256), random("int8", [], 65, -128, -127)],
    attributes: { axis: 1, opset: 12 },
  },
};

describeAgainstOrt({ weights, rotary, grouped, quantised });

test("shapes are inferred with symbols", () => {
  const tokens = tensorType("float32", ["batch", "tokens", 32]);
  const types = infer({
    ...gqa([tokens, tensorType("float32", ["batch", "tokens", 16]), tensorType("float32", ["batch", "tokens", 16])]),
    inputs: [
      tokens,
      tensorType("float32", ["batch", "tokens", 16]),
      tensorType("float32", ["batch", "tokens", 16]),
      tensorType("float32", ["batch", 2, "past", 8]),
      tensorType("float32", ["batch", 2, "past", 8]),
      tensorType("int32", ["batch"]),
      tensorType("int32", []),
    ],
  });
  expect(types[0]).toEqual(tokens);
  expect(types[1]).toMatchObject({ shape: ["batch", 2, expect.any(String), 8] });
  const product = infer({
    op: "MatMulNBits",
    domain,
    inputs: [tensorType("float32", ["batch", "tokens", K]), u8([N, 2, 16], 2), r([N, 2], 3)],
    attributes: { K, N, block_size: 32 },
  });
  expect(product).toEqual([tensorType("float32", ["batch", "tokens", N])]);
});

const refused = (node: OneNode): { code: string; message: string } => {
  try {
    run(node);
  } catch (error) {
    if (error instanceof InferlabError) return error;
    throw error;
  }
  throw new Error(`${node.op} took what it cannot`);
};

test("wrong packing, positions and lengths are refused with what was expected", () => {
  const packed = refused({ ...weights["MatMulNBits of 8 bits"]!, attributes: { K, N, bits: 3, block_size: 32 } });
  expect(packed).toMatchObject({
    code: "ATTRIBUTE",
    message: expect.stringContaining("bits is 3, expected 2, 4 or 8"),
  });
  const short = refused({ ...weights["MatMulNBits of 8 bits"]!, attributes: { K, N, bits: 4, block_size: 32 } });
  expect(short).toMatchObject({ code: "SHAPE", message: expect.stringContaining("B is [6,2,32], expected [6,2,16]") });
  const far = refused({ op: "RotaryEmbedding", domain, inputs: [x, i64([1], [8]), r([10, 4], 21), r([10, 4], 22)] });
  expect(far).toMatchObject({ code: "VALUE", message: expect.stringContaining("is 10, expected 0 to 9") });
  const long = refused(gqa([...step, i32([2], [6, 7]), i32([], [7])]));
  expect(long).toMatchObject({ code: "VALUE", message: expect.stringContaining("seqlens_k[1] is 7, expected 0 to 6") });
});
