#include "memory/pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#if defined(__linux__)
#include <malloc.h>
#endif

namespace inferlab::memory::pages {
namespace {

// With the system's own account of what may be had: a request beyond all memory fails here, not when it is touched.
constexpr int kMapFlags = MAP_PRIVATE | MAP_ANONYMOUS;

std::byte* MapAnywhere(std::size_t bytes) {
  void* map = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kMapFlags, -1, 0);
  return map == MAP_FAILED ? nullptr : static_cast<std::byte*>(map);
}

}  // namespace

std::size_t Bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

void* Map(std::size_t bytes, std::size_t alignment) {
  bytes = (bytes + Bytes() - 1) / Bytes() * Bytes();
  if (alignment <= Bytes()) return MapAnywhere(bytes);
  // More than is needed, then the ends are given back.
  if (bytes > ~alignment) return nullptr;
  std::byte* map = MapAnywhere(bytes + alignment);
  if (!map) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(map);
  const std::size_t before = (alignment - address % alignment) % alignment;
  if (before) munmap(map, before);
  munmap(map + before + bytes, alignment - before);
  return map + before;
}

void Unmap(void* begin, std::size_t bytes) { munmap(begin, (bytes + Bytes() - 1) / Bytes() * Bytes()); }

void Decommit(void* begin, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(begin);
  const std::uintptr_t first = (address + Bytes() - 1) / Bytes() * Bytes();
  const std::uintptr_t end = (address + bytes) / Bytes() * Bytes();
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

void PreferLarge([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  madvise(begin, bytes, MADV_HUGEPAGE);
#endif
}

void TrimLibrary() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace inferlab::memory::pages
