#pragma once
#include <cstddef>

#include "base/isa.h"

namespace inferlab::softmax {

struct Table {
  // One dense row of n.
  void (*row)(const float* x, float* y, std::size_t n, bool logarithm);
  // `width` ≤ kWidth columns next to each other, n rows `stride` elements apart.
  void (*columns)(const float* x, float* y, std::size_t n, std::size_t stride, std::size_t width, bool logarithm);
  // `rows` dense rows of n ≤ kShort.
  void (*short_rows)(const float* x, float* y, std::size_t rows, std::size_t n, bool logarithm);
};

inline constexpr std::size_t kWidth = 64;
inline constexpr std::size_t kShort = 24;

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::softmax
