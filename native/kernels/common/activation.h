// The functions a kernel may apply to its result while it is still in registers.
#pragma once
#include <cstdint>

namespace inferlab {

enum class ActivationKind : std::int32_t {
  kNone = 0,
  kRelu = 1,
  kClip = 2,         // min(max(x, alpha), beta)
  kLeakyRelu = 3,    // x where x ≥ 0, else alpha·x
  kHardSigmoid = 4,  // min(max(alpha·x + beta, 0), 1)
  kHardSwish = 5,    // x · min(max(alpha·x + beta, 0), 1)
  kSigmoid = 6,
  kSilu = 7,  // x · sigmoid(alpha·x)
  kTanh = 8,
  kPrelu = 9,   // as LeakyRelu with one slope a channel, given beside the kernel's pointers
  kGelu = 10,   // x · (1 + erf(x / √2)) / 2
  kElu = 11,    // x where x ≥ 0, else alpha·(e^x - 1)
};

struct Activation {
  ActivationKind kind = ActivationKind::kNone;
  float alpha = 0.0f;
  float beta = 0.0f;
};

// Where a second tensor of the result's shape is added.
enum class ResidualKind : std::int32_t { kNone = 0, kBeforeActivation = 1, kAfterActivation = 2 };

}  // namespace inferlab
