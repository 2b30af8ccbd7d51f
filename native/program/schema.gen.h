// Made by `npm run gen` from the instructions in src/compiler/program/lower/.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "program/instruction.h"

namespace inferlab::program {

inline constexpr std::uint64_t kSchemaHash = 0x82788b9a8003f27a;

// Position (int64) of the largest or smallest element of float32 x[outer, axis, inner] along the middle axis.
struct ArgReduceParams {
  std::int64_t largest = 0;
  std::int64_t last = 0;
  std::int64_t outer = 0;
  std::int64_t axis = 0;
  std::int64_t inner = 0;
};
Status MakeArgReduce(const ArgReduceParams& params, const Site& site, Made* made);

// Convolution (kernels/conv) of input, packed weights, bias?, slope?, residual?. channels: batch, input, output,
// groups. axes: input, output, kernel, stride, dilation, pad of depth, height, width. Layouts: 0 planar, 1 blocked.
struct ConvParams {
  std::int64_t algorithm = 0;
  std::int64_t input_layout = 0;
  std::int64_t output_layout = 0;
  std::vector<std::int64_t> channels;
  std::vector<std::int64_t> axes;
  std::int64_t transposed = 0;
  std::int64_t tile_columns = 0;
  std::int64_t tile_blocks = 0;
  std::int64_t activation = 0;
  double alpha = 0;
  double beta = 0;
  std::int64_t residual = 0;
};
Status MakeConv(const ConvParams& params, const Site& site, Made* made);

// y[out_offset + i·out_strides] = x[in_offset + i·in_strides] for every index i of dims, in elements of element_bytes
// (1, 2, 4, 8).
struct CopyParams {
  std::int64_t element_bytes = 0;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> in_strides;
  std::vector<std::int64_t> out_strides;
  std::int64_t in_offset = 0;
  std::int64_t out_offset = 0;
};
Status MakeCopy(const CopyParams& params, const Site& site, Made* made);

// A chain of pointwise steps in one pass (kernels/elementwise). inputs: per operand its type, then a stride in elements
// for each of dims. steps: function, argument type, result type and three slots each (-1: none); constants: alpha and
// beta of each step. outputs: the slot each output operand gets.
struct ElementwiseParams {
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> inputs;
  std::vector<std::int64_t> steps;
  std::vector<double> constants;
  std::vector<std::int64_t> outputs;
};
Status MakeElementwise(const ElementwiseParams& params, const Site& site, Made* made);

// y[o, i, k] = x[o, index[i], k] over outer × indices × blocks of block_bytes; x has `axis` blocks along the axis.
// Indices are int64, or int32 where index_bytes is 4; a negative one counts from the end.
struct GatherParams {
  std::int64_t outer = 0;
  std::int64_t axis = 0;
  std::int64_t indices = 0;
  std::int64_t block_bytes = 0;
  std::int64_t index_bytes = 0;
};
Status MakeGather(const GatherParams& params, const Site& site, Made* made);

// y[b, n] = x[b, indices[b, n]]: slices of slice_bytes; the int64 coordinates go into `dims`, a negative one counts
// from the end.
struct GatherNdParams {
  std::vector<std::int64_t> dims;
  std::int64_t batch = 0;
  std::int64_t count = 0;
  std::int64_t slice_bytes = 0;
};
Status MakeGatherNd(const GatherNdParams& params, const Site& site, Made* made);

// C = act(alpha · A·B + beta · bias) (kernels/gemm) of A, B, bias?, residual?. sizes: m, n, k. strides: rows and
// columns of A, of B, of the bias. packed: B was made by PackGemm. batch and its strides: outermost first.
struct GemmParams {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  std::int64_t packed = 0;
  std::vector<std::int64_t> batch;
  std::vector<std::int64_t> a_batch_strides;
  std::vector<std::int64_t> b_batch_strides;
  double alpha = 0;
  double beta = 0;
  std::int64_t activation = 0;
  double activation_alpha = 0;
  double activation_beta = 0;
  std::int64_t residual = 0;
};
Status MakeGemm(const GemmParams& params, const Site& site, Made* made);

// y = (x - mean) / √(variance + epsilon) · scale? + bias? over rows of size elements (kernels/norm). channels: rows
// share scale[row % channels]; 0: a scale an element. layout: 0 planar, 1 blocked.
struct NormalizeParams {
  std::int64_t rows = 0;
  std::int64_t size = 0;
  std::int64_t channels = 0;
  std::int64_t layout = 0;
  std::int64_t rms = 0;
  double epsilon = 0;
};
Status MakeNormalize(const NormalizeParams& params, const Site& site, Made* made);

// Convolution weights as the kernel wants them; parameters as those of Conv.
struct PackConvParams {
  std::int64_t algorithm = 0;
  std::int64_t input_layout = 0;
  std::int64_t output_layout = 0;
  std::vector<std::int64_t> channels;
  std::vector<std::int64_t> axes;
  std::int64_t transposed = 0;
  std::int64_t tile_columns = 0;
  std::int64_t tile_blocks = 0;
};
Status MakePackConv(const PackConvParams& params, const Site& site, Made* made);

// A matrix B[k, n] in the panels Gemm reads (kernels/gemm); element (i, j) lies at i · rowStride + j · columnStride.
struct PackGemmParams {
  std::int64_t k = 0;
  std::int64_t n = 0;
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 0;
};
Status MakePackGemm(const PackGemmParams& params, const Site& site, Made* made);

// A matrix B[k, n] of bytes in the panels QuantizedGemm reads (kernels/qgemm); element (i, j) lies at i · rowStride + j
// · columnStride.
struct PackQuantizedColumnsParams {
  std::int64_t k = 0;
  std::int64_t n = 0;
  std::int64_t is_signed = 0;
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 0;
};
Status MakePackQuantizedColumns(const PackQuantizedColumnsParams& params, const Site& site, Made* made);

// Dense rows A[m, k] of bytes less their zero points, as int16, and their sums (kernels/qgemm). zeroPerRow: one a row.
struct PackQuantizedRowsParams {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t is_signed = 0;
  std::int64_t zero_per_row = 0;
};
Status MakePackQuantizedRows(const PackQuantizedRowsParams& params, const Site& site, Made* made);

// W and R of an LSTM or GRU as Rnn reads them.
struct PackRnnParams {
  std::int64_t kind = 0;
  std::int64_t inputs = 0;
  std::int64_t hidden = 0;
  std::int64_t directions = 0;
  std::int64_t linear_before_reset = 0;
};
Status MakePackRnn(const PackRnnParams& params, const Site& site, Made* made);

// Padding (kernels/copy/pad.h) of elements of element_bytes (1, 2, 4, 8). axes: input, positions before it, output of
// each; `block` elements behind the last axis move as one. Inputs: the tensor, the fill (one element).
struct PadParams {
  std::int64_t element_bytes = 0;
  std::int64_t mode = 0;
  std::vector<std::int64_t> axes;
  std::int64_t block = 0;
};
Status MakePad(const PadParams& params, const Site& site, Made* made);

// Pooling (kernels/pool). axes: input, output, kernel, stride, dilation, pad, end pad of depth, height, width; layout:
// 0 planar, 1 blocked.
struct PoolParams {
  std::int64_t kind = 0;
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  std::vector<std::int64_t> axes;
  std::int64_t count_padding = 0;
  std::int64_t layout = 0;
};
Status MakePool(const PoolParams& params, const Site& site, Made* made);

// Convolution of 8-bit integers (kernels/qconv) of x, weights made by PackQuantizedRows, xZero?, xScale?, wScale?,
// yScale?, yZero?, bias?. channels: batch, input, output, groups. axes: input, output, kernel, stride, dilation, pad of
// depth, height, width. types: whether x is signed; the result (int32, float32, uint8, int8).
struct QuantizedConvParams {
  std::vector<std::int64_t> channels;
  std::vector<std::int64_t> axes;
  std::vector<std::int64_t> types;
  std::int64_t scale_per_filter = 0;
};
Status MakeQuantizedConv(const QuantizedConvParams& params, const Site& site, Made* made);

// C = Σ (A - aZero)·(B - bZero) + bias, scaled and rounded where C is no int32 (kernels/qgemm), of A, B, aZero?,
// bZero?, aScale?, bScale?, yScale?, yZero?, bias?. sizes: m, n, k. strides: rows and columns of A, of B. types:
// whether A and B are signed, C (int32, float32, uint8, int8), whether the bias is float32. along: whether aZero and
// aScale are one a row, bZero and bScale one a column, in the order of the operands. packed: B was made by
// PackQuantizedColumns. batch and its strides: outermost first.
struct QuantizedGemmParams {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> types;
  std::vector<std::int64_t> along;
  std::int64_t packed = 0;
  std::vector<std::int64_t> batch;
  std::vector<std::int64_t> a_batch_strides;
  std::vector<std::int64_t> b_batch_strides;
  double alpha = 0;
};
Status MakeQuantizedGemm(const QuantizedGemmParams& params, const Site& site, Made* made);

// y[k] = reduction over r of x[k·kept_strides + r·reduced_strides], float32; y is dense over the kept dims.
struct ReduceParams {
  std::int64_t function = 0;
  std::vector<std::int64_t> kept_dims;
  std::vector<std::int64_t> kept_strides;
  std::vector<std::int64_t> reduced_dims;
  std::vector<std::int64_t> reduced_strides;
};
Status MakeReduce(const ReduceParams& params, const Site& site, Made* made);

// Between planar [batch][channels][plane] and blocked [batch][⌈channels / B⌉][plane][B], B the channels of a block
// (kernels/conv).
struct ReorderParams {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  std::int64_t plane = 0;
  std::int64_t to_blocked = 0;
};
Status MakeReorder(const ReorderParams& params, const Site& site, Made* made);

// Resamples float32 planes [input_rows, input_columns] to [output_rows, output_columns] with the taps given; nearest:
// one tap of weight 1 on both axes.
struct ResizeParams {
  std::int64_t planes = 0;
  std::int64_t input_rows = 0;
  std::int64_t input_columns = 0;
  std::int64_t output_rows = 0;
  std::int64_t output_columns = 0;
  std::int64_t nearest = 0;
  std::int64_t row_taps = 0;
  std::vector<std::int64_t> row_indices;
  std::vector<double> row_weights;
  std::int64_t column_taps = 0;
  std::vector<std::int64_t> column_indices;
  std::vector<double> column_weights;
};
Status MakeResize(const ResizeParams& params, const Site& site, Made* made);

// LSTM or GRU (kernels/rnn) of x, packed weights, bias?, initial h?, initial c?; gives y?, last h?, last c?.
struct RnnParams {
  std::int64_t kind = 0;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::int64_t inputs = 0;
  std::int64_t hidden = 0;
  std::int64_t directions = 0;
  std::int64_t reverse = 0;
  std::int64_t linear_before_reset = 0;
};
Status MakeRnn(const RnnParams& params, const Site& site, Made* made);

// y is x, but y[indices[n]] = updates[n], n ascending: slices of slice_bytes; coordinates as those of GatherNd. y may
// be x.
struct ScatterNdParams {
  std::vector<std::int64_t> dims;
  std::int64_t count = 0;
  std::int64_t slice_bytes = 0;
};
Status MakeScatterNd(const ScatterNdParams& params, const Site& site, Made* made);

// Softmax (or its logarithm) of float32 x[outer, axis, inner] along the middle axis; y may be x.
struct SoftmaxParams {
  std::int64_t logarithm = 0;
  std::int64_t outer = 0;
  std::int64_t axis = 0;
  std::int64_t inner = 0;
};
Status MakeSoftmax(const SoftmaxParams& params, const Site& site, Made* made);

// The k largest (or smallest) elements of float32 x[outer, axis, inner] along the middle axis, best first, and their
// positions (int64).
struct TopKParams {
  std::int64_t largest = 0;
  std::int64_t outer = 0;
  std::int64_t axis = 0;
  std::int64_t inner = 0;
  std::int64_t k = 0;
};
Status MakeTopK(const TopKParams& params, const Site& site, Made* made);

// Decodes one instruction's parameters and makes it.
Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made);

}  // namespace inferlab::program
