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

// What the compiler knows of the columns a tile reads: neighbouring pixels of channel blocks; every pixel of planes, or every
// second one; nothing.
enum class Input { kBlocks, kPlane, kHalfPlane, kAny };
template <Input kInput>
inline constexpr int kDistance = kInput == Input::kBlocks ? kLanes : kInput == Input::kPlane ? 1 : 2;  // of columns, floats

struct TileArgs {
  const float* in;
  const float* weights;
  int64_t in_x, in_y, in_tap, in_block, in_channel;
  int64_t kernel_rows, kernel_columns, in_channels;
  const F32* bias;   // kB vectors
  const F32* slope;  // kB vectors where the activation is Prelu
  const float* residual;
  float* out;
  int64_t out_x, out_block;
  const Params* params;
};

// sum + a·b, in the register that holds the sum. GCC 12 renames sums, copies them about and spills some of them where it may
// choose the form of the instruction: half again the cycles of a tile of 2×6 over 16 channels.
INFERLAB_INLINE F32 FmaInto(F32 sum, F32 a, F32 b) {
#if defined(__GNUC__) && (defined(__AVX2__) || defined(__AVX512F__))
  auto v = sum.v;
  asm("vfmadd231ps %2, %1, %0" : "+v"(v) : "v"(a.v), "v"(b.v));
  return {v};
#else
  return Fma(a, b, sum);
#endif
}

// One input channel: kB·kW FMAs.
template <int kB, int kW, typename Column>
INFERLAB_INLINE void Step(Column&& column, const float* w, F32 (&acc)[kB][kW]) {
  F32 wv[kB];
#pragma GCC unroll 4
  for (int b = 0; b < kB; ++b) wv[b] = Load(w + b * kLanes);
#pragma GCC unroll 16
  for (int j = 0; j < kW; ++j) {
    const F32 x = Set(column(j));
#pragma GCC unroll 4
    for (int b = 0; b < kB; ++b) acc[b][j] = FmaInto(acc[b][j], x, wv[b]);
  }
}

// Some channels of one tap.
template <int kB, int kW, Input kInput>
INFERLAB_INLINE const float* Channels(const TileArgs& t, const float* in, int channels, const float* w, F32 (&acc)[kB][kW]) {
  if constexpr (kInput != Input::kAny) {
    const int64_t step = kInput == Input::kBlocks ? 1 : t.in_channel;
    for (int c = 0; c < channels; ++c, in += step, w += kB * kLanes)
      Step<kB, kW>([&](int j) { return in[j * kDistance<kInput>]; }, w, acc);
  } else {
    // A pointer to every third column: x86 adds once or twice the distance by itself.
    constexpr int kPointers = (kW + 2) / 3;
    const int64_t in_x = t.in_x, step = t.in_channel;
    const float* at[kPointers];
#pragma GCC unroll 5
    for (int i = 0; i < kPointers; ++i) at[i] = in + 3 * i * in_x;
    for (int c = 0; c < channels; ++c, w += kB * kLanes) {
      Step<kB, kW>([&](int j) { return at[j / 3][j % 3 * in_x]; }, w, acc);
#pragma GCC unroll 5
      for (int i = 0; i < kPointers; ++i) at[i] += step;
    }
  }
  return w;
}

template <int kB, int kW, Input kInput>
INFERLAB_INLINE void Sum(const TileArgs& t, F32 (&acc)[kB][kW]) {
  const float* w = t.weights;
  const float* block = t.in;
  for (int64_t left = t.in_channels; left > 0; left -= kLanes, block += t.in_block) {
    const int channels = left < kLanes ? static_cast<int>(left) : kLanes;
    const float* row = block;
    for (int64_t ky = 0; ky < t.kernel_rows; ++ky, row += t.in_y) {
      const float* in = row;
      for (int64_t kx = 0; kx < t.kernel_columns; ++kx, in += t.in_tap) w = Channels<kB, kW, kInput>(t, in, channels, w, acc);
    }
  }
}

template <int kB, int kW, typename Function>
INFERLAB_INLINE void ForEach(F32 (&acc)[kB][kW], Function&& function) {
#pragma GCC unroll 4
  for (int b = 0; b < kB; ++b)
#pragma GCC unroll 16
    for (int j = 0; j < kW; ++j) acc[b][j] = function(acc[b][j], b, j);
}

template <int kB, int kW>
INFERLAB_INLINE void Finish(const TileArgs& t, F32 (&acc)[kB][kW]) {
  const int64_t out_x = t.out_x, out_block = t.out_block;
  const auto add_residual = [&](F32 x, int b, int j) { return x + Load(t.residual + b * out_block + j * out_x); };
  if (t.params->residual == ResidualKind::kBeforeActivation) ForEach(acc, add_residual);
  switch (t.params->activation.kind) {
    case ActivationKind::kNone:
      break;
    case ActivationKind::kRelu:
      ForEach(acc, [](F32 x, int, int) { return Max(Zero(), x); });
      break;
    case ActivationKind::kClip: {
      const F32 least = Set(t.params->activation.alpha), most = Set(t.params->activation.beta);
      ForEach(acc, [&](F32 x, int, int) { return Min(most, Max(least, x)); });
      break;
    }
    case ActivationKind::kPrelu:
      ForEach(acc, [&](F32 x, int b, int) { return IfLess(x, Zero(), x * t.slope[b], x); });
      break;
    default: {
      F32 values[kB * kW];
      ForEach(acc, [&](F32 x, int b, int j) { return values[b * kW + j] = x; });
      ActivateAll(t.params->activation, values, kB * kW);
      ForEach(acc, [&](F32, int b, int j) { return values[b * kW + j]; });
    }
  }
  if (t.params->residual == ResidualKind::kAfterActivation) ForEach(acc, add_residual);
  ForEach(acc, [&](F32 x, int b, int j) {
    Store(t.out + b * out_block + j * out_x, x);
    return x;
  });
}

template <int kB, int kW, Input kInput>
void Tile(const TileArgs& t) {
  F32 acc[kB][kW];
  ForEach(acc, [&](F32, int b, int) { return t.bias[b]; });
  Sum<kB, kW, kInput>(t, acc);
  Finish<kB, kW>(t, acc);
}

using TileFunction = void (*)(const TileArgs&);

template <int kB, Input kInput>
TileFunction Find(int width) {
#define INFERLAB_WIDTH(w) \
  case w:                 \
    if constexpr (w <= kMaxWidth[kB]) return Tile<kB, w, kInput>; else return nullptr;
  switch (width) {
    INFERLAB_WIDTH(1) INFERLAB_WIDTH(2) INFERLAB_WIDTH(3) INFERLAB_WIDTH(4) INFERLAB_WIDTH(5) INFERLAB_WIDTH(6)
    INFERLAB_WIDTH(7) INFERLAB_WIDTH(8) INFERLAB_WIDTH(9) INFERLAB_WIDTH(10) INFERLAB_WIDTH(11) INFERLAB_WIDTH(12)
    INFERLAB_WIDTH(13) INFERLAB_WIDTH(14)
  }
#undef INFERLAB_WIDTH
  return nullptr;
}

template <Input kInput>
TileFunction FindTile(int blocks, int width) {
  switch (blocks) {
    case 1:
      return Find<1, kInput>(width);
    case 2:
      return Find<2, kInput>(width);
    case 3:
      return Find<3, kInput>(width);
    default:
      return Find<4, kInput>(width);
  }
}

TileFunction FindFor(const Direct& conv, int blocks, int width) {
  const int64_t distance = conv.in_x * conv.x.stride;
  if (conv.in_channel == 1 && distance == kLanes) return FindTile<Input::kBlocks>(blocks, width);
  if (conv.in_channel != 1 && distance == 1) return FindTile<Input::kPlane>(blocks, width);
  if (conv.in_channel != 1 && distance == 2) return FindTile<Input::kHalfPlane>(blocks, width);
  return FindTile<Input::kAny>(blocks, width);
}

}  // namespace

void RunDirect(const Direct& conv, const DirectPart& part) {
  TileArgs t;
  t.in_x = conv.in_x * conv.x.stride;
  t.in_y = conv.in_y * conv.y.dilation;
  t.in_tap = conv.in_x * conv.x.dilation;
  t.in_block = conv.in_block;
  t.in_channel = conv.in_channel;
  t.kernel_rows = conv.y.kernel;
  t.kernel_columns = conv.x.kernel;
  t.in_channels = conv.in_channels;
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
    const TileFunction narrow_tile = FindFor(conv, blocks, narrow);
    const TileFunction wide_tile = num_wide ? FindFor(conv, blocks, narrow + 1) : narrow_tile;
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
