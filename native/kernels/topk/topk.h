// The k largest (or smallest) of float32 x[outer, axis, inner] along the middle axis, best first:
//
//   values[o, j, i] = x[o, indices[o, j, i], i]
//
// Of equal elements the one with the lower position comes first. NaN counts as larger than every number.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"

namespace inferlab::topk {

struct Params {
  bool largest = true;
  std::int64_t outer = 1, axis = 1, inner = 1;
  std::int64_t k = 1;  // at most axis
};

std::size_t WorkspaceBytesPerThread(const Params& params);
// `values` or `indices` may be nullptr.
void Run(const Params& params, const float* x, float* values, std::int64_t* indices, std::byte* workspace,
         Parallel& parallel);

}  // namespace inferlab::topk
