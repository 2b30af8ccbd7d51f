// What the *_isa.cc sources of this family share. For them only.
#pragma once
#include "base/simd-inl.h"
#include "kernels/common/activation-inl.h"
#include "kernels/conv/conv_table.h"

namespace inferlab::conv::INFERLAB_ISA_NS {

using std::int64_t;
namespace simd = ::inferlab::INFERLAB_ISA_NS::simd;

void RunDirect(const Direct& conv, const DirectPart& part);
void RunDepthwise(const Params& params, const DepthwisePart& part);
void WinogradWeights(int64_t input_channels, int64_t output_channels, const float* weights, float* packed);
void RunWinograd(const Params& params, const WinogradPart& part);
int64_t WinogradTiles(const Params& params);
int64_t WinogradScratchFloats(const Params& params);
void ToBlockedPart(int64_t channels, int64_t plane, int64_t block, int64_t pixel_begin, int64_t pixel_end,
                   const float* planar, float* blocked);
void ToPlanarPart(int64_t channels, int64_t plane, int64_t block, int64_t pixel_begin, int64_t pixel_end,
                  const float* blocked, float* planar);

// Channel vector `block` of a per-channel array of `channels` floats.
INFERLAB_INLINE simd::F32 LoadChannels(const float* p, int64_t block, int64_t channels) {
  const int64_t left = channels - block * simd::kLanes;
  p += block * simd::kLanes;
  return left >= simd::kLanes ? simd::Load(p) : simd::Load(p, static_cast<int>(left));
}

}  // namespace inferlab::conv::INFERLAB_ISA_NS
