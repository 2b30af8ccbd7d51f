// Private to the family: loops over dense runs.
#pragma once
#include <cstddef>

#include "base/codes.gen.h"
#include "base/isa.h"

namespace inferlab::reduce {

enum class Fold { kSum, kSumAbs, kSumSquare, kSumExp, kProd, kMax, kMin };

// Rows of fewer elements are folded one element after the other.
inline constexpr std::size_t kLanes = 32;

struct Table {
  // ⊕ of a run of n ≥ 1 elements. kSumExp sums e^(x - shift).
  float (*row)(Fold fold, const float* x, std::size_t n, float shift);
  // The same of `rows` rows of n < kLanes elements that lie one behind the other, bit by bit; not for kSumExp.
  void (*short_rows)(Fold fold, const float* x, std::size_t rows, std::size_t n, float* y);
  // accumulator[i] ⊕= map(x[i]); kSumExp subtracts shift[i].
  void (*columns)(Fold fold, float* accumulator, const float* x, std::size_t n, const float* shift);
  // y[i] = log(y[i]) + (shift ? shift[i] : 0), or sqrt(y[i]).
  void (*log)(float* y, std::size_t n, const float* shift);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::reduce
