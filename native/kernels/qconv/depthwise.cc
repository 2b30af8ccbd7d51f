#include "kernels/qconv/depthwise.h"

#include <algorithm>
#include <cstring>

#include "base/round.h"
#include "kernels/qconv/depthwise_table.h"

namespace inferlab::qconv {
namespace depthwise {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

}  // namespace
}  // namespace depthwise

namespace {

// Input rows of a part of a channel with their padding, the width split by its stride: column i · stride + q of the padded row
// is byte i of phase q, so that neighbouring outputs read neighbouring bytes.
struct Layout {
  std::int64_t height;       // output rows of a part, 0 where there are none
  std::int64_t phases;       // the stride of the width
  std::int64_t phase_bytes;  // bytes of one phase of a row
  std::int64_t row_bytes;    // all phases
  std::int64_t rows;         // input rows that a part reads
  std::size_t row_at;        // where one padded row is made before it is split
  std::size_t total_bytes;
};

std::int64_t RowsFor(const Axis& axis, std::int64_t outputs) {
  return (outputs - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
}

Layout LayoutOf(const Params& p) {
  const Axis &ay = p.axes[1], &ax = p.axes[2];
  Layout l{};
  l.phases = ax.stride;
  l.phase_bytes = ax.output + (ax.kernel - 1) * ax.dilation / ax.stride + 1;
  l.row_bytes = l.phases * l.phase_bytes;
  // As many rows as half of a first-level cache holds, but not so few that those read twice are most of the work. It does not
  // depend on the number of threads: channels are many.
  const std::int64_t fit = (16 * 1024 / l.row_bytes - (ay.kernel - 1) * ay.dilation) / ay.stride;
  l.height = std::min(ay.output, std::max<std::int64_t>(fit, 8));
  l.rows = l.height > 0 ? RowsFor(ay, l.height) : 0;
  l.row_at = WholeLines(static_cast<std::size_t>(l.rows * l.row_bytes) + depthwise::kOverRead);
  l.total_bytes = l.row_at + WholeLines(static_cast<std::size_t>(l.row_bytes));
  return l;
}

// Rows [begin, begin + count) of a padded channel.
void FillRows(const Params& p, const Layout& l, const std::uint8_t* plane, std::uint8_t padding, std::int64_t begin,
              std::int64_t count, std::uint8_t* to, std::uint8_t* row) {
  const Axis &ay = p.axes[1], &ax = p.axes[2];
  // Where the image's columns lie in the padded row; a negative padding leaves the first ones out.
  const std::int64_t first = std::clamp<std::int64_t>(ax.pad, 0, l.row_bytes);
  const std::int64_t last = std::clamp<std::int64_t>(ax.pad + ax.input, first, l.row_bytes);
  const std::uint8_t flip = p.x_signed ? 128 : 0;
  std::memset(row, padding, static_cast<std::size_t>(l.row_bytes));
  for (std::int64_t i = 0; i < count; ++i, to += l.row_bytes) {
    const std::int64_t y = begin + i - ay.pad;
    if (y < 0 || y >= ay.input) {
      std::memset(to, padding ^ flip, static_cast<std::size_t>(l.row_bytes));
      continue;
    }
    if (last > first)
      std::memcpy(row + first, plane + y * ax.input + (first - ax.pad), static_cast<std::size_t>(last - first));
    depthwise::Current().split_row(row, l.row_bytes, static_cast<int>(l.phases), l.phase_bytes, flip, to);
  }
}

}  // namespace

bool IsDepthwise(const Params& p) {
  const Axis &depth = p.axes[0], &ay = p.axes[1], &ax = p.axes[2];
  return p.input_channels == p.groups && depth.input == 1 && depth.output == 1 && depth.kernel == 1 && depth.pad == 0 &&
         ay.kernel <= 8 && ay.kernel * ax.kernel <= depthwise::kMaxTaps && std::max(ay.stride, ax.stride) <= 8 &&
         std::max(ay.dilation, ax.dilation) <= 16 && ax.output <= 8192;
}

std::size_t DepthwiseWorkspaceBytes(const Params& p, int num_threads) {
  return LayoutOf(p).total_bytes * static_cast<std::size_t>(num_threads);
}

void RunDepthwise(const Params& p, const Pointers& x, void* workspace, Parallel& parallel) {
  const Axis &ay = p.axes[1], &ax = p.axes[2];
  const Layout l = LayoutOf(p);
  if (l.height == 0 || ax.output == 0 || p.batch == 0) return;
  const std::int64_t filters = p.output_channels / p.groups, taps = ay.kernel * ax.kernel;
  const std::int64_t parts = CeilDiv(ay.output, l.height), plane = ay.output * ax.output;
  const auto element = static_cast<std::int64_t>(qgemm::BytesOf(p.output));
  std::int32_t offsets[depthwise::kMaxTaps + 1];
  for (std::int64_t t = 0; t < taps; ++t) {
    const std::int64_t across = t % ax.kernel * ax.dilation;
    offsets[t] = static_cast<std::int32_t>(t / ax.kernel * ay.dilation * l.row_bytes + across % l.phases * l.phase_bytes +
                                           across / l.phases);
  }
  offsets[taps] = offsets[taps - 1];
  parallel.For(static_cast<std::size_t>(p.batch * p.groups * parts), [&](std::size_t index, int thread) {
    const auto task = static_cast<std::int64_t>(index);
    const std::int64_t begin = task % parts * l.height, channel = task / parts;  // of all images
    const std::int64_t group = channel % p.groups, n = channel / p.groups;
    auto* const rows = static_cast<std::uint8_t*>(workspace) + l.total_bytes * static_cast<std::size_t>(thread);
    depthwise::Strip strip;
    strip.height = std::min(l.height, ay.output - begin);
    FillRows(p, l, x.x + channel * ay.input * ax.input, static_cast<std::uint8_t>(x.x_zero), begin * ay.stride,
             RowsFor(ay, strip.height), rows, rows + l.row_at);
    strip.rows = rows;
    strip.row_step = ay.stride * l.row_bytes;
    strip.offsets = offsets;
    strip.pairs = static_cast<int>((taps + 1) / 2);
    strip.width = ax.output;
    strip.output = p.output;
    strip.zero = x.y_zero;
    // Flipped bytes are 128 higher than the signed ones, and so is their zero point.
    const auto zero = static_cast<std::uint32_t>(x.x_zero + (p.x_signed ? 128 : 0));
    for (std::int64_t filter = group * filters; filter < (group + 1) * filters; ++filter) {
      strip.weights = x.weights + filter * qgemm::PackedDepth(taps);
      const std::uint32_t start = (x.bias ? static_cast<std::uint32_t>(x.bias[filter]) : 0u) -
                                  zero * static_cast<std::uint32_t>(x.weight_sums[filter]);
      strip.start = static_cast<std::int32_t>(start);
      strip.scale = x.scale ? x.scale[filter * p.scale_stride] : 1.0f;
      strip.y = static_cast<char*>(x.y) + ((n * p.output_channels + filter) * plane + begin * ax.output) * element;
      depthwise::Current().run_strip(strip);
    }
  });
}

}  // namespace inferlab::qconv
