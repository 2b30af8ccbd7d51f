// The kernels of `npm run bench -- bandwidth`, in turns with a loop that only reads and writes.
//
//   bandwidth_bench THREADS MIB ROUNDS   →   lines NAME MEDIAN SPREAD BEST LOOP_MEDIAN LOOP_BEST SHARE
//
// GB/s read and written, tensors of MIB; spread: half the distance of the quartiles; share: median of the ratios of the rounds, each
// a run of the kernel right after one of the loop y = x/2. At one thread by CPU time, which other programs disturb least, at more by
// the time that passes.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "base/thread_pool.h"
#include "device/peaks_table.h"
#include "kernels/conv/conv.h"
#include "kernels/elementwise/elementwise.h"
#include "memory/heap.h"

namespace inferlab::device {
namespace {

const Table& CurrentTable() { INFERLAB_SELECT_TABLE() }

double Seconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Touched: the first use of a page is not what is measured.
float* NewTensor(std::size_t count) {
  auto* floats = static_cast<float*>(memory::Heap::Process().Allocate(count * sizeof(float), "measuring bandwidth"));
  if (!floats) std::exit(1);
  std::fill_n(floats, count, 0.5f);
  return floats;
}

constexpr std::int64_t kChannels = 64;

struct Tensors {
  std::int64_t side;
  std::size_t count;
  float *x, *x2, *y;
};

using Work = std::function<void(Parallel&)>;

// `steps` as slots of the chain: 0 and 1 are the inputs.
Work Elementwise(const Tensors& t, int inputs, std::vector<elementwise::Step> steps) {
  elementwise::Chain chain;
  chain.rank = 1;
  chain.dims[0] = static_cast<std::int64_t>(t.count);
  for (int i = 0; i < inputs; ++i) {
    elementwise::Input input{};
    input.type = DType::kFloat32;
    input.strides[0] = 1;
    chain.inputs.push_back(input);
  }
  chain.outputs = {inputs + static_cast<int>(steps.size()) - 1};
  chain.steps = std::move(steps);
  elementwise::Plan plan;
  if (!elementwise::Plan::Make(chain, &plan)) std::exit(1);
  return [plan, t, workspace = std::vector<std::byte>()](Parallel& parallel) mutable {
    workspace.resize(plan.workspace_bytes_per_thread() * static_cast<std::size_t>(parallel.num_threads()));
    const void* operands[] = {t.x, t.x2};
    void* result = t.y;
    plan.Run(operands, &result, workspace.data(), parallel);
  };
}

Work Depthwise(const Tensors& t) {
  conv::Params params;
  params.input_channels = params.output_channels = params.groups = kChannels;
  params.axes[1].input = params.axes[1].output = t.side;
  params.axes[1].kernel = 3;
  params.axes[1].pad = 1;
  params.axes[2] = params.axes[1];
  params.algorithm = conv::Algorithm::kDepthwise;
  params.input_layout = params.output_layout = Layout::kBlocked;
  const std::vector<float> weights(kChannels * 9, 0.1f);
  std::vector<float> packed(conv::PackedFloats(params));
  conv::PackWeights(params, weights.data(), packed.data());
  return [params, packed, t](Parallel& parallel) {
    conv::Pointers pointers;
    pointers.input = t.x;
    pointers.weights = packed.data();
    pointers.output = t.y;
    conv::Run(params, pointers, nullptr, parallel);
  };
}

double At(const std::vector<double>& sorted, double share) {
  return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

int Main(int threads, double mib, int rounds) {
  Tensors t{};
  t.side = static_cast<std::int64_t>(std::sqrt(mib * 1048576 / sizeof(float) / kChannels));
  t.count = static_cast<std::size_t>(kChannels * t.side * t.side);
  t.x = NewTensor(t.count);
  t.x2 = NewTensor(t.count);
  t.y = NewTensor(t.count);

  using F = ElementwiseFunction;
  constexpr DType kFloat = DType::kFloat32;
  const auto step = [](F function, int a, int b) { return elementwise::Step{function, kFloat, kFloat, {a, b, -1}, 0, 0}; };
  struct Case {
    const char* name;
    int tensors;  // read and written
    Work work;
  };
  std::vector<Case> cases;
  cases.push_back({"Relu", 2, Elementwise(t, 1, {step(F::kRelu, 0, -1)})});
  cases.push_back({"Add", 3, Elementwise(t, 2, {step(F::kAdd, 0, 1)})});
  cases.push_back({"Mul", 3, Elementwise(t, 2, {step(F::kMul, 0, 1)})});
  cases.push_back({"Add-Relu-Mul", 3, Elementwise(t, 2, {step(F::kAdd, 0, 1), step(F::kRelu, 2, -1), step(F::kMul, 3, 1)})});
  cases.push_back({"depthwise-3x3", 2, Depthwise(t)});

  const Table& table = CurrentTable();
  const auto parts = static_cast<std::size_t>(threads);
  const std::size_t share = (t.count + parts - 1) / parts;
  const Work loop = [&](Parallel& parallel) {
    parallel.For(parts, [&](std::size_t task, int) {
      const std::size_t from = std::min(t.count, task * share);
      table.scale(t.x + from, t.y + from, std::min(t.count, from + share) - from);
    });
  };
  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  const double tensor_gb = static_cast<double>(t.count * sizeof(float)) / 1e9;
  Team team(ThreadPool::Instance(), threads);
  for (Case& item : cases) {
    std::vector<double> own, loops, ratios;
    const auto rate = [&](const Work& work, int tensors) {
      const double before = Seconds(clock);
      work(team);
      return tensors * tensor_gb / (Seconds(clock) - before);
    };
    loop(team);
    item.work(team);
    for (int round = 0; round < rounds; ++round) {
      loops.push_back(rate(loop, 2));
      own.push_back(rate(item.work, item.tensors));
      ratios.push_back(own.back() / loops.back());
    }
    for (auto* values : {&own, &loops, &ratios}) std::sort(values->begin(), values->end());
    std::printf("%s %.3f %.3f %.3f %.3f %.3f %.4f\n", item.name, At(own, 0.5), (At(own, 0.75) - At(own, 0.25)) / 2, own.back(),
                At(loops, 0.5), loops.back(), At(ratios, 0.5));
  }
  return 0;
}

}  // namespace
}  // namespace inferlab::device

int main(int count, char** arguments) {
  if (count != 4) return 2;
  return inferlab::device::Main(std::max(1, std::atoi(arguments[1])), std::atof(arguments[2]), std::max(1, std::atoi(arguments[3])));
}
