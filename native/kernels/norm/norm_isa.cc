#include "base/simd-inl.h"
#include "kernels/norm/norm_table.h"

namespace inferlab::norm::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

// Σ f(x[i]), four partial sums of a vector each.
template <typename Function>
INFERLAB_INLINE float Sum(const float* x, int64_t size, Function&& f) {
  F32 sums[4] = {Zero(), Zero(), Zero(), Zero()};
  int64_t i = 0;
  for (; i + 4 * kLanes <= size; i += 4 * kLanes)
#pragma GCC unroll 4
    for (int u = 0; u < 4; ++u) sums[u] = sums[u] + f(Load(x + i + u * kLanes));
  for (; i + kLanes <= size; i += kLanes) sums[0] = sums[0] + f(Load(x + i));
  float sum = ReduceAdd((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (; i < size; ++i) {
    float lanes[kLanes];
    Store(lanes, f(Set(x[i])));
    sum += lanes[0];
  }
  return sum;
}

void Rows(const Params& p, int64_t begin, int64_t end, const float* x, const float* scale, const float* bias, float* y) {
  const float count = static_cast<float>(p.size);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * p.size;
    float* to = y + row * p.size;
    const float mean = p.rms ? 0.0f : Sum(from, p.size, [](F32 v) { return v; }) / count;
    const F32 center = Set(mean);
    const float variance = Sum(from, p.size, [center](F32 v) { return (v - center) * (v - center); }) / count;
    const float inverse = 1.0f / __builtin_sqrtf(variance + p.epsilon);
    if (p.channels > 0) {
      // y = x·a + b with one a and b for the row.
      const int64_t channel = row % p.channels;
      const float a = inverse * (scale ? scale[channel] : 1.0f);
      const float b = (bias ? bias[channel] : 0.0f) - mean * a;
      const F32 av = Set(a), bv = Set(b);
      int64_t i = 0;
      for (; i + kLanes <= p.size; i += kLanes) Store(to + i, Fma(Load(from + i), av, bv));
      if (i < p.size) {
        const int left = static_cast<int>(p.size - i);
        Store(to + i, Fma(Load(from + i, left), av, bv), left);
      }
      continue;
    }
    const F32 factor = Set(inverse);
    for (int64_t i = 0; i < p.size; i += kLanes) {
      const int left = p.size - i < kLanes ? static_cast<int>(p.size - i) : kLanes;
      const bool whole = left == kLanes;
      F32 v = ((whole ? Load(from + i) : Load(from + i, left)) - center) * factor;
      if (scale) v = v * (whole ? Load(scale + i) : Load(scale + i, left));
      if (bias) v = v + (whole ? Load(bias + i) : Load(bias + i, left));
      if (whole)
        Store(to + i, v);
      else
        Store(to + i, v, left);
    }
  }
}

void Block(const Params& p, int64_t channels, const float* x, const float* scale, const float* bias, float* y) {
  const F32 count = Set(static_cast<float>(p.size));
  F32 even = Zero(), odd = Zero();
  int64_t i = 0;
  if (!p.rms) {
    for (; i + 2 <= p.size; i += 2) {
      even = even + Load(x + i * kLanes);
      odd = odd + Load(x + (i + 1) * kLanes);
    }
    if (i < p.size) even = even + Load(x + i * kLanes);
  }
  const F32 mean = (even + odd) / count;
  even = odd = Zero();
  for (i = 0; i + 2 <= p.size; i += 2) {
    const F32 a = Load(x + i * kLanes) - mean, b = Load(x + (i + 1) * kLanes) - mean;
    even = Fma(a, a, even);
    odd = Fma(b, b, odd);
  }
  if (i < p.size) {
    const F32 a = Load(x + i * kLanes) - mean;
    even = Fma(a, a, even);
  }
  const F32 inverse = Set(1.0f) / Sqrt((even + odd) / count + Set(p.epsilon));
  const int lanes = channels < kLanes ? static_cast<int>(channels) : kLanes;
  const F32 a = scale ? inverse * Load(scale, lanes) : inverse;
  const F32 b = (bias ? Load(bias, lanes) : Zero()) - mean * a;
  for (i = 0; i < p.size; ++i) Store(y + i * kLanes, Fma(Load(x + i * kLanes), a, b));
}

#if defined(__AVX512F__)
constexpr const char* kName = "norm_f32_avx512";
#elif defined(__AVX2__)
constexpr const char* kName = "norm_f32_avx2";
#elif defined(__ARM_NEON)
constexpr const char* kName = "norm_f32_neon";
#else
constexpr const char* kName = "norm_f32_plain";
#endif

}  // namespace

const Table& GetTable() {
  static constexpr Table table = {kName, kLanes, Rows, Block};
  return table;
}

}  // namespace inferlab::norm::INFERLAB_ISA_NS
