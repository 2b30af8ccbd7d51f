// What each instruction set gives the dispatcher in pool.cc.
#pragma once
#include "base/isa.h"
#include "kernels/pool/pool.h"

namespace inferlab::pool {

struct Table {
  const char* max_name;
  const char* average_name;
  int block_channels;
  // One plane (of a channel, or of a block of channels), output rows [begin, end) counted over depth and height.
  void (*plane)(const Params& params, const float* input, float* output, std::int64_t begin, std::int64_t end);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::pool
