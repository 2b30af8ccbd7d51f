// Words that windowed kernels (convolution, pooling) share.
#pragma once
#include <cstdint>

namespace inferlab {

// Planar is NCHW. Blocked is [N][⌈C / B⌉][H][W][B], B lanes of neighbouring channels; lanes beyond C hold anything, and
// nothing that reads them may let them reach another lane.
enum class Layout : std::int32_t { kPlanar = 0, kBlocked = 1 };

// Positions along one spatial dimension.
struct Axis {
  std::int64_t input = 1, output = 1, kernel = 1, stride = 1, dilation = 1;
  std::int64_t pad = 0;  // before the first element; what follows the last is implied by `output`
};

}  // namespace inferlab
