// The pool held against a model: every block lies apart from all others, keeps its contents, and is counted.
#include "memory/heap.h"

#include <algorithm>
#include <map>
#include <random>
#include <thread>

#include "test/testing.h"

namespace inferlab::memory {
namespace {

struct Held {
  std::byte* block;
  std::size_t size;
  std::uint8_t mark;
};

void Fill(const Held& held) { std::memset(held.block, held.mark, held.size); }
bool Intact(const Held& held) {
  for (std::size_t i = 0; i < held.size; i += held.size > 4096 ? 509 : 1)
    if (held.block[i] != std::byte{held.mark}) return false;
  return held.size == 0 || held.block[held.size - 1] == std::byte{held.mark};
}

// Mostly small, some of the sizes where one kind of block ends and the next begins.
std::size_t SomeSize(testing::Random& random) {
  static constexpr std::size_t edges[] = {0, 1, 16, 17, 1024, 1025, 8192, 8193, kVariableBytes, kVariableBytes + 1, 6 << 20};
  switch (random.Int(0, 9)) {
    case 0:
      return edges[random.Int(0, std::size(edges) - 1)];
    case 1:
      return static_cast<std::size_t>(random.Int(8000, 300000));
    case 2:
      return static_cast<std::size_t>(random.Int(1000, 9000));
    default:
      return static_cast<std::size_t>(random.Int(0, 1100));
  }
}

// Random use by one thread; `foreign` takes some of its blocks, for others to free.
void Churn(Heap& heap, std::uint64_t seed, int steps, std::size_t most, std::vector<Held>* kept) {
  testing::Random random(seed);
  std::map<std::byte*, Held> held;
  for (int i = 0; i < steps; ++i) {
    if (held.size() > most || (!held.empty() && random.Int(0, 2) == 0)) {
      auto at = held.lower_bound(reinterpret_cast<std::byte*>(held.begin()->first + random.Int(0, 1 << 22)));
      if (at == held.end()) at = held.begin();
      EXPECT(Intact(at->second));
      heap.Free(at->second.block);
      held.erase(at);
      continue;
    }
    const bool tensor = random.Int(0, 1);
    const std::size_t size = SomeSize(random);
    auto* block = static_cast<std::byte*>(tensor ? heap.Allocate(size, "tensor") : heap.AllocateBytes(size));
    if (!block) return testing::Fail(__FILE__, __LINE__, "no memory");
    EXPECT(reinterpret_cast<std::uintptr_t>(block) % (tensor ? kAlignment : 16) == 0);
    const auto above = held.lower_bound(block);
    EXPECT(above == held.end() || block + size <= above->first);
    EXPECT(above == held.begin() || std::prev(above)->first + std::prev(above)->second.size <= block);
    const Held now{block, size, static_cast<std::uint8_t>(random.Int(1, 255))};
    Fill(now);
    held.emplace(block, now);
  }
  for (const auto& [block, one] : held) {
    EXPECT(Intact(one));
    if (kept)
      kept->push_back(one);
    else
      heap.Free(block);
  }
}

void ExpectEmpty(Heap& heap) {
  const HeapStats stats = heap.Stats();
  EXPECT_THAT(stats.live_bytes == 0, std::to_string(stats.live_bytes) + " bytes");
  EXPECT(stats.allocations == stats.frees);
}

TEST(Heap, KeepsBlocksApartAndWhole) {
  for (Backing backing : {Backing::kPool, Backing::kSystem, Backing::kChecked}) {
    Heap heap(0, backing);
    Churn(heap, 3, backing == Backing::kChecked ? 1500 : 10000, 200, nullptr);
    EXPECT(heap.Check() == 0);
    ExpectEmpty(heap);
    heap.Trim();
    if (backing == Backing::kPool) EXPECT_THAT(heap.Stats().reserved_bytes == 0, std::to_string(heap.Stats().reserved_bytes));
  }
}

TEST(Heap, KeepsBlocksApartInALimitedHeapAndWhileRecording) {
  Heap heap(std::size_t{1} << 30);
  heap.Record(true);
  Churn(heap, 4, 8000, 200, nullptr);
  heap.Record(false);
  std::map<std::uint64_t, std::int64_t> live;
  for (const HeapEvent& event : heap.TakeEvents()) {
    if (event.bytes > 0)
      EXPECT(live.emplace(event.address, event.bytes).second);
    else
      EXPECT(live[event.address] == -event.bytes && live.erase(event.address) == 1);
  }
  EXPECT(live.empty());
  ExpectEmpty(heap);
  EXPECT(heap.Allocate(std::size_t{1} << 31) == nullptr);
}

TEST(Heap, CountsALimitExactly) {
  Heap heap(10 * 64);
  void* blocks[10];
  for (void*& block : blocks) block = heap.Allocate(50);
  EXPECT(blocks[9] && !heap.Allocate(1));
  heap.Free(blocks[0]);
  void* again = heap.Allocate(64);
  EXPECT(again && !heap.Allocate(1) && heap.Stats().peak_bytes == 640);
  heap.Free(again);
  for (int i = 1; i < 10; ++i) heap.Free(blocks[i]);
  ExpectEmpty(heap);
}

TEST(Heap, TakesBlocksBackFromOtherThreads) {
  Heap heap;
  std::vector<Held> kept[4];
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&, i] { Churn(heap, 10 + i, 5000, 200, &kept[i]); });
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  // The threads that made them have ended: others free them while new ones allocate.
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (const Held& held : kept[3 - i]) {
        EXPECT(Intact(held));
        heap.Free(held.block);
      }
      Churn(heap, 20 + i, 5000, 200, nullptr);
    });
  for (std::thread& thread : threads) thread.join();
  ExpectEmpty(heap);
  heap.Trim();
  EXPECT_THAT(heap.Stats().reserved_bytes == 0, std::to_string(heap.Stats().reserved_bytes));
}

// One makes, the other frees, at the same time; nothing grows.
TEST(Heap, PassesBlocksFromThreadToThread) {
  Heap heap;
  constexpr int kRing = 4096, kBlocks = 300000;
  std::vector<std::atomic<void*>> ring(kRing);
  std::thread consumer([&] {
    for (int i = 0; i < kBlocks; ++i) {
      void* block;
      while (!(block = ring[i % kRing].exchange(nullptr, std::memory_order_acquire))) std::this_thread::yield();
      EXPECT(*static_cast<int*>(block) == i);
      heap.Free(block);
    }
  });
  testing::Random random(8);
  for (int i = 0; i < kBlocks; ++i) {
    void* block = heap.AllocateBytes(static_cast<std::size_t>(random.Int(16, 1024)));
    *static_cast<int*>(block) = i;
    while (ring[i % kRing].load(std::memory_order_relaxed)) std::this_thread::yield();
    ring[i % kRing].store(block, std::memory_order_release);
  }
  consumer.join();
  ExpectEmpty(heap);
  // At most kRing blocks were out at once: 4 MiB, and what the bins round to slabs.
  EXPECT_THAT(heap.Stats().peak_bytes < std::size_t{24} << 20, std::to_string(heap.Stats().peak_bytes));
}

TEST(Heap, IsGivenBackWholeWithItsBlocks) {
  for (int round = 0; round < 12; ++round) {
    Heap heap;
    std::thread([&] { Churn(heap, 30 + round, 400, 100, nullptr); }).join();
    std::vector<Held> kept;
    Churn(heap, 90 + round, 400, 100, &kept);
    EXPECT(heap.Stats().live_bytes > 0);
  }
}

TEST(Heap, LosesLittleOfAMillionMixedObjects) {
  Heap heap;
  testing::Random random(5);
  std::size_t asked = 0;
  std::vector<void*> blocks;
  for (int i = 0; i < 1000000; ++i) {
    const auto size = static_cast<std::size_t>(random.Int(16, 1024));
    asked += size;
    blocks.push_back(heap.AllocateBytes(size));
  }
  // Slabs and what stands in front of them.
  std::size_t slabs = 0;
  for (const BinUse& bin : heap.Use().bins) slabs += bin.slabs;
  const double used = static_cast<double>(slabs * (kSlabBytes + sizeof(Slab)));
  EXPECT_THAT(used / static_cast<double>(asked) < 1.03, std::to_string(used / static_cast<double>(asked)));
  for (void* block : blocks) heap.Free(block);
  ExpectEmpty(heap);
}

TEST(Heap, DoesNotGrowWithChurn) {
  Heap heap;
  std::size_t after_first = 0;
  for (int round = 0; round < 30; ++round) {
    Churn(heap, round, 2000, 100, nullptr);
    if (round == 4) after_first = heap.Stats().reserved_bytes;
  }
  EXPECT(heap.Stats().reserved_bytes <= after_first + 2 * kChunkBytes);
}

// What runs give out comes back together, when JavaScript collects: the next runs find it, the system has nothing to do.
TEST(Heap, KeepsWhatComesBackTogether) {
  for (const std::size_t size : {std::size_t{200} << 10, std::size_t{1600} << 10, std::size_t{6} << 20}) {
    Heap heap;
    std::size_t after_first = 0;
    for (int round = 0; round < 6; ++round) {
      std::vector<void*> blocks;
      for (std::size_t bytes = 0; bytes < std::size_t{28} << 20; bytes += size) blocks.push_back(heap.Allocate(size, "output"));
      for (void* block : blocks) heap.Free(block);
      const HeapStats stats = heap.Stats();
      if (round == 0) after_first = stats.reserved_bytes;
      EXPECT(stats.live_bytes == 0 && stats.reserved_bytes == after_first);
      EXPECT(stats.reserved_bytes >= std::size_t{28} << 20);
    }
    heap.Trim();
    EXPECT(heap.Stats().reserved_bytes == 0);
  }
}

TEST(Heap, KeepsNoMoreThanTwoEmptyChunks) {
  Heap heap;
  testing::Random random(12);
  for (int round = 0; round < 20; ++round) {
    std::vector<void*> blocks;
    for (int i = 0; i < 60; ++i) blocks.push_back(heap.Allocate(static_cast<std::size_t>(random.Int(100 << 10, 4 << 20)), "y"));
    EXPECT(heap.Stats().reserved_bytes > 5 * kChunkBytes);
    std::shuffle(blocks.begin(), blocks.end(), std::minstd_rand(static_cast<unsigned>(round)));
    for (void* block : blocks) heap.Free(block);
    EXPECT(heap.Stats().reserved_bytes == 2 * kChunkBytes);
  }
}

TEST(Heap, SaysWhereItsBlocksAreAndWhoseTheyAre) {
  Heap heap;
  heap.SetScope("cell 3");
  void* small = heap.Allocate(100, "small");
  void* variable = heap.Allocate(100000, "variable");
  heap.SetScope("cell 4");
  void* huge = heap.Allocate(10 << 20, "huge");
  heap.Free(heap.Allocate(200000, "gone"));
  std::uint64_t end = 0;
  int seen = 0;
  for (const HeapRegion& region : heap.Regions()) {
    EXPECT(region.address >= end);
    end = region.address + region.bytes;
    const auto holds = [&](void* block) {
      const auto address = reinterpret_cast<std::uintptr_t>(block);
      return address >= region.address && address < end;
    };
    if (holds(small)) seen += region.kind == HeapRegion::kSlab && region.live_bytes == 128;
    if (holds(variable)) seen += region.owner == "variable" && region.scope == "cell 3" && region.live_bytes >= 100000;
    if (holds(huge)) seen += region.owner == "huge" && region.scope == "cell 4" && region.live_bytes >= 10 << 20;
    EXPECT(region.owner != "gone");
  }
  EXPECT(seen == 3);
  heap.Free(small);
  heap.Free(variable);
  heap.Free(huge);
}

TEST(Heap, IsCheckedFromNowOnWhenAsked) {
  Heap heap;
  void* before = heap.Allocate(100, "before");
  void* large = heap.Allocate(1 << 20, "large");
  heap.SetChecked(true);
  auto* within = static_cast<std::byte*>(heap.Allocate(100, "within"));
  heap.Free(before);
  heap.SetChecked(false);
  heap.Free(large);
  void* after = heap.Allocate(100, "after");
  within[100] = std::byte{1};
  EXPECT(heap.Check() == 1);
  heap.Free(within);
  heap.Free(within);
  const auto findings = heap.TakeFindings();
  EXPECT(findings.size() == 2 && findings[0].owner == "within" && findings[1].misuse == Misuse::kDoubleFree);
  heap.Free(after);
  ExpectEmpty(heap);
}

TEST(VariableBlocks, JoinFreeNeighbours) {
  alignas(64) static std::byte region[1 << 16];
  using Blocks = VariableBlocks<TlsfIndex>;
  Blocks blocks;
  blocks.AddRegion(region, sizeof region);
  testing::Random random(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::pair<void*, std::size_t>> held;
    for (;;) {
      const auto size = static_cast<std::size_t>(random.Int(1, 3000));
      void* block = blocks.Allocate(size, 7);
      if (!block) break;
      EXPECT(reinterpret_cast<std::uintptr_t>(block) % 64 == 0 && Blocks::TagOf(block) == 7);
      EXPECT(Blocks::BlockBytesOf(block) >= size + Blocks::kTagBytes && Blocks::BlockBytesOf(block) < size + 136);
      held.push_back({block, size});
    }
    // The blocks of the region, in order, fill it, and no two free ones are neighbours.
    std::size_t total = 0;
    bool was_free = false;
    Blocks::ForEach(region, [&](std::byte*, std::size_t bytes, std::uint32_t, bool used) {
      total += bytes;
      EXPECT(used || !was_free);
      was_free = !used;
    });
    EXPECT(total == sizeof region - Blocks::kUnit);
    std::shuffle(held.begin(), held.end(), std::minstd_rand(static_cast<unsigned>(round)));
    for (auto [block, size] : held) blocks.Free(block);
    EXPECT(Blocks::IsWhole(region, sizeof region));
  }
}

}  // namespace
}  // namespace inferlab::memory
