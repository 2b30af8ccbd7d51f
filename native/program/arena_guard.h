// What one instruction may touch of a program's arena, told to AddressSanitizer. An arena is one block of the heap, so the
// sanitizer by itself would not see a kernel leave its buffer for the next, or read one that is no longer alive.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>

#include "program/instruction.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace inferlab::program {

// While it lives the arena is closed but for the operands and `workspace_bytes` of workspace, which is the arena's end.
// Nothing in a build without AddressSanitizer.
class ArenaGuard {
 public:
  // Two instructions that run at once would close the arena to each other.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool kOneAtATime = true;
#else
  static constexpr bool kOneAtATime = false;
#endif

  ArenaGuard(std::span<std::byte> arena, std::byte* workspace, std::size_t workspace_bytes,
             std::span<const Operand> operands, std::byte* const* tensors)
      : arena_(arena) {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_POISON_MEMORY_REGION(arena.data(), arena.size());
    ASAN_UNPOISON_MEMORY_REGION(workspace, workspace_bytes);
    for (const Operand& operand : operands) {
      if (!operand.present()) continue;
      const std::byte* data = tensors[operand.tensor];
      if (data >= arena.data() && data < arena.data() + arena.size()) ASAN_UNPOISON_MEMORY_REGION(data, operand.bytes);
    }
#else
    (void)workspace, (void)workspace_bytes, (void)operands, (void)tensors;
#endif
  }
  ~ArenaGuard() {
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(arena_.data(), arena_.size());
#endif
  }
  ArenaGuard(const ArenaGuard&) = delete;
  ArenaGuard& operator=(const ArenaGuard&) = delete;

 private:
  [[maybe_unused]] std::span<std::byte> arena_;
};

}  // namespace inferlab::program
