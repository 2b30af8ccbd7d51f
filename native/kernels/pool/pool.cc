#include "kernels/pool/pool.h"

#include <algorithm>

#include "base/round.h"
#include "kernels/pool/pool_table.h"

namespace inferlab::pool {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

}  // namespace

const char* KernelName(const Params& p) { return p.kind == Kind::kMax ? Current().max_name : Current().average_name; }

void Run(const Params& p, const float* input, float* output, Parallel& parallel) {
  const Table& table = Current();
  const bool blocked = p.layout == Layout::kBlocked;
  std::int64_t in_plane = blocked ? table.block_channels : 1, out_plane = in_plane, window = 1;
  for (const Axis& axis : p.axes) {
    in_plane *= axis.input;
    out_plane *= axis.output;
    window *= axis.kernel;
  }
  const std::int64_t planes = p.batch * (blocked ? CeilDiv(p.channels, table.block_channels) : p.channels);
  if (planes == 0 || out_plane == 0) return;
  const std::int64_t rows = p.axes[0].output * p.axes[1].output;
  // Tasks of about 2^15 taps: parts of a large plane or several small ones. The split depends on the shape alone.
  const std::int64_t work = out_plane * window;
  const std::int64_t parts = std::clamp<std::int64_t>(work >> 16, 1, rows);
  const std::int64_t together = parts > 1 ? 1 : std::clamp<std::int64_t>((1 << 15) / std::max<std::int64_t>(work, 1), 1, planes);
  const std::int64_t step = CeilDiv(rows, parts);
  parallel.For(static_cast<std::size_t>(CeilDiv(planes, together) * parts), [&](std::size_t task, int) {
    const std::int64_t first = static_cast<std::int64_t>(task) / parts * together;
    const std::int64_t begin = static_cast<std::int64_t>(task) % parts * step;
    for (std::int64_t plane = first; plane < std::min(first + together, planes); ++plane)
      table.plane(p, input + plane * in_plane, output + plane * out_plane, std::min(begin, rows), std::min(begin + step, rows));
  });
}

}  // namespace inferlab::pool
