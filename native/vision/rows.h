// The loops over a row that resize, blur and preprocess share, once per instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace inferlab::vision::rows {

// Levels between the passes of a filter are in units of 2^-6, so that 255 times 2^6, and what a sharpening filter makes of
// it, fits 16 bits. Rows of them have kSlack readable elements behind them.
inline constexpr int kSlack = 32;

struct Table {
  // y[j] = 2^6 · Σ_t weights[t] · rows[t][j], weights in units of 2^-14 that add up to 2^14.
  void (*mix_u8)(const std::uint8_t* const* rows, const std::int16_t* weights, int taps, std::int16_t* y, std::int64_t n);
  void (*mix_f32)(const float* const* rows, const float* weights, int taps, float* y, std::int64_t n);
  // Of `width` pixels i and each channel c: y[i, c] = round(2^-6 · Σ_t w[i, t] · x[first[i] + t, c]), within 0 … 255. Pairs as
  // in taps.h, `pair_stride` apart.
  void (*gather_u8)(const std::int16_t* x, const std::int32_t* first, const std::int32_t* pairs, std::int64_t pair_stride,
                    int taps, int channels, std::uint8_t* y, std::int64_t width);
  void (*gather_f32)(const float* x, const std::int32_t* first, const float* weights, int taps, int channels, float* y,
                     std::int64_t width);
  // y[i, :] = x[first[i], :]; the first `inner` of them are not the last pixel of x.
  void (*pick_u8)(const std::uint8_t* x, const std::int32_t* first, std::int64_t inner, int channels, std::uint8_t* y,
                  std::int64_t width);

  // The symmetric filter weights[0] in the middle, weights[t] t rows or elements·step away, in units of 2^-15.
  // rows[t], rows[-t] are the rows around; y in units of 2^-6.
  void (*symmetric_rows_u8)(const std::uint8_t* const* rows, const std::int16_t* weights, int radius, std::int16_t* y,
                            std::int64_t n);
  // x[j - radius·step … j + radius·step] are read.
  void (*symmetric_columns_u8)(const std::int16_t* x, const std::int16_t* weights, int radius, std::int64_t step,
                               std::uint8_t* y, std::int64_t n);
  void (*symmetric_rows_f32)(const float* const* rows, const float* weights, int radius, float* y, std::int64_t n);
  void (*symmetric_columns_f32)(const float* x, const float* weights, int radius, std::int64_t step, float* y,
                                std::int64_t n);

  // planes[c][i] = x[i, sources[c]] · scale[c] + shift[c], for three channels out of `channels`.
  void (*normalise3)(const std::uint8_t* x, int channels, const int* sources, const float* scale, const float* shift,
                     float* const* planes, std::int64_t width);
  // y[i] = x[i, source] · scale + shift
  void (*normalise1)(const std::uint8_t* x, int channels, int source, float scale, float shift, float* y,
                     std::int64_t width);
};

INFERLAB_DECLARE_TABLES()

const Table& Kernels();

}  // namespace inferlab::vision::rows
