// The formula of gemm.h, one element at a time, in double. Tolerance of a kernel against it: (k + 8) · 2^-24 of
// Σ |a·b| + |beta·bias| + |R|, the bound of a sum in any order.
#pragma once
#include <algorithm>
#include <cmath>

#include "kernels/gemm/gemm.h"

namespace inferlab {

inline double ReferenceActivation(const Activation& activation, double x, double slope = 0) {
  const double alpha = activation.alpha, beta = activation.beta;
  switch (activation.kind) {
    case ActivationKind::kNone:
      return x;
    case ActivationKind::kRelu:
      return x < 0 ? 0 : x;
    case ActivationKind::kClip:
      return std::min(std::max(x, alpha), beta);
    case ActivationKind::kLeakyRelu:
      return x < 0 ? alpha * x : x;
    case ActivationKind::kHardSigmoid:
      return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case ActivationKind::kHardSwish:
      return x * std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case ActivationKind::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case ActivationKind::kSilu:
      return x / (1 + std::exp(-alpha * x));
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kPrelu:
      return x < 0 ? slope * x : x;
    case ActivationKind::kGelu:
      return x * 0.5 * (1 + std::erf(x * 0.70710678118654752));
    case ActivationKind::kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
  }
  return x;
}

namespace gemm {

struct ReferenceElement {
  double value;
  double magnitude;  // Σ of absolute values: the scale rounding errors are measured by
};

// One element of one product; a, b, c offsets of the batch already applied to the pointers.
inline ReferenceElement Reference(const Params& p, const Pointers& x, std::int64_t i, std::int64_t j) {
  double sum = 0, magnitude = 0;
  for (std::int64_t k = 0; k < p.k; ++k) {
    const double term = static_cast<double>(x.a[i * p.a_row_stride + k * p.a_column_stride]) *
                        x.b[k * p.b_row_stride + j * p.b_column_stride];
    sum += term;
    magnitude += std::fabs(term);
  }
  sum *= p.alpha;
  magnitude *= std::fabs(p.alpha);
  if (x.bias) {
    const double bias = p.beta * static_cast<double>(x.bias[i * p.bias_row_stride + j * p.bias_column_stride]);
    sum += bias;
    magnitude += std::fabs(bias);
  }
  const double residual = x.residual ? x.residual[i * p.c_row_stride + j] : 0.0;
  magnitude += std::fabs(residual);
  if (p.residual == ResidualKind::kBeforeActivation) sum += residual;
  sum = ReferenceActivation(p.activation, sum, x.slope ? x.slope[i * p.slope_row_stride + j * p.slope_column_stride] : 0.0);
  if (p.residual == ResidualKind::kAfterActivation) sum += residual;
  return {sum, magnitude};
}

}  // namespace gemm
}  // namespace inferlab
