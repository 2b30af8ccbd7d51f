// Sums are the same integers on every instruction set. Where 256-bit intrinsics are written out, GCC's vectoriser makes a third
// or less of their speed: it does not find the byte shuffles.
#include "vision/rows.h"

#include <cstring>

#if defined(__AVX2__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

namespace inferlab::vision::rows::INFERLAB_ISA_NS {
namespace {

// (a · b + 2^14) / 2^15, rounded down: pmulhrsw.
inline std::int16_t MulRound(int a, int b) { return static_cast<std::int16_t>((a * b + 16384) >> 15); }
inline std::uint8_t Saturate(int v) { return static_cast<std::uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v); }

void ScaleRow(const std::uint8_t* x, std::int16_t* y, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) y[j] = static_cast<std::int16_t>(x[j] << 6);
}

void MixTwo(const std::uint8_t* __restrict a, const std::uint8_t* __restrict b, int weight, std::int16_t* __restrict y,
            std::int64_t n) {
  std::int64_t j = 0;
#if defined(__AVX2__)
  const __m256i w = _mm256_set1_epi16(static_cast<short>(weight));
  for (; j + 16 <= n; j += 16) {
    const __m256i va = _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(a + j))), 6);
    const __m256i vb = _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(b + j))), 6);
    const __m256i v = _mm256_add_epi16(va, _mm256_mulhrs_epi16(_mm256_sub_epi16(vb, va), w));
    _mm256_storeu_si256((__m256i*)(y + j), v);
  }
#endif
  for (; j < n; ++j) y[j] = static_cast<std::int16_t>((a[j] << 6) + MulRound((b[j] - a[j]) << 6, weight));
}

void MixU8(const std::uint8_t* const* rows, const std::int16_t* weights, int taps, std::int16_t* y, std::int64_t n) {
  // Taps that count, by their weight.
  int first = 0, last = taps - 1;
  while (first < last && weights[first] == 0) ++first;
  while (last > first && weights[last] == 0) --last;
  if (first == last) return ScaleRow(rows[first], y, n);
  if (last == first + 1 && weights[first] > 0 && weights[last] > 0)
    return MixTwo(rows[first], rows[last], weights[last] * 2, y, n);
  std::int64_t j = 0;
#if defined(__AVX2__)
  const __m256i half = _mm256_set1_epi32(128);
  for (; j + 16 <= n; j += 16) {
    __m256i low = half, high = half;
    for (int t = first; t <= last; t += 2) {
      const bool pair = t < last;
      const __m256i w =
          _mm256_set1_epi32((weights[t] & 0xffff) | (pair ? static_cast<int>(static_cast<unsigned>(weights[t + 1]) << 16) : 0));
      const __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(rows[t] + j)));
      const __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(rows[pair ? t + 1 : t] + j)));
      low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), w));
      high = _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), w));
    }
    _mm256_storeu_si256((__m256i*)(y + j), _mm256_packs_epi32(_mm256_srai_epi32(low, 8), _mm256_srai_epi32(high, 8)));
  }
#endif
  for (; j < n; ++j) {
    int sum = 128;
    for (int t = first; t <= last; ++t) sum += weights[t] * rows[t][j];
    y[j] = static_cast<std::int16_t>(sum >> 8);
  }
}

void MixF32(const float* const* rows, const float* weights, int taps, float* y, std::int64_t n) {
  {
    const float w = weights[0];
    const float* a = rows[0];
    for (std::int64_t j = 0; j < n; ++j) y[j] = w == 1.0f ? a[j] : w == 0.0f ? 0.0f : w * a[j];
  }
  for (int t = 1; t < taps; ++t) {
    const float w = weights[t];
    if (w == 0.0f) continue;
    const float* __restrict a = rows[t];
    float* __restrict to = y;
    for (std::int64_t j = 0; j < n; ++j) to[j] += w * a[j];
  }
}

inline int PairLow(std::int32_t pair) { return static_cast<std::int16_t>(pair & 0xffff); }
inline int PairHigh(std::int32_t pair) { return pair >> 16; }

void GatherU8(const std::int16_t* x, const std::int32_t* first, const std::int32_t* pairs, std::int64_t pair_stride,
              int taps, int channels, std::uint8_t* y, std::int64_t width) {
  [[maybe_unused]] const int num_pairs = (taps + 1) / 2;
  std::int64_t i = 0;
#if defined(__AVX2__)
  const __m256i half = _mm256_set1_epi32(1 << 19);
  if (channels == 3 || channels == 4) {
    // r0 r1 g0 g1 b0 b1 (a0 a1) of two neighbouring pixels, in 16 bits.
    const __m256i order = channels == 3 ? _mm256_setr_epi8(0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1, 0, 1, 6, 7,
                                                           2, 3, 8, 9, 4, 5, 10, 11, -1, -1, -1, -1)
                                        : _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9,
                                                           2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m256i even = _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2);
    const __m256i odd = _mm256_setr_epi32(1, 1, 1, 1, 3, 3, 3, 3);
    const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    for (; i + 4 <= width; i += 4) {
      __m256i a = half, b = half;
      const std::int16_t* p[4];
      for (int k = 0; k < 4; ++k) p[k] = x + static_cast<std::int64_t>(first[i + k]) * channels;
      for (int t = 0; t < num_pairs; ++t) {
        const __m256i w = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)(pairs + t * pair_stride + i)));
        const std::int64_t at = static_cast<std::int64_t>(2 * t) * channels;
        const __m256i pa = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)(p[0] + at))),
                                                   _mm_loadu_si128((const __m128i*)(p[2] + at)), 1);
        const __m256i pb = _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i*)(p[1] + at))),
                                                   _mm_loadu_si128((const __m128i*)(p[3] + at)), 1);
        a = _mm256_add_epi32(a, _mm256_madd_epi16(_mm256_shuffle_epi8(pa, order), _mm256_permutevar8x32_epi32(w, even)));
        b = _mm256_add_epi32(b, _mm256_madd_epi16(_mm256_shuffle_epi8(pb, order), _mm256_permutevar8x32_epi32(w, odd)));
      }
      const __m256i levels = _mm256_packs_epi32(_mm256_srai_epi32(a, 20), _mm256_srai_epi32(b, 20));
      const __m128i four =
          _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi16(levels, levels), 0x08));
      if (channels == 4) {
        _mm_storeu_si128((__m128i*)(y + i * 4), four);
      } else if (i + 6 <= width) {
        _mm_storeu_si128((__m128i*)(y + i * 3), _mm_shuffle_epi8(four, three));
      } else {
        const __m128i twelve = _mm_shuffle_epi8(four, three);
        std::memcpy(y + i * 3, &twelve, 12);
      }
    }
  } else if (channels == 1) {
    for (; i + 8 <= width; i += 8) {
      const __m256i at = _mm256_loadu_si256((const __m256i*)(first + i));
      __m256i sum = half;
      for (int t = 0; t < num_pairs; ++t) {
        const __m256i two = _mm256_i32gather_epi32((const int*)(x + 2 * t), at, 2);
        sum = _mm256_add_epi32(
            sum, _mm256_madd_epi16(two, _mm256_loadu_si256((const __m256i*)(pairs + t * pair_stride + i))));
      }
      sum = _mm256_srai_epi32(sum, 20);
      const __m128i levels = _mm_packs_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
      _mm_storel_epi64((__m128i*)(y + i), _mm_packus_epi16(levels, levels));
    }
  }
#endif
  for (; i < width; ++i) {
    const std::int16_t* p = x + static_cast<std::int64_t>(first[i]) * channels;
    for (int c = 0; c < channels; ++c) {
      int sum = 1 << 19;
      for (int t = 0; t < taps; t += 2) {
        const std::int32_t pair = pairs[t / 2 * pair_stride + i];
        sum += PairLow(pair) * p[t * channels + c];
        if (t + 1 < taps) sum += PairHigh(pair) * p[(t + 1) * channels + c];
      }
      y[i * channels + c] = Saturate(sum >> 20);
    }
  }
}

void GatherF32(const float* x, const std::int32_t* first, const float* weights, int taps, int channels, float* y,
               std::int64_t width) {
  for (std::int64_t i = 0; i < width; ++i) {
    const float* p = x + static_cast<std::int64_t>(first[i]) * channels;
    const float* w = weights + i * taps;
    for (int c = 0; c < channels; ++c) {
      float sum = 0.0f;
      for (int t = 0; t < taps; ++t)
        if (w[t] != 0.0f) sum += w[t] * p[t * channels + c];
      y[i * channels + c] = sum;
    }
  }
}

template <int kChannels>
inline void Pick(const std::uint8_t* x, const std::int32_t* first, std::uint8_t* y, std::int64_t width) {
  for (std::int64_t i = 0; i < width; ++i)
    std::memcpy(y + i * kChannels, x + static_cast<std::int64_t>(first[i]) * kChannels, kChannels);
}

void PickU8(const std::uint8_t* x, const std::int32_t* first, [[maybe_unused]] std::int64_t inner, int channels,
            std::uint8_t* y, std::int64_t width) {
  if (channels == 1) return Pick<1>(x, first, y, width);
  if (channels == 4) return Pick<4>(x, first, y, width);
  if (channels == 3) {
    std::int64_t i = 0;
#if defined(__AVX2__)
    // A load takes the byte behind its pixel too; of the 16 bytes stored the next two pixels overwrite the last four.
    const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const auto load = [&](std::int64_t k) __attribute__((always_inline)) {
      int bytes;
      std::memcpy(&bytes, x + static_cast<std::int64_t>(first[k]) * 3, 4);
      return bytes;
    };
    for (; i + 4 <= inner && i + 6 <= width; i += 4) {
      const __m128i four = _mm_setr_epi32(load(i), load(i + 1), load(i + 2), load(i + 3));
      _mm_storeu_si128((__m128i*)(y + i * 3), _mm_shuffle_epi8(four, three));
    }
#endif
    return Pick<3>(x, first + i, y + i * 3, width - i);
  }
  for (std::int64_t i = 0; i < width; ++i)
    for (int c = 0; c < channels; ++c) y[i * channels + c] = x[static_cast<std::int64_t>(first[i]) * channels + c];
}

void SymmetricRowsU8(const std::uint8_t* const* rows, const std::int16_t* weights, int radius, std::int16_t* y,
                     std::int64_t n) {
  std::int64_t j = 0;
#if defined(__AVX2__)
  for (; j + 16 <= n; j += 16) {
    __m256i sum = _mm256_mulhrs_epi16(
        _mm256_slli_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(rows[0] + j))), 6),
        _mm256_set1_epi16(weights[0]));
    for (int t = 1; t <= radius; ++t) {
      const __m256i a = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(rows[t] + j)));
      const __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(rows[-t] + j)));
      sum = _mm256_add_epi16(
          sum, _mm256_mulhrs_epi16(_mm256_slli_epi16(_mm256_add_epi16(a, b), 6), _mm256_set1_epi16(weights[t])));
    }
    _mm256_storeu_si256((__m256i*)(y + j), sum);
  }
#endif
  for (; j < n; ++j) {
    int sum = MulRound(rows[0][j] << 6, weights[0]);
    for (int t = 1; t <= radius; ++t) sum += MulRound((rows[t][j] + rows[-t][j]) << 6, weights[t]);
    y[j] = static_cast<std::int16_t>(sum);
  }
}

void SymmetricColumnsU8(const std::int16_t* x, const std::int16_t* weights, int radius, std::int64_t step, std::uint8_t* y,
                        std::int64_t n) {
  std::int64_t j = 0;
#if defined(__AVX2__)
  const __m256i half = _mm256_set1_epi16(32);
  const auto sixteen = [&](std::int64_t at) __attribute__((always_inline)) {
    __m256i sum = _mm256_add_epi16(
        half, _mm256_mulhrs_epi16(_mm256_loadu_si256((const __m256i*)(x + at)), _mm256_set1_epi16(weights[0])));
    for (int t = 1; t <= radius; ++t) {
      const __m256i a = _mm256_loadu_si256((const __m256i*)(x + at + t * step));
      const __m256i b = _mm256_loadu_si256((const __m256i*)(x + at - t * step));
      sum = _mm256_add_epi16(sum, _mm256_mulhrs_epi16(_mm256_add_epi16(a, b), _mm256_set1_epi16(weights[t])));
    }
    return _mm256_srai_epi16(sum, 6);
  };
  for (; j + 32 <= n; j += 32)
    _mm256_storeu_si256((__m256i*)(y + j),
                        _mm256_permute4x64_epi64(_mm256_packus_epi16(sixteen(j), sixteen(j + 16)), 0xD8));
#endif
  for (; j < n; ++j) {
    int sum = 32 + MulRound(x[j], weights[0]);
    for (int t = 1; t <= radius; ++t) sum += MulRound(x[j + t * step] + x[j - t * step], weights[t]);
    y[j] = Saturate(sum >> 6);
  }
}

void SymmetricRowsF32(const float* const* rows, const float* weights, int radius, float* __restrict y, std::int64_t n) {
  const float* centre = rows[0];
  for (std::int64_t j = 0; j < n; ++j) y[j] = weights[0] * centre[j];
  for (int t = 1; t <= radius; ++t) {
    const float *a = rows[t], *b = rows[-t];
    const float w = weights[t];
    for (std::int64_t j = 0; j < n; ++j) y[j] += w * (a[j] + b[j]);
  }
}

void SymmetricColumnsF32(const float* x, const float* weights, int radius, std::int64_t step, float* __restrict y,
                         std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) y[j] = weights[0] * x[j];
  for (int t = 1; t <= radius; ++t) {
    const float *a = x + t * step, *b = x - t * step;
    const float w = weights[t];
    for (std::int64_t j = 0; j < n; ++j) y[j] += w * (a[j] + b[j]);
  }
}

void Normalise3(const std::uint8_t* x, int channels, const int* sources, const float* scale, const float* shift,
                float* const* planes, std::int64_t width) {
  for (int c = 0; c < 3; ++c) {
    float* __restrict y = planes[c];
    const float a = scale[c], b = shift[c];
    std::int64_t i = 0;
#if defined(__AVX2__)
    if (channels == 3) {
      // Of pixels 0 … 7 channel s lies at bytes s, s + 3, …, s + 21: six of them in the first 16 bytes or five, the rest in the
      // 16 bytes from 8 on.
      alignas(16) char low[16], high[16];
      for (int k = 0; k < 16; ++k) low[k] = high[k] = -128;
      for (int k = 0; k < 8; ++k) {
        const int at = sources[c] + 3 * k;
        if (at < 16)
          low[k] = static_cast<char>(at);
        else
          high[k] = static_cast<char>(at - 8);
      }
      const __m128i low_mask = _mm_load_si128((const __m128i*)low), high_mask = _mm_load_si128((const __m128i*)high);
      const __m256 va = _mm256_set1_ps(a), vb = _mm256_set1_ps(b);
      for (; i + 8 <= width; i += 8) {
        const __m128i head = _mm_loadu_si128((const __m128i*)(x + i * 3));
        const __m128i tail = _mm_loadu_si128((const __m128i*)(x + i * 3 + 8));
        const __m128i levels = _mm_or_si128(_mm_shuffle_epi8(head, low_mask), _mm_shuffle_epi8(tail, high_mask));
        _mm256_storeu_ps(y + i, _mm256_fmadd_ps(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(levels)), va, vb));
      }
      for (; i < width; ++i) y[i] = static_cast<float>(x[i * 3 + sources[c]]) * a + b;
      continue;
    }
#endif
    for (; i < width; ++i) y[i] = static_cast<float>(x[i * channels + sources[c]]) * a + b;
  }
}

void Normalise1(const std::uint8_t* x, int channels, int source, float scale, float shift, float* y, std::int64_t width) {
  for (std::int64_t i = 0; i < width; ++i) y[i] = static_cast<float>(x[i * channels + source]) * scale + shift;
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{MixU8,           MixF32,          GatherU8,          GatherF32,
                                PickU8,          SymmetricRowsU8, SymmetricColumnsU8, SymmetricRowsF32,
                                SymmetricColumnsF32, Normalise3,  Normalise1};
  return kTable;
}

}  // namespace inferlab::vision::rows::INFERLAB_ISA_NS
