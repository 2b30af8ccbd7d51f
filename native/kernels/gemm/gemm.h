// Matrix product of float32 with an epilogue:
//
//   C[b, i, j] = act( alpha · Σ_k A[b, i, k] · B[b, k, j]  +  beta · bias[i, j]  +  R[b, i, j] )        (R before)
//   C[b, i, j] = act( alpha · Σ_k A[b, i, k] · B[b, k, j]  +  beta · bias[i, j] )  +  R[b, i, j]        (R after)
//
// The sum runs over k in ascending order, in blocks that depend on k alone, whatever the number of threads: same input, same bits.
// A and B are strided views; B may instead have been packed once (weights). C is dense in its rows.
// Aliasing: R may be C; otherwise C overlaps nothing. Alignment: that of float. Nothing outside the views is read.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"
#include "kernels/common/activation.h"

namespace inferlab::gemm {

inline constexpr int kMaxBatchDims = 6;

struct Params {
  std::int64_t m = 0, n = 0, k = 0;
  // Elements between rows and between columns.
  std::int64_t a_row_stride = 0, a_column_stride = 1;
  std::int64_t b_row_stride = 0, b_column_stride = 1;
  std::int64_t c_row_stride = 0;
  // B holds panels made by PackB (b_*_stride unused; b_batch_strides count floats of the packed form).
  bool b_packed = false;
  float alpha = 1.0f, beta = 1.0f;
  // Elements of bias between rows and between columns; 0 repeats. The column stride is 0 or 1. No bias: null pointer.
  std::int64_t bias_row_stride = 0, bias_column_stride = 0;
  Activation activation;
  // The same for the slopes of a Prelu.
  std::int64_t slope_row_stride = 0, slope_column_stride = 1;
  ResidualKind residual = ResidualKind::kNone;
  // Batch dimensions, outermost first; C's batches are dense (m · c_row_stride apart). R lies as C does.
  int num_batch_dims = 0;
  std::int64_t batch_shape[kMaxBatchDims] = {};
  std::int64_t a_batch_strides[kMaxBatchDims] = {};
  std::int64_t b_batch_strides[kMaxBatchDims] = {};
};

struct Pointers {
  const float* a = nullptr;
  const float* b = nullptr;
  const float* bias = nullptr;
  const float* residual = nullptr;
  // Where the activation is Prelu.
  const float* slope = nullptr;
  float* c = nullptr;
};

// Columns in a panel of packed B: 16 with AVX2 and NEON, 32 with AVX-512, 8 plain.
int PanelColumns();
// Floats the packed form of a k × n matrix takes.
std::size_t PackedFloats(std::int64_t k, std::int64_t n);
// Packs B (element (k, j) at b[k·row_stride + j·column_stride]): panels of PanelColumns() columns, each k rows, zeros
// beyond n.
void PackB(std::int64_t k, std::int64_t n, const float* b, std::int64_t row_stride, std::int64_t column_stride,
           float* packed);

// Bytes Run needs beside the operands, on any number of threads up to num_threads. With packed B the workspace may be nullptr all the
// same: A is then read in place.
std::size_t WorkspaceBytes(const Params& params, int num_threads);
void Run(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel);

// Name of the kernel in force, such as gemm_f32_avx2_6x16.
const char* KernelName();

}  // namespace inferlab::gemm
