/** Operators with many parameters against ONNX Runtime on random inputs, where the conformance pack has few cases. */
import { describeAgainstOrt } from "./against-ort.ts";
import { f32, i32, i64, type OneNode, random } from "./one-node.ts";

const r = (shape: number[], seed: number, low?: number, high?: number) => random("float32", shape, seed, low, high);
const u8 = (shape: number[], seed: number) => random("uint8", shape, seed, 0, 256);
const i8 = (shape: number[], seed: number) => random("int8", shape, seed, -128, 128);
const scale = (value: number) => f32([], [value]);
const ms = "com.microsoft";

const conv: Record<string, OneNode> = {
  "dilated, strided, asymmetric pads": {
    op: "Conv",
    inputs: [r([2, 4, 9, 11], 1), r([6, 2, 3, 2], 2), r([6], 3)],
    attributes: { group: 2, dilations: [2, 1], strides: [2, 3], pads: [1, 0, 2, 1] },
  },
  SAME_LOWER: {
    op: "Conv",
    inputs: [r([1, 3, 7, 8], 4), r([5, 3, 3, 4], 5)],
    attributes: { auto_pad: "SAME_LOWER", strides: [2, 2] },
  },
  "depthwise 1-D": { op: "Conv", inputs: [r([2, 5, 20], 6), r([5, 1, 4], 7)], attributes: { group: 5, pads: [3, 0] } },
  "3-D": {
    op: "Conv",
    inputs: [r([1, 2, 5, 6, 7], 8), r([3, 2, 2, 3, 2], 9)],
    attributes: { pads: [1, 1, 0, 0, 1, 1] },
  },
  "wide enough for several tiles": {
    op: "Conv",
    inputs: [r([1, 64, 12, 13], 10), r([9, 64, 3, 3], 11)],
    attributes: { pads: [1, 1, 1, 1] },
  },
};
const transposed: Record<string, OneNode> = {
  "grouped, output padding": {
    op: "ConvTranspose",
    inputs: [r([2, 4, 5, 4], 12), r([4, 3, 3, 3], 13), r([6], 14)],
    attributes: { group: 2, strides: [2, 3], output_padding: [1, 0], pads: [1, 0, 0, 1], dilations: [1, 2] },
  },
  "output shape, SAME_UPPER": {
    op: "ConvTranspose",
    inputs: [r([1, 2, 4, 4], 15), r([2, 2, 3, 3], 16)],
    attributes: { strides: [2, 2], output_shape: [8, 7], auto_pad: "SAME_UPPER" },
  },
};
const pool: Record<string, OneNode> = {
  "MaxPool ceil": {
    op: "MaxPool",
    inputs: [r([1, 3, 10, 9], 17)],
    outputs: 2,
    attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, pads: [1, 1, 0, 0] },
  },
  "MaxPool dilated, column major": {
    op: "MaxPool",
    inputs: [r([1, 2, 8, 8], 18)],
    outputs: 2,
    attributes: { kernel_shape: [2, 3], dilations: [2, 2], storage_order: 1 },
  },
  "AveragePool with padding": {
    op: "AveragePool",
    inputs: [r([1, 2, 7, 7], 19)],
    attributes: { kernel_shape: [3, 2], pads: [1, 1, 1, 0], count_include_pad: 1 },
  },
  "AveragePool SAME_LOWER": {
    op: "AveragePool",
    inputs: [r([1, 2, 7, 7], 20)],
    attributes: { kernel_shape: [3, 2], strides: [2, 2], auto_pad: "SAME_LOWER" },
  },
  MaxRoiPool: {
    op: "MaxRoiPool",
    inputs: [r([2, 2, 9, 9], 21), f32([2, 5], [0, 1, 2, 6, 7, 1, 0, 0, 8, 3])],
    attributes: { pooled_shape: [3, 2], spatial_scale: 0.9 },
  },
  "RoiAlign adaptive": {
    op: "RoiAlign",
    inputs: [r([2, 2, 9, 9], 22), f32([2, 4], [1.3, 2.2, 7.9, 6.1, 0, 0.5, 12, 8]), i64([2], [1, 0])],
    attributes: { output_height: 2, output_width: 3, spatial_scale: 0.7 },
  },
};
const recurrent: Record<string, OneNode> = {
  "LSTM bidirectional with lengths, states and peepholes": {
    op: "LSTM",
    outputs: 3,
    inputs: [
      r([5, 3, 4], 23),
      r([2, 12, 4], 24, -0.5, 0.5),
      r([2, 12, 3], 25, -0.5, 0.5),
      r([2, 24], 26),
      i32([3], [5, 2, 3]),
      r([2, 3, 3], 27),
      r([2, 3, 3], 28),
      r([2, 9], 29),
    ],
    attributes: { hidden_size: 3, direction: "bidirectional" },
  },
  "LSTM clipped, coupled gates": {
    op: "LSTM",
    outputs: 3,
    inputs: [r([4, 2, 3], 30), r([1, 8, 3], 31), r([1, 8, 2], 32)],
    attributes: { hidden_size: 2, clip: 0.8, input_forget: 1, direction: "reverse" },
  },
  "GRU bidirectional, linear before reset": {
    op: "GRU",
    outputs: 2,
    inputs: [
      r([5, 2, 3], 33),
      r([2, 12, 3], 34),
      r([2, 12, 4], 35),
      r([2, 24], 36),
      i32([2], [3, 5]),
      r([2, 2, 4], 37),
    ],
    attributes: { hidden_size: 4, direction: "bidirectional", linear_before_reset: 1 },
  },
  "RNN with other activations": {
    op: "RNN",
    outputs: 2,
    inputs: [r([3, 2, 3], 38), r([2, 4, 3], 39), r([2, 4, 4], 40)],
    attributes: { hidden_size: 4, direction: "bidirectional", activations: ["Relu", "Sigmoid"] },
  },
};
const matrix: Record<string, OneNode> = {
  "MatMul with broadcast batches": { op: "MatMul", inputs: [r([3, 1, 5, 4], 41), r([2, 4, 7], 42)] },
  "MatMul vector and stack": { op: "MatMul", inputs: [r([4], 43), r([3, 4, 5], 44)] },
  "Gemm both transposed, row bias": {
    op: "Gemm",
    inputs: [r([6, 5], 45), r([7, 6], 46), r([5, 1], 47)],
    attributes: { transA: 1, transB: 1, alpha: 0.5, beta: 2 },
  },
  "Einsum with three inputs": {
    op: "Einsum",
    inputs: [r([2, 3], 48), r([3, 4], 49), r([4, 2], 50)],
    attributes: { equation: "ij,jk,ki->ik" },
  },
  "Einsum implicit, ellipsis": {
    op: "Einsum",
    inputs: [r([5, 2, 3], 51), r([5, 3, 4], 52)],
    attributes: { equation: "...ij,...jk" },
  },
  Det: { op: "Det", inputs: [r([3, 5, 5], 53)] },
};
const normalisation: Record<string, OneNode> = {
  LRN: { op: "LRN", inputs: [r([1, 7, 3, 3], 54)], attributes: { size: 5, alpha: 0.2, bias: 2 } },
  "LayerNormalization over two axes": {
    op: "LayerNormalization",
    inputs: [r([2, 3, 4, 5], 55), r([4, 5], 56), r([4, 5], 57)],
    attributes: { axis: -2 },
  },
  InstanceNormalization: { op: "InstanceNormalization", inputs: [r([2, 3, 4, 5], 58), r([3], 59), r([3], 60)] },
  LpNormalization: { op: "LpNormalization", inputs: [r([2, 3, 4], 61)], attributes: { axis: 1, p: 1 } },
  "Softmax before version 13": { op: "Softmax", opset: 11, inputs: [r([2, 3, 4], 62)], attributes: { axis: 1 } },
};
// Weights are uint8: with int8 ones ONNX Runtime adds pairs of products in 16 bits on CPUs without VNNI and saturates.
const quantised: Record<string, OneNode> = {
  "QLinearConv per filter": {
    op: "QLinearConv",
    inputs: [
      u8([1, 4, 8, 8], 63),
      scale(0.02),
      random("uint8", [], 64, 100, 150),
      u8([6, 2, 3, 3], 65),
      random("float32", [6], 66, 0.005, 0.02),
      u8([6], 67),
      scale(0.5),
      random("uint8", [], 68, 100, 150),
      random("int32", [6], 69, -900, 900),
    ],
    attributes: { group: 2, pads: [1, 1, 1, 1], strides: [2, 1] },
  },
  ConvInteger: {
    op: "ConvInteger",
    inputs: [u8([1, 3, 6, 6], 70), u8([4, 3, 3, 3], 71), random("uint8", [], 72, 100, 150)],
    attributes: { pads: [1, 1, 1, 1] },
  },
  "MatMulInteger per column": {
    op: "MatMulInteger",
    inputs: [u8([2, 5, 8], 73), u8([8, 6], 74), random("uint8", [], 75, 90, 99), u8([6], 76)],
  },
  "QuantizeLinear blocks": {
    op: "QuantizeLinear",
    inputs: [r([4, 6], 77), random("float32", [2, 6], 78, 0.01, 0.1), u8([2, 6], 79)],
    attributes: { axis: 0, block_size: 2 },
  },
  "DequantizeLinear per axis": {
    op: "DequantizeLinear",
    inputs: [i8([2, 3, 4], 80), random("float32", [3], 81, 0.01, 0.1), i8([3], 82)],
    attributes: { axis: 1 },
  },
  QLinearAdd: {
    op: "QLinearAdd",
    domain: ms,
    inputs: [u8([2, 8], 83), scale(0.1), u8([], 84), u8([8], 85), scale(0.2), u8([], 86), scale(0.3), u8([], 87)],
  },
  QLinearMul: {
    op: "QLinearMul",
    domain: ms,
    inputs: [i8([2, 8], 88), scale(0.1), i8([], 89), i8([1], 90), scale(0.2), i8([], 91), scale(1.3), i8([], 92)],
  },
  QLinearSigmoid: {
    op: "QLinearSigmoid",
    domain: ms,
    inputs: [u8([50], 93), scale(0.05), u8([], 94), scale(1 / 256), random("uint8", [], 95, 0, 1)],
  },
  QLinearLeakyRelu: {
    op: "QLinearLeakyRelu",
    domain: ms,
    inputs: [u8([50], 96), scale(0.05), u8([], 97), scale(0.05), u8([], 98)],
    attributes: { alpha: 0.1 },
  },
  QLinearGlobalAveragePool: {
    op: "QLinearGlobalAveragePool",
    domain: ms,
    inputs: [u8([2, 3, 5, 5], 99), scale(0.05), u8([], 100), scale(0.04), u8([], 101)],
    attributes: { channels_last: 0 },
  },
  QLinearConcat: {
    op: "QLinearConcat",
    domain: ms,
    inputs: [
      scale(0.07),
      u8([], 160),
      u8([2, 3, 4], 161),
      scale(0.05),
      u8([], 162),
      u8([2, 2, 4], 163),
      scale(0.1),
      u8([], 164),
    ],
    attributes: { axis: 1 },
  },
  "QGemm per column": {
    op: "QGemm",
    domain: ms,
    inputs: [
      u8([3, 8], 165),
      scale(0.02),
      u8([], 166),
      u8([5, 8], 167),
      random("float32", [5], 168, 0.005, 0.02),
      u8([5], 169),
      random("int32", [5], 170, -900, 900),
      scale(0.4),
      u8([], 171),
    ],
    attributes: { transB: 1 },
  },
  "QGemm to float": {
    op: "QGemm",
    domain: ms,
    inputs: [u8([3, 8], 172), scale(0.02), u8([], 173), u8([8, 5], 174), scale(0.03), u8([], 175)],
    attributes: { alpha: 0.5 },
  },
  DynamicQuantizeMatMul: {
    op: "DynamicQuantizeMatMul",
    domain: ms,
    inputs: [r([4, 8], 102), u8([8, 6], 103), scale(0.02), u8([], 104), r([6], 105)],
  },
  MatMulIntegerToFloat: {
    op: "MatMulIntegerToFloat",
    domain: ms,
    inputs: [u8([4, 8], 106), u8([8, 6], 107), scale(0.02), scale(0.01), u8([], 108), u8([], 109), r([6], 110)],
  },
};
const hidden = 12;
const fused: Record<string, OneNode> = {
  "FusedConv with HardSigmoid": {
    op: "FusedConv",
    domain: ms,
    inputs: [r([1, 4, 6, 6], 111), r([5, 4, 3, 3], 112), r([5], 113)],
    attributes: { activation: "HardSigmoid", activation_params: [0.1, 0.4], pads: [1, 1, 1, 1] },
  },
  "FusedConv with a residual": {
    op: "FusedConv",
    domain: ms,
    inputs: [r([1, 4, 6, 6], 114), r([4, 4, 3, 3], 115), r([4], 116), r([1, 4, 6, 6], 117)],
    attributes: { activation: "Relu", pads: [1, 1, 1, 1] },
  },
  "FusedMatMul transposed": {
    op: "FusedMatMul",
    domain: ms,
    inputs: [r([3, 5, 4], 118), r([3, 6, 5], 119)],
    attributes: { transA: 1, transB: 1, alpha: 0.3 },
  },
  "FusedMatMul batch transposed": {
    op: "FusedMatMul",
    domain: ms,
    inputs: [r([5, 3, 4], 120), r([3, 4, 6], 121)],
    attributes: { transBatchA: 1 },
  },
  "FusedGemm with LeakyRelu": {
    op: "FusedGemm",
    domain: ms,
    inputs: [r([4, 5], 122), r([5, 6], 123), r([6], 124)],
    attributes: { activation: "LeakyRelu", activation_alpha: 0.2 },
  },
  Gelu: { op: "Gelu", domain: ms, inputs: [r([60], 125, -6, 6)] },
  QuickGelu: { op: "QuickGelu", domain: ms, inputs: [r([60], 126, -6, 6)] },
  BiasGelu: { op: "BiasGelu", domain: ms, inputs: [r([4, 8], 127), r([8], 128)] },
  FastGelu: { op: "FastGelu", domain: ms, inputs: [r([4, 8], 129), r([8], 130)] },
  SkipLayerNormalization: {
    op: "SkipLayerNormalization",
    domain: ms,
    inputs: [r([2, 3, 8], 131), r([2, 3, 8], 132), r([8], 133), r([8], 134), r([8], 135)],
  },
  SkipSimplifiedLayerNormalization: {
    op: "SkipSimplifiedLayerNormalization",
    domain: ms,
    inputs: [r([2, 3, 8], 136), r([2, 3, 8], 137), r([8], 138)],
  },
  EmbedLayerNormalization: {
    op: "EmbedLayerNormalization",
    domain: ms,
    outputs: 2,
    inputs: [
      i32([2, 3], [1, 4, 2, 0, 3, 3]),
      i32([2, 3], [0, 0, 1, 1, 0, 1]),
      r([5, 8], 139),
      r([6, 8], 140),
      r([2, 8], 141),
      r([8], 142),
      r([8], 143),
      i32([2, 3], [1, 1, 0, 1, 1, 1]),
    ],
  },
  "Attention with mask and past": {
    op: "Attention",
    domain: ms,
    outputs: 2,
    inputs: [
      r([2, 3, 8], 144),
      r([8, 3 * hidden], 145, -1, 1),
      r([3 * hidden], 146),
      i32([2, 5], [1, 1, 0, 1, 1, 0, 1, 1, 1, 1]),
      r([2, 2, 3, 2, 4], 147),
    ],
    attributes: { num_heads: 3 },
  },
  "Attention one-directional": {
    op: "Attention",
    domain: ms,
    inputs: [r([2, 4, 8], 148), r([8, 3 * hidden], 149, -1, 1), r([3 * hidden], 150)],
    attributes: { num_heads: 3, unidirectional: 1 },
  },
  "MultiHeadAttention with bias": {
    op: "MultiHeadAttention",
    domain: ms,
    inputs: [r([2, 3, hidden], 151), r([2, 5, hidden], 152), r([2, 5, hidden], 153), r([3 * hidden], 154)],
    attributes: { num_heads: 3 },
  },
  RotaryEmbedding: {
    op: "RotaryEmbedding",
    opset: 23,
    inputs: [r([2, 3, 4, 8], 155), r([10, 3], 156), r([10, 3], 157), i64([2, 4], [0, 3, 9, 1, 2, 2, 5, 6])],
    attributes: { rotary_embedding_dim: 6, interleaved: 1 },
  },
};

describeAgainstOrt({ conv, transposed, pool, recurrent, matrix, normalisation, quantised, fused });
