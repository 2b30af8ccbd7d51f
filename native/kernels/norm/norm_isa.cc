#include "base/simd-inl.h"
#include "kernels/norm/norm_table.h"

namespace inferlab::norm::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

// Statistics. A plane has millions of elements: a float32 sum of them all would lose in its last digits what tells one from
// the next. So float32 sums run over this many vectors, double sums over those.
constexpr int64_t kChunk = 128;

// Σ f(x[i]).
template <typename Function>
INFERLAB_INLINE double Sum(const float* x, int64_t size, Function&& f) {
  double total = 0;
  int64_t i = 0;
  while (i + kLanes <= size) {
    const int64_t rest = (size - i) / kLanes * kLanes;
    const int64_t end = i + (rest < kChunk * kLanes ? rest : kChunk * kLanes);
    F32 sums[4] = {Zero(), Zero(), Zero(), Zero()};
    for (; i + 4 * kLanes <= end; i += 4 * kLanes)
#pragma GCC unroll 4
      for (int u = 0; u < 4; ++u) sums[u] = sums[u] + f(Load(x + i + u * kLanes));
    for (; i < end; i += kLanes) sums[0] = sums[0] + f(Load(x + i));
    total += ReduceAdd((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
  for (; i < size; ++i) {
    float lanes[kLanes];
    Store(lanes, f(Set(x[i])));
    total += lanes[0];
  }
  return total;
}

// What is subtracted from an element, in two parts (the rounded mean and what rounding took), and what it is divided by.
struct Moments {
  float mean = 0, rest = 0, inverse = 0;
};

INFERLAB_INLINE void SetMean(double mean, Moments* m) {
  m->mean = static_cast<float>(mean);
  m->rest = static_cast<float>(mean - static_cast<double>(m->mean));
}
// `squares` is the mean of the squared distances to m->mean.
INFERLAB_INLINE void SetVariance(double squares, float epsilon, Moments* m) {
  const double variance = squares - static_cast<double>(m->rest) * static_cast<double>(m->rest);
  m->inverse = static_cast<float>(1.0 / __builtin_sqrt((variance < 0 ? 0 : variance) + static_cast<double>(epsilon)));
}

void Rows(const Params& p, int64_t begin, int64_t end, const float* x, const float* scale, const float* bias, float* y) {
  const double count = static_cast<double>(p.size);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * p.size;
    float* to = y + row * p.size;
    Moments m;
    if (!p.rms) {
      // Distances to the first element: their sum is exact where all are equal, and small where the mean is large.
      const F32 first = Set(from[0]);
      const double shift = Sum(from, p.size, [first](F32 v) { return v - first; }) / count;
      SetMean(static_cast<double>(from[0]) + shift, &m);
    }
    const F32 center = Set(m.mean);
    SetVariance(Sum(from, p.size, [center](F32 v) { return (v - center) * (v - center); }) / count, p.epsilon, &m);
    if (p.channels > 0) {
      // One factor and one summand for the row.
      const int64_t channel = row % p.channels;
      const float a = m.inverse * (scale ? scale[channel] : 1.0f);
      const float b = (bias ? bias[channel] : 0.0f) - m.rest * a;
      const F32 av = Set(a), bv = Set(b);
      int64_t i = 0;
      for (; i + kLanes <= p.size; i += kLanes) Store(to + i, Fma(Load(from + i) - center, av, bv));
      if (i < p.size) {
        const int left = static_cast<int>(p.size - i);
        Store(to + i, Fma(Load(from + i, left) - center, av, bv), left);
      }
      continue;
    }
    const F32 factor = Set(m.inverse), rest = Set(m.rest);
    for (int64_t i = 0; i < p.size; i += kLanes) {
      const int left = p.size - i < kLanes ? static_cast<int>(p.size - i) : kLanes;
      const bool whole = left == kLanes;
      F32 v = (((whole ? Load(from + i) : Load(from + i, left)) - center) - rest) * factor;
      if (scale) v = v * (whole ? Load(scale + i) : Load(scale + i, left));
      if (bias) v = v + (whole ? Load(bias + i) : Load(bias + i, left));
      if (whole)
        Store(to + i, v);
      else
        Store(to + i, v, left);
    }
  }
}

// means[lane] = Σ f(x[i]) / size of each lane.
template <typename Function>
INFERLAB_INLINE void LaneMeans(const float* x, int64_t size, double* means, Function&& f) {
  for (int lane = 0; lane < kLanes; ++lane) means[lane] = 0;
  for (int64_t i = 0; i < size;) {
    const int64_t end = size - i < kChunk ? size : i + kChunk;
    F32 even = Zero(), odd = Zero();
    for (; i + 2 <= end; i += 2) {
      even = even + f(Load(x + i * kLanes));
      odd = odd + f(Load(x + (i + 1) * kLanes));
    }
    if (i < end) even = even + f(Load(x + i++ * kLanes));
    float sums[kLanes];
    Store(sums, even + odd);
    for (int lane = 0; lane < kLanes; ++lane) means[lane] += static_cast<double>(sums[lane]);
  }
  for (int lane = 0; lane < kLanes; ++lane) means[lane] /= static_cast<double>(size);
}

void Block(const Params& p, int64_t channels, const float* x, const float* scale, const float* bias, float* y) {
  double means[kLanes];
  Moments moments[kLanes];
  float centers[kLanes] = {}, factors[kLanes], summands[kLanes];
  if (!p.rms) {
    const F32 first = Load(x);
    LaneMeans(x, p.size, means, [first](F32 v) { return v - first; });
    for (int lane = 0; lane < kLanes; ++lane) {
      SetMean(static_cast<double>(x[lane]) + means[lane], &moments[lane]);
      centers[lane] = moments[lane].mean;
    }
  }
  const F32 center = Load(centers);
  LaneMeans(x, p.size, means, [center](F32 v) { return (v - center) * (v - center); });
  for (int lane = 0; lane < kLanes; ++lane) {
    Moments& m = moments[lane];
    SetVariance(means[lane], p.epsilon, &m);
    const bool exists = lane < channels;
    factors[lane] = m.inverse * (!exists ? 0.0f : scale ? scale[lane] : 1.0f);
    summands[lane] = (exists && bias ? bias[lane] : 0.0f) - m.rest * factors[lane];
  }
  const F32 a = Load(factors), b = Load(summands);
  for (int64_t i = 0; i < p.size; ++i) Store(y + i * kLanes, Fma(Load(x + i * kLanes) - center, a, b));
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
