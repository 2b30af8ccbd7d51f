// Every instruction set × shapes × signs × zero points of the 8-bit convolution against a scalar reference, to the bit.
#include "kernels/qconv/qconv.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "test/shuffled.h"
#include "test/testing.h"

namespace {

using namespace inferlab;
using namespace inferlab::qconv;
using testing::Shuffled;

testing::Random random(11);

// Of an input size: as many outputs as fit with that padding on both sides.
Axis MakeAxis(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t dilation, std::int64_t pad) {
  const std::int64_t room = input + 2 * pad - (kernel - 1) * dilation - 1;
  return {input, room < 0 ? 0 : room / stride + 1, kernel, stride, dilation, pad};
}

// `narrow`: weights that are multiplied as bytes where the instruction set can.
void Check(const Params& p, bool w_signed, bool per_filter, bool narrow) {
  const std::int64_t in_plane = p.axes[0].input * p.axes[1].input * p.axes[2].input;
  const std::int64_t plane = p.axes[0].output * p.axes[1].output * p.axes[2].output;
  const std::int64_t ic = p.input_channels / p.groups, oc = p.output_channels / p.groups, depth = Depth(p);
  std::vector<std::uint8_t> x(static_cast<std::size_t>(p.batch * p.input_channels * in_plane));
  std::vector<std::uint8_t> w(static_cast<std::size_t>(p.output_channels * depth));
  for (std::uint8_t& byte : x) byte = static_cast<std::uint8_t>(random.Bits());
  for (std::uint8_t& byte : w) byte = static_cast<std::uint8_t>(random.Bits());
  std::vector<std::int32_t> w_zero, bias;
  std::vector<float> scale;
  for (std::int64_t o = 0; o < p.output_channels; ++o) {
    w_zero.push_back(static_cast<std::int32_t>(w_signed ? random.Int(-128, 127) : random.Int(0, 255)));
    if (narrow) {
      w_zero.back() = (w_signed ? 0 : 128) + static_cast<std::int32_t>(random.Int(-20, 20));
      for (std::int64_t tap = 0; tap < depth; ++tap)
        w[static_cast<std::size_t>(o * depth + tap)] =
            static_cast<std::uint8_t>(w_zero[static_cast<std::size_t>(per_filter ? o : 0)] + random.Int(-64, 64));
    }
    bias.push_back(static_cast<std::int32_t>(random.Int(-3000, 3000)));
    scale.push_back(random.Uniform(0.5f, 2.0f) / (128.0f * std::sqrt(static_cast<float>(depth))));
  }
  std::vector<std::int32_t> packed(qgemm::PackedABytes(p.output_channels, depth) / 4);
  qgemm::PackA(p.output_channels, depth, w.data(), w_signed, depth, 1, w_zero.data(), per_filter, packed.data());
  Pointers pointers;
  pointers.x = x.data();
  pointers.weights = reinterpret_cast<const std::int16_t*>(packed.data());
  pointers.weight_sums = qgemm::PackedSums(p.output_channels, depth, packed.data());
  pointers.quads = qgemm::PackedQuads(p.output_channels, depth, packed.data());
  EXPECT(!narrow || (pointers.quads != nullptr) == qgemm::HasQuads());
  pointers.x_zero = p.x_signed ? -5 : 131;
  pointers.bias = bias.data();
  pointers.scale = scale.data();
  pointers.y_zero = p.output == qgemm::Output::kInt8 ? 3 : 120;
  const std::size_t element = qgemm::BytesOf(p.output);
  std::string name = std::to_string(p.batch) + "x" + std::to_string(p.input_channels) + "→" +
                     std::to_string(p.output_channels) + "/" + std::to_string(p.groups);
  for (const Axis& axis : p.axes)
    name += " [" + std::to_string(axis.input) + " k" + std::to_string(axis.kernel) + " s" + std::to_string(axis.stride) +
            " d" + std::to_string(axis.dilation) + " p" + std::to_string(axis.pad) + "]";
  std::vector<std::uint8_t> first;
  for (int threads : {1, 3}) {
    testing::Guarded<std::uint8_t> out(static_cast<std::size_t>(p.batch * p.output_channels * plane) * element, 4);
    std::unique_ptr<std::uint64_t[]> workspace(new std::uint64_t[WorkspaceBytes(p, threads) / 8 + 1]);
    Shuffled parallel(threads);
    pointers.y = out.data();
    Run(p, pointers, workspace.get(), parallel);
    EXPECT_THAT(out.Intact(), "wrote outside: " + name);
    const std::vector<std::uint8_t> bytes(out.data(), out.data() + out.size());
    if (threads == 1)
      first = bytes;
    else
      EXPECT_THAT(first == bytes, "threads change bits: " + name);
  }
  const auto element_of = [](std::uint8_t byte, bool is_signed) { return is_signed ? static_cast<std::int8_t>(byte) : int{byte}; };
  std::size_t wrong = 0;
  for (std::int64_t n = 0; n < p.batch; ++n)
    for (std::int64_t o = 0; o < p.output_channels; ++o)
      for (std::int64_t at = 0; at < plane; ++at) {
        const std::int64_t position[] = {at / (p.axes[1].output * p.axes[2].output), at / p.axes[2].output % p.axes[1].output,
                                         at % p.axes[2].output};
        std::int32_t sum = bias[static_cast<std::size_t>(o)];
        for (std::int64_t tap = 0; tap < depth; ++tap) {
          std::int64_t rest = tap, index = 0, stride = 1;
          bool inside = true;
          for (int d = 2; d >= 0; --d) {
            const Axis& axis = p.axes[d];
            const std::int64_t i = position[d] * axis.stride - axis.pad + rest % axis.kernel * axis.dilation;
            inside = inside && i >= 0 && i < axis.input;
            index += i * stride;
            stride *= axis.input;
            rest /= axis.kernel;
          }
          if (!inside) continue;
          const std::int64_t channel = n * p.input_channels + o / oc * ic + rest;
          sum += (element_of(x[static_cast<std::size_t>(channel * in_plane + index)], p.x_signed) - pointers.x_zero) *
                 (element_of(w[static_cast<std::size_t>(o * depth + tap)], w_signed) - w_zero[static_cast<std::size_t>(per_filter ? o : 0)]);
        }
        const std::size_t to = static_cast<std::size_t>((n * p.output_channels + o) * plane + at);
        if (p.output == qgemm::Output::kInt32) {
          std::int32_t got;
          std::memcpy(&got, first.data() + 4 * to, 4);
          wrong += got != sum;
        } else {
          const int low = p.output == qgemm::Output::kUint8 ? 0 : -128;
          const float scaled = static_cast<float>(sum) * scale[static_cast<std::size_t>(o * p.scale_stride)];
          const double q = std::nearbyint(scaled) + pointers.y_zero;
          wrong += first[to] != static_cast<std::uint8_t>(static_cast<int>(std::clamp<double>(q, low, low + 255)));
        }
      }
  EXPECT_THAT(wrong == 0, std::to_string(wrong) + " wrong elements: " + name);
}

TEST_EACH_ISA(QuantizedConvolution, MatchesItsReference) {
  const qgemm::Output outputs[] = {qgemm::Output::kInt32, qgemm::Output::kUint8, qgemm::Output::kInt8};
  int turn = 0;
  const auto check = [&](Params p) {
    ++turn;
    p.output = outputs[turn % 3];
    p.x_signed = turn & 1;
    p.scale_stride = turn / 2 % 2;
    Check(p, turn & 4, turn & 8, turn % 5 < 2);
  };
  struct Channels {
    std::int64_t in, out, groups;
  };
  for (const Channels c : {Channels{3, 7, 1}, {16, 20, 1}, {8, 8, 8}, {6, 12, 6}, {10, 15, 5}})
    for (std::int64_t size : {0, 1, 6, 11})
      for (std::int64_t kernel : {1, 2, 3})
        for (std::int64_t stride : {1, 2})
          for (std::int64_t dilation : {1, 2})
            for (std::int64_t pad : {0, 2}) {
              Params p;
              p.batch = 1 + turn % 2;
              p.input_channels = c.in;
              p.output_channels = c.out;
              p.groups = c.groups;
              p.axes[1] = MakeAxis(size, kernel, stride, dilation, pad);
              p.axes[2] = MakeAxis(size + 3, kernel, stride, 1, pad);
              check(p);
            }
  // By channel: what the loop above has not, of kernels and strides, multipliers, several parts and rows wider than a vector.
  for (const Channels c : {Channels{3, 3, 3}, {2, 6, 2}})
    for (std::int64_t width : {1, 15, 16, 33, 70})
      for (std::int64_t kernel : {3, 4, 5, 9})
        for (std::int64_t stride : {1, 2, 3, 9})
          for (std::int64_t pad : {-1, 0, 3}) {
            Params p;
            p.batch = 1 + turn % 2;
            p.input_channels = p.groups = c.in;
            p.output_channels = c.out;
            p.axes[1] = MakeAxis(12, kernel, 1 + turn % 3, 1 + turn % 2, pad);
            p.axes[2] = MakeAxis(width, turn % 5 == 0 ? 3 : kernel, stride, 1 + turn / 2 % 2, pad);
            check(p);
          }
  Params tall;  // several parts of a channel
  tall.input_channels = tall.output_channels = tall.groups = 2;
  tall.axes[1] = MakeAxis(330, 3, 1, 1, 1);
  tall.axes[2] = MakeAxis(70, 3, 1, 1, 1);
  for (int i = 0; i < 3; ++i) check(tall);
  Params deep;
  deep.input_channels = 5;
  deep.output_channels = 9;
  deep.axes[0] = MakeAxis(4, 3, 1, 1, 1);
  deep.axes[1] = MakeAxis(7, 2, 2, 1, 0);
  deep.axes[2] = MakeAxis(6, 3, 1, 2, 3);
  for (int i = 0; i < 5; ++i) check(deep);
  Params wide;  // more than one task's patches
  wide.input_channels = 48;
  wide.output_channels = 10;
  wide.axes[1] = MakeAxis(40, 3, 1, 1, 1);
  wide.axes[2] = MakeAxis(41, 3, 1, 1, 1);
  for (int i = 0; i < 5; ++i) check(wide);
  wide.batch = 0;
  check(wide);
}

}  // namespace
