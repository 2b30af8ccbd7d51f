#include "kernels/rnn/rnn.h"

#include <cmath>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::rnn {
namespace {

using testing::Guarded;
using testing::Random;

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// What ONNX says of one layer, one number at a time in double precision.
struct Layer {
  Params p;
  std::vector<float> x, w, r, bias, h0, c0;
  std::vector<double> y, h_last, c_last;

  Layer(const Params& params, bool has_bias, bool has_states, Random& random) : p(params) {
    const auto n = [](std::int64_t count) { return static_cast<std::size_t>(count); };
    const std::int64_t gates = p.kind == RnnKind::kLstm ? 4 : 3;
    x = random.Floats(n(p.steps * p.batch * p.inputs));
    w = random.Floats(n(p.directions * gates * p.hidden * p.inputs), -0.5f, 0.5f);
    r = random.Floats(n(p.directions * gates * p.hidden * p.hidden), -0.5f, 0.5f);
    if (has_bias) bias = random.Floats(n(p.directions * 2 * gates * p.hidden));
    if (has_states) {
      h0 = random.Floats(n(p.directions * p.batch * p.hidden));
      if (p.kind == RnnKind::kLstm) c0 = random.Floats(n(p.directions * p.batch * p.hidden));
    }
    y.assign(n(p.steps * p.directions * p.batch * p.hidden), 0);
    h_last.assign(n(p.directions * p.batch * p.hidden), 0);
    c_last.assign(h_last.size(), 0);
    for (std::int64_t d = 0; d < p.directions; ++d)
      for (std::int64_t b = 0; b < p.batch; ++b) RunRow(d, b, gates);
  }

 private:
  // The part that row `row` of the gates takes from the input, and from a state `h`; each has a bias of its own.
  double Input(std::int64_t d, std::int64_t t, std::int64_t b, std::int64_t row, std::int64_t gates) const {
    double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(d * 2 * gates * p.hidden + row)];
    for (std::int64_t i = 0; i < p.inputs; ++i)
      sum += double{x[static_cast<std::size_t>((t * p.batch + b) * p.inputs + i)]} *
             w[static_cast<std::size_t>((d * gates * p.hidden + row) * p.inputs + i)];
    return sum;
  }
  double State(std::int64_t d, const std::vector<double>& h, std::int64_t row, std::int64_t gates) const {
    double sum = !bias.empty() ? bias[static_cast<std::size_t>((d * 2 + 1) * gates * p.hidden + row)] : 0;
    for (std::int64_t i = 0; i < p.hidden; ++i)
      sum += h[static_cast<std::size_t>(i)] * r[static_cast<std::size_t>((d * gates * p.hidden + row) * p.hidden + i)];
    return sum;
  }

  void RunRow(std::int64_t d, std::int64_t b, std::int64_t gates) {
    const std::int64_t hidden = p.hidden;
    std::vector<double> h(static_cast<std::size_t>(hidden)), c(h.size());
    for (std::size_t j = 0; j < h.size(); ++j) {
      const std::size_t at = static_cast<std::size_t>((d * p.batch + b) * hidden) + j;
      if (!h0.empty()) h[j] = h0[at];
      if (!c0.empty()) c[j] = c0[at];
    }
    for (std::int64_t i = 0; i < p.steps; ++i) {
      const std::int64_t t = d == 1 || p.reverse ? p.steps - 1 - i : i;
      std::vector<double> next(h.size()), reset(h.size());
      const auto sum = [&](std::int64_t gate, std::int64_t j) {
        return Input(d, t, b, gate * hidden + j, gates) + State(d, h, gate * hidden + j, gates);
      };
      if (p.kind == RnnKind::kGru)
        for (std::int64_t j = 0; j < hidden; ++j)
          reset[static_cast<std::size_t>(j)] = Sigmoid(sum(1, j)) * h[static_cast<std::size_t>(j)];
      for (std::int64_t j = 0; j < hidden; ++j) {
        const auto at = static_cast<std::size_t>(j);
        if (p.kind == RnnKind::kLstm) {
          const double in = Sigmoid(sum(0, j)), out = Sigmoid(sum(1, j)), forget = Sigmoid(sum(2, j));
          c[at] = forget * c[at] + in * std::tanh(sum(3, j));
          next[at] = out * std::tanh(c[at]);
        } else {
          const double z = Sigmoid(sum(0, j));
          const std::int64_t row = 2 * hidden + j;
          const double state = p.linear_before_reset
                                   ? Sigmoid(sum(1, j)) * State(d, h, row, gates)
                                   : State(d, reset, row, gates);
          const double n = std::tanh(Input(d, t, b, row, gates) + state);
          next[at] = (1 - z) * n + z * h[at];
        }
      }
      h = next;
      for (std::size_t j = 0; j < h.size(); ++j)
        y[static_cast<std::size_t>(((t * p.directions + d) * p.batch + b) * hidden) + j] = h[j];
    }
    for (std::size_t j = 0; j < h.size(); ++j) {
      h_last[static_cast<std::size_t>((d * p.batch + b) * hidden) + j] = h[j];
      c_last[static_cast<std::size_t>((d * p.batch + b) * hidden) + j] = c[j];
    }
  }
};

// Everything lies one float beside an aligned address.
Guarded<float> Unaligned(const std::vector<float>& values) {
  Guarded<float> copy(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) copy[i] = values[i];
  return copy;
}

struct Result {
  Guarded<float> y, h, c;
};

Result RunLayer(const Layer& layer, int num_threads) {
  const Params& p = layer.p;
  const Guarded<float> x = Unaligned(layer.x), w = Unaligned(layer.w), r = Unaligned(layer.r);
  const Guarded<float> bias = Unaligned(layer.bias), h0 = Unaligned(layer.h0), c0 = Unaligned(layer.c0);
  Guarded<float> packed(PackedFloats(p));
  PackWeights(p, w.data(), r.data(), packed.data());
  EXPECT(packed.Intact());
  Result result{Guarded<float>(layer.y.size()), Guarded<float>(layer.h_last.size()), Guarded<float>(layer.c_last.size())};
  Guarded<float> workspace(WorkspaceBytes(p, num_threads) / sizeof(float) + 1, 0);
  Team team(ThreadPool::Instance(), num_threads);
  Pointers q;
  q.x = x.data();
  q.weights = packed.data();
  q.bias = layer.bias.empty() ? nullptr : bias.data();
  q.h0 = layer.h0.empty() ? nullptr : h0.data();
  q.c0 = layer.c0.empty() ? nullptr : c0.data();
  q.y = result.y.data();
  q.h_last = result.h.data();
  q.c_last = p.kind == RnnKind::kLstm ? result.c.data() : nullptr;
  Run(p, q, workspace.data(), team);
  EXPECT(result.y.Intact() && result.h.Intact() && result.c.Intact() && workspace.Intact());
  return result;
}

void ExpectNear(const Guarded<float>& got, const std::vector<double>& want, const char* what) {
  for (std::size_t i = 0; i < want.size(); ++i)
    EXPECT_THAT(std::fabs(got[i] - want[i]) <= 3e-6 * (1 + std::fabs(want[i])),
                std::string(what) + " " + std::to_string(i) + ": " + std::to_string(got[i]) + ", expected " +
                    std::to_string(want[i]));
}

struct Form {
  RnnKind kind;
  bool linear_before_reset;
};
constexpr Form kForms[] = {{RnnKind::kLstm, false}, {RnnKind::kGru, false}, {RnnKind::kGru, true}};

Params Shape(const Form& form, std::int64_t steps, std::int64_t batch, std::int64_t inputs, std::int64_t hidden,
             std::int64_t directions = 1, bool reverse = false) {
  Params p;
  p.kind = form.kind;
  p.linear_before_reset = form.linear_before_reset;
  p.steps = steps;
  p.batch = batch;
  p.inputs = inputs;
  p.hidden = hidden;
  p.directions = directions;
  p.reverse = reverse;
  return p;
}

TEST_EACH_ISA(Rnn, MatchesTheDefinition) {
  Random random(5);
  for (const Form& form : kForms)
    for (std::int64_t hidden : {1, 3, 8, 17, 33})
      for (std::int64_t batch : {1, 2, 5})
        for (std::int64_t steps : {1, 4})
          for (bool whole : {false, true}) {
            const std::int64_t inputs = random.Int(1, 20);
            const std::int64_t directions = random.Int(1, 2);
            const Layer layer(Shape(form, steps, batch, inputs, hidden, directions, directions == 1 && random.Int(0, 1)),
                              whole, whole, random);
            const Result got = RunLayer(layer, 2);
            ExpectNear(got.y, layer.y, "y");
            ExpectNear(got.h, layer.h_last, "h");
            if (form.kind == RnnKind::kLstm) ExpectNear(got.c, layer.c_last, "c");
          }
}

TEST_EACH_ISA(Rnn, TakesNoStepsNoRowsAndSaturatedGates) {
  Random random(6);
  for (const Form& form : kForms) {
    for (const auto& [steps, batch] : {std::pair<std::int64_t, std::int64_t>{0, 2}, {3, 0}}) {
      const Layer layer(Shape(form, steps, batch, 4, 5), true, true, random);
      const Result got = RunLayer(layer, 1);
      ExpectNear(got.h, layer.h_last, "h");
    }
    Params p = Shape(form, 2, 1, 3, 9);
    Layer layer(p, true, true, random);
    for (float& value : layer.bias) value *= 200;
    const Result got = RunLayer(layer, 1);
    for (std::size_t i = 0; i < got.y.size(); ++i) EXPECT(std::isfinite(got.y[i]) && std::fabs(got.y[i]) <= 1);
  }
}

TEST_EACH_ISA(Rnn, ResultsDoNotDependOnThreads) {
  Random random(7);
  for (const Form& form : kForms) {
    // Large enough that a step's product is shared out.
    const Layer layer(Shape(form, 2, 9, 40, 150, 2), true, true, random);
    const Result one = RunLayer(layer, 1), three = RunLayer(layer, 3);
    EXPECT(std::memcmp(one.y.data(), three.y.data(), one.y.size() * sizeof(float)) == 0);
    ExpectNear(one.y, layer.y, "y");
  }
}

}  // namespace
}  // namespace inferlab::rnn
