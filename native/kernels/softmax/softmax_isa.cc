#include <cstddef>
#include <cstdint>

#include "kernels/elementwise/math-inl.h"
#include "kernels/softmax/table.h"

namespace inferlab::softmax::INFERLAB_ISA_NS {
namespace {

namespace math = ::inferlab::INFERLAB_ISA_NS::math;

// Partial sums of a row.
constexpr std::size_t kLanes = 32;

void Row(const float* x, float* y, std::size_t n, bool logarithm) {
  float lanes[kLanes];
  const std::size_t whole = n / kLanes * kLanes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = -math::kInfinity;
  for (std::size_t i = 0; i < whole; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
  }
  float largest = -math::kInfinity;
  for (std::size_t lane = 0; lane < kLanes; ++lane) largest = lanes[lane] > largest ? lanes[lane] : largest;
  for (std::size_t i = whole; i < n; ++i) largest = x[i] > largest ? x[i] : largest;

  for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = 0.0f;
  float rest = 0.0f;
  if (logarithm) {
    for (std::size_t i = 0; i < whole; i += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += math::Exp(x[i + lane] - largest);
    for (std::size_t i = whole; i < n; ++i) rest += math::Exp(x[i] - largest);
  } else {
    _Pragma("GCC ivdep") for (std::size_t i = 0; i < n; ++i) y[i] = math::Exp(x[i] - largest);
    for (std::size_t i = 0; i < whole; i += kLanes)
      for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += y[i + lane];
    for (std::size_t i = whole; i < n; ++i) rest += y[i];
  }
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  const float sum = lanes[0] + rest;
  if (logarithm) {
    const float offset = math::Log(sum);
    _Pragma("GCC ivdep") for (std::size_t i = 0; i < n; ++i) y[i] = x[i] - largest - offset;
  } else {
    const float scale = 1.0f / sum;
    _Pragma("GCC ivdep") for (std::size_t i = 0; i < n; ++i) y[i] *= scale;
  }
}

void Columns(const float* x, float* y, std::size_t n, std::size_t stride, std::size_t width, bool logarithm) {
  float largest[kWidth];
  float sum[kWidth];
  for (std::size_t k = 0; k < width; ++k) {
    largest[k] = -math::kInfinity;
    sum[k] = 0.0f;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const float* from = x + i * stride;
    for (std::size_t k = 0; k < width; ++k) largest[k] = from[k] > largest[k] ? from[k] : largest[k];
  }
  for (std::size_t i = 0; i < n; ++i) {
    const float* from = x + i * stride;
    float* to = y + i * stride;
    if (logarithm) {
      for (std::size_t k = 0; k < width; ++k) sum[k] += math::Exp(from[k] - largest[k]);
    } else {
      _Pragma("GCC ivdep") for (std::size_t k = 0; k < width; ++k) {
        const float e = math::Exp(from[k] - largest[k]);
        sum[k] += e;
        to[k] = e;
      }
    }
  }
  for (std::size_t k = 0; k < width; ++k) sum[k] = logarithm ? math::Log(sum[k]) : 1.0f / sum[k];
  for (std::size_t i = 0; i < n; ++i) {
    const float* from = x + i * stride;
    float* to = y + i * stride;
    if (logarithm) {
      _Pragma("GCC ivdep") for (std::size_t k = 0; k < width; ++k) to[k] = from[k] - largest[k] - sum[k];
    } else {
      _Pragma("GCC ivdep") for (std::size_t k = 0; k < width; ++k) to[k] *= sum[k];
    }
  }
}

// Short rows are turned: kWidth of them lie side by side and are computed as columns.
void ShortRows(const float* x, float* y, std::size_t rows, std::size_t n, bool logarithm) {
  float turned[kShort * kWidth];
  for (std::size_t first = 0; first < rows; first += kWidth) {
    const std::size_t count = rows - first < kWidth ? rows - first : kWidth;
    const float* from = x + first * n;
    float* to = y + first * n;
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < n; ++i) turned[i * kWidth + k] = from[k * n + i];
    Columns(turned, turned, n, kWidth, count, logarithm);
    for (std::size_t k = 0; k < count; ++k)
      for (std::size_t i = 0; i < n; ++i) to[k * n + i] = turned[i * kWidth + k];
  }
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{Row, Columns, ShortRows};
  return kTable;
}

}  // namespace inferlab::softmax::INFERLAB_ISA_NS
