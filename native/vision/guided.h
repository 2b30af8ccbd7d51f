// The guided filter's loops over a row, once per instruction set. I is the guide, p the picture; sums are over a window.
#pragma once
#include <cstdint>

#include "base/isa.h"

namespace inferlab::vision::guided {

// Σ I, Σ I², Σ p, Σ I·p.
inline constexpr int kSums = 4;

struct Table {
  // Adds (or, with sign -1, takes away) a row to the sums of columns.
  void (*add_u8)(const std::uint8_t* i, const std::uint8_t* p, std::int32_t sign, std::int32_t* const* columns,
                 std::int64_t n);
  void (*add_f32)(const float* i, const float* p, double sign, double* const* columns, std::int64_t n);
  void (*add_pair)(const float* a, const float* b, double sign, double* const* columns, std::int64_t n);
  // Sums of windows out of those of columns: windows[k][x] = Σ columns[k][x - radius … x + radius]. Read are columns[k][-radius -
  // 1 … n + radius - 1].
  void (*across4_i32)(const std::int32_t* const* columns, std::int64_t radius, std::int32_t* const* windows, std::int64_t n);
  void (*across4_f64)(const double* const* columns, std::int64_t radius, double* const* windows, std::int64_t n);
  void (*across2_f64)(const double* const* columns, std::int64_t radius, double* const* windows, std::int64_t n);
  // a[x] = cov(I, p) / (var(I) + epsilon), 0 where that is 0 / 0; b[x] = mean(p) - a[x] · mean(I). count[x] · rows pixels are
  // in window x.
  void (*solve_i32)(const std::int32_t* const* windows, const double* count, double rows, double epsilon, float* a, float* b,
                    std::int64_t n);
  void (*solve_f64)(const double* const* windows, const double* count, double rows, double epsilon, float* a, float* b,
                    std::int64_t n);
  // a[x] = Σa / (count[x] · rows), and so b.
  void (*mean_pair)(const double* const* windows, const double* count, double rows, float* a, float* b, std::int64_t n);
  // y = upper + share · (lower - upper)
  void (*mix)(const float* upper, const float* lower, float share, float* y, std::int64_t n);
  // y[x] = v[first[x]] + share[x] · (v[first[x] + 1] - v[first[x]])
  void (*stretch)(const float* v, const std::int32_t* first, const float* share, float* y, std::int64_t n);
  // q = a · I + b
  void (*apply)(const float* a, const float* b, const float* i, float* q, std::int64_t n);
  // y += x
  void (*add)(const float* x, float* y, std::int64_t n);
  // Rounded, within 0 … 255.
  void (*levels)(const float* q, std::uint8_t* y, std::int64_t n);
  void (*floats)(const std::uint8_t* x, float* y, std::int64_t n);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::vision::guided
