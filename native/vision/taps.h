// The weights of a separable resize along one axis, as the kernels want them.
#pragma once
#include <cstdint>
#include <vector>

#include "vision/vision.h"

namespace inferlab::vision {

// Output i is the sum over t < count of weights[i, t] · input[first[i] + t]; outputs read inputs within [0, input).
struct Taps {
  std::int64_t input = 0, output = 0;
  int count = 0;
  // Outputs before the first one that begins at the last input.
  std::int64_t inner = 0;
  std::vector<std::int32_t> first;
  std::vector<float> weights;
  // Weights in units of 2^-14 that add up to 2^14, `count` an output.
  std::vector<std::int16_t> fixed;
  // The same two by two, the first in the low half, pairs[t / 2][i]: an odd count ends with weight 0.
  std::vector<std::int32_t> pairs;
};

// Reads the taps' count from the parameters and their positions and weights from the next two inputs; drops the taps whose
// weight is 0 for every output.
Taps ReadTaps(Call& call, std::int64_t input, std::int64_t output);

}  // namespace inferlab::vision
