// Direct convolution into channel blocks.
//
// A tile is kB output channel blocks × kW output columns in registers. For each tap and input channel it loads kB vectors of
// weights and broadcasts kW inputs: kB·kW FMAs for kB + kW loads. With 16 registers 2×6, 3×4 and 4×3 all give 12 chains
// (8 hide the latency of 4 at 2 a cycle); the caller picks by how well they divide the layer. Weights of a tile's channels lie in the
// order they are read: [input block][kernel row][kernel column][input channel][kB · kLanes].
#include "kernels/conv/conv_isa.h"

namespace inferlab::conv::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS;
using namespace ::inferlab::INFERLAB_ISA_NS::simd;

#if defined(__AVX512F__)
constexpr int kMaxWidth[5] = {0, 14, 12, 8, 6};
#elif defined(__AVX2__) || defined(__ARM_NEON)
constexpr int kMaxWidth[5] = {0, 12, 6, 4, 3};
#else
constexpr int kMaxWidth[5] = {0, 6, 3, 2, 1};
#endif

struct TileArgs {
  const float* in;
  const float* weights;
  int64_t in_x, in_y, in_tap, in_block, in_channel;
  int64_t kernel_rows, kernel_columns, full_blocks;
  int tail;  // channels of the last, incomplete block
  const F32* bias;   // kB vectors
  const F32* slope;  // kB vectors where the activation is Prelu
  const float* residual;
  float* out;
  int64_t out_x, out_block;
  const Params* params;
};

// One input channel: kB·kW FMAs. kStep says what the compiler knows of the input: the distance of columns in blocks if positive,
// in planes if negative, and nothing if 0.
template <int kB, int kW, int kStep>
INFERLAB_INLINE void Step(const float* in, int64_t in_x, const float* w, F32 (&acc)[kB][kW]) {
  F32 wv[kB];
#pragma GCC unroll 4
  for (int b = 0; b < kB; ++b) wv[b] = Load(w + b * kLanes);
#pragma GCC unroll 16
  for (int j = 0; j < kW; ++j) {
    const F32 x = Set(in[j * (kStep ? (kStep < 0 ? -kStep : kStep) : in_x)]);
#pragma GCC unroll 4
    for (int b = 0; b < kB; ++b) acc[b][j] = Fma(x, wv[b], acc[b][j]);
  }
}

template <int kB, int kW, int kStep>
INFERLAB_INLINE void Sum(const TileArgs& t, F32 (&acc)[kB][kW]) {
  const float* w = t.weights;
  const int64_t step = kStep > 0 ? 1 : t.in_channel;  // blocked input: channels of a block are neighbours
  for (int64_t block = 0; block < t.full_blocks; ++block) {
    const float* rows = t.in + block * t.in_block;
    for (int64_t ky = 0; ky < t.kernel_rows; ++ky, rows += t.in_y) {
      const float* in = rows;
      for (int64_t kx = 0; kx < t.kernel_columns; ++kx, in += t.in_tap) {
#pragma GCC unroll 16
        for (int c = 0; c < kLanes; ++c) Step<kB, kW, kStep>(in + c * step, t.in_x, w + c * kB * kLanes, acc);
        w += kLanes * kB * kLanes;
      }
    }
  }
  if (t.tail) {
    const float* rows = t.in + t.full_blocks * t.in_block;
    for (int64_t ky = 0; ky < t.kernel_rows; ++ky, rows += t.in_y) {
      const float* in = rows;
      for (int64_t kx = 0; kx < t.kernel_columns; ++kx, in += t.in_tap)
        for (int c = 0; c < t.tail; ++c, w += kB * kLanes) Step<kB, kW, kStep>(in + c * step, t.in_x, w, acc);
    }
  }
}

template <int kB, int kW, int kStep>
void Tile(const TileArgs& t) {
  F32 acc[kB][kW];
#pragma GCC unroll 4
  for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
    for (int j = 0; j < kW; ++j) acc[b][j] = t.bias[b];
  Sum<kB, kW, kStep>(t, acc);
  if (t.params->residual == ResidualKind::kBeforeActivation)
#pragma GCC unroll 4
    for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
      for (int j = 0; j < kW; ++j) acc[b][j] = acc[b][j] + Load(t.residual + b * t.out_block + j * t.out_x);
  switch (t.params->activation.kind) {
    case ActivationKind::kNone:
      break;
    case ActivationKind::kRelu:
#pragma GCC unroll 4
      for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
        for (int j = 0; j < kW; ++j) acc[b][j] = Max(Zero(), acc[b][j]);
      break;
    case ActivationKind::kPrelu:
#pragma GCC unroll 4
      for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
        for (int j = 0; j < kW; ++j) acc[b][j] = IfLess(acc[b][j], Zero(), acc[b][j] * t.slope[b], acc[b][j]);
      break;
    default: {
      F32 values[kB * kW];
#pragma GCC unroll 4
      for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
        for (int j = 0; j < kW; ++j) values[b * kW + j] = acc[b][j];
      ActivateAll(t.params->activation, values, kB * kW);
#pragma GCC unroll 4
      for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
        for (int j = 0; j < kW; ++j) acc[b][j] = values[b * kW + j];
    }
  }
  if (t.params->residual == ResidualKind::kAfterActivation)
#pragma GCC unroll 4
    for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
      for (int j = 0; j < kW; ++j) acc[b][j] = acc[b][j] + Load(t.residual + b * t.out_block + j * t.out_x);
#pragma GCC unroll 4
  for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
    for (int j = 0; j < kW; ++j) Store(t.out + b * t.out_block + j * t.out_x, acc[b][j]);
}

using TileFunction = void (*)(const TileArgs&);

template <int kB, int kStep>
TileFunction Find(int width) {
#define INFERLAB_WIDTH(w) \
  case w:                 \
    if constexpr (w <= kMaxWidth[kB]) return Tile<kB, w, kStep>; else return nullptr;
  switch (width) {
    INFERLAB_WIDTH(1) INFERLAB_WIDTH(2) INFERLAB_WIDTH(3) INFERLAB_WIDTH(4) INFERLAB_WIDTH(5) INFERLAB_WIDTH(6)
    INFERLAB_WIDTH(7) INFERLAB_WIDTH(8) INFERLAB_WIDTH(9) INFERLAB_WIDTH(10) INFERLAB_WIDTH(11) INFERLAB_WIDTH(12)
    INFERLAB_WIDTH(13) INFERLAB_WIDTH(14)
  }
#undef INFERLAB_WIDTH
  return nullptr;
}

template <int kStep>
TileFunction FindTile(int blocks, int width) {
  switch (blocks) {
    case 1:
      return Find<1, kStep>(width);
    case 2:
      return Find<2, kStep>(width);
    case 3:
      return Find<3, kStep>(width);
    default:
      return Find<4, kStep>(width);
  }
}

TileFunction FindFor(const Direct& conv, int blocks, int width) {
  if (conv.in_channel == 1 && conv.in_x == kLanes) return FindTile<kLanes>(blocks, width);
  if (conv.in_channel == 1 && conv.in_x == 2 * kLanes) return FindTile<2 * kLanes>(blocks, width);
  if (conv.in_channel != 1 && conv.in_x == 1) return FindTile<-1>(blocks, width);
  if (conv.in_channel != 1 && conv.in_x == 2) return FindTile<-2>(blocks, width);
  return FindTile<0>(blocks, width);
}

}  // namespace

void RunDirect(const Direct& conv, const DirectPart& part) {
  TileArgs t;
  t.in_x = conv.in_x * conv.x.stride;
  Direct strided = conv;
  strided.in_x = t.in_x;
  t.in_y = conv.in_y * conv.y.dilation;
  t.in_tap = conv.in_x * conv.x.dilation;
  t.in_block = conv.in_block;
  t.in_channel = conv.in_channel;
  t.kernel_rows = conv.y.kernel;
  t.kernel_columns = conv.x.kernel;
  t.full_blocks = conv.in_channels / kLanes;
  t.tail = static_cast<int>(conv.in_channels % kLanes);
  t.params = conv.params;
  t.out_x = conv.out_x;
  t.out_block = conv.out_block;
  const int64_t depth = conv.in_channels * conv.y.kernel * conv.x.kernel;

  for (int64_t block = part.block_begin; block < part.block_end;) {
    // The channels after the last whole group of max_blocks were packed as one narrower group.
    const int64_t left = part.blocks - block;
    const int blocks = left < conv.max_blocks ? static_cast<int>(left) : conv.max_blocks;
    const int64_t max_width = kMaxWidth[blocks];
    // Tiles of nearly equal width: 20 columns are 4 × 5, not 3 × 6 + 2.
    const int64_t num_tiles = (part.columns + max_width - 1) / max_width;
    const int narrow = static_cast<int>(part.columns / num_tiles);
    const int64_t num_wide = part.columns - narrow * num_tiles;
    const TileFunction narrow_tile = FindFor(strided, blocks, narrow);
    const TileFunction wide_tile = num_wide ? FindFor(strided, blocks, narrow + 1) : narrow_tile;
    F32 bias[4], slope[4];
    for (int b = 0; b < blocks; ++b) {
      bias[b] = part.bias ? LoadChannels(part.bias, block + b, conv.out_channels) : Zero();
      slope[b] = part.slope ? LoadChannels(part.slope, block + b, conv.out_channels) : Zero();
    }
    t.bias = bias;
    t.slope = slope;
    t.weights = part.weights + block * kLanes * depth;
    for (int64_t y = 0; y < part.rows; ++y) {
      t.in = part.input + y * conv.y.stride * conv.in_y;
      const int64_t out = y * conv.out_y + block * conv.out_block;
      t.out = part.output + out;
      t.residual = part.residual ? part.residual + out : nullptr;
      for (int64_t tile = 0; tile < num_tiles; ++tile) {
        const bool wide = tile < num_wide;
        (wide ? wide_tile : narrow_tile)(t);
        const int64_t width = wide ? narrow + 1 : narrow;
        t.in += width * t.in_x;
        t.out += width * t.out_x;
        if (t.residual) t.residual += width * t.out_x;
      }
    }
    block += blocks;
  }
}

#if defined(__AVX512F__)
#define INFERLAB_CONV_NAME(kind) "conv_f32_avx512_" kind
#elif defined(__AVX2__)
#define INFERLAB_CONV_NAME(kind) "conv_f32_avx2_" kind
#elif defined(__ARM_NEON)
#define INFERLAB_CONV_NAME(kind) "conv_f32_neon_" kind
#else
#define INFERLAB_CONV_NAME(kind) "conv_f32_plain_" kind
#endif

const Table& GetTable() {
  static constexpr Table table = {INFERLAB_CONV_NAME("direct"),
                                  INFERLAB_CONV_NAME("depthwise"),
                                  INFERLAB_CONV_NAME("winograd_4x4"),
                                  kLanes,
                                  {0, kMaxWidth[1], kMaxWidth[2], kMaxWidth[3], kMaxWidth[4]},
                                  RunDirect,
                                  RunDepthwise,
                                  WinogradWeights,
                                  RunWinograd,
                                  WinogradTiles,
                                  WinogradScratchFloats,
                                  ToBlockedPart,
                                  ToPlanarPart};
  return table;
}

}  // namespace inferlab::conv::INFERLAB_ISA_NS
