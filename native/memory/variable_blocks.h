// Blocks of any size within regions, each behind a header of 8 bytes, joined with free neighbours when freed (boundary
// tags: Knuth, The Art of Computer Programming 1, §2.5, 1997). Not synchronised.
//
//   header: size of the block, header included, a multiple of 64 | the owner's tag << 32 | kUsed | kPreviousUsed
//   free block: header, the index's two links, …, size in the last 8 bytes
//
// Payloads are aligned to 64 bytes. `Index` finds a free block that is large enough; see tlsf_index.h.
#pragma once
#include <cstddef>
#include <cstdint>

namespace inferlab::memory {

// A free block, as an index sees it.
struct FreeSpan {
  std::uint64_t header;
  FreeSpan* next;
  FreeSpan* previous;
};

template <typename Index>
class VariableBlocks {
 public:
  static constexpr std::uint64_t kUsed = 1, kPreviousUsed = 2;
  static constexpr std::size_t kUnit = 64, kTagBytes = 8;

  // Bytes of the block that holds `size_bytes`.
  static constexpr std::size_t BlockBytes(std::size_t size_bytes) {
    return (size_bytes + kTagBytes + kUnit - 1) / kUnit * kUnit;
  }

  // [begin, begin + bytes), both multiples of kUnit, becomes one free block of bytes - kUnit bytes.
  void AddRegion(std::byte* begin, std::size_t bytes) {
    std::byte* first = begin + kUnit - kTagBytes;
    Head(first) = kPreviousUsed;
    Head(begin + bytes - kTagBytes) = kUsed;
    MakeFree(first, bytes - kUnit);
  }
  // A region that is one free block (IsWhole) leaves.
  void RemoveRegion(std::byte* begin, std::size_t bytes) {
    index_.Remove(reinterpret_cast<FreeSpan*>(begin + kUnit - kTagBytes), bytes - kUnit);
  }
  static bool IsWhole(std::byte* begin, std::size_t bytes) {
    const std::uint64_t header = Head(begin + kUnit - kTagBytes);
    return !(header & kUsed) && SizeOf(header) == bytes - kUnit;
  }

  // Whether the region has no other used block than this one, which is its first.
  static bool IsAlone(std::byte* begin, std::size_t bytes, const void* payload) {
    std::byte* first = begin + kUnit - kTagBytes;
    if (Tag(payload) != first) return false;
    const std::size_t size = SizeOf(Head(first)), rest = bytes - kUnit - size;
    return rest == 0 || SizeOf(Head(first + size) & ~kUsed) == rest;
  }

  // nullptr where no free block is large enough.
  void* Allocate(std::size_t size_bytes, std::uint32_t tag) {
    const std::size_t wanted = BlockBytes(size_bytes);
    FreeSpan* span = index_.Find(wanted);
    if (!span) return nullptr;
    auto* block = reinterpret_cast<std::byte*>(span);
    const std::size_t size = SizeOf(Head(block));
    index_.Remove(span, size);
    const std::uint64_t previous = Head(block) & kPreviousUsed;
    std::size_t taken = size;
    if (size - wanted >= kUnit) {
      taken = wanted;
      Head(block + wanted) = kPreviousUsed;
      MakeFree(block + wanted, size - wanted);
    } else {
      Head(block + size) |= kPreviousUsed;
    }
    Head(block) = taken | std::uint64_t{tag} << 32 | kUsed | previous;
    return block + kTagBytes;
  }

  // Bytes of the block, header included.
  std::size_t Free(void* payload) {
    auto* block = static_cast<std::byte*>(payload) - kTagBytes;
    const std::uint64_t header = Head(block);
    const std::size_t freed = SizeOf(header);
    std::size_t size = freed;
    std::byte* behind = block + size;
    if (!(Head(behind) & kUsed)) {
      const std::size_t more = SizeOf(Head(behind));
      index_.Remove(reinterpret_cast<FreeSpan*>(behind), more);
      size += more;
    }
    if (!(header & kPreviousUsed)) {
      const std::size_t before = Head(block - kTagBytes);
      block -= before;
      index_.Remove(reinterpret_cast<FreeSpan*>(block), before);
      size += before;
    }
    Head(block + size) &= ~kPreviousUsed;
    Head(block) &= kPreviousUsed;
    MakeFree(block, size);
    return freed;
  }

  static std::size_t BlockBytesOf(const void* payload) { return SizeOf(Head(Tag(payload))); }
  static std::uint32_t TagOf(const void* payload) { return static_cast<std::uint32_t>(Head(Tag(payload)) >> 32); }

  // visit(payload, block bytes, tag, used) for the blocks of a region in their order.
  template <typename Visit>
  static void ForEach(std::byte* begin, Visit visit) {
    for (std::byte* block = begin + kUnit - kTagBytes;;) {
      const std::uint64_t header = Head(block);
      const std::size_t size = SizeOf(header);
      if (size == 0) return;
      visit(block + kTagBytes, size, static_cast<std::uint32_t>(header >> 32), (header & kUsed) != 0);
      block += size;
    }
  }

 private:
  static std::uint64_t& Head(std::byte* block) { return *reinterpret_cast<std::uint64_t*>(block); }
  static std::byte* Tag(const void* payload) {
    return const_cast<std::byte*>(static_cast<const std::byte*>(payload)) - kTagBytes;
  }
  static std::size_t SizeOf(std::uint64_t header) { return header & 0xffffffc0u; }

  // The header keeps its flag kPreviousUsed.
  void MakeFree(std::byte* block, std::size_t size) {
    Head(block) = size | (Head(block) & kPreviousUsed);
    Head(block + size - kTagBytes) = size;
    index_.Insert(reinterpret_cast<FreeSpan*>(block), size);
  }

  Index index_;
};

}  // namespace inferlab::memory
