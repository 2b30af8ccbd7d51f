// Resampling of float32 planes: every output row is a weighted sum of input rows, each resampled along the columns.
//
//   y[p, i, j] = Σ_a Σ_b row_weights[i, a] · column_weights[j, b] · x[p, row_indices[i, a], column_indices[j, b]]
//
// The taps come from the compiler, which knows how ONNX places them; one tap an axis of weight 1 is nearest neighbour.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"

namespace inferlab::resize {

// Taps of an axis at most.
inline constexpr std::int64_t kMaxTaps = 64;

struct Axis {
  std::int64_t input = 1;
  std::int64_t output = 1;
  std::int64_t taps = 1;
  const std::int32_t* indices;  // output × taps, each in [0, input)
  const float* weights;         // output × taps
};

struct Params {
  std::int64_t planes = 1;
  bool nearest = false;  // one tap of weight 1 on both axes: elements are only copied
};

// Scratch memory of a thread.
std::size_t WorkspaceBytes(std::int64_t input_rows, std::int64_t output_columns);

void Run(const Params& params, const Axis& rows, const Axis& columns, const float* x, float* y, std::byte* workspace,
         Parallel& parallel);

}  // namespace inferlab::resize
