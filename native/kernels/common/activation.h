// The functions a kernel may apply to its result while it is still in registers.
#pragma once
#include "base/codes.gen.h"

namespace inferlab {

// ActivationKind (base/codes.gen.h): none; relu; clip min(max(x, alpha), beta); leakyRelu x where x ≥ 0, else alpha·x;
// hardSigmoid min(max(alpha·x + beta, 0), 1); hardSwish x times that; sigmoid; silu x·sigmoid(alpha·x); tanh; prelu as
// leakyRelu with one slope a channel, given beside the kernel's pointers; gelu x·(1 + erf(x / √2)) / 2; elu x where x ≥ 0,
// else alpha·(e^x - 1).
struct Activation {
  ActivationKind kind = ActivationKind::kNone;
  float alpha = 0.0f;
  float beta = 0.0f;
};

}  // namespace inferlab
