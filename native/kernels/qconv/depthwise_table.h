// What each instruction set gives the dispatcher in depthwise.cc.
#pragma once
#include "base/isa.h"
#include "kernels/qconv/qconv.h"

namespace inferlab::qconv::depthwise {

// Most taps of a filter.
inline constexpr int kMaxTaps = 64;
// Bytes behind the rows that a strip may read and does not use.
inline constexpr int kOverRead = 64;

// Rows of one filter's outputs. Output (y, x) reads, through tap t, the byte at rows + y · row_step + offsets[t] + x.
struct Strip {
  const std::uint8_t* rows;
  std::int64_t row_step;
  const std::int32_t* offsets;  // 2 · pairs of them
  const std::int16_t* weights;  // 2 · pairs of them, less their zero point; one beyond the taps is 0
  int pairs;
  std::int64_t height, width;  // outputs; rows of y are dense
  std::int32_t start;          // what each sum begins with
  qgemm::Output output;
  float scale;
  std::int32_t zero;
  void* y;
};

struct Table {
  // `count` bytes to `phases` rows: byte i to row i % phases, rows `phase_bytes` apart; each with its highest bit flipped by
  // `flip` 128.
  void (*split_row)(const std::uint8_t* from, std::int64_t count, int phases, std::int64_t phase_bytes, std::uint8_t flip,
                    std::uint8_t* to);
  void (*run_strip)(const Strip& strip);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::qconv::depthwise
