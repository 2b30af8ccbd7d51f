// Normalisation of float32 in one visit to memory a row:
//
//   y[r, i] = (x[r, i] - mean_r) / √(variance_r + epsilon) · scale + bias
//
// mean and variance over the row's `size` elements (rms: mean counts as 0). LayerNorm: scale and bias of an element,
// [size]. InstanceNorm: of a row's channel, [channels], rows counted batch by batch. The row is read twice for its
// statistics and once to write; a row that fits a cache comes from memory once. The statistics are distances, to the first
// element and then to the mean, summed in double from a few hundred on: neither a mean far from 0 nor a large plane costs
// digits.
// Aliasing: y may be x. Alignment: that of float.
#pragma once
#include <cstdint>

#include "base/parallel.h"
#include "kernels/common/window.h"

namespace inferlab::norm {

struct Params {
  std::int64_t rows = 0, size = 0;
  // Rows share scale[row % channels]; 0: scale and bias have `size` elements.
  std::int64_t channels = 0;
  // Rows are the channels of [rows / channels][⌈channels / B⌉][size][B] (channels > 0).
  Layout layout = Layout::kPlanar;
  bool rms = false;
  float epsilon = 1e-5f;
};

// scale and bias may be nullptr: 1 and 0.
void Run(const Params& params, const float* x, const float* scale, const float* bias, float* y, Parallel& parallel);
const char* KernelName();

}  // namespace inferlab::norm
