// Convolution of 8-bit integers, planar in and out:
//
//   S[n, o, …] = Σ (X[n, c, …] - zx) · (W[o, c, …] - zw[o])  +  bias[o]      in int32; padding counts as zx
//   Y          = S, or clamp(round(float(S) · scale[o]) + zy)               as the product's (kernels/qgemm)
//
// The input is copied to patches of bytes, a part of the image at a time, then multiplied. Weights are the rows of that
// product: qgemm::PackA makes them, one row a filter. Filters of one channel each need no patches (depthwise.h). Results do not depend on the instruction set nor on the threads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"
#include "kernels/common/window.h"
#include "kernels/qgemm/qgemm.h"

namespace inferlab::qconv {

struct Params {
  std::int64_t batch = 1, input_channels = 1, output_channels = 1, groups = 1;
  Axis axes[3];  // depth, height, width
  bool x_signed = false;
  qgemm::Output output = qgemm::Output::kInt32;
  // 1: a scale a filter.
  std::int64_t scale_stride = 0;
};

struct Pointers {
  const std::uint8_t* x = nullptr;
  const std::int16_t* weights = nullptr;
  const std::int32_t* weight_sums = nullptr;
  const std::int8_t* quads = nullptr;  // the weights as bytes where they are small enough (qgemm::PackedQuads)
  std::int32_t x_zero = 0;
  const std::int32_t* bias = nullptr;  // one a filter, or none
  const float* scale = nullptr;        // bytes only
  std::int32_t y_zero = 0;
  void* y = nullptr;
};

// Elements of a filter: what a row of the weights holds.
std::int64_t Depth(const Params& params);
// Bytes Run needs, on any number of threads up to num_threads.
std::size_t WorkspaceBytes(const Params& params, int num_threads);
void Run(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel);

}  // namespace inferlab::qconv
