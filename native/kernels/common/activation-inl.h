// activation.h on vectors. For *_isa.cc sources only.
#pragma once
#include "base/simd-inl.h"
#include "kernels/common/activation.h"

namespace inferlab::INFERLAB_ISA_NS {

// erf(x) within 2e-7 absolute: 1 - t·Q(t)·e^-x², t = 1 / (1 + 0.3275911·|x|) (Abramowitz and Stegun 7.1.26).
INFERLAB_INLINE simd::F32 Erf(simd::F32 x) {
  using namespace simd;
  const F32 magnitude = Abs(x);
  const F32 t = Set(1.0f) / Fma(Set(0.3275911f), magnitude, Set(1.0f));
  F32 q = Set(1.061405429f);
  q = Fma(q, t, Set(-1.453152027f));
  q = Fma(q, t, Set(1.421413741f));
  q = Fma(q, t, Set(-0.284496736f));
  q = Fma(q, t, Set(0.254829592f));
  const F32 y = Set(1.0f) - q * t * Exp(Zero() - magnitude * magnitude);
  return CopySign(y, x);
}

template <ActivationKind kKind>
INFERLAB_INLINE simd::F32 Activate(simd::F32 x, float alpha, float beta) {
  using namespace simd;
  if constexpr (kKind == ActivationKind::kRelu) return Max(Zero(), x);
  if constexpr (kKind == ActivationKind::kClip) return Min(Set(beta), Max(Set(alpha), x));
  if constexpr (kKind == ActivationKind::kLeakyRelu) return IfLess(x, Zero(), x * Set(alpha), x);
  if constexpr (kKind == ActivationKind::kHardSigmoid)
    return Min(Set(1.0f), Max(Zero(), Fma(Set(alpha), x, Set(beta))));
  if constexpr (kKind == ActivationKind::kHardSwish)
    return x * Min(Set(1.0f), Max(Zero(), Fma(Set(alpha), x, Set(beta))));
  if constexpr (kKind == ActivationKind::kSigmoid) return Sigmoid(x);
  if constexpr (kKind == ActivationKind::kSilu) return Silu(x, alpha);
  if constexpr (kKind == ActivationKind::kTanh) return Tanh(x);
  if constexpr (kKind == ActivationKind::kGelu)
    return x * Set(0.5f) * (Set(1.0f) + Erf(x * Set(0.70710678118654752f)));
  if constexpr (kKind == ActivationKind::kElu) {
    // e^x - 1 loses digits near 0: there x·(1 + x/2 + x²/6) is exact to 2e-7 of the result's scale.
    const F32 series = x * Fma(x, Fma(x, Set(1.0f / 6), Set(0.5f)), Set(1.0f));
    const F32 below = IfLess(Set(-0.01f), x, series, Exp(x) - Set(1.0f));
    return IfLess(x, Zero(), below * Set(alpha), x);
  }
  return x;
}

// Applies an activation to `count` vectors in place. Prelu is the caller's: it knows the channel.
[[maybe_unused]] static __attribute__((noinline)) void ActivateAll(const Activation& activation, simd::F32* x,
                                                                    int count) {
  const float alpha = activation.alpha, beta = activation.beta;
  switch (activation.kind) {
#define INFERLAB_CASE(kind)                                                             \
  case ActivationKind::kind:                                                            \
    for (int i = 0; i < count; ++i) x[i] = Activate<ActivationKind::kind>(x[i], alpha, beta); \
    return;
    INFERLAB_CASE(kRelu)
    INFERLAB_CASE(kClip)
    INFERLAB_CASE(kLeakyRelu)
    INFERLAB_CASE(kHardSigmoid)
    INFERLAB_CASE(kHardSwish)
    INFERLAB_CASE(kSigmoid)
    INFERLAB_CASE(kSilu)
    INFERLAB_CASE(kTanh)
    INFERLAB_CASE(kGelu)
    INFERLAB_CASE(kElu)
#undef INFERLAB_CASE
    default:
      return;
  }
}

}  // namespace inferlab::INFERLAB_ISA_NS
