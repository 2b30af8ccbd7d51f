// Memory of the system, in whole pages. The rest of this folder asks nobody else for blocks.
#pragma once
#include <cstddef>

namespace inferlab::memory::pages {

std::size_t Bytes();
// Zeroed, readable and writable; `alignment` is a power of two. nullptr where the system has no more.
void* Map(std::size_t bytes, std::size_t alignment);
// A whole mapping, or its end.
void Unmap(void* begin, std::size_t bytes);
// Gives the memory of the whole pages in [begin, begin + bytes) back; the addresses stay and read as zero.
void Decommit(void* begin, std::size_t bytes);
// Asks for large pages where the system leaves that to the program: fewer faults and TLB misses in what is used whole.
void PreferLarge(void* begin, std::size_t bytes);

// Has the C library give freed blocks back, where it can: what JavaScript's ArrayBuffers leave behind is its.
void TrimLibrary();

}  // namespace inferlab::memory::pages
