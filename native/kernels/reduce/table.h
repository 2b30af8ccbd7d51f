// Private to the family: loops over dense runs.
#pragma once
#include <cstddef>

#include "base/codes.gen.h"
#include "base/isa.h"

namespace inferlab::reduce {

enum class Fold { kSum, kSumAbs, kSumSquare, kSumExp, kProd, kMax, kMin };

struct Table {
  // ⊕ of a run of n ≥ 1 elements. kSumExp sums e^(x - shift).
  float (*row)(Fold fold, const float* x, std::size_t n, float shift);
  // accumulator[i] ⊕= map(x[i]); kSumExp subtracts shift[i].
  void (*columns)(Fold fold, float* accumulator, const float* x, std::size_t n, const float* shift);
  // y[i] = log(y[i]) + (shift ? shift[i] : 0), or sqrt(y[i]).
  void (*log)(float* y, std::size_t n, const float* shift);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::reduce
