#include "vision/taps.h"

#include <algorithm>
#include <cmath>

namespace inferlab::vision {

Taps ReadTaps(Call& call, std::int64_t input, std::int64_t output) {
  Taps taps;
  taps.input = input;
  taps.output = output;
  const std::int64_t given = call.Integer(1, 1 << 20);
  if (call.ok() && (given > input || output > (std::int64_t{1} << 31) / given)) call.Fail("taps of a resize", given, input);
  const auto* first = call.Input<std::int32_t>(Element::kI32, output);
  const auto* weights = call.Input<float>(Element::kF32, call.ok() ? output * given : 0);
  if (!call.ok()) return taps;
  std::int64_t count = 1;
  for (std::int64_t i = 0; i < output; ++i) {
    if (first[i] < 0 || first[i] + given > input) {
      call.Fail("tap of a resize", first[i], input - given);
      return taps;
    }
    std::int64_t low = 0, high = given - 1;
    const float* w = weights + i * given;
    for (std::int64_t t = 0; t < given; ++t) {
      if (!(std::fabs(w[t]) < 1.99f)) {
        call.Fail("weight of a resize");
        return taps;
      }
    }
    while (low < high && w[low] == 0.0f) ++low;
    while (high > low && w[high] == 0.0f) --high;
    count = std::max(count, high - low + 1);
  }
  taps.count = static_cast<int>(count);
  taps.first.resize(static_cast<std::size_t>(output));
  taps.weights.assign(static_cast<std::size_t>(output * count), 0.0f);
  taps.fixed.assign(static_cast<std::size_t>(output * count), 0);
  taps.pairs.assign(static_cast<std::size_t>((count + 1) / 2 * output), 0);
  for (std::int64_t i = 0; i < output; ++i) {
    const float* w = weights + i * given;
    std::int64_t low = 0;
    while (low < given - 1 && w[low] == 0.0f) ++low;
    const std::int64_t start = std::min<std::int64_t>(first[i] + low, input - count);
    taps.first[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(start);
    float* to = taps.weights.data() + i * count;
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t from = start + t - first[i];
      if (from >= 0 && from < given) to[t] = w[from];
    }
    std::int16_t* fixed = taps.fixed.data() + i * count;
    int sum = 0;
    std::int64_t largest = 0;
    for (std::int64_t t = 0; t < count; ++t) {
      fixed[t] = static_cast<std::int16_t>(std::lround(to[t] * 16384.0f));
      sum += fixed[t];
      if (to[t] > to[largest]) largest = t;
    }
    fixed[largest] = static_cast<std::int16_t>(fixed[largest] + 16384 - sum);
    for (std::int64_t t = 0; t < count; t += 2) {
      const std::int32_t a = fixed[t], b = t + 1 < count ? fixed[t + 1] : 0;
      taps.pairs[static_cast<std::size_t>(t / 2 * output + i)] =
          static_cast<std::int32_t>((static_cast<std::uint32_t>(b) << 16) | (static_cast<std::uint32_t>(a) & 0xffff));
    }
  }
  while (taps.inner < output && taps.first[static_cast<std::size_t>(taps.inner)] < input - 1) ++taps.inner;
  return taps;
}

}  // namespace inferlab::vision
