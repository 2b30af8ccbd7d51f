#include "memory/small_blocks.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "memory/pages.h"

namespace inferlab::memory {
namespace {

// Has no block and cannot make any: what a bin without slabs points to.
Slab empty_slab;

constexpr std::uint32_t kAwayBit = 1;
constexpr int kSpares = 8;
// Free slabs kept resident for reuse; beyond, their memory goes back at once.
constexpr std::size_t kWarmSlabs = 256;
// Blocks are put on the free list a page's worth at a time: what is never used is never touched.
constexpr std::size_t kCarveBytes = 4096;

std::byte* BlockAt(Slab* slab, std::size_t offset) {
  return Chunk::OfSlab(slab)->bytes() + Chunk::BeginOf(Chunk::SlotOfSlab(slab)) + offset;
}

}  // namespace

constinit thread_local ThreadCache thread_cache INFERLAB_TLS_MODEL{};

SmallBlocks::~SmallBlocks() {
  for (Chunk* chunk = chunks_; chunk;) {
    Chunk* next = chunk->next;
    pages::Unmap(chunk, kChunkBytes);
    chunk = next;
  }
  for (Local* local : locals_) delete local;
}

void* SmallBlocks::Refill(Local* local, int bin) {
  if (local->returned.load(std::memory_order_relaxed)) TakeReturned(local);
  for (;;) {
    Slab* slab = local->current[bin];
    if (slab != &empty_slab) {
      if (slab->free || Collect(slab) || Carve(slab)) return Allocate(local, bin);
      // All handed out. From here on whoever frees the first block says so.
      std::uint32_t none = 0;
      if (!slab->remote.compare_exchange_strong(none, kAwayBit, std::memory_order_acq_rel)) continue;
      Unlist(slab);
      slab->place = Slab::kAway;
      continue;
    }
    slab = Take(local, bin);
    if (!slab) return nullptr;
    slab->next = slab->previous = nullptr;
    slab->place = Slab::kListed;
    local->current[bin] = slab;
  }
}

bool SmallBlocks::Collect(Slab* slab) {
  if (slab->remote.load(std::memory_order_relaxed) <= kAwayBit) return false;
  const std::uint32_t list = slab->remote.exchange(0, std::memory_order_acquire);
  const std::size_t index = (list >> 1 & 0x7fff) - 1;
  auto* first = reinterpret_cast<FreeBlock*>(BlockAt(slab, index * 16));
  if (slab->free) {
    FreeBlock* last = first;
    while (last->next) last = last->next;
    last->next = slab->free;
  }
  slab->free = first;
  slab->frees.Add(list >> 16);
  return true;
}

bool SmallBlocks::Carve(Slab* slab) {
  if (slab->carved == slab->capacity) return false;
  const std::size_t block_bytes = BinBytes(slab->bin.load(std::memory_order_relaxed));
  const std::size_t more = std::min<std::size_t>(slab->capacity - slab->carved, std::max<std::size_t>(1, kCarveBytes / block_bytes));
  std::byte* at = BlockAt(slab, slab->carved * block_bytes);
  for (std::size_t i = 0; i + 1 < more; ++i)
    reinterpret_cast<FreeBlock*>(at + i * block_bytes)->next = reinterpret_cast<FreeBlock*>(at + (i + 1) * block_bytes);
  reinterpret_cast<FreeBlock*>(at + (more - 1) * block_bytes)->next = slab->free;
  slab->free = reinterpret_cast<FreeBlock*>(at);
  slab->carved = static_cast<std::uint16_t>(slab->carved + more);
  return true;
}

void SmallBlocks::FreeRemote(void* pointer) {
  Chunk* chunk = Chunk::Of(pointer);
  const std::size_t slot = Chunk::SlotOf(pointer);
  Slab* slab = chunk->slab(slot);
  auto* block = static_cast<FreeBlock*>(pointer);
  std::byte* begin = chunk->bytes() + Chunk::BeginOf(slot);
  const auto index = static_cast<std::uint32_t>((static_cast<std::byte*>(pointer) - begin) / 16);
  // The local cannot change while the block is out; afterwards the slab may not be looked at any more, unless it was away.
  Local* local = slab->local;
  std::uint32_t list = slab->remote.load(std::memory_order_relaxed);
  std::uint32_t longer;
  do {
    const std::uint32_t first = list >> 1 & 0x7fff;
    block->next = first ? reinterpret_cast<FreeBlock*>(begin + (first - 1) * 16) : nullptr;
    longer = ((list >> 16) + 1) << 16 | (index + 1) << 1;
  } while (!slab->remote.compare_exchange_weak(list, longer, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (!(list & kAwayBit)) return;
  slab->next_returned = local->returned.load(std::memory_order_relaxed);
  while (!local->returned.compare_exchange_weak(slab->next_returned, slab, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

void SmallBlocks::TakeReturned(Local* local) {
  Slab* slab = local->returned.exchange(nullptr, std::memory_order_acquire);
  while (slab) {
    Slab* next = slab->next_returned;
    Collect(slab);
    if (slab->frees.Get() == slab->allocations.Get()) {
      GiveUp(slab);
    } else {
      List(slab);
    }
    slab = next;
  }
}

void SmallBlocks::Settle(Slab* slab) {
  if (slab->place == Slab::kAway) {
    // Where another thread was first, it has put or will put the slab among those returned.
    if (!(slab->remote.fetch_and(~kAwayBit, std::memory_order_acq_rel) & kAwayBit)) return;
    List(slab);
  }
  if (slab->frees.Get() != slab->allocations.Get()) return;
  if (slab->local->current[slab->bin.load(std::memory_order_relaxed)] == slab) return;
  Unlist(slab);
  GiveUp(slab);
}

void SmallBlocks::List(Slab* slab) {
  slab->place = Slab::kListed;
  Slab*& current = slab->local->current[slab->bin.load(std::memory_order_relaxed)];
  if (current == &empty_slab) {
    slab->next = slab->previous = nullptr;
    current = slab;
    return;
  }
  slab->previous = current;
  slab->next = current->next;
  if (current->next) current->next->previous = slab;
  current->next = slab;
}

void SmallBlocks::Unlist(Slab* slab) {
  slab->place = Slab::kNowhere;
  if (slab->next) slab->next->previous = slab->previous;
  if (slab->previous) {
    slab->previous->next = slab->next;
  } else {
    slab->local->current[slab->bin.load(std::memory_order_relaxed)] = slab->next ? slab->next : &empty_slab;
  }
}

void SmallBlocks::GiveUp(Slab* slab) {
  Local* local = slab->local;
  slab->place = Slab::kNowhere;
  local->retired[slab->bin.load(std::memory_order_relaxed)].Add(slab->allocations.Get());
  slab->allocations.Set(0);
  slab->frees.Set(0);
  if (local->num_spares < kSpares) {
    slab->next = local->spares;
    local->spares = slab;
    ++local->num_spares;
    return;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  Return(slab);
}

void SmallBlocks::Return(Slab* slab) {
  Chunk* chunk = Chunk::OfSlab(slab);
  const std::size_t slot = Chunk::SlotOfSlab(slab);
  chunk->owners[slot].store(nullptr, std::memory_order_relaxed);
  slab->local = nullptr;
  chunk->slabs.free_slots[slot / 64] |= std::uint64_t{1} << slot % 64;
  ++chunk->slabs.num_free;
  ++num_free_slabs_;
  taken_.fetch_sub(kSlabBytes, std::memory_order_relaxed);
  if (chunk->slabs.num_free == kSlabsPerChunk && num_free_slabs_ > kSlabsPerChunk) {
    Unmap(chunk);
  } else if (num_free_slabs_ > kWarmSlabs) {
    pages::Decommit(chunk->bytes() + Chunk::BeginOf(slot), (slot + 1) * kSlabBytes - Chunk::BeginOf(slot));
  }
}

void SmallBlocks::Unmap(Chunk* chunk) {
  if (chunk->next) chunk->next->previous = chunk->previous;
  (chunk->previous ? chunk->previous->next : chunks_) = chunk->next;
  num_free_slabs_ -= kSlabsPerChunk;
  reserved_.fetch_sub(kChunkBytes, std::memory_order_relaxed);
  pages::Unmap(chunk, kChunkBytes);
}

Slab* SmallBlocks::Take(Local* local, int bin) {
  Slab* slab = local->spares;
  if (slab) {
    local->spares = slab->next;
    --local->num_spares;
  } else {
    std::lock_guard<std::mutex> lock(mutex_);
    Chunk* chunk = chunks_;
    if (num_free_slabs_ == 0) {
      chunk = static_cast<Chunk*>(pages::Map(kChunkBytes, kChunkBytes));
      if (!chunk) return nullptr;
      chunk->kind = ChunkKind::kSlabs;
      chunk->map_bytes = kChunkBytes;
      std::fill_n(chunk->slabs.free_slots, kSlabsPerChunk / 64, ~std::uint64_t{0});
      chunk->slabs.num_free = kSlabsPerChunk;
      num_free_slabs_ += kSlabsPerChunk;
      chunk->next = chunks_;
      if (chunks_) chunks_->previous = chunk;
      chunks_ = chunk;
      reserved_.fetch_add(kChunkBytes, std::memory_order_relaxed);
    }
    while (chunk->slabs.num_free == 0) chunk = chunk->next;
    std::size_t word = 0;
    while (!chunk->slabs.free_slots[word]) ++word;
    const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(chunk->slabs.free_slots[word]));
    chunk->slabs.free_slots[word] &= chunk->slabs.free_slots[word] - 1;
    --chunk->slabs.num_free;
    --num_free_slabs_;
    taken_.fetch_add(kSlabBytes, std::memory_order_relaxed);
    slab = new (chunk->slab(slot)) Slab;
    slab->local = local;
    slab->bin.store(static_cast<std::uint16_t>(bin), std::memory_order_relaxed);
    chunk->owners[slot].store(&thread_cache, std::memory_order_relaxed);
  }
  const std::size_t slot = Chunk::SlotOfSlab(slab);
  slab->bin.store(static_cast<std::uint16_t>(bin), std::memory_order_relaxed);
  slab->free = nullptr;
  slab->carved = 0;
  slab->capacity = static_cast<std::uint16_t>(((slot + 1) * kSlabBytes - Chunk::BeginOf(slot)) / BinBytes(bin));
  return slab;
}

Local* SmallBlocks::Adopt() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (Local* local = orphans_) {
    orphans_ = local->next_orphan;
    for (Chunk* chunk = chunks_; chunk; chunk = chunk->next)
      for (std::size_t slot = 0; slot < kSlabsPerChunk; ++slot)
        if (!IsFree(*chunk, slot) && chunk->slab(slot)->local == local)
          chunk->owners[slot].store(&thread_cache, std::memory_order_relaxed);
    return local;
  }
  auto* local = new (std::nothrow) Local;
  if (!local) return nullptr;
  std::fill_n(local->current, kNumBins, &empty_slab);
  local->number = static_cast<int>(locals_.size());
  locals_.push_back(local);
  return local;
}

void SmallBlocks::Abandon(Local* local) {
  TakeReturned(local);
  std::lock_guard<std::mutex> lock(mutex_);
  ReleaseEmpty(local);
  for (Chunk* chunk = chunks_; chunk; chunk = chunk->next)
    for (std::size_t slot = 0; slot < kSlabsPerChunk; ++slot)
      if (!IsFree(*chunk, slot) && chunk->slab(slot)->local == local)
        chunk->owners[slot].store(nullptr, std::memory_order_relaxed);
  local->next_orphan = orphans_;
  orphans_ = local;
}

void SmallBlocks::ReleaseEmpty(Local* local) {
  for (int bin = 0; bin < kNumBins; ++bin) {
    for (Slab* slab = local->current[bin]; slab != nullptr && slab != &empty_slab;) {
      Slab* next = slab->next;
      Collect(slab);
      if (slab->frees.Get() == slab->allocations.Get()) {
        Unlist(slab);
        local->retired[bin].Add(slab->allocations.Get());
        Return(slab);
      }
      slab = next;
    }
  }
  while (Slab* spare = local->spares) {
    local->spares = spare->next;
    --local->num_spares;
    Return(spare);
  }
}

void SmallBlocks::Trim(Local* own) {
  Local* orphans;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    orphans = std::exchange(orphans_, nullptr);
  }
  // Nobody owns them while they are in no list: they are ours.
  for (Local* local = orphans; local; local = local->next_orphan) TakeReturned(local);
  if (own) TakeReturned(own);
  std::lock_guard<std::mutex> lock(mutex_);
  if (own) ReleaseEmpty(own);
  while (Local* local = orphans) {
    ReleaseEmpty(local);
    orphans = local->next_orphan;
    local->next_orphan = orphans_;
    orphans_ = local;
  }
  for (Chunk* chunk = chunks_; chunk;) {
    Chunk* next = chunk->next;
    if (chunk->slabs.num_free == kSlabsPerChunk) {
      Unmap(chunk);
    } else {
      for (std::size_t slot = 0; slot < kSlabsPerChunk; ++slot)
        if (IsFree(*chunk, slot))
          pages::Decommit(chunk->bytes() + Chunk::BeginOf(slot), (slot + 1) * kSlabBytes - Chunk::BeginOf(slot));
    }
    chunk = next;
  }
}

bool SmallBlocks::Has(const Chunk* wanted) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Chunk* chunk = chunks_; chunk; chunk = chunk->next)
    if (chunk == wanted) return true;
  return false;
}

void SmallBlocks::Use(std::vector<BinUse>* bins, std::vector<ThreadUse>* threads) const {
  std::lock_guard<std::mutex> lock(mutex_);
  bins->assign(kNumBins, {});
  threads->assign(locals_.size(), {});
  for (int bin = 0; bin < kNumBins; ++bin) {
    (*bins)[static_cast<std::size_t>(bin)].block_bytes = BinBytes(bin);
    for (const Local* local : locals_) {
      (*bins)[static_cast<std::size_t>(bin)].allocations += local->retired[bin].Get();
      (*bins)[static_cast<std::size_t>(bin)].frees += local->retired[bin].Get();
    }
  }
  for (std::size_t i = 0; i < locals_.size(); ++i) (*threads)[i].number = locals_[i]->number;
  for (Chunk* chunk = chunks_; chunk; chunk = chunk->next) {
    for (std::size_t slot = 0; slot < kSlabsPerChunk; ++slot) {
      if (IsFree(*chunk, slot)) continue;
      const Slab* slab = chunk->slab(slot);
      BinUse& bin = (*bins)[slab->bin.load(std::memory_order_relaxed)];
      // Frees first: a block freed in between must not make the number alive negative.
      const std::uint64_t frees = slab->frees.Get() + (slab->remote.load(std::memory_order_acquire) >> 16);
      const std::uint64_t allocations = slab->allocations.Get();
      ++bin.slabs;
      bin.allocations += allocations;
      bin.frees += frees;
      ThreadUse& thread = (*threads)[static_cast<std::size_t>(slab->local->number)];
      ++thread.slabs;
      thread.live_bytes += (allocations - frees) * bin.block_bytes;
    }
  }
}

}  // namespace inferlab::memory
