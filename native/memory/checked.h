// Checked mode: every block in a mapping of its own, so that misuse is found and cannot reach another block.
//
//   [ far zone, 1 MiB + ][ near zone ][ user bytes ][ near zone ][ far zone, 1 MiB + ]
//
// Near zones hold a pattern. Far zones are never touched, hence not resident: a look at what became resident finds a write
// into them. A freed block is poisoned and kept in quarantine; a write to it is found when it leaves or by Check(). Nothing
// here ends the process: a misuse becomes a Finding, and an invalid free has no effect.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace inferlab::memory {

enum class Misuse {
  kOverflow,      // bytes behind the end were written
  kUnderflow,     // bytes before the start were written
  kUseAfterFree,  // bytes of a freed block were written
  kDoubleFree,
  kForeignFree,   // no block begins there; where it lies in one, offset says how far in
  kWrongRelease,  // another kind of release, or another size, than it was allocated with
  kLeak,          // alive when its heap was closed
};
const char* MisuseName(Misuse misuse);

struct Finding {
  Misuse misuse;
  // Who asked for the block: a tensor, an operator, a cell. Empty for a pointer that is in no block.
  std::string owner;
  std::size_t block_bytes = 0;
  // First damaged byte relative to the block's start (negative before it), and how many bytes lie up to the last one.
  std::int64_t offset = 0;
  std::size_t bytes = 0;
};

// How a typed wrapper allocates; freeing must say the same.
enum class Kind : std::uint8_t { kBytes, kSingle, kArray };

class CheckedBlocks {
 public:
  explicit CheckedBlocks(std::size_t quarantine_bytes = std::size_t{64} << 20) : quarantine_limit_(quarantine_bytes) {}
  // Gives all memory back.
  ~CheckedBlocks();
  CheckedBlocks(const CheckedBlocks&) = delete;
  CheckedBlocks& operator=(const CheckedBlocks&) = delete;

  // Zeroed; nullptr where the system has no more.
  void* Allocate(std::size_t size_bytes, const char* owner, Kind kind = Kind::kBytes);
  // False, and a finding, where `block` is not a live block of these, or kind or size (if not kAnySize) differ. Bytes freed
  // are in `freed`.
  static constexpr std::size_t kAnySize = ~std::size_t{0};
  bool Free(void* block, std::size_t* freed, Kind kind = Kind::kBytes, std::size_t size_bytes = kAnySize);
  // Whether the address lies in one of these mappings.
  bool Knows(const void* address) const;
  // Looks at every live and quarantined block; damage is reported once. Number of new findings.
  std::size_t Check();
  // Blocks still alive, as findings of kLeak.
  std::vector<Finding> Leaks() const;
  // Findings since the last call.
  std::vector<Finding> TakeFindings();

 private:
  struct Block {
    std::byte* map = nullptr;
    std::size_t map_bytes = 0;
    std::byte* user = nullptr;
    std::size_t size = 0;
    std::string owner;
    Kind kind = Kind::kBytes;
    bool freed = false;
    bool emptied = false;  // a freed block given back to the system instead of poisoned
    bool reported = false;
  };
  using Blocks = std::map<std::uintptr_t, Block>;

  bool Inspect(Block* block);
  bool InspectZone(const Block& block, const std::byte* begin, const std::byte* end, std::byte expected,
                   const std::byte** first, const std::byte** last) const;
  void Report(Misuse misuse, const Block& block, std::int64_t offset, std::size_t bytes);
  void Evict();

  const std::size_t quarantine_limit_;
  mutable std::mutex mutex_;
  Blocks blocks_;  // live and quarantined, by user address
  std::deque<std::uintptr_t> quarantine_;
  std::size_t quarantine_bytes_ = 0;
  std::vector<Finding> findings_;
};

}  // namespace inferlab::memory
