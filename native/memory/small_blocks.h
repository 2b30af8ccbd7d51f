// Blocks of at most kSmallBytes: bins of slabs. A thread allocates from slabs that it alone hands out from, without a lock
// or an atomic operation; a block that another thread frees goes onto its slab's remote list by one compare-and-swap, and
// the owner takes the whole list at once when it runs out (the scheme is mimalloc's: Leijen, Zorn, de Moura, "Mimalloc:
// Free List Sharding in Action", 2019; lists as indices with a count are ours).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "memory/chunk.h"

#if defined(__GLIBC__)
// The addon is loaded late; a few bytes of the static block are kept for such libraries, and this is how to be among them.
#define INFERLAB_TLS_MODEL __attribute__((tls_model("initial-exec")))
#else
#define INFERLAB_TLS_MODEL
#endif

namespace inferlab::memory {

class SmallBlocks;

struct Local {
  // By bin: the slab in use, the first of a list of those that have or can make free blocks; kEmptySlab where there is none.
  Slab* current[kNumBins];
  // Slabs that were away and got a block back from another thread.
  std::atomic<Slab*> returned{nullptr};
  Slab* spares = nullptr;
  int num_spares = 0;
  // By bin: allocations (and frees) in slabs that were emptied and given up.
  Counter retired[kNumBins];
  // Where its thread ended: kept for the next thread that comes.
  Local* next_orphan = nullptr;
  int number = 0;
};

// The locals this thread used last, found by the heap's id. Its address is the thread's token.
struct ThreadCache {
  struct Entry {
    std::uint64_t heap_id;
    Local* local;
  };
  static constexpr std::size_t kEntries = 4;
  Entry entries[kEntries];
};
extern constinit thread_local ThreadCache thread_cache INFERLAB_TLS_MODEL;

struct BinUse {
  std::size_t block_bytes = 0;
  std::size_t slabs = 0;
  std::uint64_t allocations = 0;
  std::uint64_t frees = 0;
};
struct ThreadUse {
  int number = 0;
  std::size_t slabs = 0;
  std::size_t live_bytes = 0;
};

class SmallBlocks {
 public:
  // `reserved` and `taken`: bytes mapped, and bytes of slabs that locals have; kept up to date here.
  SmallBlocks(std::atomic<std::size_t>* reserved, std::atomic<std::size_t>* taken) : reserved_(*reserved), taken_(*taken) {}
  // Gives every chunk back, with the blocks in it. No other thread may be at work with them.
  ~SmallBlocks();
  SmallBlocks(const SmallBlocks&) = delete;
  SmallBlocks& operator=(const SmallBlocks&) = delete;

  // The fast way; nullptr where Refill has to be asked.
  static void* Allocate(Local* local, int bin) {
    Slab* slab = local->current[bin];
    FreeBlock* block = slab->free;
    if (!block) return nullptr;
    slab->free = block->next;
    slab->allocations.Add(1);
    return block;
  }
  // A block after making current[bin] one that has some; nullptr where the system has no more.
  void* Refill(Local* local, int bin);

  // True where the calling thread owns the block's slab, and then the block is freed.
  bool FreeOwn(void* pointer) {
    Chunk* chunk = Chunk::Of(pointer);
    const std::size_t slot = Chunk::SlotOf(pointer);
    if (chunk->owners[slot].load(std::memory_order_relaxed) != &thread_cache) return false;
    Slab* slab = chunk->slab(slot);
    auto* block = static_cast<FreeBlock*>(pointer);
    FreeBlock* before = slab->free;
    block->next = before;
    slab->free = block;
    if (slab->frees.Add(1) == slab->allocations.Get() || !before) Settle(slab);
    return true;
  }
  // The block lies in a chunk of slabs and its owner is another thread, or none.
  static void FreeRemote(void* pointer);
  // Bytes of the bin a block is of.
  static std::size_t BlockBytes(const void* block) {
    const Slab* slab = Chunk::Of(block)->slab(Chunk::SlotOf(block));
    return BinBytes(slab->bin.load(std::memory_order_relaxed));
  }

  // A local for the calling thread: one of a thread that ended, or a new one. nullptr where memory is short.
  Local* Adopt();
  // The calling thread, which owned it, ends.
  void Abandon(Local* local);
  // Gives back what nobody uses: `own` (may be null) is the calling thread's local, others' spares stay.
  void Trim(Local* own);

  // Whether the chunk is one of these.
  bool Has(const Chunk* wanted) const;

  // Approximate while other threads are at work.
  void Use(std::vector<BinUse>* bins, std::vector<ThreadUse>* threads) const;
  // visit(chunk, slot, block bytes, live blocks) for each slab that a local has.
  template <typename Visit>
  void ForEachSlab(Visit visit) const {
    std::lock_guard<std::mutex> lock(mutex_);
    for (Chunk* chunk = chunks_; chunk; chunk = chunk->next)
      for (std::size_t slot = 0; slot < kSlabsPerChunk; ++slot) {
        if (IsFree(*chunk, slot)) continue;
        Slab* slab = chunk->slab(slot);
        visit(chunk, slot, BinBytes(slab->bin.load(std::memory_order_relaxed)),
              static_cast<std::size_t>(slab->allocations.Get() - slab->frees.Get() -
                                       (slab->remote.load(std::memory_order_relaxed) >> 16)));
      }
  }

 private:
  static bool IsFree(const Chunk& chunk, std::size_t slot) {
    return chunk.slabs.free_slots[slot / 64] >> slot % 64 & 1;
  }
  // After a block came home to a slab that had none free, or that has none left in use.
  void Settle(Slab* slab);
  // Takes the remote list; true where there was one.
  static bool Collect(Slab* slab);
  static bool Carve(Slab* slab);
  void TakeReturned(Local* local);
  static void List(Slab* slab);
  static void Unlist(Slab* slab);
  // An empty slab that is in no list goes to the spares, or back.
  void GiveUp(Slab* slab);
  Slab* Take(Local* local, int bin);
  void Return(Slab* slab);   // lock held
  void ReleaseEmpty(Local* local);  // lock held; the caller owns `local`, or nobody does
  void Unmap(Chunk* chunk);  // lock held

  mutable std::mutex mutex_;
  Chunk* chunks_ = nullptr;
  std::size_t num_free_slabs_ = 0;
  std::vector<Local*> locals_;
  Local* orphans_ = nullptr;
  std::atomic<std::size_t>& reserved_;
  std::atomic<std::size_t>& taken_;
};

}  // namespace inferlab::memory
