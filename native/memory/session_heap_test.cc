#include "memory/session_heap.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "test/testing.h"

namespace inferlab::memory {
namespace {

using Kind = SessionHeap;

TEST(SessionHeap, CountsByKindAndHoldsToItsLimit) {
  Heap process;
  const auto heap = SessionHeap::Make(process, "net", 1000);
  void* weights = heap->Allocate(Kind::kWeights, 600, "weights");
  EXPECT(weights != nullptr);
  EXPECT(heap->Allocate(Kind::kArena, 401, "arena") == nullptr);
  const Status refusal = heap->Refusal("arena", 401);
  EXPECT(refusal.code == StatusCode::kOutOfMemory && refusal.found == 401 && refusal.expected == 1000);
  void* arena = heap->Allocate(Kind::kArena, 400, "arena");
  EXPECT(arena != nullptr);
  EXPECT(heap->Allocate(Kind::kOutput, 1, "output") == nullptr);
  EXPECT(heap->Allocate(Kind::kOutput, SIZE_MAX, "output") == nullptr);
  heap->Free(Kind::kArena, arena, 400);
  const SessionHeap::Report report = heap->Look();
  EXPECT(report.name == "net" && report.live_bytes == 600 && report.peak_bytes == 1000 && report.limit_bytes == 1000);
  EXPECT(report.kinds[Kind::kWeights].bytes == 600 && report.kinds[Kind::kWeights].blocks == 1);
  EXPECT(report.kinds[Kind::kArena].bytes == 0 && report.kinds[Kind::kArena].peak_bytes == 400);
  EXPECT(process.Stats().live_bytes == 600);
  heap->Free(Kind::kWeights, weights, 600);
  EXPECT(process.Stats().live_bytes == 0);
  EXPECT(heap->Refusal("weights", 10).expected == 0);
}

TEST(SessionHeap, WhatTheSystemRefusesIsNotCounted) {
  Heap process;
  const auto heap = SessionHeap::Make(process);
  EXPECT(heap->Allocate(Kind::kArena, std::size_t{1} << 60, "arena") == nullptr);
  EXPECT(heap->Allocate(Kind::kWeights, std::size_t{1} << 60, "weights") == nullptr);
  const SessionHeap::Report report = heap->Look();
  EXPECT(report.live_bytes == 0 && report.peak_bytes == 0);
  EXPECT(report.kinds[Kind::kArena].peak_bytes == 0 && report.kinds[Kind::kWeights].blocks == 0);
}

// A request far beyond the limit must not take room from those that fit, not even for a moment.
TEST(SessionHeap, WhatIsRefusedStandsInNobodysWay) {
  Heap process;
  const auto heap = SessionHeap::Make(process, "limited", 1000);
  void* held = heap->Allocate(Kind::kArena, 200, "held");
  std::atomic<bool> done{false};
  std::thread greedy([&] {
    while (!done.load()) EXPECT(heap->Allocate(Kind::kArena, 900, "too much") == nullptr);
  });
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    void* block = heap->Allocate(Kind::kOutput, 700, "output");
    refused += block == nullptr;
    heap->Free(Kind::kOutput, block, 700);
  }
  done.store(true);
  greedy.join();
  EXPECT(refused == 0);
  heap->Free(Kind::kArena, held, 200);
}

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
TEST(SessionHeap, WeightsOfTheCLibraryGoBackToo) {
  Heap process(0, Backing::kSystem);
  auto heap = SessionHeap::Make(process);
  const std::size_t before = mallinfo2().hblkhd;
  const std::size_t bytes = std::size_t{64} << 20;
  EXPECT(heap->Allocate(Kind::kWeights, bytes, "weights") != nullptr);
  heap->Close();
  EXPECT(mallinfo2().hblkhd < before + bytes);
  EXPECT(process.Stats().live_bytes == 0);
}
#endif

TEST(SessionHeap, IsGivenBackWholeAndOutputsStay) {
  Heap process;
  auto heap = SessionHeap::Make(process);
  std::size_t bytes = 0;
  for (std::size_t i = 1; i <= 200; ++i) {
    void* block = heap->Allocate(Kind::kWeights, i * 97, "weights");
    EXPECT(block != nullptr);
    std::memset(block, 1, i * 97);
    bytes += i * 97;
  }
  EXPECT(process.Stats().live_bytes == bytes);
  auto* output = static_cast<char*>(heap->Allocate(Kind::kOutput, 5000, "output of a run"));
  std::memset(output, 7, 5000);
  void* handed = heap->HandOut(output, 5000, "y");
  auto* other = static_cast<char*>(heap->Allocate(Kind::kOutput, 100, "output of a run"));
  void* second = heap->HandOut(other, 100, "z");
  heap->Close();
  EXPECT(heap->Allocate(Kind::kWeights, 10, "weights") == nullptr);
  const SessionHeap::Report report = heap->Look();
  EXPECT(report.is_closed && report.live_bytes == 5100 && report.kinds[Kind::kWeights].blocks == 0);
  EXPECT(report.outputs.size() == 2 && report.outputs[0].name == "y" && report.outputs[1].bytes == 100);
  heap.reset();
  // The account lives as long as an output does.
  int heaps = 0;
  SessionHeap::ForEach([&](SessionHeap& one) { heaps += one.Look().live_bytes == 5100; });
  EXPECT(heaps == 1);
  for (int i = 0; i < 5000; ++i) EXPECT(output[i] == 7);
  SessionHeap::TakeBackNow(output);
  SessionHeap::TakeBackNow(output);
  EXPECT(process.Stats().live_bytes == 128);
  SessionHeap::TakeBack(handed);
  SessionHeap::TakeBack(second);
  EXPECT(process.Stats().live_bytes == 0);
  SessionHeap::ForEach([&](SessionHeap&) { ++heaps; });
  EXPECT(heaps == 1);
}

TEST(SessionHeap, ServesSeveralThreads) {
  Heap process;
  const auto heap = SessionHeap::Make(process, "shared", std::size_t{1} << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < 500; ++i) {
        const std::size_t bytes = 1 + i * 37 % 9000;
        const auto kind = i % 2 ? Kind::kArena : Kind::kWeights;
        if (void* block = heap->Allocate(kind, bytes, "block")) heap->Free(kind, block, bytes);
        if (void* output = heap->Allocate(Kind::kOutput, bytes, "output"))
          SessionHeap::TakeBack(heap->HandOut(output, bytes, "y"));
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT(heap->Look().live_bytes == 0 && heap->Look().outputs.empty());
  EXPECT(process.Stats().live_bytes == 0);
}

TEST(SessionHeap, TellsOfMisusedWeightsWhenTheyGo) {
  Heap process(0, Backing::kChecked);
  auto heap = SessionHeap::Make(process);
  auto* block = static_cast<char*>(heap->Allocate(Kind::kWeights, 100, "weights of conv1"));
  EXPECT(heap->Check() == 0);
  block[100] = 1;
  heap.reset();
  const std::vector<Finding> findings = SessionHeap::TakeLostFindings();
  EXPECT(findings.size() == 1 && findings[0].owner == "weights of conv1" && findings[0].offset == 100);
  EXPECT(SessionHeap::TakeLostFindings().empty());
}

TEST(SessionHeap, OneMappingServesArenasOfManySizes) {
  Heap process;
  const std::size_t mib = std::size_t{1} << 20;
  const auto heap = SessionHeap::Make(process);
  void* large = heap->Allocate(Kind::kArena, 20 * mib, "arena");
  heap->Free(Kind::kArena, large, 20 * mib);
  const std::size_t reserved = process.Stats().reserved_bytes;
  for (std::size_t size : {5 * mib, 9 * mib, 19 * mib, 6 * mib}) {
    void* arena = heap->Allocate(Kind::kArena, size, "arena");
    EXPECT(arena == large);
    heap->Free(Kind::kArena, arena, size);
  }
  EXPECT(process.Stats().reserved_bytes == reserved);
  // A larger one takes the place of the one that is too small.
  void* larger = heap->Allocate(Kind::kArena, 30 * mib, "arena");
  EXPECT(process.Stats().reserved_bytes < reserved + 11 * mib);
  heap->Free(Kind::kArena, larger, 30 * mib);
}

}  // namespace
}  // namespace inferlab::memory
