// Padding: a copy that writes every element of the output once, borders included.
//
//   y[o…, :] = x[s(o)…, :]   where s maps a position of the output to one of the input, axis by axis, or to none: the fill
#pragma once
#include <cstdint>

#include "base/codes.gen.h"
#include "base/dtype.h"
#include "base/parallel.h"

namespace inferlab::copy {

struct PadAxis {
  std::int64_t in = 1;
  std::int64_t before = 0;  // positions in front of the input's first; negative ones cut
  std::int64_t out = 1;
};

struct PadParams {
  int element_bytes = 4;  // 1, 2, 4 or 8
  PadMode mode = PadMode::kConstant;
  int rank = 1;  // at least 1
  PadAxis axes[kMaxRank];
  std::int64_t block = 1;  // elements behind the last axis that move as one
};

// The position of the input that a position of the output, counted from the input's first, takes its element from; -1: the
// fill. All modes but constant need n > 0.
std::int64_t PadSource(PadMode mode, std::int64_t at, std::int64_t n);

// `fill`: one element. x and y do not overlap.
void Pad(const PadParams& params, const void* x, const void* fill, void* y, Parallel& parallel);

}  // namespace inferlab::copy
