#include "kernels/norm/norm.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "kernels/conv/conv.h"
#include "test/testing.h"

namespace inferlab::norm {
namespace {

using testing::Guarded;
using testing::Random;

struct Expected {
  double mean = 0, deviation = 0;
};

Expected Statistics(const Params& p, const float* row) {
  Expected e;
  if (!p.rms) {
    for (std::int64_t i = 0; i < p.size; ++i) e.mean += row[i];
    e.mean /= static_cast<double>(p.size);
  }
  double squares = 0;
  for (std::int64_t i = 0; i < p.size; ++i) squares += (row[i] - e.mean) * (row[i] - e.mean);
  e.deviation = std::sqrt(squares / static_cast<double>(p.size) + p.epsilon);
  return e;
}

// Largest error of a run whose elements are uniform in [low, high), scale and bias in [-2, 2), in planar or blocked layout.
double LargestError(const Params& params, float low, float high, std::uint64_t seed) {
  Random random(seed);
  Params p = params;
  const auto size = static_cast<std::size_t>(p.rows * p.size);
  const auto parameters = static_cast<std::size_t>(p.channels ? p.channels : p.size);
  Guarded<float> x(size), y(size, 3), scale(parameters), bias(parameters);
  for (std::size_t i = 0; i < size; ++i) x[i] = random.Uniform(low, high);
  for (std::size_t i = 0; i < parameters; ++i) scale[i] = random.Uniform(-2, 2), bias[i] = random.Uniform(-2, 2);
  Team team(ThreadPool::Instance(), 2);
  if (p.layout == Layout::kBlocked) {
    const std::int64_t lanes = conv::BlockChannels(), batch = p.rows / p.channels;
    const auto padded = static_cast<std::size_t>(batch * ((p.channels + lanes - 1) / lanes) * lanes * p.size);
    Guarded<float> from(padded, 0), to(padded, 0);
    conv::ToBlocked(batch, p.channels, p.size, x.data(), from.data(), team);
    Run(p, from.data(), scale.data(), bias.data(), to.data(), team);
    EXPECT(to.Intact());
    conv::ToPlanar(batch, p.channels, p.size, to.data(), y.data(), team);
    Run(p, from.data(), scale.data(), bias.data(), from.data(), team);
    EXPECT(padded == 0 || std::memcmp(from.data(), to.data(), padded * sizeof(float)) == 0);
  } else {
    Run(p, x.data(), scale.data(), bias.data(), y.data(), team);
  }
  EXPECT(y.Intact());
  double largest = 0;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const float* from = x.data() + row * p.size;
    const Expected e = Statistics(p, from);
    for (std::int64_t i = 0; i < p.size; ++i) {
      const auto at = static_cast<std::size_t>(p.channels ? row % p.channels : i);
      const double want = (from[i] - e.mean) / e.deviation * scale[at] + bias[at];
      largest = std::max(largest, std::fabs(y[static_cast<std::size_t>(row * p.size + i)] - want));
    }
  }
  if (p.layout == Layout::kPlanar) {
    Run(p, x.data(), scale.data(), bias.data(), x.data(), team);
    EXPECT(size == 0 || std::memcmp(x.data(), y.data(), size * sizeof(float)) == 0);
  }
  return largest;
}

TEST_EACH_ISA(Norm, MatchesTheDefinitionInPlaceAndOut) {
  std::uint64_t seed = 0;
  for (std::int64_t size : {1, 2, 7, 16, 33, 129, 2049, 5000})
    for (bool rms : {false, true}) {
      const double error = LargestError({5, size, 0, Layout::kPlanar, rms}, -3, 5, ++seed);
      EXPECT_THAT(error <= 2e-6, "rows of " + std::to_string(size) + ": " + std::to_string(error));
    }
  for (std::int64_t size : {1, 2, 33, 127, 128, 129, 1000})
    for (std::int64_t channels : {1, 3, 8, 17})
      for (Layout layout : {Layout::kPlanar, Layout::kBlocked}) {
        const double error = LargestError({2 * channels, size, channels, layout}, -3, 5, ++seed);
        EXPECT_THAT(error <= 2e-6, std::to_string(channels) + " channels of " + std::to_string(size) + ": " +
                                       std::to_string(error));
      }
}

// Float32 sums over such a plane were off by 3e-4 and more.
TEST_EACH_ISA(Norm, KeepsItsDigitsOverLargePlanesFarFromZero) {
  for (Layout layout : {Layout::kPlanar, Layout::kBlocked}) {
    const double error = LargestError({3, 400 * 400, 3, layout}, 2400, 2700, 1);
    EXPECT_THAT(error <= 2e-6, std::to_string(error));
  }
  const double error = LargestError({2, 20000, 0}, 9990, 10010, 2);
  EXPECT_THAT(error <= 2e-6, std::to_string(error));
}

TEST_EACH_ISA(Norm, LeavesOnlyTheBiasOfAConstantPlane) {
  for (Layout layout : {Layout::kPlanar, Layout::kBlocked})
    for (float value : {0.1f, 1234.567f, -3e5f}) {
      const double error = LargestError({3, 30001, 3, layout}, value, value, 3);
      EXPECT_THAT(error == 0, std::to_string(value) + ": " + std::to_string(error));
    }
}

}  // namespace
}  // namespace inferlab::norm
