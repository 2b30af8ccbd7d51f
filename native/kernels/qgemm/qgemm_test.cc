// Every instruction set × odd sizes × signs × zero points × outputs of the 8-bit product against a scalar reference: integers
// to the bit.
#include "kernels/qgemm/qgemm.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "test/shuffled.h"
#include "test/testing.h"

namespace {

using namespace inferlab;
using namespace inferlab::qgemm;
using testing::Shuffled;

struct Case {
  std::int64_t m, n, k;
  bool a_signed = false, b_signed = false;
  bool transpose_a = false, transpose_b = false;
  bool a_packed = false, b_packed = false;
  Output output = Output::kInt32;
  // 0 none, 1 one for all, 2 one a row or column.
  int a_zero = 0, b_zero = 0;
  // 0 one for all, 1 a row's, 2 a column's; bias also -1: none.
  int scale = 0, bias = -1;
  bool addend = false;
  std::vector<std::int64_t> batch = {};
  bool broadcast_a = false, broadcast_b = false;
  // All elements at the ends of their types.
  bool extreme = false;
  // B made by PackWeights, of numbers that quads hold or of any.
  bool weights = false, narrow = false;
};

std::string Name(const Case& c) {
  return std::to_string(c.m) + "x" + std::to_string(c.n) + "x" + std::to_string(c.k) + " signs " +
         std::to_string(c.a_signed) + std::to_string(c.b_signed) + " transposed " + std::to_string(c.transpose_a) +
         std::to_string(c.transpose_b) + " packed " + std::to_string(c.a_packed) + std::to_string(c.b_packed) +
         " output " + std::to_string(static_cast<int>(c.output)) + " zeros " + std::to_string(c.a_zero) +
         std::to_string(c.b_zero) + " batch " + std::to_string(c.batch.size()) + (c.weights ? c.narrow ? " small weights" : " weights" : "");
}

testing::Random random(7);

int Byte(bool is_signed, bool extreme) {
  const int low = is_signed ? -128 : 0;
  return extreme ? (random.Int(0, 1) ? low + 255 : low) : static_cast<int>(random.Int(low, low + 255));
}

int Element(const std::vector<std::uint8_t>& bytes, std::int64_t at, bool is_signed) {
  const std::uint8_t byte = bytes[static_cast<std::size_t>(at)];
  return is_signed ? static_cast<std::int8_t>(byte) : byte;
}

void Check(const Case& c) {
  Params p;
  p.m = c.m;
  p.n = c.n;
  p.k = c.k;
  p.a_row_stride = c.transpose_a ? 1 : c.k;
  p.a_column_stride = c.transpose_a ? c.m : 1;
  p.b_row_stride = c.transpose_b ? 1 : c.n;
  p.b_column_stride = c.transpose_b ? c.k : 1;
  p.c_row_stride = c.n;
  p.a_signed = c.a_signed;
  p.b_signed = c.b_signed;
  p.a_packed = c.a_packed;
  p.b_packed = c.b_packed;
  p.output = c.output;
  p.a_zero_stride = c.a_zero == 2;
  p.b_zero_stride = c.b_zero == 2;
  p.scale_row_stride = c.scale == 1;
  p.scale_column_stride = c.scale == 2;
  p.bias_row_stride = c.bias == 1;
  p.bias_column_stride = c.bias == 2;
  std::int64_t batches = 1;
  for (std::int64_t size : c.batch) {
    p.batch_shape[p.num_batch_dims++] = size;
    batches *= size;
  }
  for (int d = p.num_batch_dims - 1, stride = 1; d >= 0; stride *= static_cast<int>(p.batch_shape[d--])) {
    p.a_batch_strides[d] = c.broadcast_a ? 0 : stride * c.m * c.k;
    p.b_batch_strides[d] = c.broadcast_b ? 0 : stride * c.k * c.n;
  }
  const auto fill = [&](std::int64_t count, bool is_signed) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count));
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(Byte(is_signed, c.extreme));
    return bytes;
  };
  const std::vector<std::uint8_t> a = fill((c.broadcast_a ? 1 : batches) * c.m * c.k, c.a_signed);
  std::vector<std::uint8_t> b = fill((c.broadcast_b ? 1 : batches) * c.k * c.n, c.b_signed);
  if (c.narrow)  // two neighbours along k have magnitudes of 128 together, no two others need to
    for (std::int64_t r = 0; r < c.k; ++r)
      for (std::int64_t j = 0; j < c.n; ++j) {
        const int most = c.extreme ? 64 : r % 2 == 0 ? 100 : 28;
        const int value = static_cast<int>(c.extreme ? (random.Int(0, 1) ? most : -most) : random.Int(-most, most));
        b[static_cast<std::size_t>(r * p.b_row_stride + j * p.b_column_stride)] =
            static_cast<std::uint8_t>(c.b_signed ? value : value + 128);
      }
  std::vector<std::int32_t> a_zero, b_zero, bias;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(c.m, 1); ++i) a_zero.push_back(Byte(c.a_signed, c.extreme));
  for (std::int64_t j = 0; j < std::max<std::int64_t>(c.n, 1); ++j) b_zero.push_back(Byte(c.b_signed, c.extreme));
  for (std::int64_t i = 0; i < std::max({c.m, c.n, std::int64_t{1}}); ++i)
    bias.push_back(static_cast<std::int32_t>(random.Int(-5000, 5000)));
  // About as the sums ask for, with some that give ties.
  const float unit = 1.0f / (128.0f * std::max(1.0f, std::sqrt(static_cast<float>(c.k))));
  std::vector<float> scale, addend;
  for (std::int64_t i = 0; i < std::max({c.m, c.n, std::int64_t{1}}); ++i) {
    scale.push_back(i % 3 == 0 ? 0.5f : unit * random.Uniform(0.5f, 2.0f));
    addend.push_back(random.Uniform(-1, 1));
  }
  Pointers x;
  x.a = a.data();
  x.b = b.data();
  if (c.a_zero) x.a_zero = a_zero.data();
  if (c.b_zero) x.b_zero = b_zero.data();
  if (c.bias >= 0) x.bias = bias.data();
  x.scale = scale.data();
  if (c.addend) x.addend = addend.data();
  x.c_zero = c.output == Output::kUint8 ? 113 : -7;
  std::vector<std::int32_t> packed_a(PackedABytes(c.m, c.k) / 4 + 1);
  p.b_weights = c.weights;
  const std::size_t b_bytes = c.weights ? PackedWeightsBytes(c.k, c.n) : PackedBBytes(c.k, c.n);
  std::vector<std::int32_t> packed_b(b_bytes / 4 + 1);
  if (c.a_packed) {
    PackA(c.m, c.k, a.data(), c.a_signed, p.a_row_stride, p.a_column_stride, x.a_zero, p.a_zero_stride, packed_a.data());
    x.a = packed_a.data();
    x.a_sums = PackedSums(c.m, c.k, packed_a.data());
  }
  if (c.b_packed) {
    const auto pack = c.weights ? PackWeights : PackB;
    pack(c.k, c.n, b.data(), c.b_signed, p.b_row_stride, p.b_column_stride, packed_b.data());
    if (c.weights)
      EXPECT_THAT(*reinterpret_cast<const char*>(packed_b.data()) == (HasQuads() && (c.narrow || c.k == 0 || c.n == 0)) ||
                      !c.narrow,
                  "small weights are multiplied as bytes: " + Name(c));
    x.b = packed_b.data();
  }
  const std::size_t element = BytesOf(c.output), count = static_cast<std::size_t>(batches * c.m * c.n);
  std::vector<std::uint8_t> first;
  for (int threads : {1, 3}) {
    testing::Guarded<std::uint8_t> out(count * element, 4);
    Shuffled parallel(threads);
    // Of exactly the size asked for, so that a sanitizer sees what leaves it; aligned as the runtime's.
    std::unique_ptr<std::uint64_t[]> workspace(new std::uint64_t[WorkspaceBytes(p, threads) / 8 + 1]);
    x.c = out.data();
    Run(p, x, workspace.get(), parallel);
    EXPECT_THAT(out.Intact(), "wrote outside: " + Name(c));
    const std::vector<std::uint8_t> bytes(out.data(), out.data() + out.size());
    if (threads == 1)
      first = bytes;
    else
      EXPECT_THAT(first == bytes, "threads change bits: " + Name(c));
  }
  std::size_t wrong = 0;
  for (std::int64_t batch = 0; batch < batches; ++batch)
    for (std::int64_t i = 0; i < c.m; ++i)
      for (std::int64_t j = 0; j < c.n; ++j) {
        std::int64_t sum = c.bias < 0 ? 0 : bias[static_cast<std::size_t>(c.bias == 1 ? i : c.bias == 2 ? j : 0)];
        const std::int64_t az = c.a_zero == 0 ? 0 : a_zero[static_cast<std::size_t>(c.a_zero == 2 ? i : 0)];
        const std::int64_t bz = c.b_zero == 0 ? 0 : b_zero[static_cast<std::size_t>(c.b_zero == 2 ? j : 0)];
        const std::int64_t from_a = c.broadcast_a ? 0 : batch * c.m * c.k, from_b = c.broadcast_b ? 0 : batch * c.k * c.n;
        for (std::int64_t k = 0; k < c.k; ++k)
          sum += (Element(a, from_a + i * p.a_row_stride + k * p.a_column_stride, c.a_signed) - az) *
                 (Element(b, from_b + k * p.b_row_stride + j * p.b_column_stride, c.b_signed) - bz);
        const std::size_t at = static_cast<std::size_t>((batch * c.m + i) * c.n + j);
        const float scaled =
            static_cast<float>(static_cast<std::int32_t>(sum)) * scale[static_cast<std::size_t>(c.scale == 1 ? i : c.scale == 2 ? j : 0)];
        if (c.output == Output::kInt32) {
          std::int32_t got;
          std::memcpy(&got, first.data() + 4 * at, 4);
          wrong += got != static_cast<std::int32_t>(sum);
        } else if (c.output == Output::kFloat32) {
          const double expected = static_cast<double>(scaled) + (c.addend ? addend[static_cast<std::size_t>(j)] : 0);
          float got;
          std::memcpy(&got, first.data() + 4 * at, 4);
          wrong += !(std::fabs(got - expected) <= 2e-7 * (std::fabs(static_cast<double>(scaled)) + 1));
        } else {
          const int low = c.output == Output::kUint8 ? 0 : -128;
          const double q = std::nearbyint(scaled) + x.c_zero;
          const int expected = static_cast<int>(std::clamp<double>(q, low, low + 255));
          wrong += first[at] != static_cast<std::uint8_t>(expected);
        }
      }
  EXPECT_THAT(wrong == 0, std::to_string(wrong) + " wrong elements: " + Name(c));
}

void Sizes() {
  for (std::int64_t m : {0, 1, 2, 5, 6, 7, 15, 29})
    for (std::int64_t n : {0, 1, 7, 8, 15, 16, 17, 33, 65})
      for (std::int64_t k : {0, 1, 2, 9, 40})
        for (int form = 0; form < 8; ++form) {
          Case c{m, n, k};
          c.a_signed = form & 1;
          c.b_signed = form & 2;
          c.transpose_a = form & 4;
          c.transpose_b = form & 1;
          c.a_packed = form & 2;
          c.b_packed = form & 4;
          c.a_zero = form % 3;
          c.b_zero = (form + 1) % 3;
          Check(c);
          if (form < 4) continue;
          c.a_packed = false;
          c.weights = true;
          c.narrow = (m + n + k) % 4 != 0;
          Check(c);
        }
}

void Epilogues() {
  for (Output output : {Output::kInt32, Output::kFloat32, Output::kUint8, Output::kInt8})
    for (int scale = 0; scale < 3; ++scale)
      for (int bias = -1; bias < 3; ++bias)
        for (bool is_signed : {false, true}) {
          Case c{13, 37, 77};
          c.output = output;
          c.scale = scale;
          c.bias = bias;
          c.a_signed = c.b_signed = is_signed;
          c.a_zero = 1;
          c.b_zero = 2;
          c.addend = scale == 2;
          c.b_packed = is_signed;
          Check(c);
          c.b_packed = c.weights = c.narrow = true;
          Check(c);
        }
}

void Batches() {
  for (bool a : {false, true})
    for (bool b : {false, true}) {
      Case c{9, 20, 33};
      c.broadcast_a = a;
      c.broadcast_b = b;
      c.a_packed = a;
      c.b_packed = b;
      c.a_zero = c.b_zero = 1;
      for (const std::vector<std::int64_t>& batch : {std::vector<std::int64_t>{2}, {2, 3}, {2, 1, 0}}) {
        c.batch = batch;
        Check(c);
        if (!b) continue;
        Case weights = c;
        weights.a_packed = false;
        weights.weights = weights.narrow = true;
        Check(weights);
      }
    }
}

void Large() {
  // Several blocks of rows, and every product as large as it gets.
  for (bool is_signed : {false, true}) {
    Case c{150, 70, 1030};
    c.a_signed = is_signed;
    c.b_signed = !is_signed;
    c.a_zero = c.b_zero = 1;
    Check(c);
    c.extreme = true;
    c.a_zero = c.b_zero = 2;
    Check(c);
    c.b_packed = c.weights = c.narrow = true;
    Check(c);
  }
}

TEST_EACH_ISA(QuantizedProduct, MatchesItsReference) {
  Sizes();
  Epilogues();
  Batches();
  Large();
}

}  // namespace
