// Winograd's F(4×4, 3×3) on channel blocks: 36 products of [tiles × input channels] by [input × output channels] in place of
// 16·9 multiplications a tile: a quarter of the arithmetic, less the transforms.
//   Y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A        (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, §4)
// at the points 0, ±1, ±2, ∞. Its rounding error is about 10 times that of the direct sum.
//
// A part of the tiles is carried through all three steps, so that its 36 matrices stay in the second-level cache.
#include "kernels/conv/conv_isa.h"

namespace inferlab::conv::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS;
using namespace ::inferlab::INFERLAB_ISA_NS::simd;

constexpr int kPoints = 36;
constexpr int kBlocks = 2;  // output channel blocks a tile of the products holds

// Bᵀ on six vectors.
INFERLAB_INLINE void TransformInput(const F32* x, int64_t step, F32* y, int64_t y_step) {
  const F32 x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
  const F32 four = Set(4.0f), two = Set(2.0f), five = Set(5.0f);
  const F32 a = x4 - four * x2, b = x3 - four * x1, c = x4 - x2, d = two * (x3 - x1);
  y[0] = Fma(four, x0, x4) - five * x2;
  y[y_step] = a + b;
  y[2 * y_step] = a - b;
  y[3 * y_step] = c + d;
  y[4 * y_step] = c - d;
  y[5 * y_step] = Fma(four, x1, x5) - five * x3;
}

// Aᵀ on six vectors, four of them out.
INFERLAB_INLINE void TransformOutput(const F32* x, int64_t step, F32* y, int64_t y_step) {
  const F32 x0 = x[0], x1 = x[step], x2 = x[2 * step], x3 = x[3 * step], x4 = x[4 * step], x5 = x[5 * step];
  const F32 a = x1 + x2, b = x1 - x2, c = x3 + x4, d = x3 - x4;
  y[0] = x0 + a + c;
  y[y_step] = Fma(Set(2.0f), d, b);
  y[2 * y_step] = Fma(Set(4.0f), c, a);
  y[3 * y_step] = Fma(Set(8.0f), d, b) + x5;
}

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Floats from one point's matrix to the next: an odd number of cache lines, as a transform writes or reads all 36 at once, and at a
// multiple of half a page they would evict each other.
int64_t PointStride(int64_t blocks, int64_t tiles) { return (CeilDiv(blocks * tiles * kLanes, 16) | 1) * 16; }

}  // namespace

int64_t WinogradTiles(const Params& params) {
  const int64_t blocks = CeilDiv(params.input_channels, kLanes) + CeilDiv(params.output_channels, kLanes);
  const int64_t fit = 384 * 1024 / (kPoints * 4 * kLanes * blocks);
  const int64_t tiles = fit / 6 * 6;
  return tiles < 12 ? 12 : (tiles > 96 ? 96 : tiles);
}

int64_t WinogradScratchFloats(const Params& params) {
  const int64_t tiles = WinogradTiles(params);
  return kPoints * (PointStride(CeilDiv(params.input_channels, kLanes), tiles) +
                    PointStride(CeilDiv(params.output_channels, kLanes), tiles));
}

void WinogradWeights(int64_t input_channels, int64_t output_channels, const float* weights, float* packed) {
  static constexpr double kG[6][3] = {{1.0 / 4, 0, 0},
                                      {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                      {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                      {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                      {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                      {0, 0, 1}};
  const int64_t blocks = CeilDiv(output_channels, kLanes);
  const int64_t point_floats = blocks * kLanes * input_channels;
  for (int64_t block = 0; block < blocks; block += kBlocks) {
    const int64_t width = (blocks - block < kBlocks ? blocks - block : kBlocks) * kLanes;
    for (int64_t c = 0; c < input_channels; ++c)
      for (int64_t lane = 0; lane < width; ++lane) {
        const int64_t o = block * kLanes + lane;
        double rows[6][3] = {};
        if (o < output_channels) {
          const float* w = weights + (o * input_channels + c) * 9;
          for (int i = 0; i < 6; ++i)
            for (int j = 0; j < 3; ++j)
              rows[i][j] = kG[i][0] * w[j] + kG[i][1] * w[3 + j] + kG[i][2] * w[6 + j];
        }
        for (int i = 0; i < 6; ++i)
          for (int j = 0; j < 6; ++j)
            packed[(i * 6 + j) * point_floats + block * kLanes * input_channels + c * width + lane] =
                static_cast<float>(rows[i][0] * kG[j][0] + rows[i][1] * kG[j][1] + rows[i][2] * kG[j][2]);
      }
  }
}

void RunWinograd(const Params& params, const WinogradPart& part) {
  const Axis &ay = params.axes[1], &ax = params.axes[2];
  const int64_t in_blocks = CeilDiv(params.input_channels, kLanes);
  const int64_t out_blocks = CeilDiv(params.output_channels, kLanes);
  const int64_t tiles = part.tile_end - part.tile_begin;
  const int64_t tiles_x = CeilDiv(ax.output, 4);
  const int64_t in_point = PointStride(in_blocks, tiles), out_point = PointStride(out_blocks, tiles);
  float* const v = part.scratch;
  float* const m = v + kPoints * in_point;

  for (int64_t block = 0; block < in_blocks; ++block) {
    const float* plane = part.input + block * ay.input * ax.input * kLanes;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t index = part.tile_begin + tile;
      const int64_t y0 = index / tiles_x * 4 - ay.pad, x0 = index % tiles_x * 4 - ax.pad;
      F32 x[kPoints], t[kPoints];
      if (y0 >= 0 && x0 >= 0 && y0 + 6 <= ay.input && x0 + 6 <= ax.input) {
        const float* from = plane + (y0 * ax.input + x0) * kLanes;
        for (int i = 0; i < 6; ++i)
          for (int j = 0; j < 6; ++j) x[i * 6 + j] = Load(from + (i * ax.input + j) * kLanes);
      } else {
        for (int i = 0; i < 6; ++i)
          for (int j = 0; j < 6; ++j) {
            const int64_t yy = y0 + i, xx = x0 + j;
            const bool inside = yy >= 0 && xx >= 0 && yy < ay.input && xx < ax.input;
            x[i * 6 + j] = inside ? Load(plane + (yy * ax.input + xx) * kLanes) : Zero();
          }
      }
      for (int j = 0; j < 6; ++j) TransformInput(x + j, 6, t + j, 6);
      for (int i = 0; i < 6; ++i) TransformInput(t + i * 6, 1, x + i * 6, 1);
      float* to = v + (block * tiles + tile) * kLanes;
      for (int e = 0; e < kPoints; ++e) Store(to + e * in_point, x[e]);
    }
  }

  Params plain;
  Direct product{};
  product.in_x = kLanes;
  product.in_block = tiles * kLanes;
  product.in_channel = 1;
  product.in_channels = params.input_channels;
  product.out_channels = params.output_channels;
  product.out_x = kLanes;
  product.out_block = tiles * kLanes;
  product.max_blocks = kBlocks;
  product.params = &plain;
  for (int e = 0; e < kPoints; ++e) {
    DirectPart one{};
    one.rows = 1;
    one.columns = tiles;
    one.block_end = one.blocks = out_blocks;
    one.input = v + e * in_point;
    one.weights = part.weights + e * out_blocks * kLanes * params.input_channels;
    one.output = m + e * out_point;
    RunDirect(product, one);
  }

  for (int64_t block = 0; block < out_blocks; ++block) {
    const int64_t plane = block * ay.output * ax.output * kLanes;
    const F32 bias = part.bias ? LoadChannels(part.bias, block, params.output_channels) : Zero();
    const F32 slope = part.slope ? LoadChannels(part.slope, block, params.output_channels) : Zero();
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t index = part.tile_begin + tile;
      const int64_t y0 = index / tiles_x * 4, x0 = index % tiles_x * 4;
      F32 x[kPoints], t[24], y[16];
      const float* from = m + (block * tiles + tile) * kLanes;
      for (int e = 0; e < kPoints; ++e) x[e] = Load(from + e * out_point);
      for (int j = 0; j < 6; ++j) TransformOutput(x + j, 6, t + j, 6);
      for (int i = 0; i < 4; ++i) TransformOutput(t + i * 6, 1, y + i * 4, 1);
      const int64_t rows = ay.output - y0 < 4 ? ay.output - y0 : 4;
      const int64_t columns = ax.output - x0 < 4 ? ax.output - x0 : 4;
      const int64_t at = plane + (y0 * ax.output + x0) * kLanes;
      for (int i = 0; i < 16; ++i) y[i] = y[i] + bias;
      const auto add_residual = [&] {
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < columns; ++j)
            y[i * 4 + j] = y[i * 4 + j] + Load(part.residual + at + (i * ax.output + j) * kLanes);
      };
      if (params.residual == ResidualKind::kBeforeActivation) add_residual();
      if (params.activation.kind == ActivationKind::kPrelu) {
        for (int i = 0; i < 16; ++i) y[i] = IfLess(y[i], Zero(), y[i] * slope, y[i]);
      } else if (params.activation.kind != ActivationKind::kNone) {
        ActivateAll(params.activation, y, 16);
      }
      if (params.residual == ResidualKind::kAfterActivation) add_residual();
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j)
          Store(part.output + at + (i * ax.output + j) * kLanes, y[i * 4 + j]);
    }
  }
}

}  // namespace inferlab::conv::INFERLAB_ISA_NS
