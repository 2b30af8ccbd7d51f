#include "vision/warp.h"

#include <cstring>

#if defined(__AVX2__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

namespace inferlab::vision::warp::INFERLAB_ISA_NS {
namespace {

inline double Bounded(double v) {
  v = v > -kFar ? v : -kFar;
  return v < kFar ? v : kFar;
}

void PlacesOf(const double* m, std::int64_t first, std::int64_t row, int n, Places* p) {
  const double v = static_cast<double>(row) + 0.5, start = static_cast<double>(first) + 0.5;
  const double x0 = m[1] * v + m[2], y0 = m[4] * v + m[5], w0 = m[7] * v + m[8];
  const double xu = m[0], yu = m[3], wu = m[6];
  const bool affine = wu == 0.0;
  const double scale = affine ? 1.0 / w0 : 1.0;
  const double dx = xu * scale, dy = yu * scale;
  const double x_start = (xu * start + x0) * scale - 0.5, y_start = (yu * start + y0) * scale - 0.5;
  if (affine && __builtin_fabs(dx) <= 4 && __builtin_fabs(dy) <= 4 && __builtin_fabs(x_start) < kFar &&
      __builtin_fabs(y_start) < kFar) {
    // Within a strip places are at most 256 from its start: float32 has 2^-16 of a pixel left.
    const double x_whole = __builtin_floor(x_start), y_whole = __builtin_floor(y_start);
    const auto bx = static_cast<std::int32_t>(x_whole), by = static_cast<std::int32_t>(y_whole);
    const auto rx = static_cast<float>(x_start - x_whole), ry = static_cast<float>(y_start - y_whole);
    const auto sx = static_cast<float>(dx), sy = static_cast<float>(dy);
    for (int i = 0; i < n; ++i) {
      const float k = static_cast<float>(i);
      const float x = rx + k * sx, y = ry + k * sy;
      const float fx = __builtin_floorf(x), fy = __builtin_floorf(y);
      p->x[i] = bx + static_cast<std::int32_t>(fx);
      p->y[i] = by + static_cast<std::int32_t>(fy);
      p->fx[i] = static_cast<std::int32_t>((x - fx) * 2048.0f + 0.5f);
      p->fy[i] = static_cast<std::int32_t>((y - fy) * 2048.0f + 0.5f);
    }
  } else if (affine) {
    for (int i = 0; i < n; ++i) {
      const double u = start + i;
      const double x = Bounded((xu * u + x0) * scale - 0.5), y = Bounded((yu * u + y0) * scale - 0.5);
      const double fx = __builtin_floor(x), fy = __builtin_floor(y);
      p->x[i] = static_cast<std::int32_t>(fx);
      p->y[i] = static_cast<std::int32_t>(fy);
      p->fx[i] = static_cast<std::int32_t>((x - fx) * 2048.0 + 0.5);
      p->fy[i] = static_cast<std::int32_t>((y - fy) * 2048.0 + 0.5);
    }
  } else {
    for (int i = 0; i < n; ++i) {
      const double u = start + i, w = 1.0 / (wu * u + w0);
      const double x = Bounded((xu * u + x0) * w - 0.5), y = Bounded((yu * u + y0) * w - 0.5);
      const double fx = __builtin_floor(x), fy = __builtin_floor(y);
      p->x[i] = static_cast<std::int32_t>(fx);
      p->y[i] = static_cast<std::int32_t>(fy);
      p->fx[i] = static_cast<std::int32_t>((x - fx) * 2048.0 + 0.5);
      p->fy[i] = static_cast<std::int32_t>((y - fy) * 2048.0 + 0.5);
    }
  }
}

void PlacesOfMap(const float* xs, const float* ys, int n, Places* p) {
  for (int i = 0; i < n; ++i) {
    const double x = Bounded(static_cast<double>(xs[i]) - 0.5), y = Bounded(static_cast<double>(ys[i]) - 0.5);
    const double fx = __builtin_floor(x), fy = __builtin_floor(y);
    p->x[i] = static_cast<std::int32_t>(fx);
    p->y[i] = static_cast<std::int32_t>(fy);
    p->fx[i] = static_cast<std::int32_t>((x - fx) * 2048.0 + 0.5);
    p->fy[i] = static_cast<std::int32_t>((y - fy) * 2048.0 + 0.5);
  }
}

// Shares of the four neighbours in units of 2^-14, adding up to 2^14: the upper two and the lower two, each in one word.
inline void Shares(std::int32_t fx, std::int32_t fy, std::int32_t* upper, std::int32_t* lower) {
  const std::int32_t b = (fx * (2048 - fy) + 128) >> 8, c = ((2048 - fx) * fy + 128) >> 8, d = (fx * fy + 128) >> 8;
  *upper = ((16384 - b - c - d) & 0xffff) | (b << 16);
  *lower = (c & 0xffff) | (d << 16);
}

int Linear(const Source& s, const Places& p, int n, std::uint8_t* to, std::int32_t* missed) {
  // The shares of the upper two neighbours in the low half, of the lower two in the high half.
  alignas(32) std::int64_t shares[kStrip];
  alignas(32) std::int32_t offsets[kStrip];
  for (int i = 0; i < n; ++i) {
    std::int32_t upper, lower;
    Shares(p.fx[i], p.fy[i], &upper, &lower);
    shares[i] = static_cast<std::int64_t>((static_cast<std::uint64_t>(static_cast<std::uint32_t>(lower)) << 32) |
                                          static_cast<std::uint32_t>(upper));
  }
  const int channels = s.channels;
  int num_missed = 0;
  // A place counts as inside where its four neighbours, and the bytes one 8-byte load takes beyond them, lie in the source.
  const auto last_x = static_cast<std::uint32_t>(s.width >= 3 ? s.width - 2 : 0);
  const auto last_y = static_cast<std::uint32_t>(s.height >= 2 ? s.height - 1 : 0);
  const auto stride = static_cast<std::uint32_t>(s.row_stride);
  int all = 1;
  for (int i = 0; i < n; ++i) {
    const bool inside = (static_cast<std::uint32_t>(p.x[i]) < last_x) & (static_cast<std::uint32_t>(p.y[i]) < last_y);
    all &= inside;
    // Fits 32 bits where the place is inside; elsewhere it is not used.
    const std::uint32_t at = static_cast<std::uint32_t>(p.y[i]) * stride + static_cast<std::uint32_t>(p.x[i] * channels);
    offsets[i] = inside ? static_cast<std::int32_t>(at) : -1;
  }
  if (!all)
    for (int i = 0; i < n; ++i) {
      if (offsets[i] >= 0) continue;
      missed[num_missed++] = i;
      offsets[i] = 0;
    }
  if (num_missed == n) return n;
  const std::uint8_t* upper = s.data;
  const std::uint8_t* lower = s.data + s.row_stride;
  int i = 0;
#if defined(__AVX2__)
  if (channels >= 3) {
    const __m256i order = channels == 3
                              ? _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1, 0, -1, 3, -1, 1, -1,
                                                 4, -1, 2, -1, 5, -1, -1, -1, -1, -1)
                              : _mm256_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1, 0, -1, 4, -1, 1, -1,
                                                 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
    const __m256i words = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1);
    const __m128i half = _mm_set1_epi32(8192);
    const __m128i three = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
    const auto one = [&](int k) __attribute__((always_inline)) {
      const std::int64_t at = offsets[k];
      const __m256i pixels = _mm256_shuffle_epi8(
          _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadl_epi64((const __m128i*)(upper + at))),
                                  _mm_loadl_epi64((const __m128i*)(lower + at)), 1),
          order);
      const __m256i w = _mm256_permutevar8x32_epi32(
          _mm256_castsi128_si256(_mm_loadl_epi64((const __m128i*)(shares + k))), words);
      const __m256i sums = _mm256_madd_epi16(pixels, w);
      const __m128i sum = _mm_add_epi32(_mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1)), half);
      return _mm_srai_epi32(sum, 14);
    };
    for (; i + 4 <= n; i += 4) {
      const __m128i four =
          _mm_packus_epi16(_mm_packs_epi32(one(i), one(i + 1)), _mm_packs_epi32(one(i + 2), one(i + 3)));
      if (channels == 4) {
        _mm_storeu_si128((__m128i*)(to + i * 4), four);
      } else if (i + 6 <= n) {
        _mm_storeu_si128((__m128i*)(to + i * 3), _mm_shuffle_epi8(four, three));
      } else {
        const __m128i twelve = _mm_shuffle_epi8(four, three);
        std::memcpy(to + i * 3, &twelve, 12);
      }
    }
  }
#endif
  for (; i < n; ++i) {
    const auto wu = static_cast<std::int32_t>(shares[i]), wl = static_cast<std::int32_t>(shares[i] >> 32);
    const std::uint8_t *a = upper + offsets[i], *b = lower + offsets[i];
    for (int c = 0; c < channels; ++c) {
      const int sum = static_cast<std::int16_t>(wu & 0xffff) * a[c] + (wu >> 16) * a[c + channels] +
                      static_cast<std::int16_t>(wl & 0xffff) * b[c] + (wl >> 16) * b[c + channels];
      to[i * channels + c] = static_cast<std::uint8_t>((sum + 8192) >> 14);
    }
  }
  return num_missed;
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{PlacesOf, PlacesOfMap, Linear};
  return kTable;
}

}  // namespace inferlab::vision::warp::INFERLAB_ISA_NS
