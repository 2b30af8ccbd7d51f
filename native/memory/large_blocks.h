// Blocks of more than kSmallBytes: variable blocks within chunks up to kVariableBytes, beyond that a mapping each. Freed
// mappings are kept for the next request of nearly their size: what a run needs, the next run needs again. Not synchronised.
#pragma once
#include <cstddef>
#include <cstdint>

#include "memory/chunk.h"
#include "memory/tlsf_index.h"
#include "memory/variable_blocks.h"

namespace inferlab::memory {

inline constexpr std::size_t kVariableBytes = std::size_t{4} << 20;

class LargeBlocks {
  using Variable = VariableBlocks<TlsfIndex>;

 public:
  LargeBlocks() = default;
  // Gives all chunks back, with the blocks in them.
  ~LargeBlocks();
  LargeBlocks(const LargeBlocks&) = delete;
  LargeBlocks& operator=(const LargeBlocks&) = delete;

  // Aligned to 64 bytes; nullptr where the system has no more. The block counts as BytesOf(block).
  // `any_mapping`: heap.h's Reuse::kAnyMapping.
  void* Allocate(std::size_t size_bytes, std::uint32_t tag, bool any_mapping = false);
  void Free(void* block);
  // What BytesOf will say of a block of so many bytes.
  static std::size_t CountedBytes(std::size_t size_bytes) {
    return size_bytes > kVariableBytes ? size_bytes : Variable::BlockBytes(size_bytes);
  }
  static std::size_t BytesOf(const void* block);
  static std::uint32_t TagOf(const void* block);
  // Whether the chunk is one of these.
  bool Has(const Chunk* chunk) const;
  // Unmaps what is free, and gives the pages of free blocks back.
  void Trim();

  std::size_t live_bytes() const { return live_bytes_; }
  std::size_t reserved_bytes() const { return reserved_bytes_; }
  std::size_t cached_bytes() const { return cached_bytes_; }

  // visit(address, bytes, tag, used) for every block, free ones included.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (Chunk* chunk = variable_; chunk; chunk = chunk->next)
      Variable::ForEach(chunk->bytes() + kHeaderBytes, visit);
    for (Chunk* chunk = huge_; chunk; chunk = chunk->next)
      visit(chunk->bytes() + kHeaderBytes, chunk->huge.size_bytes, chunk->huge.tag, true);
    for (Chunk* chunk = cached_; chunk; chunk = chunk->next)
      visit(chunk->bytes() + kHeaderBytes, chunk->map_bytes - kHeaderBytes, 0u, false);
  }

 private:
  Chunk* MapChunk(std::size_t bytes, ChunkKind kind);
  void UnmapChunk(Chunk* chunk);
  static void Link(Chunk* chunk, Chunk** list);
  static void Unlink(Chunk* chunk, Chunk** list);
  void* AllocateHuge(std::size_t size_bytes, std::uint32_t tag, bool any_mapping);
  void Drop(Chunk* cached);
  void FreeHuge(Chunk* chunk);

  Variable blocks_;
  Chunk* variable_ = nullptr;
  Chunk* huge_ = nullptr;
  Chunk* cached_ = nullptr;  // the one freed last comes first
  std::size_t whole_chunks_ = 0;  // variable chunks that are one free block
  std::uint64_t huge_frees_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t live_huge_bytes_ = 0;
  std::size_t peak_huge_bytes_ = 0;
  std::size_t cached_bytes_ = 0;
  std::size_t reserved_bytes_ = 0;
};

}  // namespace inferlab::memory
