#include "kernels/rnn/rnn.h"

#include <algorithm>
#include <cstring>

#include "kernels/gemm/gemm.h"
#include "kernels/rnn/rnn_table.h"

namespace inferlab::rnn {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

std::int64_t Gates(const Params& p) { return p.kind == RnnKind::kLstm ? 4 : 3; }
// Sums of one row: those of all gates.
std::int64_t RowFloats(const Params& p) { return Gates(p) * p.hidden; }
// The GRU that resets before the product needs its last gate's matrix apart.
bool Splits(const Params& p) { return p.kind == RnnKind::kGru && !p.linear_before_reset; }
std::int64_t Recurrent(const Params& p) { return Splits(p) ? 2 * p.hidden : RowFloats(p); }

struct Offsets {
  std::size_t w, r, split, size;  // floats of one direction's packed form
};
Offsets PackedOffsets(const Params& p) {
  Offsets o{};
  o.r = gemm::PackedFloats(p.inputs, RowFloats(p));
  o.split = o.r + gemm::PackedFloats(p.hidden, Recurrent(p));
  o.size = o.split + (Splits(p) ? gemm::PackedFloats(p.hidden, p.hidden) : 0);
  return o;
}

// Floats of the workspace a direction has: the input sums of all steps, its bias, states and sums of a step.
struct Scratch {
  std::int64_t sums, bias, h, c, step, extra, size;
};
Scratch ScratchOffsets(const Params& p) {
  Scratch s{};
  const std::int64_t rows = p.batch * p.hidden;
  s.bias = p.steps * p.batch * RowFloats(p);
  s.h = s.bias + 2 * RowFloats(p);
  s.c = s.h + rows;
  s.step = s.c + rows;
  s.extra = s.step + p.batch * RowFloats(p);
  s.size = s.extra + 2 * rows;
  return s;
}

gemm::Params InputProduct(const Params& p) {
  gemm::Params product;
  product.m = p.steps * p.batch;
  product.n = RowFloats(p);
  product.k = p.inputs;
  product.a_row_stride = p.inputs;
  product.c_row_stride = product.n;
  product.b_packed = true;
  product.bias_column_stride = 1;
  return product;
}

}  // namespace

std::size_t PackedFloats(const Params& p) { return PackedOffsets(p).size * static_cast<std::size_t>(p.directions); }

void PackWeights(const Params& p, const float* w, const float* r, float* packed) {
  const Offsets o = PackedOffsets(p);
  for (std::int64_t d = 0; d < p.directions; ++d, packed += o.size) {
    gemm::PackB(p.inputs, RowFloats(p), w + d * RowFloats(p) * p.inputs, 1, p.inputs, packed);
    const float* recurrent = r + d * RowFloats(p) * p.hidden;
    gemm::PackB(p.hidden, Recurrent(p), recurrent, 1, p.hidden, packed + o.r);
    if (Splits(p)) gemm::PackB(p.hidden, p.hidden, recurrent + Recurrent(p) * p.hidden, 1, p.hidden, packed + o.split);
  }
}

std::size_t WorkspaceBytes(const Params& p, int num_threads) {
  return static_cast<std::size_t>(ScratchOffsets(p).size * p.directions) * sizeof(float) +
         gemm::WorkspaceBytes(InputProduct(p), num_threads);
}

namespace {

// The steps of direction d, whose input sums and bias lie in `scratch` already.
void RunSteps(const Params& p, const Pointers& q, std::int64_t d, float* scratch, Parallel& parallel, const Parallel& run) {
  const Table& table = Current();
  const Offsets packed = PackedOffsets(p);
  const Scratch at = ScratchOffsets(p);
  const std::int64_t row = RowFloats(p), rows = p.batch * p.hidden;
  const float* const weights = q.weights + packed.size * static_cast<std::size_t>(d);
  float* const sums = scratch;
  float* const recurrent_bias = scratch + at.bias + row;
  float* const h = scratch + at.h;
  float* const c = scratch + at.c;
  float* const step_sums = scratch + at.step;
  float* const z = scratch + at.extra;
  float* const reset = z + rows;

  const std::size_t state_bytes = static_cast<std::size_t>(rows) * sizeof(float);
  if (q.h0)
    std::memcpy(h, q.h0 + d * rows, state_bytes);
  else
    std::memset(h, 0, state_bytes);
  if (q.c0)
    std::memcpy(c, q.c0 + d * rows, state_bytes);
  else
    std::memset(c, 0, state_bytes);

  gemm::Params product = InputProduct(p);
  gemm::Pointers operands;
  product.m = p.batch;
  product.n = Recurrent(p);
  product.k = p.hidden;
  product.a_row_stride = p.hidden;
  product.c_row_stride = row;
  const bool backwards = d == 1 || p.reverse;
  for (std::int64_t i = 0; i < p.steps && !run.Cancelled(); ++i) {
    const std::int64_t step = backwards ? p.steps - 1 - i : i;
    float* const x = sums + step * p.batch * row;
    operands.a = h;
    operands.b = weights + packed.r;
    if (p.kind == RnnKind::kLstm) {
      // The state's product is added to the input's where it lies.
      operands.bias = nullptr;
      operands.residual = x;
      operands.c = x;
      product.residual = ResidualKind::kBeforeActivation;
      gemm::Run(product, operands, nullptr, parallel);
      for (std::int64_t b = 0; b < p.batch; ++b)
        table.lstm_row(p.hidden, x + b * row, c + b * p.hidden, h + b * p.hidden);
    } else {
      operands.bias = recurrent_bias;
      operands.c = step_sums;
      gemm::Run(product, operands, nullptr, parallel);
      if (!Splits(p)) {
        for (std::int64_t b = 0; b < p.batch; ++b)
          table.gru_row_linear(p.hidden, x + b * row, step_sums + b * row, h + b * p.hidden);
      } else {
        for (std::int64_t b = 0; b < p.batch; ++b)
          table.gru_row_gates(p.hidden, x + b * row, step_sums + b * row, h + b * p.hidden, z + b * p.hidden,
                              reset + b * p.hidden);
        gemm::Params last = product;
        last.n = p.hidden;
        last.residual = ResidualKind::kBeforeActivation;
        gemm::Pointers operands_last;
        operands_last.a = reset;
        operands_last.b = weights + packed.split;
        operands_last.residual = x + 2 * p.hidden;
        operands_last.c = x + 2 * p.hidden;
        gemm::Run(last, operands_last, nullptr, parallel);
        for (std::int64_t b = 0; b < p.batch; ++b)
          table.gru_row_finish(p.hidden, x + b * row + 2 * p.hidden, z + b * p.hidden, h + b * p.hidden);
      }
    }
    if (q.y) std::memcpy(q.y + (step * p.directions + d) * rows, h, state_bytes);
  }
  if (q.h_last) std::memcpy(q.h_last + d * rows, h, state_bytes);
  if (q.c_last) std::memcpy(q.c_last + d * rows, c, state_bytes);
}

}  // namespace

void Run(const Params& p, const Pointers& q, void* workspace, Parallel& parallel) {
  const Offsets packed = PackedOffsets(p);
  const Scratch at = ScratchOffsets(p);
  const std::int64_t row = RowFloats(p);
  auto* const scratch = static_cast<float*>(workspace);
  for (std::int64_t d = 0; d < p.directions; ++d) {
    float* const sums = scratch + at.size * d;
    float* const bias = sums + at.bias;
    float* const recurrent_bias = bias + row;
    // Where both biases only ever meet in a sum they are added before the run.
    std::memset(bias, 0, static_cast<std::size_t>(2 * row) * sizeof(float));
    if (q.bias) {
      const float* wb = q.bias + d * 2 * row;
      const float* rb = wb + row;
      const std::int64_t apart = p.kind == RnnKind::kGru && p.linear_before_reset ? 2 * p.hidden : row;
      for (std::int64_t i = 0; i < row; ++i) {
        bias[i] = wb[i] + (i < apart ? rb[i] : 0.0f);
        recurrent_bias[i] = i < apart ? 0.0f : rb[i];
      }
    }
    gemm::Pointers operands;
    operands.a = q.x;
    operands.b = q.weights + packed.size * static_cast<std::size_t>(d);
    operands.bias = bias;
    operands.c = sums;
    gemm::Run(InputProduct(p), operands, scratch + at.size * p.directions, parallel);
  }
  // A step's product is worth threads only where it is large: else the two directions go beside each other. The choice
  // depends on the shape alone.
  if (p.batch * row * p.hidden >= (1 << 19)) {
    for (std::int64_t d = 0; d < p.directions; ++d) RunSteps(p, q, d, scratch + at.size * d, parallel, parallel);
    return;
  }
  parallel.For(static_cast<std::size_t>(p.directions), [&](std::size_t d, int) {
    Serial serial;
    const auto direction = static_cast<std::int64_t>(d);
    RunSteps(p, q, direction, scratch + at.size * direction, serial, parallel);
  });
}

}  // namespace inferlab::rnn
