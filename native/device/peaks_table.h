// The loops that peaks.cc times, one set per instruction set.
#pragma once
#include <cstddef>

#include "base/isa.h"

namespace inferlab::device {

struct Table {
  // `rounds` times kFmasPerRound vector multiply-adds that do not wait for each other. Returns a number made of all results.
  float (*multiply_add)(std::size_t rounds);
  // y = 0.5·x.
  void (*scale)(const float* x, float* y, std::size_t n);
  int lanes;
};

inline constexpr std::size_t kFmasPerRound = 12 * 8;

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::device
