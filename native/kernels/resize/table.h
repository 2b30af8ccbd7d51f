#pragma once
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace inferlab::resize {

struct Table {
  // y[j] = Σ_b weights[j, b] · x[indices[j, b]]
  void (*columns)(const float* x, float* y, std::int64_t n, std::int64_t taps, const std::int32_t* indices,
                  const float* weights);
  // y[j] = Σ_a weights[a] · rows[a][j]
  void (*rows)(const float* const* rows, const float* weights, std::int64_t taps, float* y, std::int64_t n);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::resize
