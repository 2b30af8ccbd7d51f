// Blocks for tensors. A heap belongs to one owner (a session, the process) and can be limited; what it handed out counts
// against it until it is freed. Blocks are aligned to 64 bytes and may be freed from any thread.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "memory/checked.h"

namespace inferlab::memory {

inline constexpr std::size_t kAlignment = 64;

struct HeapStats {
  std::size_t live_bytes = 0;      // handed out and not freed
  std::size_t peak_bytes = 0;      // greatest live_bytes so far
  std::size_t reserved_bytes = 0;  // obtained from the system, live or kept for reuse
  std::uint64_t allocations = 0;
  std::uint64_t frees = 0;
};

class Heap {
 public:
  // The heap of the process, which outlives everything; checked where INFERLAB_MEMORY_CHECK is 1.
  static Heap& Process();

  // `limit_bytes`: live bytes beyond which Allocate fails; 0: none. `checked`: see checked.h.
  explicit Heap(std::size_t limit_bytes = 0, bool checked = false);
  // Gives everything back to the system, live blocks included.
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // nullptr where the system has no more or the limit is reached; size 0 gives a block too. Contents are undefined. `owner`
  // names the block in reports of checked mode.
  void* Allocate(std::size_t size_bytes, const char* owner = nullptr);
  // `block` came from this heap's Allocate, or is null.
  void Free(void* block);
  // Gives blocks kept for reuse back to the system.
  void Trim();
  HeapStats Stats() const;
  bool checked() const { return checked_ != nullptr; }
  // Checked mode: looks at all blocks; number of new findings. Else 0.
  std::size_t Check();
  std::vector<Finding> TakeFindings();
  std::vector<Finding> Leaks() const;
  std::size_t limit_bytes() const { return limit_bytes_; }

 private:
  struct Block;
  static constexpr int kClasses = 160;
  // Counts an allocation; the lock is held.
  void Count(std::size_t size_bytes);
  static int ClassOf(std::size_t size_bytes, std::size_t* rounded);

  const std::size_t limit_bytes_;
  const std::unique_ptr<CheckedBlocks> checked_;
  mutable std::mutex mutex_;
  Block* free_[kClasses] = {};
  Block* live_ = nullptr;
  HeapStats stats_;
};

}  // namespace inferlab::memory
