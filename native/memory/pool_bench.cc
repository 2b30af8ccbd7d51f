// The loads of `npm run bench -- memory`, each against the pool or against malloc (this process's own, or one that
// LD_PRELOAD brings). One load a process; prints CPU nanoseconds an operation and the peak of resident memory:
//
//   pool_bench pool|malloc LOAD [ARGUMENT]   →   NS PEAK_KIB EXTRA
//
// EXTRA: objects: overhead as a share; churn: KiB grown; index-*: share of the region lost.
#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "memory/heap.h"
#include "memory/skip_list_index.h"

namespace inferlab::memory {
namespace {

bool use_pool = false;
Heap* heap = nullptr;

// Not inlined, so that both sides pay for a call.
[[gnu::noinline]] void* Get(std::size_t bytes) { return use_pool ? heap->AllocateBytes(bytes) : std::malloc(bytes); }
[[gnu::noinline]] void Put(void* block) {
  if (use_pool)
    heap->Free(block);
  else
    std::free(block);
}

struct Random {
  std::uint64_t state = 0x9e3779b97f4a7c15u;
  std::uint64_t operator()() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  }
};

// Sizes and places made beforehand: the generator is not what is measured.
struct Plan {
  std::vector<std::uint32_t> sizes, places;
  Plan(std::size_t least, std::size_t most, std::size_t num_places, std::uint64_t seed) {
    Random random{seed};
    for (int i = 0; i < 1 << 16; ++i) {
      sizes.push_back(static_cast<std::uint32_t>(least + random() % (most - least + 1)));
      places.push_back(static_cast<std::uint32_t>(random() % num_places));
    }
  }
};

// CPU time of the process, all threads: other programs on the machine disturb it little.
double CpuNs() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

long Kib(const char* field) {
  std::FILE* status = std::fopen("/proc/self/status", "r");
  char line[256];
  long kib = 0;
  while (status && std::fgets(line, sizeof line, status))
    if (std::strncmp(line, field, std::strlen(field)) == 0) kib = std::atol(line + std::strlen(field) + 1);
  if (status) std::fclose(status);
  return kib;
}

// `pairs` times: the block at a random place goes, one of a random size comes there.
double Pairs(std::size_t least, std::size_t most, std::size_t num_places, std::size_t pairs) {
  const Plan plan(least, most, num_places, 7);
  std::vector<void*> held(num_places);
  const auto once = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      void*& place = held[plan.places[i & 0xffff]];
      Put(place);
      place = Get(plan.sizes[(i * 5) & 0xffff]);
      *static_cast<char*>(place) = 1;
    }
  };
  once(1 << 17);
  const double begin = CpuNs();
  once(pairs);
  const double ns = (CpuNs() - begin) / static_cast<double>(pairs);
  for (void* block : held) Put(block);
  return ns;
}

// Larson and Krishnan's server ("Memory allocation for long-running server applications", ISMM 1998): each of two workers
// replaces blocks in its own array and hands the array to a new thread now and then, which frees what it did not make.
double Larson(std::size_t rounds) {
  constexpr std::size_t kPlaces = 1000, kSteps = 100000;
  const double begin = CpuNs();
  std::vector<std::thread> threads;
  for (std::uint64_t worker = 0; worker < 2; ++worker)
    threads.emplace_back([=] {
      const Plan plan(16, 1024, kPlaces, 11 + worker);
      std::vector<void*> held(kPlaces);
      for (std::size_t round = 0; round < rounds; ++round)
        std::thread([&] {
          for (std::size_t i = 0; i < kSteps; ++i) {
            void*& place = held[plan.places[i & 0xffff]];
            Put(place);
            place = Get(plan.sizes[(i * 5 + round) & 0xffff]);
            *static_cast<char*>(place) = 1;
          }
        }).join();
      for (void* block : held) Put(block);
    });
  for (std::thread& thread : threads) thread.join();
  return (CpuNs() - begin) / static_cast<double>(rounds * kSteps * 2);
}

// One thread makes, the other frees; blocks travel in batches so that the queue itself weighs little.
double ProducerConsumer(std::size_t batches) {
  constexpr std::size_t kBatch = 256, kQueue = 64;
  struct Batch {
    std::atomic<bool> full{false};
    void* blocks[kBatch];
  };
  const Plan plan(16, 1024, 1, 13);
  std::vector<Batch> queue(kQueue);
  const double begin = CpuNs();
  std::thread consumer([&] {
    for (std::size_t i = 0; i < batches; ++i) {
      Batch& batch = queue[i % kQueue];
      batch.full.wait(false, std::memory_order_acquire);
      for (void* block : batch.blocks) Put(block);
      batch.full.store(false, std::memory_order_release);
      batch.full.notify_one();
    }
  });
  for (std::size_t i = 0; i < batches; ++i) {
    Batch& batch = queue[i % kQueue];
    batch.full.wait(true, std::memory_order_acquire);
    for (std::size_t k = 0; k < kBatch; ++k) {
      batch.blocks[k] = Get(plan.sizes[(i * kBatch + k) & 0xffff]);
      *static_cast<char*>(batch.blocks[k]) = 1;
    }
    batch.full.store(true, std::memory_order_release);
    batch.full.notify_one();
  }
  consumer.join();
  return (CpuNs() - begin) / static_cast<double>(batches * kBatch);
}

// A million objects of 16 to 1,024 bytes; prints what they cost beyond what was asked for.
double Objects(double* overhead) {
  constexpr std::size_t kObjects = 1000000;
  std::vector<void*> blocks(kObjects);
  Random random;
  const long before = Kib("VmRSS:");
  double asked = 0;
  const double begin = CpuNs();
  for (void*& block : blocks) {
    const std::size_t size = 16 + random() % 1009;
    asked += static_cast<double>(size);
    block = Get(size);
    std::memset(block, 1, size);
  }
  const double ns = (CpuNs() - begin) / kObjects;
  *overhead = static_cast<double>(Kib("VmRSS:") - before) * 1024 / asked - 1;
  for (void* block : blocks) Put(block);
  return ns;
}

// Lines "ID BYTES" (allocated) and "ID 0" (freed). Every page of a block is written, as its user would.
double Replay(const char* path, std::size_t times) {
  struct Step {
    std::uint32_t id;
    std::size_t bytes;
  };
  std::vector<Step> steps;
  std::uint32_t most = 0;
  std::FILE* file = std::fopen(path, "r");
  unsigned id;
  unsigned long bytes;
  while (file && std::fscanf(file, "%u %lu", &id, &bytes) == 2) {
    steps.push_back({id, bytes});
    most = id > most ? id : most;
  }
  if (file) std::fclose(file);
  std::vector<void*> held(most + 1);
  const double begin = CpuNs();
  for (std::size_t time = 0; time < times; ++time) {
    for (const Step& step : steps) {
      if (step.bytes == 0) {
        Put(held[step.id]);
        held[step.id] = nullptr;
        continue;
      }
      auto* block = static_cast<char*>(use_pool ? heap->Allocate(step.bytes, "trace") : std::aligned_alloc(64, (step.bytes + 63) / 64 * 64));
      for (std::size_t at = 0; at < step.bytes; at += 4096) block[at] = 1;
      held[step.id] = block;
    }
    for (void*& block : held) {
      Put(block);
      block = nullptr;
    }
  }
  return (CpuNs() - begin) / static_cast<double>(steps.size() * times);
}

// Mixed sizes of changing range for so many seconds; the resident memory may not grow after the first tenth.
double Churn(double seconds, long* grown_kib) {
  Random random;
  std::vector<void*> held(20000);
  std::uint64_t steps = 0;
  long settled = 0;
  const auto began = std::chrono::steady_clock::now();
  const double begin = CpuNs();
  for (;;) {
    const double at = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    if (at > seconds) break;
    if (!settled && at > seconds / 10) settled = Kib("VmHWM:");
    // Phases of other sizes: what one leaves must serve the next.
    const std::size_t most = std::size_t{64} << (steps >> 16) % 8;
    for (int i = 0; i < 4096; ++i, ++steps) {
      void*& place = held[random() % held.size()];
      Put(place);
      const std::size_t size = random() % 1000 == 0 ? random() % (1 << 20) : 16 + random() % most;
      place = Get(size);
      *static_cast<char*>(place) = 1;
    }
  }
  *grown_kib = Kib("VmHWM:") - settled;
  const double ns = (CpuNs() - begin) / static_cast<double>(steps);
  for (void* block : held) Put(block);
  return ns;
}

// Variable blocks alone, in one region: an index against the other. Returns ns a pair; `lost`: share of the region that no
// request of its mean size could use when the first one fails.
template <typename Index>
double IndexPairs(std::size_t pairs, double* lost) {
  constexpr std::size_t kBytes = std::size_t{1} << 25;
  static std::byte* region = nullptr;
  region = static_cast<std::byte*>(std::aligned_alloc(64, kBytes));
  VariableBlocks<Index> blocks;
  blocks.AddRegion(region, kBytes);
  const Plan plan(8192, 1 << 18, 180, 17);
  std::vector<void*> held(180);
  const double begin = CpuNs();
  for (std::size_t i = 0; i < pairs; ++i) {
    void*& place = held[plan.places[i & 0xffff]];
    if (place) blocks.Free(place);
    place = blocks.Allocate(plan.sizes[(i * 5) & 0xffff], 0);
  }
  const double ns = (CpuNs() - begin) / static_cast<double>(pairs);
  std::size_t used = 0;
  for (std::size_t i = 0;; ++i) {
    void* block = blocks.Allocate(plan.sizes[i & 0xffff], 0);
    if (!block) break;
  }
  VariableBlocks<Index>::ForEach(region, [&](std::byte*, std::size_t bytes, std::uint32_t, bool in_use) { used += in_use ? bytes : 0; });
  *lost = 1 - static_cast<double>(used) / kBytes;
  std::free(region);
  return ns;
}

int Main(int argc, char** argv) {
  if (argc < 3) return 2;
  use_pool = std::strcmp(argv[1], "pool") == 0;
  heap = new Heap;
  const std::string load = argv[2];
  const char* argument = argc > 3 ? argv[3] : "";
  double ns = 0, extra = 0;
  if (load.starts_with("fixed-"))
    ns = Pairs(std::strtoul(load.c_str() + 6, nullptr, 10), std::strtoul(load.c_str() + 6, nullptr, 10), 1000, 8000000);
  else if (load == "pairs-1024")
    ns = Pairs(16, 1024, 1000, 8000000);
  else if (load == "pairs-8000")
    ns = Pairs(16, 8000, 1000, 8000000);
  else if (load == "larson")
    ns = Larson(30);
  else if (load == "producer-consumer")
    ns = ProducerConsumer(20000);
  else if (load == "objects")
    ns = Objects(&extra);
  else if (load == "trace")
    ns = Replay(argument, 5);
  else if (load == "churn") {
    long grown = 0;
    ns = Churn(std::strtod(argument, nullptr), &grown);
    extra = static_cast<double>(grown);
  } else if (load == "index-tlsf")
    ns = IndexPairs<TlsfIndex>(3000000, &extra);
  else if (load == "index-skip-list")
    ns = IndexPairs<SkipListIndex>(3000000, &extra);
  else
    return 2;
  std::printf("%.3f %ld %.6f\n", ns, Kib("VmHWM:"), extra);
  return 0;
}

}  // namespace
}  // namespace inferlab::memory

int main(int argc, char** argv) { return inferlab::memory::Main(argc, argv); }
