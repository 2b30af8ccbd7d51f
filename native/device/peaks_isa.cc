#include "base/simd-inl.h"
#include "device/peaks_table.h"

namespace inferlab::device::INFERLAB_ISA_NS {
namespace {

namespace simd = ::inferlab::INFERLAB_ISA_NS::simd;

// Twelve sums are enough to hide a latency of 4 cycles on 2 ports of 16-register sets, spilling nothing.
float MultiplyAdd(std::size_t rounds) {
  constexpr int kSums = 12;
  simd::F32 sums[kSums];
  for (int i = 0; i < kSums; ++i) sums[i] = simd::Set(static_cast<float>(i));
  // Values that neither grow nor fall below the normal numbers: s → 0.999·s + 0.001. Read through volatile, so that no
  // compiler computes the loop beforehand.
  const volatile float a = 0.999f, b = 0.001f;
  const simd::F32 factor = simd::Set(a), addend = simd::Set(b);
  for (std::size_t round = 0; round < rounds; ++round) {
    for (int repeat = 0; repeat < 8; ++repeat) {
#pragma GCC unroll 12
      for (int i = 0; i < kSums; ++i) sums[i] = simd::Fma(sums[i], factor, addend);
    }
  }
  simd::F32 total = sums[0];
  for (int i = 1; i < kSums; ++i) total = total + sums[i];
  return simd::ReduceAdd(total);
}

void Scale(const float* x, float* y, std::size_t n) {
  const simd::F32 half = simd::Set(0.5f);
  std::size_t i = 0;
  for (; i + 4 * simd::kLanes <= n; i += 4 * simd::kLanes) {
    for (int part = 0; part < 4; ++part)
      simd::Store(y + i + part * simd::kLanes, simd::Load(x + i + part * simd::kLanes) * half);
  }
  for (; i < n; ++i) y[i] = 0.5f * x[i];
}

}  // namespace

const Table& GetTable() {
  static constexpr Table table{MultiplyAdd, Scale, simd::kLanes};
  return table;
}

}  // namespace inferlab::device::INFERLAB_ISA_NS
