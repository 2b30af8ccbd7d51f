// The formula of conv.h, one output at a time, in double, planar. Tolerance of a kernel against it: (terms + 16) · 2^-24 of the
// sum of absolute values; ten times that for Winograd.
#pragma once
#include <cmath>

#include "kernels/conv/conv.h"
#include "kernels/gemm/reference.h"

namespace inferlab::conv {

struct ReferenceElement {
  double value, magnitude;
};

// Output channel o at (z, y, x) of batch n; input and residual planar, weights as ONNX has them.
inline ReferenceElement Reference(const Params& p, const Pointers& q, std::int64_t n, std::int64_t o, std::int64_t z,
                                  std::int64_t y, std::int64_t x) {
  const std::int64_t position[3] = {z, y, x};
  const std::int64_t ic = p.input_channels / p.groups, oc = p.output_channels / p.groups, group = o / oc;
  const std::int64_t in_plane = p.axes[0].input * p.axes[1].input * p.axes[2].input;
  const std::int64_t out_plane = p.axes[0].output * p.axes[1].output * p.axes[2].output;
  double sum = q.bias ? q.bias[o] : 0.0;
  double magnitude = std::fabs(sum);
  std::int64_t tap[3];
  for (std::int64_t c = 0; c < ic; ++c)
    for (tap[0] = 0; tap[0] < p.axes[0].kernel; ++tap[0])
      for (tap[1] = 0; tap[1] < p.axes[1].kernel; ++tap[1])
        for (tap[2] = 0; tap[2] < p.axes[2].kernel; ++tap[2]) {
          std::int64_t offset = 0;
          std::int64_t weight = p.transposed ? (group * ic + c) * oc + o % oc : o * ic + c;
          bool inside = true;
          for (int d = 0; d < 3; ++d) {
            const Axis& a = p.axes[d];
            std::int64_t index = position[d] * a.stride - a.pad + tap[d] * a.dilation;
            if (p.transposed) {
              const std::int64_t scaled = position[d] + a.pad - tap[d] * a.dilation;
              index = scaled >= 0 && scaled % a.stride == 0 ? scaled / a.stride : -1;
            }
            inside = inside && index >= 0 && index < a.input;
            offset = offset * a.input + index;
            weight = weight * a.kernel + tap[d];
          }
          if (!inside) continue;
          const double term = static_cast<double>(q.weights[weight]) *
                              q.input[(n * p.input_channels + group * ic + c) * in_plane + offset];
          sum += term;
          magnitude += std::fabs(term);
        }
  const std::int64_t at = (n * p.output_channels + o) * out_plane +
                          (z * p.axes[1].output + y) * p.axes[2].output + x;
  const double residual = q.residual ? q.residual[at] : 0.0;
  magnitude += std::fabs(residual);
  if (p.residual == ResidualKind::kBeforeActivation) sum += residual;
  sum = ReferenceActivation(p.activation, sum, q.slope ? q.slope[o] : 0.0);
  if (p.residual == ResidualKind::kAfterActivation) sum += residual;
  return {sum, magnitude};
}

}  // namespace inferlab::conv
