// Matrix product of 8-bit integers with an epilogue:
//
//   S[b, i, j] = Σ_k (A[b, i, k] - za[i]) · (B[b, k, j] - zb[j])  +  bias[i, j]               in int32, wrapping around
//   C[b, i, j] = S                                                                            int32
//   C[b, i, j] = float(S) · scale[i, j] + addend[j]                                           float32
//   C[b, i, j] = clamp(round(float(S) · scale[i, j]) + zc)                                    uint8, int8
//
// round is to the nearest, ties to even; the product with the scale is one of float32, as ONNX Runtime computes it. Sums are
// exact: integer results have the same bits on every instruction set; all have on any number of threads.
//
// A is widened to int16 less its zero points (PackA does it once), B brought into panels of bytes (PackB). Of weights that are
// small enough (Form) bytes are multiplied as they are, which takes less than two thirds of the time. Aliasing: C overlaps
// nothing. Alignment: that of an element; packed A and packed weights that of int32.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"

namespace inferlab::qgemm {

inline constexpr int kMaxBatchDims = 6;

enum class Output { kInt32, kFloat32, kUint8, kInt8 };

// What a product multiplies. Pairs are int16 of A and bytes of B. Quads are bytes of both, one side unsigned, the other signed
// weights of which any two successive ones along k, the first at an even k, have magnitudes of together 128 at most: their
// sums then fit the int16 that the instruction saturates at. Quads need HasQuads().
enum class Form { kPairs, kUnsignedA, kUnsignedB };

struct Params {
  std::int64_t m = 0, n = 0, k = 0;
  // Elements between rows and between columns.
  std::int64_t a_row_stride = 0, a_column_stride = 1;
  std::int64_t b_row_stride = 0, b_column_stride = 1;
  std::int64_t c_row_stride = 0;
  bool a_signed = false, b_signed = false;
  // Made by PackA or PackB: no batch dimensions of that operand then.
  bool a_packed = false, b_packed = false;
  // With b_packed and not with a_packed: B was made by PackWeights instead.
  bool b_weights = false;
  // Of operands that are both packed. kUnsignedB: A are the rows of bytes that PackA found, B is made by PackQuads.
  Form form = Form::kPairs;
  Output output = Output::kInt32;
  // 0: one for all; 1: one a row of A (packed A: unused), one a column of B.
  std::int64_t a_zero_stride = 0, b_zero_stride = 0;
  // Of scale and bias: 0 or 1, not both 1.
  std::int64_t scale_row_stride = 0, scale_column_stride = 0;
  std::int64_t bias_row_stride = 0, bias_column_stride = 0;
  // Batch dimensions, outermost first; C's batches are dense (m · c_row_stride apart).
  int num_batch_dims = 0;
  std::int64_t batch_shape[kMaxBatchDims] = {};
  std::int64_t a_batch_strides[kMaxBatchDims] = {};
  std::int64_t b_batch_strides[kMaxBatchDims] = {};
};

struct Pointers {
  const void* a = nullptr;
  // Of packed A (PackedSums): what its rows sum up to.
  const std::int32_t* a_sums = nullptr;
  const void* b = nullptr;
  // Zero points as numbers; null: 0.
  const std::int32_t* a_zero = nullptr;
  const std::int32_t* b_zero = nullptr;
  const std::int32_t* bias = nullptr;
  // Needed for every output but int32.
  const float* scale = nullptr;
  // float32 only, of the columns; may be null.
  const float* addend = nullptr;
  std::int32_t c_zero = 0;
  void* c = nullptr;
};

constexpr std::size_t BytesOf(Output output) { return output == Output::kUint8 || output == Output::kInt8 ? 1 : 4; }

// Whether the instruction set in force multiplies quads.
bool HasQuads();

// Packed A: rows of int16, `PackedDepth(k)` apart, their sums, an int32 that says whether rows of bytes follow, and those,
// `QuadDepth(k)` apart: the same numbers, where quads of them can be multiplied.
constexpr std::int64_t PackedDepth(std::int64_t k) { return (k + 1) / 2 * 2; }
constexpr std::int64_t QuadDepth(std::int64_t k) { return (k + 3) / 4 * 4; }
constexpr std::size_t PackedABytes(std::int64_t m, std::int64_t k) {
  return static_cast<std::size_t>(m * (2 * PackedDepth(k) + 4 + QuadDepth(k)) + 4);
}
inline const std::int32_t* PackedSums(std::int64_t m, std::int64_t k, const void* packed) {
  return reinterpret_cast<const std::int32_t*>(static_cast<const std::int16_t*>(packed) + m * PackedDepth(k));
}
// Rows of bytes of packed A, or null.
inline const std::int8_t* PackedQuads(std::int64_t m, std::int64_t k, const void* packed) {
  const std::int32_t* has = PackedSums(m, k, packed) + m;
  return *has != 0 ? reinterpret_cast<const std::int8_t*>(has + 1) : nullptr;
}
void PackA(std::int64_t m, std::int64_t k, const void* a, bool is_signed, std::int64_t row_stride,
           std::int64_t column_stride, const std::int32_t* zero, std::int64_t zero_stride, void* packed);

// Columns in a panel of packed B.
int PanelColumns();
std::size_t PackedBBytes(std::int64_t k, std::int64_t n);
void PackB(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
           std::int64_t column_stride, void* packed);

// Panels of quads of unsigned bytes: signed ones lie 128 higher. A panel holds `QuadDepth(k)` bytes of each column.
std::size_t PackedQuadsBytes(std::int64_t k, std::int64_t n);
void PackQuads(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
               std::int64_t column_stride, void* packed);

// B that is known: panels as of PackB, or quads of signed bytes and sums of columns where they are small enough.
std::size_t PackedWeightsBytes(std::int64_t k, std::int64_t n);
void PackWeights(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
                 std::int64_t column_stride, void* packed);

// Bytes Run needs, on any number of threads up to num_threads.
std::size_t WorkspaceBytes(const Params& params, int num_threads);
void Run(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel);

}  // namespace inferlab::qgemm
