#include "memory/heap.h"

#include <bit>
#include <cstdlib>

namespace inferlab::memory {
namespace {

// AddressSanitizer judges blocks of the size asked for that are never used again.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kReuse = false;
#else
constexpr bool kReuse = true;
#endif

}  // namespace

// In front of each block, one cache line, so that the block keeps its alignment.
struct alignas(kAlignment) Heap::Block {
  std::size_t size_bytes;  // rounded to the class
  int size_class;
  Block* next;
  Block* previous;  // live blocks only
};

Heap& Heap::Process() {
  static Heap* heap = [] {
    const char* check = std::getenv("INFERLAB_MEMORY_CHECK");
    return new Heap(0, check && check[0] == '1');
  }();
  return *heap;
}

Heap::Heap(std::size_t limit_bytes, bool checked)
    : limit_bytes_(limit_bytes), checked_(checked ? std::make_unique<CheckedBlocks>() : nullptr) {}

std::size_t Heap::Check() { return checked_ ? checked_->Check() : 0; }
std::vector<Finding> Heap::TakeFindings() { return checked_ ? checked_->TakeFindings() : std::vector<Finding>(); }
std::vector<Finding> Heap::Leaks() const { return checked_ ? checked_->Leaks() : std::vector<Finding>(); }

Heap::~Heap() {
  Trim();
  while (live_) {
    Block* next = live_->next;
    std::free(live_);
    live_ = next;
  }
}

// Four classes an octave: at most 25 % of a block is unused.
int Heap::ClassOf(std::size_t size_bytes, std::size_t* rounded) {
  const std::size_t size = size_bytes < kAlignment ? kAlignment : size_bytes;
  const int octave = std::bit_width(size - 1) - 1;
  if (octave < 6) {
    *rounded = kAlignment;
    return 0;
  }
  const std::size_t step = std::size_t{1} << (octave - 2);
  const std::size_t steps = (size - (std::size_t{1} << octave) + step - 1) / step;
  *rounded = (std::size_t{1} << octave) + steps * step;
  return static_cast<int>((octave - 6) * 4 + steps);
}

void* Heap::Allocate(std::size_t size_bytes, const char* owner) {
  if (size_bytes > (std::size_t{1} << 44)) return nullptr;
  std::size_t rounded;
  const int size_class = ClassOf(size_bytes, &rounded);
  std::lock_guard<std::mutex> lock(mutex_);
  if (checked_ || !kReuse) rounded = size_bytes;
  if (limit_bytes_ && stats_.live_bytes + rounded > limit_bytes_) return nullptr;
  if (checked_) {
    void* user = checked_->Allocate(size_bytes, owner);
    if (!user) return nullptr;
    Count(size_bytes);
    return user;
  }
  Block* block = free_[size_class];
  if (block) {
    free_[size_class] = block->next;
  } else {
    void* memory;
    if (posix_memalign(&memory, kAlignment, sizeof(Block) + rounded) != 0) return nullptr;
    block = static_cast<Block*>(memory);
    block->size_bytes = rounded;
    block->size_class = size_class;
    stats_.reserved_bytes += rounded;
  }
  block->previous = nullptr;
  block->next = live_;
  if (live_) live_->previous = block;
  live_ = block;
  Count(rounded);
  return block + 1;
}

void Heap::Count(std::size_t size_bytes) {
  stats_.live_bytes += size_bytes;
  if (stats_.live_bytes > stats_.peak_bytes) stats_.peak_bytes = stats_.live_bytes;
  ++stats_.allocations;
}

void Heap::Free(void* pointer) {
  if (!pointer) return;
  if (checked_) {
    std::size_t freed;
    if (!checked_->Free(pointer, &freed)) return;
    std::lock_guard<std::mutex> lock(mutex_);
    stats_.live_bytes -= freed;
    ++stats_.frees;
    return;
  }
  Block* block = static_cast<Block*>(pointer) - 1;
  std::lock_guard<std::mutex> lock(mutex_);
  if (block->previous)
    block->previous->next = block->next;
  else
    live_ = block->next;
  if (block->next) block->next->previous = block->previous;
  stats_.live_bytes -= block->size_bytes;
  ++stats_.frees;
  if (!kReuse) {
    stats_.reserved_bytes -= block->size_bytes;
    std::free(block);
    return;
  }
  block->next = free_[block->size_class];
  free_[block->size_class] = block;
}

void Heap::Trim() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (Block*& head : free_) {
    while (head) {
      Block* next = head->next;
      stats_.reserved_bytes -= head->size_bytes;
      std::free(head);
      head = next;
    }
  }
}

HeapStats Heap::Stats() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return stats_;
}

}  // namespace inferlab::memory
