// Pooling. In blocked planes a vector is one pixel's channels. In planar ones a vector is neighbouring outputs where the
// stride is 1 and neighbouring inputs where the window is the whole plane; the rest is scalar.
#include "base/simd-inl.h"
#include "kernels/pool/pool_table.h"

namespace inferlab::pool::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

constexpr float kNone = -__builtin_inff();

// Taps [begin, end) of a window that fall inside, where it starts, and the count its average divides by.
struct Window {
  int64_t begin, end, first, counted;
};

Window WindowAt(const Params& p, int d, int64_t position) {
  const Axis& a = p.axes[d];
  Window w;
  w.first = position * a.stride - a.pad;
  w.begin = w.first < 0 ? (-w.first + a.dilation - 1) / a.dilation : 0;
  if (w.begin > a.kernel) w.begin = a.kernel;
  const int64_t room = a.input - w.first;
  w.end = room <= 0 ? w.begin : (room + a.dilation - 1) / a.dilation;
  if (w.end > a.kernel) w.end = a.kernel;
  if (w.end < w.begin) w.end = w.begin;
  w.counted = w.end - w.begin;
  if (p.count_padding) {
    const int64_t padded_room = a.input + p.end_pads[d] - w.first;
    w.counted = (padded_room + a.dilation - 1) / a.dilation;
    if (w.counted > a.kernel) w.counted = a.kernel;
  }
  return w;
}

template <Kind kKind>
INFERLAB_INLINE F32 Merge(F32 sum, F32 x) {
  if constexpr (kKind == Kind::kMax) return Max(sum, x);
  return sum + x;
}

// Outputs of blocked windows that lie inside: `rows` of them `row_step` apart, kWidth neighbouring pixels each.
template <Kind kKind, int kWidth>
void InsideWindows(const float* corner, int64_t rows, int64_t row_step, int64_t x_step, int64_t count, float scale,
                   float* output) {
  for (int64_t x = 0; x < count; ++x, corner += x_step) {
    F32 sums[kWidth];
    for (int k = 0; k < kWidth; ++k) sums[k] = Load(corner + k * kLanes);
    const float* row = corner;
    for (int64_t y = 1; y < rows; ++y) {
      row += row_step;
      for (int k = 0; k < kWidth; ++k) sums[k] = Merge<kKind>(sums[k], Load(row + k * kLanes));
    }
    for (int k = 1; k < kWidth; ++k) sums[0] = Merge<kKind>(sums[0], sums[k]);
    if (kKind == Kind::kAverage) sums[0] = sums[0] / Set(scale);
    Store(output + x * kLanes, sums[0]);
  }
}

// Whether most windows are InsideWindows'.
bool HasNarrowWindows(const Params& p) {
  return (p.axes[2].kernel == 2 || p.axes[2].kernel == 3) && p.axes[2].dilation == 1;
}

template <Kind kKind>
void BlockedRow(const Params& p, const Window& wz, const Window& wy, const float* input, float* output) {
  const Axis &az = p.axes[0], &ay = p.axes[1], &ax = p.axes[2];
  const int64_t row_floats = ax.input * kLanes;
  int64_t inside_begin = 0, inside_end = 0;
  if (HasNarrowWindows(p) && wz.end - wz.begin == 1 && wy.end > wy.begin && ax.input + ax.pad >= ax.kernel) {
    inside_begin = (ax.pad + ax.stride - 1) / ax.stride;
    inside_end = (ax.input + ax.pad - ax.kernel) / ax.stride + 1;
    if (inside_end > ax.output) inside_end = ax.output;
  }
  for (int64_t x = 0; x < ax.output; ++x) {
    if (x == inside_begin && x < inside_end) {
      const float* corner = input + ((wz.first + wz.begin * az.dilation) * ay.input + wy.first + wy.begin * ay.dilation) * row_floats +
                            (x * ax.stride - ax.pad) * kLanes;
      (ax.kernel == 2 ? InsideWindows<kKind, 2> : InsideWindows<kKind, 3>)(
          corner, wy.end - wy.begin, ay.dilation * row_floats, ax.stride * kLanes, inside_end - x,
          static_cast<float>(wz.counted * wy.counted * ax.kernel), output + x * kLanes);
      x = inside_end - 1;
      continue;
    }
    const Window wx = WindowAt(p, 2, x);
    // Two sums: a single one would wait for each addition.
    F32 even = Set(kKind == Kind::kMax ? kNone : 0.0f), odd = even;
    for (int64_t kz = wz.begin; kz < wz.end; ++kz)
      for (int64_t ky = wy.begin; ky < wy.end; ++ky) {
        const float* row = input + ((wz.first + kz * az.dilation) * ay.input + wy.first + ky * ay.dilation) * row_floats +
                           wx.first * kLanes;
        int64_t kx = wx.begin;
        for (; kx + 2 <= wx.end; kx += 2) {
          even = Merge<kKind>(even, Load(row + kx * ax.dilation * kLanes));
          odd = Merge<kKind>(odd, Load(row + (kx + 1) * ax.dilation * kLanes));
        }
        if (kx < wx.end) even = Merge<kKind>(even, Load(row + kx * ax.dilation * kLanes));
      }
    F32 result = Merge<kKind>(even, odd);
    if (kKind == Kind::kAverage)
      result = result / Set(static_cast<float>(wz.counted * wy.counted * wx.counted));
    Store(output + x * kLanes, result);
  }
}

template <Kind kKind>
INFERLAB_INLINE float MergeOne(float sum, float x) {
  if (kKind == Kind::kMax) return sum > x ? sum : x;
  return sum + x;
}

// `count` neighbouring floats as one.
template <Kind kKind>
float Collect(const float* x, int64_t count) {
  const F32 none = Set(kKind == Kind::kMax ? kNone : 0.0f);
  F32 sums[4] = {none, none, none, none};
  int64_t i = 0;
  for (; i + 4 * kLanes <= count; i += 4 * kLanes)
    for (int u = 0; u < 4; ++u) sums[u] = Merge<kKind>(sums[u], Load(x + i + u * kLanes));
  for (; i + kLanes <= count; i += kLanes) sums[0] = Merge<kKind>(sums[0], Load(x + i));
  const F32 all = Merge<kKind>(Merge<kKind>(sums[0], sums[1]), Merge<kKind>(sums[2], sums[3]));
  float result = kKind == Kind::kMax ? ReduceMax(all) : ReduceAdd(all);
  for (; i < count; ++i) result = MergeOne<kKind>(result, x[i]);
  return result;
}

template <Kind kKind>
void PlanarRow(const Params& p, const Window& wz, const Window& wy, const float* input, float* output) {
  const Axis &az = p.axes[0], &ay = p.axes[1], &ax = p.axes[2];
  // Outputs whose windows lie inside the row, where neighbours read neighbours.
  int64_t inner_begin = 0, inner_end = 0;
  if (ax.stride == 1) {
    inner_begin = ax.pad < ax.output ? ax.pad : ax.output;
    inner_end = ax.input - (ax.kernel - 1) * ax.dilation + ax.pad;
    if (inner_end > ax.output) inner_end = ax.output;
    if (inner_end < inner_begin) inner_end = inner_begin;
  }
  const auto row_at = [&](int64_t kz, int64_t ky) {
    return input + ((wz.first + kz * az.dilation) * ay.input + wy.first + ky * ay.dilation) * ax.input;
  };
  const float count_rows = static_cast<float>(wz.counted * wy.counted);
  for (int64_t x = 0; x < ax.output; ++x) {
    if (x >= inner_begin && x + kLanes <= inner_end) {
      F32 sum = Set(kKind == Kind::kMax ? kNone : 0.0f);
      for (int64_t kz = wz.begin; kz < wz.end; ++kz)
        for (int64_t ky = wy.begin; ky < wy.end; ++ky) {
          const float* row = row_at(kz, ky) + x - ax.pad;
          for (int64_t kx = 0; kx < ax.kernel; ++kx) sum = Merge<kKind>(sum, Load(row + kx * ax.dilation));
        }
      if (kKind == Kind::kAverage) sum = sum / Set(count_rows * static_cast<float>(ax.kernel));
      Store(output + x, sum);
      x += kLanes - 1;
      continue;
    }
    const Window wx = WindowAt(p, 2, x);
    float sum = kKind == Kind::kMax ? kNone : 0.0f;
    for (int64_t kz = wz.begin; kz < wz.end; ++kz)
      for (int64_t ky = wy.begin; ky < wy.end; ++ky) {
        const float* row = row_at(kz, ky) + wx.first;
        if (ax.dilation == 1 && wx.end - wx.begin >= 2 * kLanes)
          sum = MergeOne<kKind>(sum, Collect<kKind>(row + wx.begin, wx.end - wx.begin));
        else
          for (int64_t kx = wx.begin; kx < wx.end; ++kx) sum = MergeOne<kKind>(sum, row[kx * ax.dilation]);
      }
    if (kKind == Kind::kAverage) sum /= count_rows * static_cast<float>(wx.counted);
    output[x] = sum;
  }
}

// Floats of a part of a row that SeparableRow merges at once.
constexpr int64_t kPartFloats = 2048;

template <Kind kKind>
INFERLAB_INLINE void MergeRow(const float* x, int64_t n, float* sums) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) Store(sums + i, Merge<kKind>(Load(sums + i), Load(x + i)));
  for (; i < n; ++i) sums[i] = MergeOne<kKind>(sums[i], x[i]);
}

// Outputs [0, count) of windows that lie inside, kWidth neighbours each (0: `width`), at kStride (0: `stride`).
template <Kind kKind, int kWidth, int kStride>
INFERLAB_INLINE void MergeColumns(const float* sums, int64_t count, int64_t width, int64_t stride, int64_t dilation,
                                  float scale, float* output) {
  const int64_t w = kWidth ? kWidth : width, s = kStride ? kStride : stride, d = kWidth ? 1 : dilation;
  for (int64_t x = 0; x < count; ++x) {
    float sum = sums[x * s];
    for (int64_t k = 1; k < w; ++k) sum = MergeOne<kKind>(sum, sums[x * s + k * d]);
    output[x] = kKind == Kind::kAverage ? sum / scale : sum;
  }
}

// A row of outputs in two steps: the rows of its windows into one, then that one's neighbours.
template <Kind kKind>
void SeparableRow(const Params& p, const Window& wz, const Window& wy, bool blocked, const float* input, float* output) {
  const Axis &az = p.axes[0], &ay = p.axes[1], &ax = p.axes[2];
  const int64_t unit = blocked ? kLanes : 1;
  const int64_t span = (ax.kernel - 1) * ax.dilation + 1;
  const int64_t step = (kPartFloats / unit - span) / ax.stride + 1;
  const float count_rows = static_cast<float>(wz.counted * wy.counted);
  const float none = kKind == Kind::kMax ? kNone : 0.0f;
  float sums[kPartFloats];
  for (int64_t begin = 0; begin < ax.output; begin += step) {
    const int64_t end = begin + step < ax.output ? begin + step : ax.output;
    // Input columns [first, last) under the windows of outputs [begin, end).
    int64_t first = begin * ax.stride - ax.pad, last = (end - 1) * ax.stride - ax.pad + span;
    if (first < 0) first = 0;
    if (last > ax.input) last = ax.input;
    const int64_t n = last > first ? (last - first) * unit : 0;
    for (int64_t i = 0; i < n; ++i) sums[i] = none;
    for (int64_t kz = wz.begin; kz < wz.end; ++kz)
      for (int64_t ky = wy.begin; ky < wy.end; ++ky)
        MergeRow<kKind>(input + (((wz.first + kz * az.dilation) * ay.input + wy.first + ky * ay.dilation) * ax.input +
                                 first) * unit,
                        n, sums);
    for (int64_t x = begin; x < end; ++x) {
      const Window wx = WindowAt(p, 2, x);
      const float* at = sums + (wx.first - first) * unit;
      if (blocked) {
        F32 sum = Set(none);
        for (int64_t kx = wx.begin; kx < wx.end; ++kx) sum = Merge<kKind>(sum, Load(at + kx * ax.dilation * kLanes));
        if (kKind == Kind::kAverage) sum = sum / Set(count_rows * static_cast<float>(wx.counted));
        Store(output + x * kLanes, sum);
        continue;
      }
      // A run of outputs whose windows lie inside.
      if (wx.begin == 0 && wx.end == ax.kernel && wx.counted == ax.kernel) {
        int64_t inside = (ax.input + ax.pad - span) / ax.stride + 1;
        if (inside > end) inside = end;
        const float scale = count_rows * static_cast<float>(ax.kernel);
        const bool dense = ax.dilation == 1;
        const auto merge = dense && ax.stride == 2 && ax.kernel == 2   ? MergeColumns<kKind, 2, 2>
                           : dense && ax.stride == 2 && ax.kernel == 3 ? MergeColumns<kKind, 3, 2>
                           : dense && ax.stride == 1 && ax.kernel == 3 ? MergeColumns<kKind, 3, 1>
                           : ax.stride == 1                            ? MergeColumns<kKind, 0, 1>
                                                                       : MergeColumns<kKind, 0, 0>;
        merge(at, inside - x, ax.kernel, ax.stride, ax.dilation, scale, output + x);
        x = inside - 1;
        continue;
      }
      float sum = none;
      for (int64_t kx = wx.begin; kx < wx.end; ++kx) sum = MergeOne<kKind>(sum, at[kx * ax.dilation]);
      output[x] = kKind == Kind::kAverage ? sum / (count_rows * static_cast<float>(wx.counted)) : sum;
    }
  }
}

template <Kind kKind>
void Plane(const Params& p, const float* input, float* output, int64_t begin, int64_t end) {
  const bool blocked = p.layout == Layout::kBlocked;
  const int64_t rows = p.axes[1].output, row_floats = p.axes[2].output * (blocked ? kLanes : 1);
  if (!blocked && rows * p.axes[0].output * p.axes[2].output == 1 && p.axes[0].pad + p.axes[1].pad + p.axes[2].pad == 0 &&
      p.axes[0].kernel == p.axes[0].input && p.axes[1].kernel == p.axes[1].input && p.axes[2].kernel == p.axes[2].input) {
    const int64_t size = p.axes[0].input * p.axes[1].input * p.axes[2].input;
    const float sum = Collect<kKind>(input, size);
    *output = kKind == Kind::kAverage ? sum / static_cast<float>(size) : sum;
    return;
  }
  // Worth it where windows share most of their rows' sums, or a planar row has no vectors otherwise.
  const bool wide = p.axes[2].kernel > 1 && p.axes[0].kernel * p.axes[1].kernel > 1 && p.axes[2].output > 1 &&
                    (p.axes[2].kernel > p.axes[2].stride || !blocked);
  const bool narrow = blocked && p.axes[0].kernel == 1 && p.axes[1].kernel <= 3 && HasNarrowWindows(p);
  const bool separable = wide && !narrow && (p.axes[2].kernel - 1) * p.axes[2].dilation + 1 + p.axes[2].stride <= 64;
  for (int64_t row = begin; row < end; ++row) {
    const Window wz = WindowAt(p, 0, row / rows), wy = WindowAt(p, 1, row % rows);
    if (separable) {
      SeparableRow<kKind>(p, wz, wy, blocked, input, output + row * row_floats);
      continue;
    }
    (blocked ? BlockedRow<kKind> : PlanarRow<kKind>)(p, wz, wy, input, output + row * row_floats);
  }
}

void RunPlane(const Params& p, const float* input, float* output, int64_t begin, int64_t end) {
  (p.kind == Kind::kMax ? Plane<Kind::kMax> : Plane<Kind::kAverage>)(p, input, output, begin, end);
}

}  // namespace

#if defined(__AVX512F__)
#define INFERLAB_SET "avx512"
#elif defined(__AVX2__)
#define INFERLAB_SET "avx2"
#elif defined(__ARM_NEON)
#define INFERLAB_SET "neon"
#else
#define INFERLAB_SET "plain"
#endif

const Table& GetTable() {
  static constexpr Table table = {"pool_max_f32_" INFERLAB_SET, "pool_average_f32_" INFERLAB_SET, kLanes, RunPlane};
  return table;
}

}  // namespace inferlab::pool::INFERLAB_ISA_NS
