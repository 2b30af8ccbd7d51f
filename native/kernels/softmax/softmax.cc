#include "kernels/softmax/softmax.h"

#include <algorithm>

#include "kernels/softmax/table.h"

namespace inferlab::softmax {
namespace {

// Elements of a parallel task at least.
constexpr std::int64_t kTaskElements = 8192;

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

}  // namespace

void Run(const Params& p, const float* x, float* y, Parallel& parallel) {
  if (p.outer == 0 || p.axis == 0 || p.inner == 0) return;
  constexpr auto kBlock = static_cast<std::int64_t>(kWidth);
  const Table& table = Kernels();
  if (p.inner == 1 && p.axis <= static_cast<std::int64_t>(kShort)) {
    const std::int64_t rows = std::max(kBlock, kTaskElements / p.axis / kBlock * kBlock);
    parallel.For(static_cast<std::size_t>((p.outer + rows - 1) / rows), [&](std::size_t task, int) {
      const std::int64_t begin = static_cast<std::int64_t>(task) * rows;
      table.short_rows(x + begin * p.axis, y + begin * p.axis, static_cast<std::size_t>(std::min(rows, p.outer - begin)),
                       static_cast<std::size_t>(p.axis), p.logarithm);
    });
    return;
  }
  const std::int64_t blocks = (p.inner + kBlock - 1) / kBlock;
  const std::int64_t total = p.outer * blocks;
  const std::int64_t each = std::max<std::int64_t>(1, kTaskElements / (p.axis * std::min(p.inner, kBlock)));
  parallel.For(static_cast<std::size_t>((total + each - 1) / each), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    for (std::int64_t i = begin; i < std::min(total, begin + each); ++i) {
      const std::int64_t first = i % blocks * kBlock;
      const std::int64_t at = i / blocks * p.axis * p.inner + first;
      if (p.inner == 1)
        table.row(x + at, y + at, static_cast<std::size_t>(p.axis), p.logarithm);
      else
        table.columns(x + at, y + at, static_cast<std::size_t>(p.axis), static_cast<std::size_t>(p.inner),
                      static_cast<std::size_t>(std::min(kBlock, p.inner - first)), p.logarithm);
    }
  });
}

}  // namespace inferlab::softmax
