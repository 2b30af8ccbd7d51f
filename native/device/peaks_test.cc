#include "device/peaks.h"

#include <cmath>
#include <vector>

#include "device/cpu.h"
#include "device/peaks_table.h"
#include "test/testing.h"

namespace inferlab::device {

TEST(Peaks, ArePositiveOnAnyNumberOfThreads) {
  Cpu& cpu = Cpu::Instance();
  for (int threads : {1, 2}) {
    Team team(cpu.threads, threads);
    EXPECT(MeasureFlopsPerSecond(team) > 1e6);
    for (std::size_t bytes : {std::size_t{0}, std::size_t{1000}, std::size_t{1} << 20}) EXPECT(MeasureBytesPerSecond(team, cpu.heap, bytes) > 1e6);
  }
}

// The loops do the work that is counted: y is half of x, and the sums come to the fixed point of s → 0.999·s + 0.001.
TEST(Peaks, LoopsComputeWhatIsCounted) {
#define INFERLAB_CHECK_LOOPS(ns, isa)                                                          \
  if (IsaSupported(isa)) {                                                                     \
    const Table& table = ns::GetTable();                                                       \
    std::vector<float> x(531), y(531, -1.0f);                                                  \
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);                   \
    table.scale(x.data(), y.data(), x.size());                                                 \
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT(y[i] == x[i] / 2);                       \
    EXPECT(std::abs(table.multiply_add(4000) / static_cast<float>(12 * table.lanes) - 1) < 1e-3f); \
  }
  INFERLAB_FOR_EACH_ISA(INFERLAB_CHECK_LOOPS)
#undef INFERLAB_CHECK_LOOPS
}

}  // namespace inferlab::device
