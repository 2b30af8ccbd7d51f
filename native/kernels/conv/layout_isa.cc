// Between planar and blocked tensors, at memory speed: 8×8 (or 16×8) corners are transposed in registers where the channels are whole.
#include <cstring>

#include "kernels/common/transpose-inl.h"
#include "kernels/conv/conv_isa.h"

namespace inferlab::conv::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS;
using namespace ::inferlab::INFERLAB_ISA_NS::simd;

struct Block {
  int64_t offset;  // of its first element, alike in both layouts
  int64_t lanes;   // channels that exist
};
INFERLAB_INLINE Block BlockOf(int64_t channels, int64_t plane, int64_t block) {
  const int64_t left = channels - block * kLanes;
  return {block * kLanes * plane, left < kLanes ? left : kLanes};
}

}  // namespace

void ToBlockedPart(int64_t channels, int64_t plane, int64_t block, int64_t pixel_begin, int64_t pixel_end,
                   const float* planar, float* blocked) {
  const auto [offset, lanes] = BlockOf(channels, plane, block);
  const float* from = planar + offset;
  float* to = blocked + offset;
  int64_t p = pixel_begin;
  if (lanes == kLanes) {
    for (; p + 8 <= pixel_end; p += 8)
      for (int64_t c = 0; c < kLanes; c += 8) Transpose8x8(from + c * plane + p, plane, to + p * kLanes + c, kLanes);
  } else {
    // Channels that do not exist are rows of zeros.
    float rows[kLanes][8] = {};
    for (; p + 8 <= pixel_end; p += 8) {
      for (int64_t c = 0; c < lanes; ++c) std::memcpy(rows[c], from + c * plane + p, sizeof(rows[c]));
      for (int64_t c = 0; c < kLanes; c += 8) Transpose8x8(rows[c], 8, to + p * kLanes + c, kLanes);
    }
  }
  for (; p < pixel_end; ++p) {
    for (int64_t c = 0; c < lanes; ++c) to[p * kLanes + c] = from[c * plane + p];
    for (int64_t c = lanes; c < kLanes; ++c) to[p * kLanes + c] = 0.0f;
  }
}

void ToPlanarPart(int64_t channels, int64_t plane, int64_t block, int64_t pixel_begin, int64_t pixel_end,
                  const float* blocked, float* planar) {
  const auto [offset, lanes] = BlockOf(channels, plane, block);
  const float* from = blocked + offset;
  float* to = planar + offset;
  int64_t p = pixel_begin;
  if (lanes == kLanes) {
    for (; p + 8 <= pixel_end; p += 8)
      for (int64_t c = 0; c < kLanes; c += 8) Transpose8x8(from + p * kLanes + c, kLanes, to + c * plane + p, plane);
  } else if (lanes > 1) {
    float rows[kLanes][8];
    for (; p + 8 <= pixel_end; p += 8) {
      for (int64_t c = 0; c < kLanes; c += 8) Transpose8x8(from + p * kLanes + c, kLanes, rows[c], 8);
      for (int64_t c = 0; c < lanes; ++c) std::memcpy(to + c * plane + p, rows[c], sizeof(rows[c]));
    }
  }
  for (; p < pixel_end; ++p)
    for (int64_t c = 0; c < lanes; ++c) to[c * plane + p] = from[p * kLanes + c];
}

}  // namespace inferlab::conv::INFERLAB_ISA_NS
