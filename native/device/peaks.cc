#include "device/peaks.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "device/peaks_table.h"

namespace inferlab::device {
namespace {

const Table& CurrentTable() { INFERLAB_SELECT_TABLE() }

using Clock = std::chrono::steady_clock;
double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// The shortest of some rounds: others of the machine's programs only ever make one longer.
template <typename Work>
double Shortest(int rounds, Work&& work) {
  double best = 1e300;
  for (int round = 0; round < rounds; ++round) {
    const auto begin = Clock::now();
    work();
    best = std::min(best, Seconds(Clock::now() - begin));
  }
  return best;
}

}  // namespace

double MeasureFlopsPerSecond(Parallel& parallel) {
  const Table& table = CurrentTable();
  const auto threads = static_cast<std::size_t>(parallel.num_threads());
  std::vector<float> sinks(threads * 16);
  constexpr std::size_t kRounds = 40'000;
  const double seconds = Shortest(10, [&] {
    parallel.For(threads, [&](std::size_t task, int) { sinks[task * 16] = table.multiply_add(kRounds); });
  });
  const double fmas = static_cast<double>(kRounds * kFmasPerRound * threads) * table.lanes;
  // A result that is not used could be left out of the program.
  for (float sink : sinks)
    if (sink != sink) return 0;
  return 2 * fmas / seconds;
}

double MeasureBytesPerSecond(Parallel& parallel, memory::Heap& heap, std::size_t bytes) {
  const Table& table = CurrentTable();
  const auto threads = static_cast<std::size_t>(parallel.num_threads());
  const std::size_t count = std::max<std::size_t>(256, bytes / 2 / sizeof(float));
  auto* x = static_cast<float*>(heap.Allocate(count * sizeof(float), "measuring bandwidth"));
  auto* y = static_cast<float*>(heap.Allocate(count * sizeof(float), "measuring bandwidth"));
  double best = 0;
  if (x && y) {
    std::fill_n(x, count, 1.0f);
    std::fill_n(y, count, 0.0f);
    // So often that a round takes about 3 ms at 20 GB/s.
    const std::size_t repeats = std::max<std::size_t>(1, (64u << 20) / (count * 2 * sizeof(float)));
    const std::size_t share = (count + threads - 1) / threads;
    const double seconds = Shortest(8, [&] {
      parallel.For(threads, [&](std::size_t task, int) {
        const std::size_t from = std::min(count, task * share);
        const std::size_t n = std::min(count, from + share) - from;
        for (std::size_t repeat = 0; repeat < repeats; ++repeat) table.scale(x + from, y + from, n);
      });
    });
    best = static_cast<double>(repeats * count * 2 * sizeof(float)) / seconds;
  }
  heap.Free(x);
  heap.Free(y);
  return best;
}

}  // namespace inferlab::device
