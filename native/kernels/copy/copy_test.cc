#include "kernels/copy/copy.h"

#include <algorithm>
#include <numeric>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::copy {
namespace {

using testing::Guarded;
using testing::Random;

template <typename T>
void CheckPermutations(std::vector<std::int64_t> shape, int threads) {
  std::vector<int> order(shape.size());
  std::iota(order.begin(), order.end(), 0);
  std::int64_t size = 1;
  for (std::int64_t dim : shape) size *= dim;
  Random random(3);
  Guarded<T> x(static_cast<std::size_t>(size)), y(static_cast<std::size_t>(size), 3);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(random.Bits());
  do {
    Params p;
    p.element_bytes = sizeof(T);
    p.rank = static_cast<int>(shape.size());
    std::int64_t out_stride = 1;
    for (int axis = p.rank - 1; axis >= 0; --axis) {
      const int from = order[static_cast<std::size_t>(axis)];
      p.dims[axis] = shape[static_cast<std::size_t>(from)];
      p.out_strides[axis] = out_stride;
      out_stride *= p.dims[axis];
      p.in_strides[axis] = 1;
      for (std::size_t inner = static_cast<std::size_t>(from) + 1; inner < shape.size(); ++inner) p.in_strides[axis] *= shape[inner];
    }
    Params normal = p;
    Normalize(&normal);
    Team team(ThreadPool::Instance(), threads);
    Run(normal, x.data(), y.data(), team);
    EXPECT(y.Intact());
    for (std::int64_t flat = 0; flat < size; ++flat) {
      std::int64_t rest = flat, at = 0;
      for (int axis = p.rank - 1; axis >= 0; --axis) {
        at += rest % p.dims[axis] * p.in_strides[axis];
        rest /= p.dims[axis];
      }
      EXPECT_THAT(y[static_cast<std::size_t>(flat)] == x[static_cast<std::size_t>(at)], "element " + std::to_string(flat));
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Copy, TransposesEveryPermutationAndWidth) {
  CheckPermutations<std::uint8_t>({3, 17, 5}, 1);
  CheckPermutations<std::uint16_t>({2, 33, 18}, 2);
  CheckPermutations<std::uint32_t>({2, 3, 20, 35}, 2);
  CheckPermutations<std::uint32_t>({700, 130}, 2);
  CheckPermutations<std::uint64_t>({16, 16, 16}, 2);
  CheckPermutations<std::uint64_t>({5, 1, 0}, 1);
}

TEST(Copy, ReversesAndRepeats) {
  const std::uint32_t x[] = {1, 2, 3, 4, 5, 6};
  std::uint32_t y[12];
  Params reverse{4, 2, {2, 3}, {3, -1}, {3, 1}};
  Normalize(&reverse);
  Serial serial;
  Run(reverse, x + 2, y, serial);
  EXPECT(y[0] == 3 && y[1] == 2 && y[2] == 1 && y[3] == 6 && y[5] == 4);
  Params repeat{4, 2, {2, 6}, {0, 1}, {6, 1}};
  Normalize(&repeat);
  Run(repeat, x, y, serial);
  EXPECT(y[0] == 1 && y[6] == 1 && y[11] == 6);
}

TEST(Copy, GathersBlocks) {
  const std::uint32_t x[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};  // [2, 3, 2]
  const std::int64_t indices[] = {2, 0, 2, 1};
  std::uint32_t y[16];
  Serial serial;
  Gather({2, 3, 4, 8}, x, indices, y, serial);
  const std::uint32_t want[] = {4, 5, 0, 1, 4, 5, 2, 3, 10, 11, 6, 7, 10, 11, 8, 9};
  EXPECT(std::equal(y, y + 16, want));
}

TEST(Copy, GathersAndScattersSlices) {
  const std::uint32_t x[] = {0, 1, 2, 3, 4, 5};
  const std::int64_t offsets[] = {16, 0, 8};  // bytes
  std::uint32_t y[6] = {9, 9, 9, 9, 9, 9};
  Serial serial;
  GatherSlices(3, 8, x, offsets, y, serial);
  const std::uint32_t gathered[] = {4, 5, 0, 1, 2, 3};
  EXPECT(std::equal(y, y + 6, gathered));
  const std::int64_t twice[] = {4, 20, 4};
  std::uint32_t z[6] = {9, 9, 9, 9, 9, 9};
  ScatterSlices(3, 4, x, twice, z);
  const std::uint32_t scattered[] = {9, 2, 9, 9, 9, 1};
  EXPECT(std::equal(z, z + 6, scattered));
}

}  // namespace
}  // namespace inferlab::copy
