// Corners of matrices transposed in registers. For *_isa.cc sources only.
#pragma once
#include <cstdint>

#include "base/simd-inl.h"

namespace inferlab::INFERLAB_ISA_NS {

#if defined(__AVX2__)
// Transposes kRows ≤ 8 rows of 8 floats, `from_stride` apart, to 8 rows of 8 floats, `to_stride` apart. The last 8 - kRows floats of each
// row written have no meaning.
template <int kRows = 8>
INFERLAB_INLINE void Transpose8x8(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride) {
  __m256 r[8], s[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = i < kRows ? _mm256_loadu_ps(from + i * from_stride) : r[kRows - 1];
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    s[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    s[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xEE);
  }
  // In ascending order: rows closer than 8 floats overwrite what has no meaning.
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
}
#else
template <int kRows = 8>
INFERLAB_INLINE void Transpose8x8(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride) {
  for (int j = 0; j < 8; ++j)
    for (int i = 0; i < kRows; ++i) to[j * to_stride + i] = from[i * from_stride + j];
}
#endif

}  // namespace inferlab::INFERLAB_ISA_NS
