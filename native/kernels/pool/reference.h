// The formula of pool.h for one output, in double, planar. Tolerance of an average: (taps + 2) · 2^-24 of the sum of absolute
// values; a maximum is exact.
#pragma once
#include <cmath>

#include "kernels/pool/pool.h"

namespace inferlab::pool {

inline double Reference(const Params& p, const float* plane, const std::int64_t (&position)[3], double* magnitude) {
  double sum = p.kind == Kind::kMax ? -HUGE_VAL : 0.0;
  *magnitude = 0;
  std::int64_t inside = 0, counted = 0, tap[3];
  for (tap[0] = 0; tap[0] < p.axes[0].kernel; ++tap[0])
    for (tap[1] = 0; tap[1] < p.axes[1].kernel; ++tap[1])
      for (tap[2] = 0; tap[2] < p.axes[2].kernel; ++tap[2]) {
        bool in_input = true, in_padding = true;
        std::int64_t offset = 0;
        for (int d = 0; d < 3; ++d) {
          const Axis& a = p.axes[d];
          const std::int64_t at = position[d] * a.stride - a.pad + tap[d] * a.dilation;
          in_input = in_input && at >= 0 && at < a.input;
          in_padding = in_padding && at < a.input + p.end_pads[d];
          offset = offset * a.input + at;
        }
        counted += in_padding;
        if (!in_input) continue;
        ++inside;
        const double x = plane[offset];
        *magnitude += std::fabs(x);
        sum = p.kind == Kind::kMax ? std::fmax(sum, x) : sum + x;
      }
  if (p.kind == Kind::kMax) return sum;
  const auto count = static_cast<double>(p.count_padding ? counted : inside);
  *magnitude /= count;
  return sum / count;
}

}  // namespace inferlab::pool
