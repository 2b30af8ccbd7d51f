#include "memory/heap.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace inferlab::memory {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 44;

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::size_t SystemBytes([[maybe_unused]] void* block) {
#ifdef __GLIBC__
  return malloc_usable_size(block);
#else
  return 0;
#endif
}

std::size_t Aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

// Heaps alive, for threads that end: never destroyed, since threads may end last.
struct Heap::Registry {
  static Registry& Instance() {
    static auto* registry = new Registry;
    return *registry;
  }
  std::mutex mutex;
  std::unordered_map<std::uint64_t, Heap*> heaps;
};

// The locals of one thread, which go back to their heaps when it ends.
struct Heap::Thread {
  std::vector<ThreadCache::Entry> locals;
  // Outlives the thread_local object: blocks may be asked for while others of the thread are destroyed.
  static bool& Ended() {
    thread_local bool ended = false;
    return ended;
  }
  static Thread& Here() {
    thread_local Thread thread;
    return thread;
  }
  ~Thread() {
    Ended() = true;
    Registry& registry = Registry::Instance();
    std::lock_guard<std::mutex> lock(registry.mutex);
    for (const ThreadCache::Entry& entry : locals) {
      const auto heap = registry.heaps.find(entry.heap_id);
      if (heap != registry.heaps.end()) heap->second->small_.Abandon(entry.local);
    }
    for (ThreadCache::Entry& entry : thread_cache.entries) entry = {};
  }
};

Heap& Heap::Process() {
  static Heap* heap = [] {
    const char* check = std::getenv("INFERLAB_MEMORY_CHECK");
    const char* pool = std::getenv("INFERLAB_MEMORY_POOL");
    if (check && check[0] == '1') return new Heap(0, Backing::kChecked);
#if defined(__SANITIZE_ADDRESS__)
    pool = "off";  // AddressSanitizer judges blocks of the size asked for that are never used again.
#endif
    return new Heap(0, pool && std::strcmp(pool, "off") == 0 ? Backing::kSystem : Backing::kPool);
  }();
  return *heap;
}

Heap::Heap(std::size_t limit_bytes, Backing backing) : id_(NextId()), limit_bytes_(limit_bytes), fast_id_(id_) {
  if (limit_bytes) SetFlag(kLimitFlag, true);
  if (backing == Backing::kSystem) SetFlag(kSystemFlag, true);
  if (backing == Backing::kChecked) SetChecked(true);
  Registry& registry = Registry::Instance();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.heaps[id_] = this;
}

Heap::~Heap() {
  Registry& registry = Registry::Instance();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.heaps.erase(id_);
}

void Heap::SetFlag(unsigned flag, bool on) {
  if (on)
    flags_.fetch_or(flag);
  else
    flags_.fetch_and(~flag);
  fast_id_.store(flags_.load() == 0 ? id_ : kNoFastWay);
}

Local* Heap::LocalHere() {
  ThreadCache::Entry& entry = thread_cache.entries[id_ % ThreadCache::kEntries];
  if (entry.heap_id == id_) return entry.local;
  const bool ended = Thread::Ended();
  if (!ended) {
    for (const ThreadCache::Entry& known : Thread::Here().locals) {
      if (known.heap_id != id_) continue;
      entry = known;
      return known.local;
    }
  }
  Local* local = small_.Adopt();
  if (!local) return nullptr;
  entry = {id_, local};
  if (ended) return local;
  // Locals of heaps that are gone leave the list when it would grow.
  auto& locals = Thread::Here().locals;
  if (locals.size() == locals.capacity()) {
    Registry& registry = Registry::Instance();
    std::lock_guard<std::mutex> lock(registry.mutex);
    std::erase_if(locals, [&](const ThreadCache::Entry& known) { return !registry.heaps.contains(known.heap_id); });
  }
  locals.push_back(entry);
  return local;
}

void* Heap::Allocate(std::size_t size_bytes, const char* owner, Reuse reuse) {
  if (size_bytes > kMaxBytes) return nullptr;
  // Blocks of bins whose size is a multiple of the alignment are aligned.
  const std::size_t rounded = std::max(Aligned(size_bytes), kAlignment);
  if (rounded <= kSmallBytes && flags_.load(std::memory_order_relaxed) == 0) return AllocateBytes(rounded);
  return AllocateSlowly(rounded <= kSmallBytes && !checked() ? rounded : size_bytes, owner, reuse);
}

void* Heap::AllocateSlowly(std::size_t size_bytes, const char* owner, Reuse reuse) {
  if (size_bytes > kMaxBytes) return nullptr;
  const unsigned flags = flags_.load(std::memory_order_relaxed);
  if (flags & kSystemFlag && !(flags & kCheckedFlag)) return AllocateFromSystem(flags, size_bytes, owner);
  const std::size_t bytes = CountedBytes(flags, size_bytes);
  if (flags & kLimitFlag && exact_.fetch_add(bytes) + bytes > limit_bytes_) {
    exact_.fetch_sub(bytes);
    return nullptr;
  }
  void* block = AllocateFrom(flags, size_bytes, owner, reuse);
  if (!block) {
    if (flags & kLimitFlag) exact_.fetch_sub(bytes);
    return nullptr;
  }
  if (flags & kLimitFlag) RaisePeak();
  if (flags & kRecordFlag) RecordEvent(block, static_cast<std::int64_t>(bytes), owner);
  return block;
}

void* Heap::AllocateFromSystem(unsigned flags, std::size_t size_bytes, const char* owner) {
  void* block = nullptr;
  if (posix_memalign(&block, kAlignment, std::max<std::size_t>(size_bytes, 1)) != 0) return nullptr;
  const std::size_t bytes = SystemBytes(block);
  if (flags & kLimitFlag && exact_.fetch_add(bytes) + bytes > limit_bytes_) {
    exact_.fetch_sub(bytes);
    std::free(block);
    return nullptr;
  }
  other_.fetch_add(bytes);
  large_allocations_.fetch_add(1, std::memory_order_relaxed);
  RaisePeak();
  if (flags & kRecordFlag) RecordEvent(block, static_cast<std::int64_t>(bytes), owner);
  return block;
}

// What a block will count as; the pool and checked mode say the same when it is freed.
std::size_t Heap::CountedBytes(unsigned flags, std::size_t size_bytes) {
  if (flags & kCheckedFlag) return size_bytes;
  if (size_bytes <= kSmallBytes) return BinBytes(BinOf(size_bytes));
  return LargeBlocks::CountedBytes(size_bytes);
}

void* Heap::AllocateFrom(unsigned flags, std::size_t size_bytes, const char* owner, Reuse reuse) {
  void* block = nullptr;
  if (flags & kCheckedFlag) {
    std::unique_lock<std::mutex> lock(mutex_);
    const std::string& scope = scope_;
    const std::string name = scope.empty() ? (owner ? owner : "") : (owner ? std::string(owner) : "block") + " of " + scope;
    CheckedBlocks& checked = *checked_;
    lock.unlock();
    block = checked.Allocate(size_bytes, name.c_str());
    if (block) other_.fetch_add(size_bytes);
  } else if (size_bytes <= kSmallBytes) {
    Local* local = LocalHere();
    if (!local) return nullptr;
    const int bin = BinOf(size_bytes);
    block = SmallBlocks::Allocate(local, bin);
    if (block) return block;
    block = small_.Refill(local, bin);
    if (block && !(flags & kLimitFlag)) RaisePeak();
    return block;
  } else {
    std::lock_guard<std::mutex> lock(mutex_);
    block = large_blocks_.Allocate(size_bytes, TagOf(owner), reuse == Reuse::kAnyMapping);
    if (block) large_.store(large_blocks_.live_bytes(), std::memory_order_relaxed);
  }
  if (!block) return nullptr;
  large_allocations_.fetch_add(1, std::memory_order_relaxed);
  if (!(flags & kLimitFlag)) RaisePeak();
  return block;
}

void Heap::RaisePeak() {
  const std::size_t now = limit_bytes_ ? exact_.load(std::memory_order_relaxed)
                                       : taken_.load(std::memory_order_relaxed) + large_.load(std::memory_order_relaxed) +
                                             other_.load(std::memory_order_relaxed) +
                                             elsewhere_.load(std::memory_order_relaxed);
  std::size_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

std::size_t Heap::BytesOfPool(const void* block) const {
  return Chunk::Of(block)->kind == ChunkKind::kSlabs ? SmallBlocks::BlockBytes(block) : LargeBlocks::BytesOf(block);
}

bool Heap::OwnsPool(const void* block) const {
  const Chunk* chunk = Chunk::Of(block);
  if (small_.Has(chunk)) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  return large_blocks_.Has(chunk);
}

void Heap::FreeSlowly(void* block) {
  const unsigned flags = flags_.load(std::memory_order_relaxed);
  if (flags & kHasCheckedFlag && (checked_->Knows(block) || !OwnsPool(block))) return FreeChecked(block);
  if (flags & kSystemFlag) {
    const std::size_t bytes = SystemBytes(block);
    other_.fetch_sub(bytes);
    large_frees_.fetch_add(1, std::memory_order_relaxed);
    if (flags & kLimitFlag) exact_.fetch_sub(bytes);
    if (flags & kRecordFlag) RecordEvent(block, -static_cast<std::int64_t>(bytes), nullptr);
    std::free(block);
    return;
  }
  if (flags & (kLimitFlag | kRecordFlag)) {
    const std::size_t bytes = BytesOfPool(block);
    if (flags & kLimitFlag) exact_.fetch_sub(bytes);
    if (flags & kRecordFlag) RecordEvent(block, -static_cast<std::int64_t>(bytes), nullptr);
  }
  if (Chunk::Of(block)->kind == ChunkKind::kSlabs) {
    if (flags == 0 || !small_.FreeOwn(block)) SmallBlocks::FreeRemote(block);
    return;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  large_blocks_.Free(block);
  large_.store(large_blocks_.live_bytes(), std::memory_order_relaxed);
  large_frees_.fetch_add(1, std::memory_order_relaxed);
}

void Heap::FreeChecked(void* block) {
  std::size_t freed;
  if (!checked_->Free(block, &freed)) return;
  other_.fetch_sub(freed);
  large_frees_.fetch_add(1, std::memory_order_relaxed);
  const unsigned flags = flags_.load(std::memory_order_relaxed);
  if (flags & kLimitFlag) exact_.fetch_sub(freed);
  if (flags & kRecordFlag) RecordEvent(block, -static_cast<std::int64_t>(freed), nullptr);
}

void Heap::Trim() {
  const ThreadCache::Entry& entry = thread_cache.entries[id_ % ThreadCache::kEntries];
  Local* own = entry.heap_id == id_ ? entry.local : nullptr;
  if (!own && !Thread::Ended())
    for (const ThreadCache::Entry& known : Thread::Here().locals)
      if (known.heap_id == id_) own = known.local;
  small_.Trim(own);
  std::lock_guard<std::mutex> lock(mutex_);
  large_blocks_.Trim();
}

HeapStats Heap::Stats() const {
  HeapStats stats;
  for (const BinUse& bin : Use().bins) {
    stats.live_bytes += (bin.allocations - bin.frees) * bin.block_bytes;
    stats.allocations += bin.allocations;
    stats.frees += bin.frees;
  }
  stats.allocations += large_allocations_.load(std::memory_order_relaxed);
  stats.frees += large_frees_.load(std::memory_order_relaxed);
  const std::size_t other = other_.load(std::memory_order_relaxed);
  std::lock_guard<std::mutex> lock(mutex_);
  stats.live_bytes += large_blocks_.live_bytes() + other + elsewhere_.load(std::memory_order_relaxed);
  stats.peak_bytes = std::max(peak_.load(std::memory_order_relaxed), stats.live_bytes);
  stats.reserved_bytes = reserved_.load(std::memory_order_relaxed) + large_blocks_.reserved_bytes() + other;
  stats.cached_bytes = large_blocks_.cached_bytes();
  stats.limit_bytes = limit_bytes_;
  return stats;
}

HeapUse Heap::Use() const {
  HeapUse use;
  small_.Use(&use.bins, &use.threads);
  return use;
}

std::vector<HeapRegion> Heap::Regions() const {
  std::vector<HeapRegion> regions;
  small_.ForEachSlab([&](Chunk* chunk, std::size_t slot, std::size_t block_bytes, std::size_t live) {
    const std::size_t begin = Chunk::BeginOf(slot);
    regions.push_back({reinterpret_cast<std::uintptr_t>(chunk) + begin, (slot + 1) * kSlabBytes - begin, live * block_bytes,
                       HeapRegion::kSlab, std::to_string(block_bytes), ""});
  });
  {
    std::lock_guard<std::mutex> lock(mutex_);
    large_blocks_.ForEach([&](std::byte* address, std::size_t bytes, std::uint32_t tag, bool used) {
      const auto& [owner, scope] = tags_[used ? tag : 0];
      regions.push_back({reinterpret_cast<std::uintptr_t>(address), bytes, used ? bytes : 0,
                         used ? HeapRegion::kBlock : HeapRegion::kFree, owner, scope});
    });
  }
  std::sort(regions.begin(), regions.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
  return regions;
}

void Heap::CountElsewhere(const void* block, std::int64_t bytes, std::uint64_t blocks, const char* owner) {
  elsewhere_.fetch_add(static_cast<std::size_t>(bytes));  // wraps around where bytes is negative
  (bytes < 0 ? large_frees_ : large_allocations_).fetch_add(blocks, std::memory_order_relaxed);
  RaisePeak();
  if (block && recording()) RecordEvent(block, bytes, owner);
}

Backing Heap::backing() const {
  const unsigned flags = flags_.load(std::memory_order_relaxed);
  return flags & kCheckedFlag ? Backing::kChecked : flags & kSystemFlag ? Backing::kSystem : Backing::kPool;
}

std::string Heap::scope() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return scope_;
}

void Heap::SetScope(const std::string& scope) {
  std::lock_guard<std::mutex> lock(mutex_);
  scope_ = scope;
}

std::uint32_t Heap::TagOf(const char* owner) {
  // Names come from model files too: the table stays bounded, and what is beyond has no name.
  constexpr std::size_t kMaxTags = std::size_t{1} << 16;
  std::string key = std::string(owner ? owner : "") + '\0' + scope_;
  const auto known = tag_of_.find(key);
  if (known != tag_of_.end()) return known->second;
  if (tags_.size() >= kMaxTags) return 0;
  tags_.push_back({owner ? owner : "", scope_});
  const auto tag = static_cast<std::uint32_t>(tags_.size() - 1);
  tag_of_.emplace(std::move(key), tag);
  return tag;
}

std::pair<std::string, std::string> Heap::TagNames(std::uint32_t tag) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return tags_[tag < tags_.size() ? tag : 0];
}

void Heap::Record(bool on) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (on) {
      events_.clear();
      first_event_ = 0;
      record_began_ns_ = NowNs();
    }
  }
  SetFlag(kRecordFlag, on);
}

void Heap::RecordEvent(const void* block, std::int64_t bytes, const char* owner) {
  std::lock_guard<std::mutex> lock(mutex_);
  const HeapEvent event{NowNs() - record_began_ns_, reinterpret_cast<std::uintptr_t>(block), bytes, bytes > 0 ? TagOf(owner) : 0};
  if (events_.size() < kMaxEvents) {
    events_.push_back(event);
  } else {
    events_[first_event_] = event;
    first_event_ = (first_event_ + 1) % kMaxEvents;
  }
}

std::vector<HeapEvent> Heap::TakeEvents() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::rotate(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(first_event_), events_.end());
  first_event_ = 0;
  return std::exchange(events_, {});
}

void Heap::SetChecked(bool on) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (on && !checked_) checked_ = std::make_unique<CheckedBlocks>();
  }
  if (on) SetFlag(kHasCheckedFlag, true);
  SetFlag(kCheckedFlag, on);
}

std::size_t Heap::Check() { return flags_.load() & kHasCheckedFlag ? checked_->Check() : 0; }
std::vector<Finding> Heap::TakeFindings() {
  return flags_.load() & kHasCheckedFlag ? checked_->TakeFindings() : std::vector<Finding>();
}
std::vector<Finding> Heap::Leaks() const {
  return flags_.load() & kHasCheckedFlag ? checked_->Leaks() : std::vector<Finding>();
}

}  // namespace inferlab::memory
