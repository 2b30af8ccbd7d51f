// Words of the pool:
//
// chunk:   a mapping aligned to kChunkBytes, so that a block's chunk is found by masking its address. It holds slabs, or
//          variable blocks, or one huge block.
// slab:    64 KiB of a chunk, cut into blocks of one size without anything between them. What is known of it stands at the
//          chunk's beginning.
// bin:     the slabs of one block size.
// local:   what one thread has of one heap: slabs from which it alone hands out (small_blocks.h).
// token:   the address that stands for a thread.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace inferlab::memory {

inline constexpr std::size_t kChunkBytes = std::size_t{16} << 20;
inline constexpr std::size_t kSlabBytes = std::size_t{64} << 10;
inline constexpr std::size_t kSlabsPerChunk = kChunkBytes / kSlabBytes;
// Blocks of variable chunks and huge blocks begin behind so many bytes.
inline constexpr std::size_t kHeaderBytes = 4096;

// Sizes by 16 bytes up to 1 KiB (1.4 % of random sizes is lost), then by 128 bytes up to 8 KiB.
inline constexpr std::size_t kSmallBytes = 8192;
inline constexpr int kNumBins = 121;
inline constexpr int BinOf(std::size_t size_bytes) {
  return static_cast<int>(size_bytes <= 1024 ? (size_bytes + 15) >> 4 : 56 + ((size_bytes + 127) >> 7));
}
inline constexpr std::size_t BinBytes(int bin) {
  return static_cast<std::size_t>(bin == 0 ? 16 : bin <= 64 ? bin * 16 : (bin - 56) * 128);
}

// A block nobody has.
struct FreeBlock {
  FreeBlock* next;
};

struct Local;

// A number that one thread writes and any thread may read.
class Counter {
 public:
  std::uint64_t Get() const { return value_.load(std::memory_order_relaxed); }
  std::uint64_t Add(std::uint64_t more) {
    const std::uint64_t sum = value_.load(std::memory_order_relaxed) + more;
    value_.store(sum, std::memory_order_relaxed);
    return sum;
  }
  void Set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Slab {
  enum Place : std::uint8_t {
    kNowhere,  // free, or a spare of its local
    kListed,   // in its bin's list: has or can make free blocks
    kAway,     // all blocks handed out; in no list until one comes back
  };

  // First line: the owning thread's. The two counters are the statistics and tell when the slab is empty: they cost what
  // the one counter of live blocks would.
  alignas(64) FreeBlock* free = nullptr;
  Counter allocations;
  Counter frees;
  Slab* next = nullptr;
  Slab* previous = nullptr;
  Local* local = nullptr;
  std::atomic<std::uint16_t> bin{0};
  std::uint16_t capacity = 0;
  // Blocks that were put on the free list at least once; those behind them were never touched.
  std::uint16_t carved = 0;
  Place place = kNowhere;

  // Second line: other threads'. Blocks they freed, as a list: number of blocks << 16 | (index of the first + 1) << 1 |
  // away. `away`: the owner waits to be told of the first block (Local::returned).
  alignas(64) std::atomic<std::uint32_t> remote{0};
  Slab* next_returned = nullptr;
};
static_assert(sizeof(Slab) == 128);

enum class ChunkKind : std::uint8_t { kSlabs, kVariable, kHuge };

struct Chunk {
  // By slab: token of the thread that owns it. Other lines than the slabs, since other threads read these at each free. All
  // null in chunks of other kinds, which Free learns from thereby.
  std::atomic<const void*> owners[kSlabsPerChunk];
  ChunkKind kind;
  std::size_t map_bytes;
  Chunk* next;
  Chunk* previous;
  union {
    struct {
      std::uint64_t free_slots[kSlabsPerChunk / 64];  // bit set: nobody has the slab
      std::uint32_t num_free;
    } slabs;
    struct {
      std::size_t size_bytes;  // what was asked for
      std::uint32_t tag;
      std::uint64_t freed_at;  // cached blocks: count of huge frees until then
    } huge;
  };

  static Chunk* Of(const void* block) {
    return reinterpret_cast<Chunk*>(reinterpret_cast<std::uintptr_t>(block) & ~(kChunkBytes - 1));
  }
  std::byte* bytes() { return reinterpret_cast<std::byte*>(this); }
  Slab* slab(std::size_t slot) { return reinterpret_cast<Slab*>(bytes() + kHeaderBytes) + slot; }
  static std::size_t SlotOf(const void* block) {
    return (reinterpret_cast<std::uintptr_t>(block) & (kChunkBytes - 1)) / kSlabBytes;
  }
  // The first slab is shorter by what stands at the chunk's beginning.
  static std::size_t BeginOf(std::size_t slot) {
    return slot == 0 ? kHeaderBytes + kSlabsPerChunk * sizeof(Slab) : slot * kSlabBytes;
  }
  static Chunk* OfSlab(const Slab* slab) { return Of(slab); }
  static std::size_t SlotOfSlab(const Slab* slab) {
    return static_cast<std::size_t>(slab - OfSlab(slab)->slab(0));
  }
};
static_assert(sizeof(Chunk) <= kHeaderBytes);

}  // namespace inferlab::memory
