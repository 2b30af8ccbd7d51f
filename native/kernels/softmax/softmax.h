// Softmax of float32 along the middle of three axes.
//
//   y[o, i, k] = e^(x[o, i, k] - m) / Σ_j e^(x[o, j, k] - m)     m = max_j x[o, j, k]
//   logarithm: y = x - m - log Σ_j e^(x[o, j, k] - m)
//
// y may be x.
#pragma once
#include <cstdint>

#include "base/parallel.h"

namespace inferlab::softmax {

struct Params {
  bool logarithm = false;
  std::int64_t outer = 1;
  std::int64_t axis = 1;
  std::int64_t inner = 1;
};

void Run(const Params& params, const float* x, float* y, Parallel& parallel);

}  // namespace inferlab::softmax
