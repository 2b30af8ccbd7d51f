// What each instruction set gives the dispatcher in norm.cc.
#pragma once
#include "base/isa.h"
#include "kernels/norm/norm.h"

namespace inferlab::norm {

struct Table {
  const char* name;
  int block_channels;
  // Rows [begin, end).
  void (*rows)(const Params& params, std::int64_t begin, std::int64_t end, const float* x, const float* scale,
               const float* bias, float* y);
  // One block of channels; scale and bias are those of its `channels` first lanes, or nullptr.
  void (*block)(const Params& params, std::int64_t channels, const float* x, const float* scale, const float* bias,
                float* y);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::norm
