// Pooling of float32 over up to three spatial dimensions:
//
//   max:      Y[n, c, p] = max_k X[n, c, p·stride - pad + k·dilation]           over the k that fall inside
//   average:  Y[n, c, p] = Σ_k X[n, c, p·stride - pad + k·dilation] / count    count: taps inside, or (count_padding) those
//                                                                              inside the input with its padding
//
// A window that holds nothing gives -∞ (max) or NaN (average). Global pooling is a window as large as the input.
// Aliasing: none. Alignment: that of float. Nothing outside the tensors is read.
#pragma once
#include <cstdint>

#include "base/codes.gen.h"
#include "base/parallel.h"
#include "kernels/common/window.h"

namespace inferlab::pool {

using Kind = PoolKind;

struct Params {
  Kind kind = Kind::kMax;
  std::int64_t batch = 1, channels = 1;
  Axis axes[3];  // depth, height, width
  std::int64_t end_pads[3] = {0, 0, 0};
  bool count_padding = false;
  Layout layout = Layout::kPlanar;  // of X and Y
};

void Run(const Params& params, const float* input, float* output, Parallel& parallel);
// Name of the kernel in force, such as pool_max_f32_avx2.
const char* KernelName(const Params& params);

}  // namespace inferlab::pool
