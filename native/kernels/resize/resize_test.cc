#include "kernels/resize/resize.h"

#include <algorithm>
#include <array>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::resize {
namespace {

using testing::Guarded;
using testing::Random;

struct Table {
  std::vector<std::int32_t> indices;
  std::vector<float> weights;
};

Table RandomTaps(Random& random, std::int64_t input, std::int64_t output, std::int64_t taps, bool nearest) {
  Table table;
  for (std::int64_t i = 0; i < output; ++i) {
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      const std::int64_t at = i * input / output + tap - taps / 2;
      table.indices.push_back(static_cast<std::int32_t>(std::min(std::max<std::int64_t>(at, 0), input - 1)));
      table.weights.push_back(nearest ? 1 : random.Uniform(-1, 1));
    }
  }
  return table;
}

TEST_EACH_ISA(Resize, MatchesTheDefinition) {
  Random random(1);
  for (std::int64_t planes : {0, 1, 3, 17}) {
    for (std::int64_t taps : {1, 2, 4, 7}) {
      for (auto [in_rows, in_columns, out_rows, out_columns] :
           {std::array<std::int64_t, 4>{5, 7, 10, 14}, {8, 9, 3, 4}, {1, 6, 1, 33}, {40, 31, 160, 124}, {6, 5, 13, 5}}) {
        for (bool nearest : {false, true}) {
          if (nearest && taps != 1) continue;
          const Table rows = RandomTaps(random, in_rows, out_rows, taps, nearest);
          const Table columns = RandomTaps(random, in_columns, out_columns, taps, nearest);
          const Axis row_axis{in_rows, out_rows, taps, rows.indices.data(), rows.weights.data()};
          const Axis column_axis{in_columns, out_columns, taps, columns.indices.data(), columns.weights.data()};
          Guarded<float> x(static_cast<std::size_t>(planes * in_rows * in_columns));
          Guarded<float> y(static_cast<std::size_t>(planes * out_rows * out_columns), 3);
          for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.Uniform(-1, 1);
          std::vector<std::byte> workspace(2 * WorkspaceBytes(in_rows, out_columns));
          Team team(ThreadPool::Instance(), 2);
          Run({planes, nearest}, row_axis, column_axis, x.data(), y.data(), workspace.data(), team);
          EXPECT(y.Intact());
          for (std::int64_t p = 0; p < planes; ++p) {
            for (std::int64_t i = 0; i < out_rows; ++i) {
              for (std::int64_t j = 0; j < out_columns; ++j) {
                double want = 0;
                for (std::int64_t a = 0; a < taps; ++a) {
                  for (std::int64_t b = 0; b < taps; ++b) {
                    const std::int64_t r = rows.indices[static_cast<std::size_t>(i * taps + a)];
                    const std::int64_t c = columns.indices[static_cast<std::size_t>(j * taps + b)];
                    want += double{rows.weights[static_cast<std::size_t>(i * taps + a)]} *
                            columns.weights[static_cast<std::size_t>(j * taps + b)] *
                            x[static_cast<std::size_t>((p * in_rows + r) * in_columns + c)];
                  }
                }
                const double got = y[static_cast<std::size_t>((p * out_rows + i) * out_columns + j)];
                EXPECT_THAT(std::fabs(got - want) < 1e-5, std::to_string(got) + ", expected " + std::to_string(want));
              }
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace inferlab::resize
