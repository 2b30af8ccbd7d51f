#include <cstddef>
#include <cstdint>

#include "kernels/elementwise/math-inl.h"
#include "kernels/reduce/table.h"

namespace inferlab::reduce::INFERLAB_ISA_NS {
namespace {

namespace math = ::inferlab::INFERLAB_ISA_NS::math;

// A row's kLanes partial results are four vectors of eight, enough to hide the latency of an addition.
static_assert(kLanes == 32);

struct Sum {
  static float Map(float x, float) { return x; }
  static float Join(float a, float b) { return a + b; }
};
struct SumAbs : Sum {
  static float Map(float x, float) { return x < 0.0f ? -x : x; }
};
struct SumSquare : Sum {
  static float Map(float x, float) { return x * x; }
};
struct SumExp : Sum {
  static float Map(float x, float shift) { return math::Exp(x - shift); }
};
struct Prod {
  static float Map(float x, float) { return x; }
  static float Join(float a, float b) { return a * b; }
};
// NaN wins whichever side it is on.
struct Max {
  static float Map(float x, float) { return x; }
  static float Join(float a, float b) { return a > b || a != a ? a : b; }
};
struct Min {
  static float Map(float x, float) { return x; }
  static float Join(float a, float b) { return a < b || a != a ? a : b; }
};

template <typename F>
float Row(const float* x, std::size_t n, float shift) {
  if (n < kLanes) {
    float result = F::Map(x[0], shift);
    for (std::size_t i = 1; i < n; ++i) result = F::Join(result, F::Map(x[i], shift));
    return result;
  }
  float lanes[kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = F::Map(x[lane], shift);
  std::size_t i = kLanes;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = F::Join(lanes[lane], F::Map(x[i + lane], shift));
  }
  for (std::size_t lane = 0; i < n; ++i, ++lane) lanes[lane] = F::Join(lanes[lane], F::Map(x[i], shift));
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] = F::Join(lanes[lane], lanes[lane + half]);
  }
  return lanes[0];
}

// A length known beforehand: eight rows side by side are loads and shuffles of whole vectors.
template <typename F, std::size_t kLength>
void RowsOf(const float* x, std::size_t rows, float* y) {
  _Pragma("GCC ivdep") for (std::size_t row = 0; row < rows; ++row) {
    float result = F::Map(x[row * kLength], 0.0f);
    for (std::size_t i = 1; i < kLength; ++i) result = F::Join(result, F::Map(x[row * kLength + i], 0.0f));
    y[row] = result;
  }
}

template <typename F>
void ShortRows(const float* x, std::size_t rows, std::size_t n, float* y) {
  switch (n) {
    case 2:
      return RowsOf<F, 2>(x, rows, y);
    case 3:
      return RowsOf<F, 3>(x, rows, y);
    case 4:
      return RowsOf<F, 4>(x, rows, y);
    default:
      break;
  }
  for (std::size_t row = 0; row < rows; ++row, x += n) {
    float result = F::Map(x[0], 0.0f);
    for (std::size_t i = 1; i < n; ++i) result = F::Join(result, F::Map(x[i], 0.0f));
    y[row] = result;
  }
}

template <typename F>
void Columns(float* accumulator, const float* x, std::size_t n, const float* shift) {
  _Pragma("GCC ivdep") for (std::size_t i = 0; i < n; ++i) accumulator[i] =
      F::Join(accumulator[i], F::Map(x[i], shift ? shift[i] : 0.0f));
}

float AnyRow(Fold fold, const float* x, std::size_t n, float shift) {
  switch (fold) {
    case Fold::kSumAbs:
      return Row<SumAbs>(x, n, shift);
    case Fold::kSumSquare:
      return Row<SumSquare>(x, n, shift);
    case Fold::kSumExp:
      return Row<SumExp>(x, n, shift);
    case Fold::kProd:
      return Row<Prod>(x, n, shift);
    case Fold::kMax:
      return Row<Max>(x, n, shift);
    case Fold::kMin:
      return Row<Min>(x, n, shift);
    case Fold::kSum:
      break;
  }
  return Row<Sum>(x, n, shift);
}

void AnyShortRows(Fold fold, const float* x, std::size_t rows, std::size_t n, float* y) {
  switch (fold) {
    case Fold::kSumAbs:
      return ShortRows<SumAbs>(x, rows, n, y);
    case Fold::kSumSquare:
      return ShortRows<SumSquare>(x, rows, n, y);
    case Fold::kProd:
      return ShortRows<Prod>(x, rows, n, y);
    case Fold::kMax:
      return ShortRows<Max>(x, rows, n, y);
    case Fold::kMin:
      return ShortRows<Min>(x, rows, n, y);
    case Fold::kSumExp:
    case Fold::kSum:
      break;
  }
  return ShortRows<Sum>(x, rows, n, y);
}

void AnyColumns(Fold fold, float* accumulator, const float* x, std::size_t n, const float* shift) {
  switch (fold) {
    case Fold::kSumAbs:
      return Columns<SumAbs>(accumulator, x, n, nullptr);
    case Fold::kSumSquare:
      return Columns<SumSquare>(accumulator, x, n, nullptr);
    case Fold::kSumExp:
      _Pragma("GCC ivdep") for (std::size_t i = 0; i < n; ++i) accumulator[i] += math::Exp(x[i] - shift[i]);
      return;
    case Fold::kProd:
      return Columns<Prod>(accumulator, x, n, nullptr);
    case Fold::kMax:
      return Columns<Max>(accumulator, x, n, nullptr);
    case Fold::kMin:
      return Columns<Min>(accumulator, x, n, nullptr);
    case Fold::kSum:
      return Columns<Sum>(accumulator, x, n, nullptr);
  }
}

void LogOf(float* y, std::size_t n, const float* shift) {
  for (std::size_t i = 0; i < n; ++i) y[i] = math::Log(y[i]) + (shift ? shift[i] : 0.0f);
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{AnyRow, AnyShortRows, AnyColumns, LogOf};
  return kTable;
}

}  // namespace inferlab::reduce::INFERLAB_ISA_NS
