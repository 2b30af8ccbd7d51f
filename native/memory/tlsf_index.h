// Free blocks by size: 32 lists an octave, two levels of bitmaps, every operation in constant time (Masmano, Ripoll,
// Crespo, Real, "TLSF: a new dynamic memory allocator for real-time systems", ECRTS 2004). The block found is at most 1/32
// larger than the smallest that would do. A skip list that finds the smallest itself was measured beside it
// (`npm run bench -- memory --index`, docs/memory.md).
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>

#include "memory/variable_blocks.h"

namespace inferlab::memory {

class TlsfIndex {
 public:
  void Insert(FreeSpan* span, std::size_t size_bytes) {
    const Slot slot = SlotOf(size_bytes);
    FreeSpan*& head = lists_[slot.octave][slot.step];
    span->previous = nullptr;
    span->next = head;
    if (head) head->previous = span;
    head = span;
    octaves_ |= 1u << slot.octave;
    steps_[slot.octave] |= 1u << slot.step;
  }

  void Remove(FreeSpan* span, std::size_t size_bytes) {
    if (span->next) span->next->previous = span->previous;
    if (span->previous) {
      span->previous->next = span->next;
      return;
    }
    const Slot slot = SlotOf(size_bytes);
    lists_[slot.octave][slot.step] = span->next;
    if (span->next) return;
    steps_[slot.octave] &= ~(1u << slot.step);
    if (!steps_[slot.octave]) octaves_ &= ~(1u << slot.octave);
  }

  // A span of at least `size_bytes`, still in the index; nullptr where there is none.
  FreeSpan* Find(std::size_t size_bytes) const {
    // Every block of the list looked in must do: up to the next list's least size.
    const int shift = std::bit_width(size_bytes) - 1 - kStepBits;
    const Slot slot = SlotOf(size_bytes + (std::size_t{1} << shift) - 1);
    if (slot.octave >= kOctaves) return nullptr;
    std::uint32_t steps = steps_[slot.octave] & (~0u << slot.step);
    int octave = slot.octave;
    if (!steps) {
      const std::uint32_t octaves = slot.octave + 1 < 32 ? octaves_ & (~0u << (slot.octave + 1)) : 0;
      if (!octaves) return nullptr;
      octave = std::countr_zero(octaves);
      steps = steps_[octave];
    }
    return lists_[octave][std::countr_zero(steps)];
  }

 private:
  static constexpr int kFirstOctave = 6, kOctaves = 20, kStepBits = 5;
  struct Slot {
    int octave, step;
  };
  static Slot SlotOf(std::size_t size_bytes) {
    const int log = std::bit_width(size_bytes) - 1;
    return {log - kFirstOctave, static_cast<int>(size_bytes >> (log - kStepBits)) & 31};
  }

  std::uint32_t octaves_ = 0;
  std::uint32_t steps_[kOctaves] = {};
  FreeSpan* lists_[kOctaves][32] = {};
};

}  // namespace inferlab::memory
