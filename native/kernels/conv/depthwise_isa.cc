// Depthwise convolution on channel blocks: lanes are channels, so a tap is one FMA a column.
//
// A tile is kWidth columns of one row. Where the kernel width and stride are known (3, 5, 7 by 1, 2) each input vector is
// loaded once a kernel row and meets every column it belongs to; other shapes load once a tap.
#include "kernels/conv/conv_isa.h"

namespace inferlab::conv::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS;
using namespace ::inferlab::INFERLAB_ISA_NS::simd;

constexpr int kWidth = kRegisters == 32 ? 12 : 6;

struct RowArgs {
  const Params* params;
  F32 bias, slope;
  const float* in;       // first tap row that exists, column 0
  const float* weights;  // of that row
  int64_t kernel_rows;   // that exist
  int64_t in_row;        // floats between tap rows
  const float* residual;
  float* out;
};

template <int kCount>
INFERLAB_INLINE void FinishColumns(const RowArgs& r, int64_t x, F32 (&acc)[kCount]) {
  if (r.params->residual == ResidualKind::kBeforeActivation)
    for (int j = 0; j < kCount; ++j) acc[j] = acc[j] + Load(r.residual + (x + j) * kLanes);
  switch (r.params->activation.kind) {
    case ActivationKind::kNone:
      break;
    case ActivationKind::kRelu:
      for (int j = 0; j < kCount; ++j) acc[j] = Max(Zero(), acc[j]);
      break;
    case ActivationKind::kPrelu:
      for (int j = 0; j < kCount; ++j) acc[j] = IfLess(acc[j], Zero(), acc[j] * r.slope, acc[j]);
      break;
    default: {
      F32 values[kCount];
      for (int j = 0; j < kCount; ++j) values[j] = acc[j];
      ActivateAll(r.params->activation, values, kCount);
      for (int j = 0; j < kCount; ++j) acc[j] = values[j];
    }
  }
  if (r.params->residual == ResidualKind::kAfterActivation)
    for (int j = 0; j < kCount; ++j) acc[j] = acc[j] + Load(r.residual + (x + j) * kLanes);
  for (int j = 0; j < kCount; ++j) Store(r.out + (x + j) * kLanes, acc[j]);
}

// Any kernel: kCount columns from x on, taps [tap_begin, tap_end) of each row.
template <int kCount>
INFERLAB_INLINE void AnyColumns(const RowArgs& r, int64_t x, int64_t tap_begin, int64_t tap_end) {
  const Axis& axis = r.params->axes[2];
  F32 acc[kCount];
  for (int j = 0; j < kCount; ++j) acc[j] = r.bias;
  for (int64_t ky = 0; ky < r.kernel_rows; ++ky)
    for (int64_t kx = tap_begin; kx < tap_end; ++kx) {
      const F32 w = Load(r.weights + (ky * axis.kernel + kx) * kLanes);
      const float* in = r.in + ky * r.in_row + (x * axis.stride - axis.pad + kx * axis.dilation) * kLanes;
#pragma GCC unroll 16
      for (int j = 0; j < kCount; ++j) acc[j] = Fma(Load(in + j * axis.stride * kLanes), w, acc[j]);
    }
  FinishColumns<kCount>(r, x, acc);
}

// Kernel width kK, stride kS, dilation 1, all taps inside.
template <int kCount, int kK, int kS>
INFERLAB_INLINE void KnownColumns(const RowArgs& r, int64_t x) {
  F32 acc[kCount];
#pragma GCC unroll 16
  for (int j = 0; j < kCount; ++j) acc[j] = r.bias;
  const float* in = r.in + (x * kS - r.params->axes[2].pad) * kLanes;
  const float* weights = r.weights;
  for (int64_t ky = 0; ky < r.kernel_rows; ++ky, in += r.in_row, weights += kK * kLanes) {
    F32 w[kK];
#pragma GCC unroll 8
    for (int k = 0; k < kK; ++k) w[k] = Load(weights + k * kLanes);
#pragma GCC unroll 64
    for (int i = 0; i < (kCount - 1) * kS + kK; ++i) {
      const F32 v = Load(in + i * kLanes);
#pragma GCC unroll 8
      for (int k = 0; k < kK; ++k) {
        const int at = i - k;
        if (at >= 0 && at % kS == 0 && at / kS < kCount) acc[at / kS] = Fma(v, w[k], acc[at / kS]);
      }
    }
  }
  FinishColumns<kCount>(r, x, acc);
}

template <int kK, int kS>
void KnownRow(const RowArgs& r, int64_t begin, int64_t end) {
  int64_t x = begin;
  for (; x + kWidth <= end; x += kWidth) KnownColumns<kWidth, kK, kS>(r, x);
  for (; x + 2 <= end; x += 2) KnownColumns<2, kK, kS>(r, x);
  for (; x < end; ++x) KnownColumns<1, kK, kS>(r, x);
}

void AnyRow(const RowArgs& r, int64_t begin, int64_t end) {
  const int64_t taps = r.params->axes[2].kernel;
  int64_t x = begin;
  for (; x + kWidth <= end; x += kWidth) AnyColumns<kWidth>(r, x, 0, taps);
  for (; x < end; ++x) AnyColumns<1>(r, x, 0, taps);
}

using RowFunction = void (*)(const RowArgs&, int64_t, int64_t);

RowFunction FindRow(const Axis& x) {
  if (x.dilation == 1 && x.stride == 1) {
    if (x.kernel == 3) return KnownRow<3, 1>;
    if (x.kernel == 5) return KnownRow<5, 1>;
    if (x.kernel == 7) return KnownRow<7, 1>;
  }
  if (x.dilation == 1 && x.stride == 2) {
    if (x.kernel == 3) return KnownRow<3, 2>;
    if (x.kernel == 5) return KnownRow<5, 2>;
  }
  return AnyRow;
}

// Taps k of [0, kernel) with 0 ≤ first + k·dilation < size.
struct Taps {
  int64_t begin, end;
};
Taps TapsInside(const Axis& axis, int64_t position) {
  const int64_t first = position * axis.stride - axis.pad;
  Taps taps{0, axis.kernel};
  if (first < 0) taps.begin = (-first + axis.dilation - 1) / axis.dilation;
  const int64_t room = axis.input - first;  // taps lie below it
  const int64_t end = room <= 0 ? 0 : (room + axis.dilation - 1) / axis.dilation;
  if (end < taps.end) taps.end = end;
  if (taps.begin > taps.end) taps.begin = taps.end;
  return taps;
}

}  // namespace

void RunDepthwise(const Params& params, const DepthwisePart& part) {
  const Axis &ay = params.axes[1], &ax = params.axes[2];
  RowArgs r;
  r.params = &params;
  r.bias = part.bias ? LoadChannels(part.bias, 0, part.channels) : Zero();
  r.slope = part.slope ? LoadChannels(part.slope, 0, part.channels) : Zero();
  r.in_row = ay.dilation * ax.input * kLanes;
  const RowFunction row = FindRow(ax);
  // Columns with every tap inside.
  int64_t begin = (ax.pad + ax.stride - 1) / ax.stride;
  if (begin > ax.output) begin = ax.output;
  const int64_t last_first = ax.input - 1 - (ax.kernel - 1) * ax.dilation + ax.pad;
  int64_t end = last_first < 0 ? begin : last_first / ax.stride + 1;
  if (end > ax.output) end = ax.output;
  if (end < begin) end = begin;
  for (int64_t y = part.y_begin; y < part.y_end; ++y) {
    const Taps rows = TapsInside(ay, y);
    r.kernel_rows = rows.end - rows.begin;
    r.in = part.input + (y * ay.stride - ay.pad + rows.begin * ay.dilation) * ax.input * kLanes;
    r.weights = part.weights + rows.begin * ax.kernel * kLanes;
    r.out = part.output + y * ax.output * kLanes;
    r.residual = part.residual ? part.residual + y * ax.output * kLanes : nullptr;
    for (int64_t x = 0; x < begin; ++x) {
      const Taps taps = TapsInside(ax, x);
      AnyColumns<1>(r, x, taps.begin, taps.end);
    }
    row(r, begin, end);
    for (int64_t x = end; x < ax.output; ++x) {
      const Taps taps = TapsInside(ax, x);
      AnyColumns<1>(r, x, taps.begin, taps.end);
    }
  }
}

}  // namespace inferlab::conv::INFERLAB_ISA_NS
