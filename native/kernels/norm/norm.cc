#include "kernels/norm/norm.h"

#include <algorithm>

#include "kernels/norm/norm_table.h"

namespace inferlab::norm {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

}  // namespace

const char* KernelName() { return Current().name; }

void Run(const Params& p, const float* x, const float* scale, const float* bias, float* y, Parallel& parallel) {
  const Table& table = Current();
  if (p.rows == 0 || p.size == 0) return;
  const bool blocked = p.layout == Layout::kBlocked;
  const std::int64_t lanes = table.block_channels;
  const std::int64_t blocks = blocked ? (p.channels + lanes - 1) / lanes : 0;
  const std::int64_t items = blocked ? p.rows / p.channels * blocks : p.rows;
  // Tasks of about 2^14 elements.
  const std::int64_t step = std::max<std::int64_t>(1, (1 << 14) / (p.size * (blocked ? lanes : 1)));
  parallel.For(static_cast<std::size_t>((items + step - 1) / step), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * step, end = std::min(begin + step, items);
    if (!blocked) return table.rows(p, begin, end, x, scale, bias, y);
    for (std::int64_t item = begin; item < end; ++item) {
      const std::int64_t first = item % blocks * lanes, at = item * lanes * p.size;
      table.block(p, p.channels - first, x + at, scale ? scale + first : nullptr, bias ? bias + first : nullptr, y + at);
    }
  });
}

}  // namespace inferlab::norm
