#include "kernels/resize/table.h"

namespace inferlab::resize::INFERLAB_ISA_NS {
namespace {

void Columns(const float* x, float* y, std::int64_t n, std::int64_t taps, const std::int32_t* indices,
             const float* weights) {
  if (taps == 1) {
    for (std::int64_t j = 0; j < n; ++j) y[j] = weights[j] * x[indices[j]];
  } else if (taps == 2) {
    for (std::int64_t j = 0; j < n; ++j)
      y[j] = weights[2 * j] * x[indices[2 * j]] + weights[2 * j + 1] * x[indices[2 * j + 1]];
  } else {
    for (std::int64_t j = 0; j < n; ++j) {
      float sum = 0.0f;
      for (std::int64_t b = 0; b < taps; ++b) sum += weights[j * taps + b] * x[indices[j * taps + b]];
      y[j] = sum;
    }
  }
}

void Rows(const float* const* rows, const float* weights, std::int64_t taps, float* y, std::int64_t n) {
  if (taps == 1) {
    const float* a = rows[0];
    const float w = weights[0];
    for (std::int64_t j = 0; j < n; ++j) y[j] = w * a[j];
    return;
  }
  const float *a = rows[0], *b = rows[1];
  const float wa = weights[0], wb = weights[1];
  _Pragma("GCC ivdep") for (std::int64_t j = 0; j < n; ++j) y[j] = wa * a[j] + wb * b[j];
  for (std::int64_t tap = 2; tap < taps; ++tap) {
    const float* c = rows[tap];
    const float w = weights[tap];
    _Pragma("GCC ivdep") for (std::int64_t j = 0; j < n; ++j) y[j] += w * c[j];
  }
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{Columns, Rows};
  return kTable;
}

}  // namespace inferlab::resize::INFERLAB_ISA_NS
