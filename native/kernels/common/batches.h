// The batch dimensions of a matrix product: those of its Params (gemm, qgemm), outermost first. Not for *_isa.cc sources.
#pragma once
#include <cstdint>

namespace inferlab {

template <typename Params>
std::int64_t NumBatches(const Params& p) {
  std::int64_t count = 1;
  for (int d = 0; d < p.num_batch_dims; ++d) count *= p.batch_shape[d];
  return count;
}

// Elements in front of one batch's matrices.
struct BatchOffsets {
  std::int64_t a = 0, b = 0;
};

template <typename Params>
BatchOffsets OffsetsOf(const Params& p, std::int64_t batch) {
  BatchOffsets offsets;
  for (int d = p.num_batch_dims - 1; d >= 0; --d) {
    const std::int64_t index = batch % p.batch_shape[d];
    batch /= p.batch_shape[d];
    offsets.a += index * p.a_batch_strides[d];
    offsets.b += index * p.b_batch_strides[d];
  }
  return offsets;
}

}  // namespace inferlab
