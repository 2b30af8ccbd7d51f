// Every instruction set × odd sizes × strides × epilogue of the matrix product against the scalar reference.
#include <cmath>
#include <cstdio>
#include <vector>

#include "base/isa.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/reference.h"
#include "test/shuffled.h"
#include "test/testing.h"

namespace {

using namespace inferlab;
using namespace inferlab::gemm;
using testing::Shuffled;

std::uint32_t state = 4242;
float Random() {
  state = state * 1664525u + 1013904223u;
  return static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
}

struct Case {
  std::int64_t m, n, k;
  bool transpose_a = false, transpose_b = false, packed = false;
  std::vector<std::int64_t> batch = {};
  bool broadcast_a = false, broadcast_b = false;
  int bias = 0;  // 0 none, 1 a column's, 2 a row's, 3 full, 4 one number
  Activation activation = {};
  ResidualKind residual = ResidualKind::kNone;
  float alpha = 1, beta = 1;
};

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
  p.b_packed = c.packed;
  p.alpha = c.alpha;
  p.beta = c.beta;
  p.activation = c.activation;
  p.residual = c.residual;
  if (c.bias == 1 || c.bias == 3) p.bias_column_stride = 1;
  if (c.bias == 2) p.bias_row_stride = 1;
  if (c.bias == 3) p.bias_row_stride = c.n;
  std::int64_t batches = 1;
  for (std::int64_t size : c.batch) {
    p.batch_shape[p.num_batch_dims++] = size;
    batches *= size;
  }
  for (std::int64_t d = p.num_batch_dims - 1, stride = 1; d >= 0; stride *= p.batch_shape[d--]) {
    p.a_batch_strides[d] = c.broadcast_a ? 0 : stride * c.m * c.k;
    p.b_batch_strides[d] = c.broadcast_b ? 0 : stride * c.k * c.n;
  }
  const auto fill = [](std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count) + 1);
    for (float& v : values) v = Random();
    return values;
  };
  const std::vector<float> a = fill(batches * c.m * c.k), b = fill(batches * c.k * c.n), bias = fill(c.m * c.n),
                           residual = fill(batches * c.m * c.n), slope = fill(c.n);
  std::vector<float> packed(PackedFloats(c.k, c.n) + 1);
  if (c.packed) PackB(c.k, c.n, b.data() + 1, p.b_row_stride, p.b_column_stride, packed.data());
  // One element past the allocation's start: nothing is aligned.
  Pointers x{a.data() + 1, c.packed ? packed.data() : b.data() + 1, c.bias ? bias.data() : nullptr,
             c.residual != ResidualKind::kNone ? residual.data() : nullptr,
             c.activation.kind == ActivationKind::kPrelu ? slope.data() : nullptr, nullptr};
  std::vector<std::vector<float>> results;
  for (int threads : {1, 3}) {
    Shuffled parallel(threads);
    std::vector<float> out(static_cast<std::size_t>(batches * c.m * c.n) + 18, 7777.0f);
    std::vector<char> workspace(WorkspaceBytes(p, threads) + 1);
    x.c = out.data() + 1;
    Run(p, x, workspace.data(), parallel);
    for (std::size_t i = out.size() - 17; i < out.size(); ++i)
      if (out[i] != 7777.0f || out[0] != 7777.0f) {
        char text[256];
        std::snprintf(text, sizeof text, "wrote outside: %dx%dx%d", (int)c.m, (int)c.n, (int)c.k);
        testing::Fail(__FILE__, __LINE__, text);
        break;
      }
    results.push_back(out);
  }
  if (results[0] != results[1]) {
    char text[256];
    std::snprintf(text, sizeof text, "threads change bits: %dx%dx%d", (int)c.m, (int)c.n, (int)c.k);
    testing::Fail(__FILE__, __LINE__, text);
  }
  const double eps = (static_cast<double>(c.k) + 64) / 16777216.0;
  double worst = 0;
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    Pointers y = x;
    y.a = a.data() + 1 + (c.broadcast_a ? 0 : batch * c.m * c.k);
    y.b = b.data() + 1 + (c.broadcast_b ? 0 : batch * c.k * c.n);
    if (y.residual) y.residual += batch * c.m * c.n;
    for (std::int64_t i = 0; i < c.m; ++i)
      for (std::int64_t j = 0; j < c.n; ++j) {
        const ReferenceElement e = Reference(p, y, i, j);
        const double error = std::fabs(results[0][static_cast<std::size_t>(1 + (batch * c.m + i) * c.n + j)] - e.value) /
                             (eps * (e.magnitude + 0.1));
        if (!(error <= worst)) worst = error;
      }
  }
  if (!(worst <= 1)) {
    char text[256];
    std::snprintf(text, sizeof text, "error %.1f tolerances: %dx%dx%d%s%s%s batches %d bias %d act %d res %d", worst,
                  (int)c.m, (int)c.n, (int)c.k, c.transpose_a ? " ta" : "", c.transpose_b ? " tb" : "", c.packed ? " packed" : "", (int)batches,
                c.bias, (int)c.activation.kind, (int)c.residual);
    testing::Fail(__FILE__, __LINE__, text);
  }
}

void All() {
  for (std::int64_t m : {1, 2, 3, 5, 6, 7, 13, 29})
    for (std::int64_t n : {1, 7, 8, 15, 16, 17, 33, 50})
      for (std::int64_t k : {0, 1, 9, 40})
        for (int form = 0; form < 6; ++form)
          Check({m, n, k, form % 2 == 1, form / 2 % 2 == 1, form >= 4});
  for (bool packed : {false, true}) {
    // Several depth blocks and row blocks; copied rows of A.
    Check({200, 40, 520, false, false, packed});
    Check({400, 280, 270, false, true, packed});
    Check({50, 300, 257, true, false, packed});
    Check({97, 136, 1037, false, false, packed});
    Check({97, 136, 1037, true, false, packed});
    for (int bias = 0; bias < 5; ++bias)
      for (ResidualKind residual : {ResidualKind::kNone, ResidualKind::kBeforeActivation, ResidualKind::kAfterActivation})
        for (ActivationKind kind : {ActivationKind::kNone, ActivationKind::kRelu, ActivationKind::kPrelu, ActivationKind::kSigmoid}) {
          Case c{20, 37, 300, false, false, packed};
          c.bias = bias;
          c.residual = residual;
          c.activation = {kind};
          c.alpha = 0.5f;
          c.beta = -2;
          Check(c);
        }
  }
  for (bool a : {false, true})
    for (bool b : {false, true}) {
      Case c{9, 20, 33};
      c.batch = {2, 3};
      c.broadcast_a = a;
      c.broadcast_b = b;
      Check(c);
      c.m = 40;
      Check(c);
      c.transpose_b = true;
      Check(c);
      c.batch = {2, 1, 0};
      Check(c);
    }
  Check({0, 5, 5});
  Check({5, 0, 5});
}

TEST_EACH_ISA(Gemm, MatchesItsReference) {
  All();
}

}  // namespace
