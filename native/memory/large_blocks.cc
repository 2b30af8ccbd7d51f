#include "memory/large_blocks.h"

#include <algorithm>
#include <cstdint>

#include "memory/pages.h"

namespace inferlab::memory {
namespace {

constexpr std::size_t kRegionBytes = kChunkBytes - kHeaderBytes;
// Freed mappings kept: always so many bytes, else half of what was in use at once, none for longer than so many frees. What
// runs give out comes back some 32 MiB at a time (addon/outputs.h): the next runs find all of it.
constexpr std::size_t kCachedBytes = std::size_t{48} << 20;
// Chunks of variable blocks that are kept though nothing is in them.
constexpr std::size_t kWholeChunks = 2;
constexpr std::uint64_t kCachedFrees = 64;

std::byte* RegionOf(Chunk* chunk) { return chunk->bytes() + kHeaderBytes; }

}  // namespace

LargeBlocks::~LargeBlocks() {
  for (Chunk* list : {variable_, huge_, cached_}) {
    while (list) {
      Chunk* next = list->next;
      pages::Unmap(list, list->map_bytes);
      list = next;
    }
  }
}

void LargeBlocks::Link(Chunk* chunk, Chunk** list) {
  chunk->previous = nullptr;
  chunk->next = *list;
  if (*list) (*list)->previous = chunk;
  *list = chunk;
}

void LargeBlocks::Unlink(Chunk* chunk, Chunk** list) {
  if (chunk->next) chunk->next->previous = chunk->previous;
  (chunk->previous ? chunk->previous->next : *list) = chunk->next;
}

Chunk* LargeBlocks::MapChunk(std::size_t bytes, ChunkKind kind) {
  auto* chunk = static_cast<Chunk*>(pages::Map(bytes, kChunkBytes));
  if (!chunk) return nullptr;
  chunk->kind = kind;
  chunk->map_bytes = bytes;
  reserved_bytes_ += bytes;
  return chunk;
}

void LargeBlocks::UnmapChunk(Chunk* chunk) {
  reserved_bytes_ -= chunk->map_bytes;
  pages::Unmap(chunk, chunk->map_bytes);
}

void* LargeBlocks::Allocate(std::size_t size_bytes, std::uint32_t tag, bool any_mapping) {
  if (size_bytes > kVariableBytes) return AllocateHuge(size_bytes, tag, any_mapping);
  void* block = blocks_.Allocate(size_bytes, tag);
  if (!block) {
    Chunk* chunk = MapChunk(kChunkBytes, ChunkKind::kVariable);
    if (!chunk) return nullptr;
    Link(chunk, &variable_);
    blocks_.AddRegion(RegionOf(chunk), kRegionBytes);
    block = blocks_.Allocate(size_bytes, tag);
  } else if (Variable::IsAlone(RegionOf(Chunk::Of(block)), kRegionBytes, block)) {
    --whole_chunks_;
  }
  live_bytes_ += Variable::BlockBytesOf(block);
  return block;
}

void LargeBlocks::Free(void* block) {
  Chunk* chunk = Chunk::Of(block);
  if (chunk->kind == ChunkKind::kHuge) return FreeHuge(chunk);
  live_bytes_ -= blocks_.Free(block);
  if (!Variable::IsWhole(RegionOf(chunk), kRegionBytes)) return;
  if (whole_chunks_ < kWholeChunks) {
    ++whole_chunks_;
    return;
  }
  blocks_.RemoveRegion(RegionOf(chunk), kRegionBytes);
  Unlink(chunk, &variable_);
  UnmapChunk(chunk);
}

void LargeBlocks::Drop(Chunk* cached) {
  Unlink(cached, &cached_);
  cached_bytes_ -= cached->map_bytes;
  UnmapChunk(cached);
}

void* LargeBlocks::AllocateHuge(std::size_t size_bytes, std::uint32_t tag, bool any_mapping) {
  const std::size_t bytes = (size_bytes + kHeaderBytes + pages::Bytes() - 1) / pages::Bytes() * pages::Bytes();
  if (bytes < size_bytes) return nullptr;
  const std::size_t most = any_mapping ? SIZE_MAX : bytes + bytes / 4;
  Chunk* best = nullptr;
  Chunk* smaller = nullptr;
  for (Chunk* chunk = cached_; chunk; chunk = chunk->next) {
    if (chunk->map_bytes < bytes) {
      if (!smaller || chunk->map_bytes > smaller->map_bytes) smaller = chunk;
    } else if (chunk->map_bytes <= most && (!best || chunk->map_bytes < best->map_bytes)) {
      best = chunk;
    }
  }
  if (!best && any_mapping && smaller) Drop(smaller);
  if (best) {
    Unlink(best, &cached_);
    cached_bytes_ -= best->map_bytes;
  } else {
    best = MapChunk(bytes, ChunkKind::kHuge);
    if (!best) {
      // What is kept may be what is missing.
      Trim();
      best = MapChunk(bytes, ChunkKind::kHuge);
      if (!best) return nullptr;
    }
    pages::PreferLarge(best, bytes);
  }
  best->huge.size_bytes = size_bytes;
  best->huge.tag = tag;
  Link(best, &huge_);
  live_bytes_ += size_bytes;
  live_huge_bytes_ += best->map_bytes;
  peak_huge_bytes_ = std::max(peak_huge_bytes_, live_huge_bytes_);
  return RegionOf(best);
}

void LargeBlocks::FreeHuge(Chunk* chunk) {
  live_bytes_ -= chunk->huge.size_bytes;
  live_huge_bytes_ -= chunk->map_bytes;
  Unlink(chunk, &huge_);
  chunk->huge.freed_at = ++huge_frees_;
  Link(chunk, &cached_);
  cached_bytes_ += chunk->map_bytes;
  const std::size_t keep = std::max(kCachedBytes, peak_huge_bytes_ / 2);
  // The list is by time of the free: the oldest go.
  Chunk* last = cached_;
  while (last->next) last = last->next;
  while (last && last != cached_ && (cached_bytes_ > keep || huge_frees_ - last->huge.freed_at > kCachedFrees)) {
    Chunk* before = last->previous;
    Drop(last);
    last = before;
  }
}

std::size_t LargeBlocks::BytesOf(const void* block) {
  Chunk* chunk = Chunk::Of(block);
  return chunk->kind == ChunkKind::kHuge ? chunk->huge.size_bytes : Variable::BlockBytesOf(block);
}

std::uint32_t LargeBlocks::TagOf(const void* block) {
  Chunk* chunk = Chunk::Of(block);
  return chunk->kind == ChunkKind::kHuge ? chunk->huge.tag : Variable::TagOf(block);
}

bool LargeBlocks::Has(const Chunk* wanted) const {
  for (const Chunk* list : {variable_, huge_, cached_})
    for (const Chunk* chunk = list; chunk; chunk = chunk->next)
      if (chunk == wanted) return true;
  return false;
}

void LargeBlocks::Trim() {
  while (cached_) Drop(cached_);
  for (Chunk* chunk = variable_; chunk;) {
    Chunk* next = chunk->next;
    if (Variable::IsWhole(RegionOf(chunk), kRegionBytes)) {
      blocks_.RemoveRegion(RegionOf(chunk), kRegionBytes);
      Unlink(chunk, &variable_);
      UnmapChunk(chunk);
    } else {
      // A free block's links and its size at the end stay.
      Variable::ForEach(RegionOf(chunk), [](std::byte* payload, std::size_t bytes, std::uint32_t, bool used) {
        if (!used) pages::Decommit(payload + sizeof(FreeSpan), bytes - 2 * Variable::kTagBytes - sizeof(FreeSpan));
      });
    }
    chunk = next;
  }
  whole_chunks_ = 0;
}

}  // namespace inferlab::memory
