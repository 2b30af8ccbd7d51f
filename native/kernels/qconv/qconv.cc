#include "kernels/qconv/qconv.h"

#include <algorithm>
#include <cstring>

#include "base/round.h"
#include "kernels/qconv/depthwise.h"

namespace inferlab::qconv {
namespace {

std::int64_t InputPlane(const Params& p) { return p.axes[0].input * p.axes[1].input * p.axes[2].input; }
std::int64_t OutputPlane(const Params& p) { return p.axes[0].output * p.axes[1].output * p.axes[2].output; }

// Every output reads the one input at its own place: the input is its own matrix of patches.
bool IsPointwise(const Params& p) {
  for (const Axis& axis : p.axes)
    if (axis.kernel != 1 || axis.stride != 1 || axis.pad != 0 || axis.output != axis.input) return false;
  return true;
}

// Outputs of one task: what keeps its patches within half a second-level cache, and fine enough for the threads.
std::int64_t TaskColumns(const Params& p, int num_threads) {
  const std::int64_t panel = qgemm::PanelColumns();
  const std::int64_t fit = 128 * 1024 / std::max<std::int64_t>(1, Depth(p));
  std::int64_t columns = std::clamp<std::int64_t>(fit / panel * panel, 4 * panel, 128 * panel);
  if (num_threads > 1)
    columns = std::min(columns, std::max(panel, CeilDiv(CeilDiv(OutputPlane(p), 4 * num_threads), panel) * panel));
  return std::min(columns, CeilDiv(OutputPlane(p), panel) * panel);
}

// The patches as rows, then in panels.
std::size_t RowBytes(const Params& p, int num_threads) {
  return IsPointwise(p) ? 0 : WholeLines(static_cast<std::size_t>(Depth(p) * TaskColumns(p, num_threads)));
}
std::size_t ThreadBytes(const Params& p, int num_threads) {
  return RowBytes(p, num_threads) + WholeLines(qgemm::PackedQuadsBytes(Depth(p), TaskColumns(p, num_threads)));
}

std::int64_t InputIndex(const Axis& axis, std::int64_t position, std::int64_t tap) {
  const std::int64_t index = position * axis.stride - axis.pad + tap * axis.dilation;
  return index >= 0 && index < axis.input ? index : -1;
}

// What some neighbouring outputs of a row read through one tap: output i the input at first + i · stride, which lies inside
// the row for i of [begin, end).
struct Span {
  std::int64_t first, count, begin, end;
};

Span SpanOf(const Axis& axis, std::int64_t x, std::int64_t count, std::int64_t tap) {
  const std::int64_t first = x * axis.stride - axis.pad + tap * axis.dilation;
  const std::int64_t begin = first >= 0 ? 0 : std::min(count, CeilDiv(-first, axis.stride));
  const std::int64_t room = axis.input - first;
  return {first, count, begin, room <= 0 ? begin : std::clamp(CeilDiv(room, axis.stride), begin, count)};
}

void FillSpan(const Span& span, std::int64_t stride, const std::uint8_t* row, std::uint8_t padding, std::uint8_t* to) {
  const auto fill = [&](std::int64_t from, std::int64_t until) {
    if (until > from) std::memset(to + from, padding, static_cast<std::size_t>(until - from));
  };
  fill(0, span.begin);
  if (stride == 1) {
    if (span.end > span.begin)
      std::memcpy(to + span.begin, row + span.first + span.begin, static_cast<std::size_t>(span.end - span.begin));
  } else {
    for (std::int64_t i = span.begin; i < span.end; ++i) to[i] = row[span.first + i * stride];
  }
  fill(span.end, span.count);
}

// Row k of the result is what outputs [begin, end) of one group read through tap k.
void FillRows(const Params& p, const std::uint8_t* input, std::uint8_t padding, std::int64_t begin, std::int64_t end,
              std::uint8_t* rows) {
  const std::int64_t channels = p.input_channels / p.groups, columns = end - begin;
  const Axis &az = p.axes[0], &ay = p.axes[1], &ax = p.axes[2];
  for (std::int64_t position = begin; position < end;) {
    const std::int64_t x = position % ax.output, y = position / ax.output % ay.output;
    const std::int64_t z = position / (ax.output * ay.output);
    const std::int64_t count = std::min(ax.output - x, end - position);
    // The innermost tap outermost: where a span meets the row's ends takes as long to find as some 50 bytes to copy.
    for (std::int64_t kx = 0; kx < ax.kernel; ++kx) {
      const Span span = SpanOf(ax, x, count, kx);
      std::uint8_t* to = rows + (position - begin) + kx * columns;
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::uint8_t* plane = input + c * InputPlane(p);
        for (std::int64_t kz = 0; kz < az.kernel; ++kz) {
          const std::int64_t iz = InputIndex(az, z, kz);
          for (std::int64_t ky = 0; ky < ay.kernel; ++ky, to += ax.kernel * columns) {
            const std::int64_t iy = iz < 0 ? -1 : InputIndex(ay, y, ky);
            if (iy < 0)
              std::memset(to, padding, static_cast<std::size_t>(count));
            else
              FillSpan(span, ax.stride, plane + (iz * ay.input + iy) * ax.input, padding, to);
          }
        }
      }
    }
    position += count;
  }
}

}  // namespace

std::int64_t Depth(const Params& p) {
  return p.input_channels / p.groups * p.axes[0].kernel * p.axes[1].kernel * p.axes[2].kernel;
}

std::size_t WorkspaceBytes(const Params& p, int num_threads) {
  if (IsDepthwise(p)) return DepthwiseWorkspaceBytes(p, num_threads);
  std::size_t bytes = 0;
  for (int threads = 1; threads <= num_threads; ++threads)
    bytes = std::max(bytes, ThreadBytes(p, threads) * static_cast<std::size_t>(threads));
  return bytes;
}

void Run(const Params& p, const Pointers& pointers, void* workspace, Parallel& parallel) {
  if (IsDepthwise(p)) return RunDepthwise(p, pointers, workspace, parallel);
  const std::int64_t plane = OutputPlane(p);
  if (p.batch == 0 || plane == 0) return;
  const int num_threads = parallel.num_threads();
  const std::int64_t step = TaskColumns(p, num_threads), parts = CeilDiv(plane, step), depth = Depth(p);
  const std::int64_t oc = p.output_channels / p.groups, ic = p.input_channels / p.groups;
  const auto element = static_cast<std::int64_t>(qgemm::BytesOf(p.output));
  const auto padding = static_cast<std::uint8_t>(pointers.x_zero);
  const std::size_t thread_bytes = ThreadBytes(p, num_threads), row_bytes = RowBytes(p, num_threads);
  parallel.For(static_cast<std::size_t>(p.batch * p.groups * parts), [&](std::size_t task, int thread) {
    const std::int64_t begin = static_cast<std::int64_t>(task) % parts * step, end = std::min(begin + step, plane);
    const std::int64_t group = static_cast<std::int64_t>(task) / parts % p.groups;
    const std::int64_t n = static_cast<std::int64_t>(task) / parts / p.groups;
    const std::uint8_t* input = pointers.x + (n * p.input_channels + group * ic) * InputPlane(p);
    char* const scratch = static_cast<char*>(workspace) + thread_bytes * static_cast<std::size_t>(thread);
    char* const panels = scratch + row_bytes;
    const auto pack = pointers.quads ? qgemm::PackQuads : qgemm::PackB;
    if (IsPointwise(p)) {
      pack(depth, end - begin, input + begin, p.x_signed, plane, 1, panels);
    } else {
      auto* const rows = reinterpret_cast<std::uint8_t*>(scratch);
      FillRows(p, input, padding, begin, end, rows);
      pack(depth, end - begin, rows, p.x_signed, end - begin, 1, panels);
    }
    qgemm::Params product;
    product.m = oc;
    product.n = end - begin;
    product.k = depth;
    product.a_packed = product.b_packed = true;
    product.b_signed = p.x_signed;
    product.output = p.output;
    product.c_row_stride = plane;
    product.bias_row_stride = 1;
    product.scale_row_stride = p.scale_stride;
    qgemm::Pointers x;
    if (pointers.quads) {
      product.form = qgemm::Form::kUnsignedB;
      x.a = pointers.quads + group * oc * qgemm::QuadDepth(depth);
    } else {
      x.a = pointers.weights + group * oc * qgemm::PackedDepth(depth);
    }
    x.a_sums = pointers.weight_sums + group * oc;
    x.b = panels;
    x.b_zero = pointers.x_zero == 0 ? nullptr : &pointers.x_zero;
    x.bias = pointers.bias ? pointers.bias + group * oc : nullptr;
    x.scale = pointers.scale ? pointers.scale + group * oc * p.scale_stride : nullptr;
    x.c_zero = pointers.y_zero;
    x.c = static_cast<char*>(pointers.y) + ((n * p.output_channels + group * oc) * plane + begin) * element;
    Serial serial;
    qgemm::Run(product, x, nullptr, serial);
  });
}

}  // namespace inferlab::qconv
