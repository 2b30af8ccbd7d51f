#include "kernels/copy/pad.h"

#include <string>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::copy {
namespace {

using testing::Guarded;
using testing::Random;

// NumPy's definitions, one step at a time.
std::int64_t Source(PadMode mode, std::int64_t at, std::int64_t n) {
  if (mode == PadMode::kConstant) return at >= 0 && at < n ? at : -1;
  if (mode == PadMode::kReflect && n == 1) return 0;
  while (at < 0 || at >= n) {
    if (mode == PadMode::kEdge) at += at < 0 ? 1 : -1;
    if (mode == PadMode::kWrap) at += at < 0 ? n : -n;
    if (mode == PadMode::kReflect) at = at < 0 ? -at : 2 * (n - 1) - at;
  }
  return at;
}

template <typename T>
void Check(PadMode mode, std::vector<PadAxis> axes, std::int64_t block, int threads) {
  PadParams params;
  params.element_bytes = sizeof(T);
  params.mode = mode;
  params.rank = static_cast<int>(axes.size());
  params.block = block;
  std::int64_t in_size = block, out_size = block;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    params.axes[a] = axes[a];
    in_size *= axes[a].in;
    out_size *= axes[a].out;
  }
  Random random(5);
  Guarded<T> x(static_cast<std::size_t>(in_size)), y(static_cast<std::size_t>(out_size), 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(random.Bits());
  const T fill = static_cast<T>(random.Bits());
  Team team(ThreadPool::Instance(), threads);
  Pad(params, x.data(), &fill, y.data(), team);
  EXPECT(y.Intact());
  for (std::int64_t flat = 0; flat < out_size; ++flat) {
    std::int64_t rest = flat / block, source = 0, scale = 1;
    for (std::size_t a = axes.size(); a-- > 0;) {
      const std::int64_t at = Source(mode, rest % axes[a].out - axes[a].before, axes[a].in);
      rest /= axes[a].out;
      source = at < 0 || source < 0 ? -1 : source + at * scale;
      scale *= axes[a].in;
    }
    const T want = source < 0 ? fill : x[static_cast<std::size_t>(source * block + flat % block)];
    EXPECT_THAT(y[static_cast<std::size_t>(flat)] == want, "mode " + std::to_string(static_cast<int>(mode)) + ", element " +
                                                              std::to_string(flat) + " of " + std::to_string(out_size));
  }
}

TEST(Pad, TakesEveryElementFromItsPlace) {
  for (PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect, PadMode::kWrap}) {
    Check<std::uint32_t>(mode, {{5, 2, 10}}, 1, 1);
    Check<std::uint32_t>(mode, {{3, 1, 5}, {4, 2, 9}}, 1, 2);
    Check<std::uint8_t>(mode, {{3, 0, 3}, {7, 3, 11}, {2, 1, 4}}, 3, 1);
    // Cut on one side, padded on the other; cut on both.
    Check<std::uint16_t>(mode, {{6, -2, 8}, {6, 2, 5}}, 1, 1);
    Check<std::uint64_t>(mode, {{6, -1, 4}, {9, -2, 5}}, 2, 1);
    // Wider than the input, on both sides.
    Check<std::uint32_t>(mode, {{2, 7, 20}, {1, 3, 6}}, 1, 1);
    // Several tasks: many rows, and one row that is split.
    Check<std::uint32_t>(mode, {{3, 0, 3}, {90, 5, 100}, {120, 9, 140}}, 1, 2);
    Check<std::uint32_t>(mode, {{60000, 700, 61000}}, 1, 2);
    Check<std::uint64_t>(mode, {{5, 1, 8}}, 9000, 2);
  }
  Check<std::uint32_t>(PadMode::kConstant, {{0, 2, 4}, {3, 1, 5}}, 1, 1);
  Check<std::uint32_t>(PadMode::kConstant, {{4, 9, 3}}, 1, 1);
  Check<std::uint32_t>(PadMode::kConstant, {{4, -6, 3}}, 1, 1);
  Check<std::uint32_t>(PadMode::kEdge, {{4, 1, 0}}, 1, 1);
}

}  // namespace
}  // namespace inferlab::copy
