// Pooling: every kind × layout × instruction set on odd shapes against the scalar reference.
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/isa.h"
#include "kernels/conv/conv.h"
#include "kernels/pool/pool.h"
#include "kernels/pool/reference.h"
#include "test/testing.h"

namespace {

using namespace inferlab;
using namespace inferlab::pool;

std::uint32_t state = 99;
float Random() {
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
}

void Check(Params p) {
  std::int64_t in_plane = 1, out_plane = 1, window = 1;
  for (const Axis& a : p.axes) {
    in_plane *= a.input;
    out_plane *= a.output;
    window *= a.kernel;
  }
  Serial serial;
  const std::int64_t lanes = conv::BlockChannels();
  const std::int64_t padded = p.layout == Layout::kBlocked ? (p.channels + lanes - 1) / lanes * lanes : p.channels;
  std::vector<float> input(static_cast<std::size_t>(p.batch * p.channels * in_plane)),
      output(static_cast<std::size_t>(p.batch * p.channels * out_plane));
  for (float& v : input) v = Random();
  if (p.layout == Layout::kPlanar) {
    Run(p, input.data(), output.data(), serial);
  } else {
    std::vector<float> x(static_cast<std::size_t>(p.batch * padded * in_plane)),
        y(static_cast<std::size_t>(p.batch * padded * out_plane));
    conv::ToBlocked(p.batch, p.channels, in_plane, input.data(), x.data(), serial);
    Run(p, x.data(), y.data(), serial);
    conv::ToPlanar(p.batch, p.channels, out_plane, y.data(), output.data(), serial);
  }
  double worst = 0;
  std::size_t i = 0;
  for (std::int64_t plane = 0; plane < p.batch * p.channels; ++plane)
    for (std::int64_t z = 0; z < p.axes[0].output; ++z)
      for (std::int64_t y = 0; y < p.axes[1].output; ++y)
        for (std::int64_t x = 0; x < p.axes[2].output; ++x, ++i) {
          double magnitude;
          const double expected = Reference(p, input.data() + plane * in_plane, {z, y, x}, &magnitude);
          const double eps =
              p.kind == Kind::kMax ? 0 : (static_cast<double>(window) + 2) / 16777216.0 * (magnitude + 1e-6);
          if (output[i] == expected || (std::isnan(output[i]) && std::isnan(expected))) continue;
          const double error = std::fabs(output[i] - expected) / eps;
          if (!(error <= worst)) worst = error;
        }
  if (worst > 1) {
    char text[256];
    std::snprintf(text, sizeof text, "error %.1f tolerances: %s layout %d x(%d->%d k%d s%d d%d p%d)", worst,
                  KernelName(p), (int)p.layout,
                (int)p.axes[2].input, (int)p.axes[2].output, (int)p.axes[2].kernel, (int)p.axes[2].stride,
                (int)p.axes[2].dilation, (int)p.axes[2].pad);
    testing::Fail(__FILE__, __LINE__, text);
  }
}

Axis MakeAxis(std::int64_t input, std::int64_t kernel, std::int64_t stride, std::int64_t pad, std::int64_t dilation,
              std::int64_t extra) {
  return {input, (input + 2 * pad + extra - (kernel - 1) * dilation - 1) / stride + 1, kernel, stride, dilation, pad};
}

void All() {
  for (Kind kind : {Kind::kMax, Kind::kAverage})
    for (Layout layout : {Layout::kPlanar, Layout::kBlocked})
      for (bool count_padding : {false, true}) {
        Params p;
        p.kind = kind;
        p.layout = layout;
        p.count_padding = count_padding;
        for (std::int64_t channels : {1, 8, 11})
          for (std::int64_t kernel : {1, 2, 3, 5})
            for (std::int64_t stride : {1, 2})
              for (std::int64_t dilation : {1, 2}) {
                p.batch = 2;
                p.channels = channels;
                const std::int64_t pad = kernel / 2;
                p.axes[1] = MakeAxis(9, kernel, stride, pad, dilation, 1);
                p.axes[2] = MakeAxis(23, kernel, stride, pad, dilation, 0);
                p.end_pads[1] = pad + 1;
                p.end_pads[2] = pad;
                Check(p);
              }
        for (std::int64_t size : {1, 3, 7, 40}) {  // global
          p.axes[1] = MakeAxis(size, size, 1, 0, 1, 0);
          p.axes[2] = MakeAxis(size + 2, size + 2, 1, 0, 1, 0);
          p.end_pads[1] = p.end_pads[2] = 0;
          Check(p);
        }
        if (layout == Layout::kPlanar) {
          p.axes[0] = MakeAxis(5, 3, 2, 1, 1, 0);
          p.end_pads[0] = 1;
          p.axes[1] = MakeAxis(6, 2, 2, 0, 1, 0);
          p.axes[2] = MakeAxis(20, 3, 1, 1, 1, 0);
          p.end_pads[2] = 1;
          Check(p);
        }
        p.batch = 0;
        Check(p);
      }
}

TEST_EACH_ISA(Pool, MatchesItsReference) {
  All();
}

}  // namespace
