#include "kernels/reduce/reduce.h"

#include <algorithm>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::reduce {
namespace {

using testing::Guarded;
using testing::Random;

// One output element by the definition, in double precision.
double Slow(ReduceFunction function, const std::vector<double>& values) {
  using F = ReduceFunction;
  double sum = 0, prod = 1, largest = -INFINITY, smallest = INFINITY, absolute = 0, squares = 0, exponentials = 0;
  for (double x : values) {
    sum += x;
    prod *= x;
    largest = std::max(largest, x);
    smallest = std::min(smallest, x);
    absolute += std::fabs(x);
    squares += x * x;
    exponentials += std::exp(x);
  }
  switch (function) {
    case F::kSum:
      return sum;
    case F::kMean:
      return sum / static_cast<double>(values.size());
    case F::kMax:
      return largest;
    case F::kMin:
      return smallest;
    case F::kProd:
      return prod;
    case F::kSumSquare:
      return squares;
    case F::kL1:
      return absolute;
    case F::kL2:
      return std::sqrt(squares);
    case F::kLogSum:
      return std::log(sum);
    case F::kLogSumExp:
      return std::log(exponentials);
  }
  return 0;
}

void Check(const std::vector<std::int64_t>& shape, unsigned reduced_mask, ReduceFunction function, int threads) {
  Params p;
  p.function = function;
  std::int64_t size = 1;
  for (std::int64_t dim : shape) size *= dim;
  std::int64_t stride = size;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    stride = shape[axis] ? stride / shape[axis] : 0;
    if (reduced_mask >> axis & 1) {
      p.reduced_dims[p.num_reduced] = shape[axis];
      p.reduced_strides[p.num_reduced++] = stride;
    } else {
      p.kept_dims[p.num_kept] = shape[axis];
      p.kept_strides[p.num_kept++] = stride;
    }
  }
  std::int64_t outputs = 1, count = 1;
  for (int i = 0; i < p.num_kept; ++i) outputs *= p.kept_dims[i];
  for (int i = 0; i < p.num_reduced; ++i) count *= p.reduced_dims[i];
  Random random(static_cast<std::uint64_t>(size) + reduced_mask);
  Guarded<float> x(static_cast<std::size_t>(size)), y(static_cast<std::size_t>(outputs), 3);
  // Positive where a logarithm or a long product is taken.
  const bool positive = function == ReduceFunction::kLogSum || function == ReduceFunction::kProd;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = positive ? random.Uniform(0.9f, 1.1f) : random.Uniform(-2, 2);
  Team team(ThreadPool::Instance(), threads);
  Run(p, x.data(), y.data(), team);
  EXPECT(y.Intact());
  for (std::int64_t k = 0; k < outputs; ++k) {
    std::vector<double> values;
    double magnitude = 0;
    for (std::int64_t r = 0; r < count; ++r) {
      std::int64_t at = 0, rest = k;
      for (int axis = p.num_kept - 1; axis >= 0; --axis) {
        at += rest % p.kept_dims[axis] * p.kept_strides[axis];
        rest /= p.kept_dims[axis];
      }
      rest = r;
      for (int axis = p.num_reduced - 1; axis >= 0; --axis) {
        at += rest % p.reduced_dims[axis] * p.reduced_strides[axis];
        rest /= p.reduced_dims[axis];
      }
      values.push_back(x[static_cast<std::size_t>(at)]);
      magnitude += std::fabs(values.back());
    }
    const double want = Slow(function, values);
    const double got = y[static_cast<std::size_t>(k)];
    const double tolerance = 1e-6 * (std::fabs(want) * 4 + magnitude) + 1e-7;
    EXPECT_THAT(got == want || std::fabs(got - want) <= tolerance || (std::isnan(got) && std::isnan(want)),
                "function " + std::to_string(static_cast<int>(function)) + " mask " + std::to_string(reduced_mask) +
                    " gives " + std::to_string(got) + ", expected " + std::to_string(want));
  }
}

TEST_EACH_ISA(Reduce, MatchesTheDefinitionForEverySetOfAxes) {
  const std::vector<std::vector<std::int64_t>> shapes = {{1}, {33}, {1000}, {3, 5}, {2, 3, 4, 5}, {7, 1, 65}, {3, 300}, {2, 40, 33}, {0, 3}, {3, 0, 2},
                                                         {9, 5, 2}, {41, 3}, {7, 9, 4}, {21, 31}};
  for (const auto& shape : shapes)
    for (unsigned mask = 0; mask < 1u << shape.size(); ++mask)
      for (std::int64_t f = 0; f < kNumReduceFunctions; ++f) Check(shape, mask, static_cast<ReduceFunction>(f), 1 + f % 2);
}

// Many short rows, some of which lie apart: as many to a call as follow each other, over the border of a task.
TEST_EACH_ISA(Reduce, FoldsShortRowsAsOneAfterTheOther) {
  constexpr std::int64_t kPlanes = 3, kRows = 4099;
  for (std::int64_t length : {2, 3, 4, 5, 31}) {
    const std::int64_t plane = kRows * length + 7;
    Random random(static_cast<std::uint64_t>(length));
    auto x = random.Floats(static_cast<std::size_t>(kPlanes * plane));
    x[static_cast<std::size_t>(plane)] = NAN;
    Params p;
    p.num_kept = 2;
    p.kept_dims[0] = kPlanes;
    p.kept_strides[0] = plane;
    p.kept_dims[1] = kRows;
    p.kept_strides[1] = length;
    p.num_reduced = 1;
    p.reduced_dims[0] = length;
    p.reduced_strides[0] = 1;
    Team team(ThreadPool::Instance(), 2);
    for (const ReduceFunction function : {ReduceFunction::kSum, ReduceFunction::kMax, ReduceFunction::kMin}) {
      p.function = function;
      Guarded<float> y(kPlanes * kRows, 3);
      Run(p, x.data(), y.data(), team);
      EXPECT(y.Intact());
      for (std::int64_t k = 0; k < kPlanes * kRows; ++k) {
        const float* row = x.data() + k / kRows * plane + k % kRows * length;
        float want = row[0];
        for (std::int64_t i = 1; i < length; ++i) {
          if (function == ReduceFunction::kSum)
            want += row[i];
          else if (!std::isnan(want))
            want = std::isnan(row[i]) ? row[i] : function == ReduceFunction::kMax ? std::max(want, row[i]) : std::min(want, row[i]);
        }
        const float got = y[static_cast<std::size_t>(k)];
        EXPECT(got == want || (std::isnan(got) && std::isnan(want)));
      }
    }
  }
}

TEST_EACH_ISA(Reduce, KeepsTheBitsWhateverTheThreads) {
  Params p;
  p.num_kept = 1;
  p.kept_dims[0] = 37;
  p.kept_strides[0] = 5001;
  p.num_reduced = 1;
  p.reduced_dims[0] = 5001;
  p.reduced_strides[0] = 1;
  Random random(4);
  const auto x = random.Floats(37 * 5001);
  std::vector<float> one(37), three(37);
  Serial serial;
  Team team(ThreadPool::Instance(), 3);
  Run(p, x.data(), one.data(), serial);
  Run(p, x.data(), three.data(), team);
  EXPECT(one == three);
}

TEST(Reduce, FindsPositionsWithTiesAndNaN) {
  const float x[] = {1, 3, 3, 2, /**/ 5, -1, -1, 5, /**/ 0, NAN, 9, NAN};
  Serial serial;
  std::int64_t y[3];
  Arg({true, false, 3, 4, 1}, x, y, serial);
  EXPECT(y[0] == 1 && y[1] == 0 && y[2] == 1);
  Arg({true, true, 3, 4, 1}, x, y, serial);
  EXPECT(y[0] == 2 && y[1] == 3 && y[2] == 1);
  Arg({false, false, 2, 4, 1}, x, y, serial);
  EXPECT(y[0] == 0 && y[1] == 1);
  // Along the outer axis.
  const float columns[] = {1, 9, 4, 2, 3, 3};
  Arg({true, false, 1, 3, 2}, columns, y, serial);
  EXPECT(y[0] == 1 && y[1] == 0);
}

}  // namespace
}  // namespace inferlab::reduce
