// Rows of a depthwise convolution of bytes: taps in pairs, two vectors of outputs at a time. Bytes that two taps read are
// zipped, widened to pairs of int16 and multiplied by the pair of weights: one instruction for two taps of a lane.
#include "base/integer-inl.h"
#include "kernels/qconv/depthwise_table.h"

namespace inferlab::qconv::depthwise::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

// kPairs of taps, or as many as the strip says where it is 0.
template <int kPairs>
void RunStrip(const Strip& s) {
  const int pairs = kPairs == 0 ? s.pairs : kPairs;
  const bool bytes = s.output != qgemm::Output::kInt32;
  const std::int32_t low = s.output == qgemm::Output::kInt8 ? -128 : 0, high = low + 255;
  const F32 scale = Set(s.scale);
  const std::uint8_t* row = s.rows;
  for (int64_t y = 0; y < s.height; ++y, row += s.row_step) {
    for (int64_t x = 0; x < s.width; x += 2 * kLanes) {
      I32 first = SetInt(s.start), second = first;
#pragma GCC unroll 16
      for (int t = 0; t < pairs; ++t) {
        I32 a, b;
        ZipBytes(row + s.offsets[2 * t] + x, row + s.offsets[2 * t + 1] + x, &a, &b);
        const I32 weights = BroadcastPair(s.weights + 2 * t);
        first = first + MultiplyPairs(a, weights);
        second = second + MultiplyPairs(b, weights);
      }
      const int64_t at = y * s.width + x, left = s.width - x;
      if (bytes) {
        auto* to = static_cast<std::uint8_t*>(s.y) + at;
        first = Quantize(ToFloat(first) * scale, s.zero, low, high);
        second = Quantize(ToFloat(second) * scale, s.zero, low, high);
        if (left >= 2 * kLanes) {
          StoreBytes(to, first, second);
        } else {
          std::uint8_t lanes[2 * kLanes];
          StoreBytes(lanes, first, second);
          std::memcpy(to, lanes, static_cast<std::size_t>(left));
        }
      } else {
        auto* to = static_cast<std::int32_t*>(s.y) + at;
        if (left >= 2 * kLanes) {
          StoreInt(to, first);
          StoreInt(to + kLanes, second);
        } else {
          StoreInt(to, first, static_cast<int>(left < kLanes ? left : kLanes));
          if (left > kLanes) StoreInt(to + kLanes, second, static_cast<int>(left - kLanes));
        }
      }
    }
  }
}

void RunAnyStrip(const Strip& s) {
  switch (s.pairs) {
    case 5:  // 3 × 3
      return RunStrip<5>(s);
    case 13:  // 5 × 5
      return RunStrip<13>(s);
    default:
      return RunStrip<0>(s);
  }
}

void SplitRow(const std::uint8_t* from, int64_t count, int phases, int64_t phase_bytes, std::uint8_t flip, std::uint8_t* to) {
  if (phases == 1) {
#pragma GCC ivdep
    for (int64_t i = 0; i < count; ++i) to[i] = from[i] ^ flip;
    return;
  }
  if (phases == 2) {
    std::uint8_t* const odd = to + phase_bytes;
#pragma GCC ivdep
    for (int64_t i = 0; i < count / 2; ++i) {
      to[i] = from[2 * i] ^ flip;
      odd[i] = from[2 * i + 1] ^ flip;
    }
    if (count % 2 != 0) to[count / 2] = from[count - 1] ^ flip;
    return;
  }
  for (int phase = 0; phase < phases; ++phase)
    for (int64_t i = phase; i < count; i += phases) to[phase * phase_bytes + i / phases] = from[i] ^ flip;
}

}  // namespace

const Table& GetTable() {
  static constexpr Table table = {SplitRow, RunAnyStrip};
  return table;
}

}  // namespace inferlab::qconv::depthwise::INFERLAB_ISA_NS
