// What each instruction set gives the dispatcher in rnn.cc: the gates of one row.
#pragma once
#include "base/isa.h"
#include "kernels/rnn/rnn.h"

namespace inferlab::rnn {

struct Table {
  // gates: 4·hidden sums in the order i, o, f, c. Updates c in place, writes h.
  void (*lstm_row)(std::int64_t hidden, const float* gates, float* c, float* h);
  // x: 3·hidden sums of the input, r: 3·hidden of the state (linear before reset). Updates h in place.
  void (*gru_row_linear)(std::int64_t hidden, const float* x, const float* r, float* h);
  // The first half of the other form: z and r from sums, z into `z`, r·h into `reset`.
  void (*gru_row_gates)(std::int64_t hidden, const float* x, const float* r, const float* h, float* z, float* reset);
  // The second half: `n` holds the complete sums of the hidden gate.
  void (*gru_row_finish)(std::int64_t hidden, const float* n, const float* z, float* h);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::rnn
