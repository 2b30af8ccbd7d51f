#include "vision/yuv.h"

#include <cstring>

#if defined(__AVX2__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

namespace inferlab::vision::yuv::INFERLAB_ISA_NS {
namespace {

constexpr int kStrip = 512;

inline std::uint8_t Clip(int v) { return static_cast<std::uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v); }

// Three planes as one row of `channels` bytes a pixel.
void Interleave(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c, int channels, std::uint8_t* to, int n) {
  int i = 0;
  if (channels == 3) {
#if defined(__AVX2__)
    // Byte k of 48 comes from plane k % 3: each 16 bytes of the row are three shuffles, or-ed.
    const __m128i a0 = _mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5);
    const __m128i b0 = _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1);
    const __m128i c0 = _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1);
    const __m128i a1 = _mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1);
    const __m128i b1 = _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10);
    const __m128i c1 = _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1);
    const __m128i a2 = _mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1);
    const __m128i b2 = _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1);
    const __m128i c2 = _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15);
    for (; i + 16 <= n; i += 16) {
      const __m128i va = _mm_loadu_si128((const __m128i*)(a + i));
      const __m128i vb = _mm_loadu_si128((const __m128i*)(b + i));
      const __m128i vc = _mm_loadu_si128((const __m128i*)(c + i));
      const auto mix = [&](__m128i sa, __m128i sb, __m128i sc) __attribute__((always_inline)) {
        return _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(va, sa), _mm_shuffle_epi8(vb, sb)), _mm_shuffle_epi8(vc, sc));
      };
      _mm_storeu_si128((__m128i*)(to + i * 3), mix(a0, b0, c0));
      _mm_storeu_si128((__m128i*)(to + i * 3 + 16), mix(a1, b1, c1));
      _mm_storeu_si128((__m128i*)(to + i * 3 + 32), mix(a2, b2, c2));
    }
#endif
    for (; i < n; ++i) {
      to[i * 3] = a[i];
      to[i * 3 + 1] = b[i];
      to[i * 3 + 2] = c[i];
    }
    return;
  }
  for (; i < n; ++i) {
    to[i * 4] = a[i];
    to[i * 4 + 1] = b[i];
    to[i * 4 + 2] = c[i];
    to[i * 4 + 3] = 255;
  }
}

void ToRgb(const Factors& f, const std::uint8_t* y, int y_step, const std::uint8_t* u, const std::uint8_t* v, int c_step,
           const int* order, int channels, std::uint8_t* rgb, std::int64_t n) {
  alignas(64) std::int16_t luma[kStrip];
  alignas(64) std::int16_t rw[kStrip], rr[kStrip], gw[kStrip], gr[kStrip], bw[kStrip], br[kStrip];
  alignas(64) std::uint8_t planes[3][kStrip];
  const std::int16_t offset = static_cast<std::int16_t>(f.offset), y_rest = static_cast<std::int16_t>(f.y_rest);
  const std::int16_t rvw = static_cast<std::int16_t>(f.r_v_whole), rvr = static_cast<std::int16_t>(f.r_v_rest);
  const std::int16_t guw = static_cast<std::int16_t>(f.g_u_whole), gur = static_cast<std::int16_t>(f.g_u_rest);
  const std::int16_t gvw = static_cast<std::int16_t>(f.g_v_whole), gvr = static_cast<std::int16_t>(f.g_v_rest);
  const std::int16_t buw = static_cast<std::int16_t>(f.b_u_whole), bur = static_cast<std::int16_t>(f.b_u_rest);
  for (std::int64_t at = 0; at < n; at += kStrip) {
    const int count = static_cast<int>(n - at < kStrip ? n - at : kStrip);
    const int half = (count + 1) / 2;
    const std::uint8_t* us = u + at / 2 * c_step;
    const std::uint8_t* vs = v + at / 2 * c_step;
    const std::uint8_t* ys = y + at * y_step;
    int k = 0;
#if defined(__AVX2__)
    // Sixteen bits a pixel, the pair of pixels that share a chroma side by side.
    if (c_step <= 2) {
      const auto spread = [&](__m256i v16, std::int16_t* to) __attribute__((always_inline)) {
        const __m256i low = _mm256_unpacklo_epi16(v16, v16), high = _mm256_unpackhi_epi16(v16, v16);
        _mm256_store_si256((__m256i*)to, _mm256_permute2x128_si256(low, high, 0x20));
        _mm256_store_si256((__m256i*)(to + 16), _mm256_permute2x128_si256(low, high, 0x31));
      };
      const __m256i middle = _mm256_set1_epi16(128), bytes = _mm256_set1_epi16(255);
      // In 4:2:0 with both in one plane U and V are the bytes of one 16-bit load: 15 more elements follow the first of both.
      for (; k + 16 <= half; k += 16) {
        __m256i d, e;
        if (c_step == 2) {
          const bool u_first = us < vs;
          const __m256i both = _mm256_loadu_si256((const __m256i*)((u_first ? us : vs) + 2 * k));
          const __m256i even = _mm256_and_si256(both, bytes), odd = _mm256_srli_epi16(both, 8);
          d = _mm256_sub_epi16(u_first ? even : odd, middle);
          e = _mm256_sub_epi16(u_first ? odd : even, middle);
        } else {
          d = _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(us + k))), middle);
          e = _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i*)(vs + k))), middle);
        }
        const auto times = [](__m256i x, std::int16_t w) __attribute__((always_inline)) {
          return _mm256_mullo_epi16(x, _mm256_set1_epi16(w));
        };
        spread(times(e, rvw), rw + 2 * k);
        spread(_mm256_add_epi16(times(e, rvr), middle), rr + 2 * k);
        spread(_mm256_add_epi16(times(d, guw), times(e, gvw)), gw + 2 * k);
        spread(_mm256_add_epi16(_mm256_add_epi16(times(d, gur), times(e, gvr)), middle), gr + 2 * k);
        spread(times(d, buw), bw + 2 * k);
        spread(_mm256_add_epi16(times(d, bur), middle), br + 2 * k);
      }
    }
#endif
    for (; k < half; ++k) {
      const int d = us[k * c_step] - 128, e = vs[k * c_step] - 128;
      rw[2 * k] = rw[2 * k + 1] = static_cast<std::int16_t>(rvw * e);
      rr[2 * k] = rr[2 * k + 1] = static_cast<std::int16_t>(rvr * e + 128);
      gw[2 * k] = gw[2 * k + 1] = static_cast<std::int16_t>(guw * d + gvw * e);
      gr[2 * k] = gr[2 * k + 1] = static_cast<std::int16_t>(gur * d + gvr * e + 128);
      bw[2 * k] = bw[2 * k + 1] = static_cast<std::int16_t>(buw * d);
      br[2 * k] = br[2 * k + 1] = static_cast<std::int16_t>(bur * d + 128);
    }
    if (y_step == 1)
      for (int i = 0; i < count; ++i) luma[i] = static_cast<std::int16_t>(ys[i] - offset);
    else
      for (int i = 0; i < count; ++i) luma[i] = static_cast<std::int16_t>(ys[i * y_step] - offset);
    std::uint8_t* r = planes[order[0]];
    std::uint8_t* g = planes[order[1]];
    std::uint8_t* b = planes[order[2]];
    int i = 0;
#if defined(__AVX2__)
    const __m256i rest = _mm256_set1_epi16(y_rest);
    for (; i + 32 <= count; i += 32) {
      const __m256i l0 = _mm256_load_si256((const __m256i*)(luma + i)), l1 = _mm256_load_si256((const __m256i*)(luma + i + 16));
      const __m256i t0 = _mm256_mullo_epi16(l0, rest), t1 = _mm256_mullo_epi16(l1, rest);
      const auto channel = [&](const std::int16_t* whole, const std::int16_t* part, std::uint8_t* to)
          __attribute__((always_inline)) {
        const __m256i v0 = _mm256_add_epi16(
            _mm256_add_epi16(l0, _mm256_load_si256((const __m256i*)(whole + i))),
            _mm256_srai_epi16(_mm256_add_epi16(t0, _mm256_load_si256((const __m256i*)(part + i))), 8));
        const __m256i v1 = _mm256_add_epi16(
            _mm256_add_epi16(l1, _mm256_load_si256((const __m256i*)(whole + i + 16))),
            _mm256_srai_epi16(_mm256_add_epi16(t1, _mm256_load_si256((const __m256i*)(part + i + 16))), 8));
        _mm256_store_si256((__m256i*)(to + i), _mm256_permute4x64_epi64(_mm256_packus_epi16(v0, v1), 0xD8));
      };
      channel(rw, rr, r);
      channel(gw, gr, g);
      channel(bw, br, b);
    }
#endif
    for (; i < count; ++i) {
      const int t = luma[i] * y_rest;
      r[i] = Clip(luma[i] + rw[i] + ((t + rr[i]) >> 8));
      g[i] = Clip(luma[i] + gw[i] + ((t + gr[i]) >> 8));
      b[i] = Clip(luma[i] + bw[i] + ((t + br[i]) >> 8));
    }
    Interleave(planes[0], planes[1], planes[2], channels, rgb + at * channels, count);
  }
}

// The colours of a strip, apart.
void Split(const std::uint8_t* rgb, const int* order, int channels, std::uint8_t* r, std::uint8_t* g, std::uint8_t* b, int n) {
  for (int i = 0; i < n; ++i) {
    r[i] = rgb[i * channels + order[0]];
    g[i] = rgb[i * channels + order[1]];
    b[i] = rgb[i * channels + order[2]];
  }
}

void Luma(const Forward& f, const std::uint8_t* rgb, const int* order, int channels, std::uint8_t* y, int y_step,
          std::int64_t n) {
  std::uint8_t r[kStrip], g[kStrip], b[kStrip], line[kStrip];
  const auto wr = static_cast<std::uint16_t>(f.y[0]), wg = static_cast<std::uint16_t>(f.y[1]),
             wb = static_cast<std::uint16_t>(f.y[2]);
  const auto offset = static_cast<std::uint16_t>(f.offset);
  for (std::int64_t at = 0; at < n; at += kStrip) {
    const int count = static_cast<int>(n - at < kStrip ? n - at : kStrip);
    Split(rgb + at * channels, order, channels, r, g, b, count);
    // Weights add up to at most 256: the sum is below 2^16.
    for (int i = 0; i < count; ++i) {
      const auto sum = static_cast<std::uint16_t>(wr * r[i] + wg * g[i] + wb * b[i] + 128);
      line[i] = static_cast<std::uint8_t>((sum >> 8) + offset);
    }
    if (y_step == 1)
      std::memcpy(y + at, line, static_cast<std::size_t>(count));
    else
      for (int i = 0; i < count; ++i) y[(at + i) * y_step] = line[i];
  }
}

void Chroma(const Forward& f, const std::uint8_t* upper, const std::uint8_t* lower, const int* order, int channels,
            std::uint8_t* u, std::uint8_t* v, int c_step, std::int64_t n) {
  const std::int64_t half = (n + 1) / 2;
  for (std::int64_t k = 0; k < half; ++k) {
    const std::int64_t left = 2 * k, right = 2 * k + 1 < n ? 2 * k + 1 : left;
    int mean[3];
    for (int c = 0; c < 3; ++c) {
      const int o = order[c];
      mean[c] = (upper[left * channels + o] + upper[right * channels + o] + lower[left * channels + o] +
                 lower[right * channels + o] + 2) >>
                2;
    }
    u[k * c_step] = Clip(((f.u[0] * mean[0] + f.u[1] * mean[1] + f.u[2] * mean[2] + 128) >> 8) + 128);
    v[k * c_step] = Clip(((f.v[0] * mean[0] + f.v[1] * mean[1] + f.v[2] * mean[2] + 128) >> 8) + 128);
  }
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{ToRgb, Luma, Chroma};
  return kTable;
}

}  // namespace inferlab::vision::yuv::INFERLAB_ISA_NS
