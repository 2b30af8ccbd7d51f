// Blocks for tensors and for whatever lives as long as a session. A heap belongs to one owner (a session, the process), can
// be limited, and gives everything back at once when it is destroyed, in a time that grows with its chunks, not its blocks.
// Blocks may be freed from any thread. A failing allocation is a nullptr, never the end of the process.
//
// Up to 8 KiB: bins (small_blocks.h); up to 4 MiB: variable blocks (variable_blocks.h); beyond: mappings (large_blocks.h).
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "memory/checked.h"
#include "memory/large_blocks.h"
#include "memory/small_blocks.h"

namespace inferlab::memory {

inline constexpr std::size_t kAlignment = 64;

struct HeapStats {
  std::size_t live_bytes = 0;      // handed out and not freed, as rounded by the pool
  // Greatest live_bytes so far, where blocks up to 8 KiB count by slabs of 64 KiB (limited heaps: by their own size).
  std::size_t peak_bytes = 0;
  std::size_t reserved_bytes = 0;  // addresses obtained from the system; what was never touched takes no memory
  std::size_t cached_bytes = 0;    // freed mappings kept for reuse
  std::size_t limit_bytes = 0;
  std::uint64_t allocations = 0;
  std::uint64_t frees = 0;
};

struct HeapUse {
  std::vector<BinUse> bins;
  std::vector<ThreadUse> threads;
};

// A part of the heap's addresses.
struct HeapRegion {
  std::uint64_t address = 0;
  std::size_t bytes = 0;
  std::size_t live_bytes = 0;  // slabs: blocks handed out × their size; others: bytes or 0
  enum Kind : std::uint8_t { kSlab, kBlock, kFree } kind = kBlock;
  std::string owner;  // kBlock
  std::string scope;  // what ran when it was made (SetScope)
};

// A block handed out or freed while recording.
struct HeapEvent {
  std::int64_t time_ns = 0;  // since recording began
  std::uint64_t address = 0;
  std::int64_t bytes = 0;    // negative: freed
  std::uint32_t tag = 0;
};

// Where blocks come from.
enum class Backing : std::uint8_t {
  kPool,
  kSystem,   // the C library's aligned_alloc, to compare with
  kChecked,  // checked.h
};

// Which mapping that is kept serves a request of more than 4 MiB.
enum class Reuse : std::uint8_t {
  kNearSize,
  // Any that is large enough, and a smaller one goes before a new one is made: for what is given back soon, so that one mapping
  // serves requests of many sizes one after another.
  kAnyMapping,
};

class Heap {
 public:
  // The heap of the process, which outlives everything. INFERLAB_MEMORY_CHECK=1 makes it checked, INFERLAB_MEMORY_POOL=off
  // takes blocks from the C library.
  static Heap& Process();

  // `limit_bytes`: live bytes beyond which Allocate fails; 0: none.
  explicit Heap(std::size_t limit_bytes = 0, Backing backing = Backing::kPool);
  // Gives everything back to the system, live blocks included. No other thread may be at work with it.
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Aligned to kAlignment. nullptr where the system has no more or the limit is reached; size 0 gives a block too. Contents
  // are undefined. `owner` names the block in reports.
  void* Allocate(std::size_t size_bytes, const char* owner = nullptr, Reuse reuse = Reuse::kNearSize);

  // Aligned to 16 bytes, otherwise the same: for many small objects.
  void* AllocateBytes(std::size_t size_bytes) {
    if (size_bytes <= kSmallBytes) {
      const ThreadCache::Entry& entry = thread_cache.entries[id_ % ThreadCache::kEntries];
      if (entry.heap_id == fast_id_.load(std::memory_order_relaxed)) {
        if (void* block = SmallBlocks::Allocate(entry.local, BinOf(size_bytes))) return block;
      }
    }
    return AllocateSlowly(size_bytes, nullptr);
  }

  // `block` came from this heap's Allocate or AllocateBytes, or is null.
  void Free(void* block) {
    if (!block) return;
    if (fast_id_.load(std::memory_order_relaxed) != id_ || !small_.FreeOwn(block)) FreeSlowly(block);
  }

  // Gives what is kept for reuse back to the system; what other threads keep stays with them.
  void Trim();

  HeapStats Stats() const;
  HeapUse Use() const;
  std::vector<HeapRegion> Regions() const;
  std::size_t limit_bytes() const { return limit_bytes_; }

  // Counts blocks that another heap holds on this one's account, in Stats and while recording: `bytes` negative when they go.
  // `block` and `owner` are for the recording; null where several blocks are counted at once.
  void CountElsewhere(const void* block, std::int64_t bytes, std::uint64_t blocks, const char* owner);
  Backing backing() const;

  // Names what runs now (a cell, a line) for the blocks made from here on; any thread.
  void SetScope(const std::string& scope);
  std::string scope() const;
  // Starts anew, or ends; the last kMaxEvents events are kept. Costs a lock a block while on.
  void Record(bool on);
  bool recording() const { return (flags_.load(std::memory_order_relaxed) & kRecordFlag) != 0; }
  std::vector<HeapEvent> TakeEvents();
  // Owner and scope of an event's tag.
  std::pair<std::string, std::string> TagNames(std::uint32_t tag) const;

  // Turns checked mode on or off for blocks made from here on.
  void SetChecked(bool on);
  bool checked() const { return (flags_.load(std::memory_order_relaxed) & kCheckedFlag) != 0; }
  // Checked mode: looks at all blocks; number of new findings. Else 0.
  std::size_t Check();
  std::vector<Finding> TakeFindings();
  std::vector<Finding> Leaks() const;

 private:
  enum Flag : unsigned { kCheckedFlag = 1, kSystemFlag = 2, kRecordFlag = 4, kLimitFlag = 8, kHasCheckedFlag = 16 };
  static constexpr std::uint64_t kNoFastWay = ~std::uint64_t{0};
  static constexpr std::size_t kMaxEvents = std::size_t{1} << 20;
  struct Registry;
  struct Thread;

  void* AllocateSlowly(std::size_t size_bytes, const char* owner, Reuse reuse = Reuse::kNearSize);
  void* AllocateFrom(unsigned flags, std::size_t size_bytes, const char* owner, Reuse reuse);
  void* AllocateFromSystem(unsigned flags, std::size_t size_bytes, const char* owner);
  static std::size_t CountedBytes(unsigned flags, std::size_t size_bytes);
  void FreeSlowly(void* block);
  void FreeChecked(void* block);
  Local* LocalHere();
  bool OwnsPool(const void* block) const;
  std::size_t BytesOfPool(const void* block) const;
  void SetFlag(unsigned flag, bool on);
  std::uint32_t TagOf(const char* owner);  // lock held
  void RecordEvent(const void* block, std::int64_t bytes, const char* owner);
  void RaisePeak();

  const std::uint64_t id_;
  const std::size_t limit_bytes_;
  std::atomic<std::uint64_t> fast_id_;  // id_ where blocks are handed out without looking further
  std::atomic<unsigned> flags_{0};
  std::atomic<std::size_t> reserved_{0};
  std::atomic<std::size_t> taken_{0};   // slabs
  std::atomic<std::size_t> large_{0};   // live variable and huge blocks
  std::atomic<std::size_t> other_{0};   // live blocks of the C library and of checked mode
  std::atomic<std::size_t> elsewhere_{0};  // see CountElsewhere
  std::atomic<std::size_t> exact_{0};   // limited heaps: live bytes
  std::atomic<std::size_t> peak_{0};
  std::atomic<std::uint64_t> large_allocations_{0}, large_frees_{0};
  SmallBlocks small_{&reserved_, &taken_};

  mutable std::mutex mutex_;
  LargeBlocks large_blocks_;
  std::unique_ptr<CheckedBlocks> checked_;  // once made it stays: blocks of it may be alive
  std::vector<std::pair<std::string, std::string>> tags_{1};
  std::unordered_map<std::string, std::uint32_t> tag_of_;
  std::string scope_;
  std::vector<HeapEvent> events_;
  std::size_t first_event_ = 0;  // events_ is a ring once it is full
  std::int64_t record_began_ns_ = 0;
};

}  // namespace inferlab::memory
