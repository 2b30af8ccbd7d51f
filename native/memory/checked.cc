#include "memory/checked.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace inferlab::memory {
namespace {

constexpr std::size_t kFarBytes = (std::size_t{1} << 20) + (std::size_t{64} << 10);
constexpr std::size_t kNearBytes = 64;
constexpr std::byte kPattern{0xc5};
constexpr std::byte kPoison{0xdb};
// Larger freed blocks are given back to the system instead of poisoned: a write makes their pages resident again.
constexpr std::size_t kPoisonLimit = std::size_t{1} << 20;
constexpr std::size_t kQuarantineBlocks = 4096;

std::size_t PageBytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t RoundUp(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

}  // namespace

const char* MisuseName(Misuse misuse) {
  switch (misuse) {
    case Misuse::kOverflow:
      return "write past the end of a block";
    case Misuse::kUnderflow:
      return "write before the start of a block";
    case Misuse::kUseAfterFree:
      return "write to a freed block";
    case Misuse::kDoubleFree:
      return "block freed twice";
    case Misuse::kForeignFree:
      return "free of a pointer that no block begins at";
    case Misuse::kWrongRelease:
      return "block released otherwise than it was allocated";
    case Misuse::kLeak:
      return "block never freed";
  }
  return "misuse";
}

CheckedBlocks::~CheckedBlocks() {
  for (auto& [address, block] : blocks_) munmap(block.map, block.map_bytes);
}

void* CheckedBlocks::Allocate(std::size_t size_bytes, const char* owner, Kind kind) {
  if (size_bytes > (std::size_t{1} << 44)) return nullptr;
  const std::size_t page = PageBytes();
  const std::size_t middle = RoundUp(kNearBytes + size_bytes + kNearBytes, page);
  const std::size_t total = RoundUp(kFarBytes, page) * 2 + middle;
  void* map = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (map == MAP_FAILED) return nullptr;
  Block block;
  block.map = static_cast<std::byte*>(map);
  block.map_bytes = total;
  block.user = block.map + RoundUp(kFarBytes, page) + kNearBytes;
  block.size = size_bytes;
  block.owner = owner ? owner : "";
  block.kind = kind;
  std::memset(block.user - kNearBytes, static_cast<int>(kPattern), kNearBytes);
  std::memset(block.user + size_bytes, static_cast<int>(kPattern), kNearBytes);
  std::lock_guard<std::mutex> lock(mutex_);
  std::byte* user = block.user;
  blocks_[reinterpret_cast<std::uintptr_t>(user)] = std::move(block);
  return user;
}

// Extends [first, last] by the bytes of [begin, end) that are not `expected`; pages that never became resident are as the
// system made them. False where nothing was found.
bool CheckedBlocks::InspectZone(const Block& block, const std::byte* begin, const std::byte* end, std::byte expected,
                                const std::byte** first, const std::byte** last) const {
  const std::size_t page = PageBytes();
  bool found = false;
  const std::byte* page_begin = block.map + static_cast<std::size_t>(begin - block.map) / page * page;
  std::vector<unsigned char> resident(RoundUp(static_cast<std::size_t>(end - page_begin), page) / page);
  // Without an answer every page is looked at.
  if (mincore(const_cast<std::byte*>(page_begin), resident.size() * page, resident.data()) != 0)
    std::fill(resident.begin(), resident.end(), static_cast<unsigned char>(1));
  for (std::size_t i = 0; i < resident.size(); ++i) {
    if (expected == std::byte{0} && !(resident[i] & 1)) continue;
    const std::byte* from = std::max(begin, page_begin + i * page);
    const std::byte* to = std::min(end, page_begin + (i + 1) * page);
    for (const std::byte* at = from; at < to; ++at) {
      if (*at == expected) continue;
      if (!*first || at < *first) *first = at;
      if (!*last || at > *last) *last = at;
      found = true;
    }
  }
  return found;
}

// Reports damage around (and, freed, in) a block, once. False where it is whole.
bool CheckedBlocks::Inspect(Block* block) {
  if (block->reported) return false;
  const std::byte* end = block->user + block->size;
  const auto look = [&](const std::byte* far_begin, const std::byte* far_end, const std::byte* near, Misuse misuse) {
    const std::byte *first = nullptr, *last = nullptr;
    const bool near_hit = InspectZone(*block, near, near + kNearBytes, kPattern, &first, &last);
    const bool far_hit = InspectZone(*block, far_begin, far_end, std::byte{0}, &first, &last);
    if (!near_hit && !far_hit) return;
    Report(misuse, *block, first - block->user, static_cast<std::size_t>(last - first) + 1);
    block->reported = true;
  };
  look(end + kNearBytes, block->map + block->map_bytes, end, Misuse::kOverflow);
  look(block->map, block->user - kNearBytes, block->user - kNearBytes, Misuse::kUnderflow);
  if (block->freed) {
    const std::byte *first = nullptr, *last = nullptr;
    const std::byte expected = block->emptied ? std::byte{0} : kPoison;
    if (InspectZone(*block, block->user, end, expected, &first, &last)) {
      Report(Misuse::kUseAfterFree, *block, first - block->user, static_cast<std::size_t>(last - first) + 1);
      block->reported = true;
    }
  }
  return block->reported;
}

void CheckedBlocks::Report(Misuse misuse, const Block& block, std::int64_t offset, std::size_t bytes) {
  findings_.push_back({misuse, block.owner, block.size, offset, bytes});
}

bool CheckedBlocks::Free(void* pointer, std::size_t* freed, Kind kind, std::size_t size_bytes) {
  *freed = 0;
  if (!pointer) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  const auto found = blocks_.find(address);
  if (found == blocks_.end()) {
    // The mapping it lies in, if any: the nearest block on either side.
    auto near = blocks_.upper_bound(address);
    for (int step = 0; step < 2; ++step) {
      if (near != blocks_.end()) {
        const Block& block = near->second;
        const auto map = reinterpret_cast<std::uintptr_t>(block.map);
        if (address >= map && address < map + block.map_bytes) {
          Report(Misuse::kForeignFree, block, static_cast<std::byte*>(pointer) - block.user, 0);
          return false;
        }
      }
      if (near == blocks_.begin()) break;
      --near;
    }
    findings_.push_back({Misuse::kForeignFree, "", 0, 0, 0});
    return false;
  }
  Block& block = found->second;
  if (block.freed) {
    Report(Misuse::kDoubleFree, block, 0, block.size);
    return false;
  }
  if (block.kind != kind || (size_bytes != kAnySize && size_bytes != block.size)) {
    Report(Misuse::kWrongRelease, block, 0, size_bytes == kAnySize ? block.size : size_bytes);
    return false;
  }
  Inspect(&block);
  block.freed = true;
  *freed = block.size;
  const std::size_t page = PageBytes();
  if (block.size <= kPoisonLimit) {
    std::memset(block.user, static_cast<int>(kPoison), block.size);
    quarantine_bytes_ += RoundUp(block.size + 1, page);
  } else {
    // Whole mapping back to zero, near zones made anew.
    madvise(block.map, block.map_bytes, MADV_DONTNEED);
    std::memset(block.user - kNearBytes, static_cast<int>(kPattern), kNearBytes);
    std::memset(block.user + block.size, static_cast<int>(kPattern), kNearBytes);
    block.emptied = true;
    quarantine_bytes_ += 2 * page;
  }
  quarantine_.push_back(address);
  Evict();
  return true;
}

bool CheckedBlocks::Knows(const void* pointer) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  // The nearest block on either side.
  auto near = blocks_.upper_bound(address);
  for (int step = 0; step < 2; ++step) {
    if (near != blocks_.end()) {
      const auto map = reinterpret_cast<std::uintptr_t>(near->second.map);
      if (address >= map && address < map + near->second.map_bytes) return true;
    }
    if (near == blocks_.begin()) break;
    --near;
  }
  return false;
}

void CheckedBlocks::Evict() {
  const std::size_t page = PageBytes();
  while (quarantine_bytes_ > quarantine_limit_ || quarantine_.size() > kQuarantineBlocks) {
    const auto oldest = blocks_.find(quarantine_.front());
    quarantine_.pop_front();
    Inspect(&oldest->second);
    quarantine_bytes_ -= oldest->second.emptied ? 2 * page : RoundUp(oldest->second.size + 1, page);
    munmap(oldest->second.map, oldest->second.map_bytes);
    blocks_.erase(oldest);
  }
}

std::size_t CheckedBlocks::Check() {
  std::lock_guard<std::mutex> lock(mutex_);
  const std::size_t before = findings_.size();
  for (auto& [address, block] : blocks_) Inspect(&block);
  return findings_.size() - before;
}

std::vector<Finding> CheckedBlocks::Leaks() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Finding> leaks;
  for (const auto& [address, block] : blocks_)
    if (!block.freed) leaks.push_back({Misuse::kLeak, block.owner, block.size, 0, block.size});
  return leaks;
}

std::vector<Finding> CheckedBlocks::TakeFindings() {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(findings_, {});
}

}  // namespace inferlab::memory
