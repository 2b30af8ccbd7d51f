// Written so that GCC's vectoriser finds all loops but those across a row, whose chain of sums is one addition a pixel.
#include "vision/guided.h"

namespace inferlab::vision::guided::INFERLAB_ISA_NS {
namespace {

void AddU8(const std::uint8_t* i, const std::uint8_t* p, std::int32_t sign, std::int32_t* const* columns, std::int64_t n) {
  std::int32_t *__restrict si = columns[0], *__restrict sii = columns[1], *__restrict sp = columns[2],
               *__restrict sip = columns[3];
  for (std::int64_t x = 0; x < n; ++x) {
    const std::int32_t vi = i[x], vp = p[x], signed_i = sign * vi;
    si[x] += signed_i;
    sii[x] += signed_i * vi;
    sp[x] += sign * vp;
    sip[x] += signed_i * vp;
  }
}

void AddF32(const float* i, const float* p, double sign, double* const* columns, std::int64_t n) {
  double *__restrict si = columns[0], *__restrict sii = columns[1], *__restrict sp = columns[2], *__restrict sip = columns[3];
  for (std::int64_t x = 0; x < n; ++x) {
    const double vi = static_cast<double>(i[x]), vp = static_cast<double>(p[x]), signed_i = sign * vi;
    si[x] += signed_i;
    sii[x] += signed_i * vi;
    sp[x] += sign * vp;
    sip[x] += signed_i * vp;
  }
}

void AddPair(const float* a, const float* b, double sign, double* const* columns, std::int64_t n) {
  double *__restrict sa = columns[0], *__restrict sb = columns[1];
  for (std::int64_t x = 0; x < n; ++x) {
    sa[x] += sign * static_cast<double>(a[x]);
    sb[x] += sign * static_cast<double>(b[x]);
  }
}

// Several sums side by side: their chains do not wait for each other.
template <int kCount, typename T>
void Across(const T* const* columns, std::int64_t radius, T* const* windows, std::int64_t n) {
  T sums[kCount] = {};
  for (std::int64_t x = -radius; x < radius; ++x)
    for (int k = 0; k < kCount; ++k) sums[k] += columns[k][x];
  const T* leading[kCount];
  const T* trailing[kCount];
  T* out[kCount];
  for (int k = 0; k < kCount; ++k) {
    leading[k] = columns[k] + radius;
    trailing[k] = columns[k] - radius - 1;
    out[k] = windows[k];
  }
  // The column before the first window is 0.
  for (std::int64_t x = 0; x < n; ++x)
    for (int k = 0; k < kCount; ++k) {
      sums[k] += leading[k][x] - trailing[k][x];
      out[k][x] = sums[k];
    }
}

template <typename T>
void Solve(const T* const* windows, const double* count, double rows, double epsilon, float* __restrict a,
           float* __restrict b, std::int64_t n) {
  const T *si = windows[0], *sii = windows[1], *sp = windows[2], *sip = windows[3];
  for (std::int64_t x = 0; x < n; ++x) {
    const double pixels = count[x] * rows, i = static_cast<double>(si[x]), p = static_cast<double>(sp[x]);
    const double spread = pixels * static_cast<double>(sii[x]) - i * i + pixels * pixels * epsilon;
    const double shared = pixels * static_cast<double>(sip[x]) - i * p;
    const double slope = spread > 0 ? shared / spread : 0.0;
    a[x] = static_cast<float>(slope);
    b[x] = static_cast<float>((p - slope * i) / pixels);
  }
}

void MeanPair(const double* const* windows, const double* count, double rows, float* __restrict a, float* __restrict b,
              std::int64_t n) {
  const double *sa = windows[0], *sb = windows[1];
  for (std::int64_t x = 0; x < n; ++x) {
    const double pixels = count[x] * rows;
    a[x] = static_cast<float>(sa[x] / pixels);
    b[x] = static_cast<float>(sb[x] / pixels);
  }
}

void Mix(const float* upper, const float* lower, float share, float* __restrict y, std::int64_t n) {
  for (std::int64_t x = 0; x < n; ++x) y[x] = upper[x] + share * (lower[x] - upper[x]);
}

void Stretch(const float* v, const std::int32_t* first, const float* share, float* __restrict y, std::int64_t n) {
  for (std::int64_t x = 0; x < n; ++x) y[x] = v[first[x]] + share[x] * (v[first[x] + 1] - v[first[x]]);
}

void Apply(const float* a, const float* b, const float* i, float* __restrict q, std::int64_t n) {
  for (std::int64_t x = 0; x < n; ++x) q[x] = a[x] * i[x] + b[x];
}

void AddFloats(const float* x, float* __restrict y, std::int64_t n) {
  for (std::int64_t k = 0; k < n; ++k) y[k] += x[k];
}

void Levels(const float* q, std::uint8_t* __restrict y, std::int64_t n) {
  for (std::int64_t x = 0; x < n; ++x) {
    // 0 for a NaN.
    const float v = q[x] > 0.0f ? q[x] : 0.0f;
    y[x] = static_cast<std::uint8_t>(static_cast<std::int32_t>((v < 255.0f ? v : 255.0f) + 0.5f));
  }
}

void FloatsOf(const std::uint8_t* x, float* __restrict y, std::int64_t n) {
  for (std::int64_t k = 0; k < n; ++k) y[k] = static_cast<float>(x[k]);
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{AddU8,
                                AddF32,
                                AddPair,
                                Across<4, std::int32_t>,
                                Across<4, double>,
                                Across<2, double>,
                                Solve<std::int32_t>,
                                Solve<double>,
                                MeanPair,
                                Mix,
                                Stretch,
                                Apply,
                                AddFloats,
                                Levels,
                                FloatsOf};
  return kTable;
}

}  // namespace inferlab::vision::guided::INFERLAB_ISA_NS
