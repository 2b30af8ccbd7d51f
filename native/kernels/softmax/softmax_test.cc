#include "kernels/softmax/softmax.h"

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::softmax {
namespace {

using testing::Guarded;
using testing::Random;

TEST_EACH_ISA(Softmax, MatchesTheDefinitionInPlaceAndOut) {
  Random random(1);
  for (bool logarithm : {false, true}) {
    for (std::int64_t outer : {0, 1, 3, 130}) {
      for (std::int64_t axis : {1, 2, 21, 24, 25, 31, 32, 33, 100, 6625}) {
        for (std::int64_t inner : {1, 2, 63, 65}) {
          if (axis * inner > 10000 || outer * axis * inner > 200000) continue;
          const auto size = static_cast<std::size_t>(outer * axis * inner);
          Guarded<float> x(size), y(size, 3);
          for (std::size_t i = 0; i < size; ++i) x[i] = random.Uniform(-30, 90);
          const Params p{logarithm, outer, axis, inner};
          Team team(ThreadPool::Instance(), 2);
          Run(p, x.data(), y.data(), team);
          EXPECT(y.Intact());
          const auto at = [&](std::int64_t o, std::int64_t i, std::int64_t k) {
            return static_cast<std::size_t>((o * axis + i) * inner + k);
          };
          for (std::int64_t o = 0; o < outer; ++o) {
            for (std::int64_t k = 0; k < inner; ++k) {
              double largest = -INFINITY, sum = 0;
              for (std::int64_t i = 0; i < axis; ++i) largest = std::max<double>(largest, x[at(o, i, k)]);
              for (std::int64_t i = 0; i < axis; ++i) sum += std::exp(x[at(o, i, k)] - largest);
              for (std::int64_t i = 0; i < axis; ++i) {
                const double difference = x[at(o, i, k)] - largest;
                const double want = logarithm ? difference - std::log(sum) : std::exp(difference) / sum;
                // x - m is rounded to a float before the exponential is taken; the logarithm of a sum near 1 cancels.
                const double relative = 1e-6 + 1.2e-7 * std::fabs(difference);
                EXPECT_THAT(std::fabs(y[at(o, i, k)] - want) <= relative * std::fabs(want) + (logarithm ? 3e-7 : 1e-37),
                            std::to_string(y[at(o, i, k)]) + ", expected " + std::to_string(want));
              }
            }
          }
          Run(p, x.data(), x.data(), team);
          EXPECT(size == 0 || std::memcmp(x.data(), y.data(), size * sizeof(float)) == 0);
        }
      }
    }
  }
}

}  // namespace
}  // namespace inferlab::softmax
