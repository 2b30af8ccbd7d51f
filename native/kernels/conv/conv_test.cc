// Every algorithm × instruction set × layout × epilogue on odd shapes against the scalar reference.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/isa.h"
#include "kernels/conv/conv.h"
#include "kernels/conv/reference.h"
#include "test/shuffled.h"
#include "test/testing.h"

namespace {

using namespace inferlab;
using namespace inferlab::conv;
using testing::Shuffled;

std::uint32_t state = 12345;
float Random() {
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
}

struct Case {
  Params params;
  bool bias = true;
};

int failures = 0, checks = 0;

// Under an emulator one case in so many: of all it takes ten minutes.
#ifdef INFERLAB_TEST_SHARE
constexpr int kShare = INFERLAB_TEST_SHARE;
#else
constexpr int kShare = 1;
#endif

std::string Describe(const Params& p) {
  char text[300];
  std::snprintf(text, sizeof text, "%s n%d g%d %d->%d y(%d->%d k%d s%d d%d p%d) x(%d->%d k%d s%d d%d p%d)%s act%d res%d",
                KernelName(p), (int)p.batch, (int)p.groups, (int)p.input_channels, (int)p.output_channels,
                (int)p.axes[1].input, (int)p.axes[1].output, (int)p.axes[1].kernel, (int)p.axes[1].stride,
                (int)p.axes[1].dilation, (int)p.axes[1].pad, (int)p.axes[2].input, (int)p.axes[2].output,
                (int)p.axes[2].kernel, (int)p.axes[2].stride, (int)p.axes[2].dilation, (int)p.axes[2].pad,
                p.transposed ? " transposed" : "", (int)p.activation.kind, (int)p.residual);
  return text;
}

std::int64_t Plane(const Params& p, bool output) {
  std::int64_t plane = 1;
  for (const Axis& a : p.axes) plane *= output ? a.output : a.input;
  return plane;
}

// One element past an allocation's start, so that nothing is aligned; the tail is watched for writes.
struct Buffer {
  explicit Buffer(std::int64_t size) : storage(static_cast<std::size_t>(size) + 17, 7777.0f) {}
  float* data() { return storage.data() + 1; }
  bool intact(std::int64_t size) const {
    for (std::size_t i = static_cast<std::size_t>(size) + 1; i < storage.size(); ++i)
      if (storage[i] != 7777.0f) return false;
    return storage[0] == 7777.0f;
  }
  std::vector<float> storage;
};

void Check(const Case& c) {
  const Params& p = c.params;
  if (!Supports(p, p.algorithm)) {
    std::printf("not supported: %s\n", Describe(p).c_str());
    ++failures;
    return;
  }
  if (++checks % kShare != 0) return;
  const std::int64_t in_plane = Plane(p, false), out_plane = Plane(p, true), lanes = BlockChannels();
  const auto blocked = [&](std::int64_t channels) { return (channels + lanes - 1) / lanes * lanes; };
  const std::int64_t in_size = p.batch * p.input_channels * in_plane, out_size = p.batch * p.output_channels * out_plane;
  std::int64_t weight_count = p.output_channels * (p.input_channels / p.groups);
  for (const Axis& a : p.axes) weight_count *= a.kernel;
  std::vector<float> input(in_size), weights(weight_count), bias(p.output_channels), slope(p.output_channels), residual(out_size);
  for (float& v : input) v = Random();
  for (float& v : weights) v = Random();
  for (float& v : bias) v = Random();
  for (float& v : slope) v = Random();
  for (float& v : residual) v = Random();
  std::vector<float> packed(PackedFloats(p));
  PackWeights(p, weights.data(), packed.data());
  std::vector<std::vector<float>> results;
  for (int threads : {1, 3}) {
    Shuffled parallel(threads);
    const std::int64_t in_floats = p.input_layout == Layout::kBlocked ? p.batch * blocked(p.input_channels) * in_plane : in_size;
    const std::int64_t out_floats =
        p.output_layout == Layout::kBlocked ? p.batch * blocked(p.output_channels) * out_plane : out_size;
    Buffer x(in_floats), y(out_floats), r(out_floats);
    std::vector<char> workspace(WorkspaceBytes(p, threads) + 1);
    Pointers q{x.data(), packed.data(), c.bias ? bias.data() : nullptr,
               p.activation.kind == ActivationKind::kPrelu ? slope.data() : nullptr,
               p.residual != ResidualKind::kNone ? r.data() : nullptr, y.data()};
    if (p.input_layout == Layout::kBlocked)
      ToBlocked(p.batch, p.input_channels, in_plane, input.data(), x.data(), parallel);
    else
      std::copy(input.begin(), input.end(), x.data());
    // Lanes that do not exist must not reach a result.
    if (p.input_layout == Layout::kBlocked && p.input_channels % lanes)
      for (std::int64_t n = 0; n < p.batch; ++n)
        for (std::int64_t i = 0; i < in_plane; ++i)
          for (std::int64_t ch = p.input_channels; ch < blocked(p.input_channels); ++ch)
            x.data()[((n * blocked(p.input_channels) + ch / lanes * lanes) * in_plane) + i * lanes + ch % lanes] = NAN;
    if (p.output_layout == Layout::kBlocked)
      ToBlocked(p.batch, p.output_channels, out_plane, residual.data(), r.data(), parallel);
    else
      std::copy(residual.begin(), residual.end(), r.data());
    Run(p, q, workspace.data(), parallel);
    std::vector<float> out(out_size);
    if (p.output_layout == Layout::kBlocked)
      ToPlanar(p.batch, p.output_channels, out_plane, y.data(), out.data(), parallel);
    else
      std::copy(y.data(), y.data() + out_size, out.begin());
    if (!y.intact(out_floats)) {
      ++failures;
      std::printf("wrote outside: %s\n", Describe(p).c_str());
    }
    results.push_back(out);
  }
  if (results[0] != results[1]) {
    ++failures;
    std::printf("threads change bits: %s\n", Describe(p).c_str());
  }
  Pointers q{input.data(), weights.data(), c.bias ? bias.data() : nullptr,
             p.activation.kind == ActivationKind::kPrelu ? slope.data() : nullptr,
             p.residual != ResidualKind::kNone ? residual.data() : nullptr, nullptr};
  double worst = 0;
  const double terms = static_cast<double>(weight_count / p.output_channels);
  const double eps = (terms + 64) / 16777216.0 * (p.algorithm == Algorithm::kWinograd ? 10 : 1);
  for (std::int64_t n = 0, i = 0; n < p.batch; ++n)
    for (std::int64_t o = 0; o < p.output_channels; ++o)
      for (std::int64_t z = 0; z < p.axes[0].output; ++z)
        for (std::int64_t yy = 0; yy < p.axes[1].output; ++yy)
          for (std::int64_t xx = 0; xx < p.axes[2].output; ++xx, ++i) {
            const ReferenceElement e = Reference(p, q, n, o, z, yy, xx);
            const double error = std::fabs(results[0][i] - e.value) / (eps * (e.magnitude + 0.1));
            if (!(error <= worst)) worst = error;
          }
  if (!(worst <= 1)) {
    ++failures;
    std::printf("error %.1f tolerances: %s\n", worst, Describe(p).c_str());
  }
}

Axis MakeAxis(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad, std::int64_t dilation,
              std::int64_t extra = 0) {
  Axis a;
  a.input = input;
  a.kernel = kernel;
  a.stride = stride;
  a.pad = pad;
  a.dilation = dilation;
  a.output = (input + 2 * pad + extra - (kernel - 1) * dilation - 1) / stride + 1;
  return a;
}
Axis MakeTransposed(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad, std::int64_t dilation,
                    std::int64_t extra = 0) {
  Axis a = MakeAxis(input, kernel, stride, pad, dilation);
  a.output = (input - 1) * stride - 2 * pad + (kernel - 1) * dilation + 1 + extra;
  return a;
}

constexpr Layout kP = Layout::kPlanar, kB = Layout::kBlocked;

void Shapes(std::int64_t batch, std::int64_t ic, std::int64_t oc, std::int64_t groups, Axis y, Axis x, bool transposed = false) {
  for (int algorithm = 0; algorithm < 4; ++algorithm)
    for (Layout in : {kP, kB})
      for (Layout out : {kP, kB}) {
        Case c;
        Params& p = c.params;
        p.batch = batch;
        p.input_channels = ic;
        p.output_channels = oc;
        p.groups = groups;
        p.axes[1] = y;
        p.axes[2] = x;
        p.transposed = transposed;
        p.algorithm = static_cast<Algorithm>(algorithm);
        p.input_layout = in;
        p.output_layout = out;
        if (!Supports(p, p.algorithm)) continue;
        Check(c);
        p.activation = {ActivationKind::kRelu};
        p.residual = ResidualKind::kBeforeActivation;
        Check(c);
        c.bias = false;
        p.activation = {ActivationKind::kPrelu};
        p.residual = ResidualKind::kAfterActivation;
        Check(c);
        if (ic > 9 && algorithm == 1) continue;
        if (ic > 100) continue;
        for (auto activation : {Activation{ActivationKind::kClip, -1, 1}, Activation{ActivationKind::kSilu, 1},
                                Activation{ActivationKind::kHardSwish, 1 / 6.0f, 0.5f}, Activation{ActivationKind::kTanh},
                                Activation{ActivationKind::kLeakyRelu, 0.1f}, Activation{ActivationKind::kSigmoid},
                                Activation{ActivationKind::kGelu}, Activation{ActivationKind::kElu, 1.5f},
                                Activation{ActivationKind::kHardSigmoid, 0.2f, 0.5f}}) {
          p.activation = activation;
          p.residual = ResidualKind::kNone;
          Check(c);
        }
      }
}

void All() {
  // Pointwise: every remainder of channels and columns.
  for (std::int64_t oc : {1, 7, 8, 9, 16, 24, 33, 40})
    for (std::int64_t w : {1, 2, 5, 13, 31}) Shapes(1, 9, oc, 1, MakeAxis(3, 1, 1, 0, 1), MakeAxis(w, 1, 1, 0, 1));
  Shapes(2, 19, 17, 1, MakeAxis(5, 1, 2, 0, 1), MakeAxis(9, 1, 2, 0, 1));
  // k×k with padding, stride, dilation.
  Shapes(1, 3, 16, 1, MakeAxis(11, 3, 2, 1, 1), MakeAxis(13, 3, 2, 1, 1));
  Shapes(2, 17, 21, 1, MakeAxis(9, 3, 1, 1, 1), MakeAxis(10, 3, 1, 1, 1));
  Shapes(1, 16, 32, 1, MakeAxis(21, 3, 1, 1, 1), MakeAxis(22, 3, 1, 1, 1));
  Shapes(1, 8, 8, 1, MakeAxis(9, 3, 1, 2, 2), MakeAxis(11, 3, 1, 2, 2));
  Shapes(1, 6, 10, 1, MakeAxis(12, 5, 2, 2, 1), MakeAxis(14, 7, 3, 3, 1));
  Shapes(1, 5, 8, 1, MakeAxis(4, 3, 1, 0, 1, 1), MakeAxis(5, 2, 1, 0, 1, 1));  // asymmetric end padding
  Shapes(1, 4, 8, 1, MakeAxis(1, 1, 1, 0, 1), MakeAxis(40, 9, 2, 4, 1));       // one-dimensional
  // A row that is cut into parts for the threads, and one that is for the cache.
  Shapes(1, 16, 24, 1, MakeAxis(1, 1, 1, 0, 1), MakeAxis(700, 9, 2, 4, 1));
  Shapes(1, 101, 9, 1, MakeAxis(1, 1, 1, 0, 1), MakeAxis(1301, 5, 1, 2, 1));
  Shapes(1, 4, 4, 1, MakeAxis(2, 3, 1, 3, 1), MakeAxis(2, 3, 1, 3, 1));        // outputs that see only padding
  // Channel blocks a multiple of a page apart: the input is copied although nothing is padded.
  Shapes(1, 264, 64, 1, MakeAxis(4, 1, 1, 0, 1), MakeAxis(16, 1, 1, 0, 1));
  Shapes(1, 264, 64, 1, MakeAxis(6, 3, 1, 0, 1), MakeAxis(32, 3, 1, 0, 1));
  // Groups.
  Shapes(1, 32, 48, 2, MakeAxis(5, 3, 1, 1, 1), MakeAxis(7, 3, 1, 1, 1));
  Shapes(1, 6, 9, 3, MakeAxis(5, 3, 1, 1, 1), MakeAxis(7, 3, 1, 1, 1));
  // Depthwise.
  for (std::int64_t k : {3, 5, 7})
    for (std::int64_t s : {1, 2}) Shapes(1, 11, 11, 11, MakeAxis(13, k, s, k / 2, 1), MakeAxis(29, k, s, k / 2, 1));
  Shapes(2, 24, 24, 24, MakeAxis(9, 3, 1, 2, 2), MakeAxis(10, 3, 1, 4, 4));
  Shapes(1, 8, 8, 8, MakeAxis(2, 3, 1, 1, 1), MakeAxis(1, 3, 1, 1, 1));
  Shapes(1, 8, 8, 8, MakeAxis(3, 4, 3, 1, 1), MakeAxis(17, 4, 3, 1, 1, 2));
  // Transposed.
  Shapes(1, 9, 8, 1, MakeTransposed(5, 2, 2, 0, 1), MakeTransposed(7, 2, 2, 0, 1), true);
  Shapes(2, 8, 17, 1, MakeTransposed(5, 3, 2, 1, 1, 1), MakeTransposed(6, 4, 2, 1, 1), true);
  Shapes(1, 5, 3, 1, MakeTransposed(4, 3, 1, 1, 1), MakeTransposed(6, 5, 3, 0, 1), true);
  Shapes(1, 5, 3, 1, MakeTransposed(4, 2, 3, 0, 1), MakeTransposed(6, 1, 2, 0, 1), true);  // kernel below stride
  Shapes(1, 6, 6, 3, MakeTransposed(4, 3, 2, 1, 1), MakeTransposed(5, 3, 2, 1, 2), true);
  // Three dimensions.
  {
    Case c;
    c.params.input_channels = 3;
    c.params.output_channels = 5;
    c.params.axes[0] = MakeAxis(4, 3, 1, 1, 1);
    c.params.axes[1] = MakeAxis(5, 3, 2, 1, 1);
    c.params.axes[2] = MakeAxis(6, 3, 1, 0, 1);
    Check(c);
  }
  Shapes(0, 8, 8, 1, MakeAxis(3, 3, 1, 1, 1), MakeAxis(3, 3, 1, 1, 1));  // nothing to do
}

// Tiles of so many blocks as were measured to be fastest, on channels that leave remainders.
TEST_EACH_ISA(Conv, MatchesTheReferenceWithTilesOfAnyWidth) {
  const int before = failures;
  for (std::int64_t blocks = 1; blocks <= 4; ++blocks)
    for (std::int64_t oc : {3, 40, 83})
      for (Layout in : {kP, kB}) {
        Case c;
        Params& p = c.params;
        p.input_channels = 11;
        p.output_channels = oc;
        p.axes[1] = MakeAxis(7, 3, 1, 1, 1);
        p.axes[2] = MakeAxis(15, 3, 2, 1, 1);
        p.algorithm = Algorithm::kDirect;
        p.input_layout = in;
        p.output_layout = kB;
        p.tile_blocks = blocks;
        Check(c);
      }
  EXPECT(failures == before);
}

TEST_EACH_ISA(Conv, MatchesTheReference) {
  const int before = failures;
  All();
  EXPECT(failures == before);
}

}  // namespace
