// What the instructions on 8-bit numbers share: zero points and scales are operands, so that a net may compute them.
#pragma once
#include <cstring>

#include "base/round.h"
#include "kernels/qgemm/qgemm.h"
#include "program/instruction.h"

namespace inferlab::program {

// Arrays of numbers as kernels take them, made from operands at the beginning of a run, in the workspace before the kernel's.
class QuantizedScratch {
 public:
  explicit QuantizedScratch(std::byte* workspace) : at_(workspace) {}
  static constexpr std::size_t BytesFor(std::uint64_t words) { return WholeLines(static_cast<std::size_t>(words) * 4); }

  std::byte* rest() const { return at_; }
  template <typename T>
  T* Take(std::uint64_t count) {
    static_assert(sizeof(T) == 4);
    T* const taken = reinterpret_cast<T*>(at_);
    at_ += BytesFor(count);
    return taken;
  }
  // Zero points as int32.
  const std::int32_t* Zeros(const std::byte* bytes, bool is_signed, std::uint64_t count) {
    auto* const zeros = Take<std::int32_t>(count);
    for (std::uint64_t i = 0; i < count; ++i) zeros[i] = ZeroOf(bytes + i, is_signed);
    return zeros;
  }
  static std::int32_t ZeroOf(const std::byte* byte, bool is_signed) {
    const auto bits = static_cast<std::uint8_t>(*byte);
    return is_signed ? static_cast<std::int8_t>(bits) : bits;
  }

 private:
  std::byte* at_;
};

// alpha · a · b / y of scales, in float32 in that order (as ONNX Runtime); absent ones are 1. `a` and `b` hold one element
// or `count`.
inline void Multipliers(float alpha, const float* a, bool many_a, const float* b, bool many_b, const float* y,
                        std::uint64_t count, float* out) {
  for (std::uint64_t i = 0; i < count; ++i) {
    float scale = alpha;
    if (a) scale *= a[many_a ? i : 0];
    if (b) scale *= b[many_b ? i : 0];
    out[i] = y ? scale / *y : scale;
  }
}

// "int32", "float32", "uint8", "int8" as instructions number them (qgemm::Output).
inline bool ReadOutput(std::int64_t code, qgemm::Output* output) {
  if (code < 0 || code > 3) return false;
  *output = static_cast<qgemm::Output>(code);
  return true;
}

}  // namespace inferlab::program
