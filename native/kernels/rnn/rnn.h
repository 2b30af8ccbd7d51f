// LSTM and GRU of float32 with ONNX's gates and default activations, weights packed once.
//
//   LSTM (gates i, o, f, c):  i, o, f = σ(x·Wᵀ + h·Rᵀ + Wb + Rb)   g = tanh(…)   c = f·c + i·g   h = o·tanh(c)
//   GRU (gates z, r, h):      z, r = σ(…)   n = tanh(x·Wᵀ + Wb + r·(h·Rᵀ + Rb))  with linear_before_reset,
//                             else n = tanh(x·Wᵀ + Wb + (r·h)·Rᵀ + Rb)           h = (1 - z)·n + z·h
//
// x is [steps, batch, inputs]; y is [steps, directions, batch, hidden]; the states are [directions, batch, hidden]. The input products of
// all steps are one matrix product; the steps follow one another. Aliasing: none. Source: ONNX operators LSTM-14, GRU-14.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/codes.gen.h"
#include "base/parallel.h"

namespace inferlab::rnn {

struct Params {
  RnnKind kind = RnnKind::kLstm;
  std::int64_t steps = 0, batch = 0, inputs = 0, hidden = 0;
  // Of this many directions; the first runs backwards where `reverse`, the second always does.
  std::int64_t directions = 1;
  bool reverse = false;
  bool linear_before_reset = false;
};

struct Pointers {
  const float* x = nullptr;
  const float* weights = nullptr;  // packed
  const float* bias = nullptr;     // [directions, 2·gates·hidden] as ONNX has it, or nullptr: zeros
  const float* h0 = nullptr;       // nullptr: zeros
  const float* c0 = nullptr;
  float* y = nullptr;       // nullptr where nobody reads it
  float* h_last = nullptr;  // so too
  float* c_last = nullptr;
};

std::size_t PackedFloats(const Params& params);
// w [directions, gates·hidden, inputs], r [directions, gates·hidden, hidden].
void PackWeights(const Params& params, const float* w, const float* r, float* packed);
std::size_t WorkspaceBytes(const Params& params, int num_threads);
void Run(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel);

}  // namespace inferlab::rnn
