// The kernels of `npm run bench -- blas`: a square product of ours and of OpenBLAS, where that is installed, in turns.
//
//   gemm_bench THREADS SIZE SECONDS   →   lines NAME MEDIAN SPREAD BEST
//
// Microseconds a product; spread: half the distance of the quartiles. At one thread CPU time, which other programs disturb
// least, at more the time that passes. NAME: weight (B was packed before), fresh (B as it lies), openblas.
#include <dlfcn.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/gemm/gemm.h"
#include "memory/heap.h"

namespace inferlab::gemm {
namespace {

double Microseconds(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return 1e6 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_nsec);
}

void Sleep(double us) {
  const timespec time{0, static_cast<long>(1e3 * us)};
  nanosleep(&time, nullptr);
}

// Until no thread of the process works: those of OpenBLAS spin for a while after a product.
void Rest() {
  for (int i = 0; i < 100; ++i) {
    const double before = Microseconds(CLOCK_PROCESS_CPUTIME_ID);
    Sleep(2000);
    if (Microseconds(CLOCK_PROCESS_CPUTIME_ID) - before < 300) return;
  }
}

// As the engine's own tensors and weights lie: with large pages where there are any.
float* NewFloats(std::size_t count) {
  auto* floats = static_cast<float*>(memory::Heap::Process().Allocate(count * sizeof(float), "measuring products"));
  if (!floats) std::exit(1);
  return floats;
}

using Sgemm = void (*)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float* a, int a_stride,
                       const float* b, int b_stride, float beta, float* c, int c_stride);

struct Contender {
  const char* name;
  std::function<void()> run;
  std::vector<double> us = {};
};

int Main(int threads, int n, double seconds) {
  const auto size = static_cast<std::size_t>(n);
  float *a = NewFloats(size * size), *b = NewFloats(size * size), *c = NewFloats(size * size);
  for (std::size_t i = 0; i < size * size; ++i) {
    a[i] = static_cast<float>(i * 7919 % 1000) / 1000 - 0.5f;
    b[i] = static_cast<float>(i * 104729 % 1000) / 1000 - 0.5f;
    c[i] = 0;
  }
  float* packed = NewFloats(PackedFloats(n, n));
  PackB(n, n, b, n, 1, packed);

  Params fresh;
  fresh.m = fresh.n = fresh.k = n;
  fresh.a_row_stride = fresh.b_row_stride = fresh.c_row_stride = n;
  Params weight = fresh;
  weight.b_packed = true;
  const std::size_t bytes = std::max(WorkspaceBytes(fresh, threads), WorkspaceBytes(weight, threads));
  float* workspace = NewFloats(bytes / sizeof(float) + 1);
  ThreadPool& pool = ThreadPool::Instance();
  const auto ours = [&](const Params& params, const float* operand) {
    // A team a product, as each run of a session has one.
    Team team(pool, threads);
    Pointers pointers;
    pointers.a = a;
    pointers.b = operand;
    pointers.c = c;
    Run(params, pointers, workspace, team);
  };
  std::vector<Contender> contenders = {{"weight", [&] { ours(weight, packed); }}, {"fresh", [&] { ours(fresh, b); }}};
  if (void* library = dlopen("libopenblas.so.0", RTLD_NOW)) {
    const auto multiply = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
    const auto set_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
    if (multiply && set_threads) {
      set_threads(threads);
      constexpr int kRowMajor = 101, kAsIs = 111;
      contenders.push_back({"openblas", [=] { multiply(kRowMajor, kAsIs, kAsIs, n, n, n, 1, a, n, b, n, 0, c, n); }});
    }
  }

  const clockid_t clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  constexpr int kRounds = 9;
  const double turn_us = 1e6 * seconds / (kRounds * static_cast<double>(contenders.size()));
  for (int round = 0; round < kRounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      Contender& contender = contenders[round % 2 ? contenders.size() - 1 - i : i];
      Rest();
      // What the one before left in the caches, and threads asleep, are nobody's cost.
      contender.run();
      const double end = Microseconds(CLOCK_MONOTONIC) + turn_us;
      do {
        const double before = Microseconds(clock);
        contender.run();
        contender.us.push_back(Microseconds(clock) - before);
      } while (Microseconds(CLOCK_MONOTONIC) < end);
    }
  for (Contender& contender : contenders) {
    std::vector<double>& us = contender.us;
    std::sort(us.begin(), us.end());
    const double spread = (us[us.size() * 3 / 4] - us[us.size() / 4]) / 2;
    std::printf("%s %.3f %.3f %.3f\n", contender.name, us[us.size() / 2], spread, us[0]);
  }
  return 0;
}

}  // namespace
}  // namespace inferlab::gemm

int main(int count, char** arguments) {
  if (count != 4) return 2;
  return inferlab::gemm::Main(std::atoi(arguments[1]), std::atoi(arguments[2]), std::atof(arguments[3]));
}
