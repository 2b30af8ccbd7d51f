#include "kernels/topk/topk.h"

#include <algorithm>
#include <numeric>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::topk {
namespace {

using testing::Guarded;
using testing::Random;

void Check(Params p, int distinct, int threads) {
  Random random(static_cast<std::uint64_t>(p.axis * 31 + p.k));
  Guarded<float> x(static_cast<std::size_t>(p.outer * p.axis * p.inner));
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(random.Int(-distinct, distinct));
    if (random.Int(0, 60) == 0) x[i] = std::nanf("");
  }
  const auto count = static_cast<std::size_t>(p.outer * p.k * p.inner);
  Guarded<float> values(count);
  Guarded<std::int64_t> indices(count);
  std::vector<std::byte> workspace(WorkspaceBytesPerThread(p) * static_cast<std::size_t>(threads));
  Team team(ThreadPool::Instance(), threads);
  Run(p, x.data(), values.data(), indices.data(), workspace.data(), team);
  EXPECT(values.Intact() && indices.Intact());
  for (std::int64_t o = 0; o < p.outer; ++o)
    for (std::int64_t i = 0; i < p.inner; ++i) {
      const auto at = [&](std::int64_t position) { return x[static_cast<std::size_t>((o * p.axis + position) * p.inner + i)]; };
      // Rank of an element where NaN is largest.
      const auto key = [&](std::int64_t position) { return std::isnan(at(position)) ? 1e30f : at(position); };
      std::vector<std::int64_t> order(static_cast<std::size_t>(p.axis));
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return p.largest ? key(a) > key(b) : key(a) < key(b);
      });
      for (std::int64_t j = 0; j < p.k; ++j) {
        const auto to = static_cast<std::size_t>((o * p.k + j) * p.inner + i);
        EXPECT_THAT(indices[to] == order[static_cast<std::size_t>(j)], "rank " + std::to_string(j));
        EXPECT(testing::UlpsBetween(values[to], at(indices[to])) == 0);
      }
    }
}

TEST(TopK, SelectsAsAStableSort) {
  for (bool largest : {true, false})
    for (int threads : {1, 2}) {
      Check({largest, 1, 1000, 1, 10}, 300, threads);
      Check({largest, 3, 257, 2, 257}, 20, threads);
      Check({largest, 2, 33, 5, 7}, 3, threads);
      Check({largest, 4, 1, 1, 1}, 3, threads);
      Check({largest, 4, 9, 1, 0}, 3, threads);
      Check({largest, 1, 100000, 1, 100}, 1 << 20, threads);
    }
}

}  // namespace
}  // namespace inferlab::topk
