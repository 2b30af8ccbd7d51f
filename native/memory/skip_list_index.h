// Free blocks in a skip list ordered by size, then address (Pugh, "Skip lists: a probabilistic alternative to balanced
// trees", CACM 1990): finds the smallest block that will do, the lowest of those. What TlsfIndex was measured against; the
// pool does not use it.
#pragma once
#include <cstddef>
#include <cstdint>

#include "memory/variable_blocks.h"

namespace inferlab::memory {

class SkipListIndex {
 public:
  SkipListIndex() {
    for (Node*& next : head_.next) next = nullptr;
  }

  void Insert(FreeSpan* span, std::size_t size_bytes) {
    Node* before[kLevels];
    Node* node = NodeOf(span);
    Search(size_bytes, node, before);
    // One level more with a chance of 1/4; blocks of 64 bytes have room for few levels.
    seed_ = seed_ * 6364136223846793005u + 1442695040888963407u;
    const int room = static_cast<int>((size_bytes - 16 - sizeof(std::uint64_t)) / sizeof(Node*));
    int levels = 1;
    for (std::uint64_t bits = seed_ >> 32; levels < kLevels && levels < room && (bits & 3) == 0; bits >>= 2) ++levels;
    node->levels = static_cast<std::uint32_t>(levels);
    for (int level = 0; level < levels; ++level) {
      node->next[level] = before[level]->next[level];
      before[level]->next[level] = node;
    }
  }

  void Remove(FreeSpan* span, std::size_t size_bytes) {
    Node* before[kLevels];
    Node* node = NodeOf(span);
    Search(size_bytes, node, before);
    for (int level = 0; level < static_cast<int>(node->levels); ++level) before[level]->next[level] = node->next[level];
  }

  FreeSpan* Find(std::size_t size_bytes) const {
    Node* before[kLevels];
    Search(size_bytes, nullptr, before);
    Node* found = before[0]->next[0];
    return found ? reinterpret_cast<FreeSpan*>(found) : nullptr;
  }

 private:
  static constexpr int kLevels = 12;
  struct Node {
    std::uint64_t header;
    std::uint64_t levels;
    Node* next[kLevels];
  };
  static Node* NodeOf(FreeSpan* span) { return reinterpret_cast<Node*>(span); }
  static std::size_t SizeOf(const Node* node) { return node->header & 0xffffffc0u; }

  // The last node before (size, node) on each level.
  void Search(std::size_t size_bytes, const Node* node, Node** before) const {
    Node* at = const_cast<Node*>(&head_);
    for (int level = kLevels - 1; level >= 0; --level) {
      while (Node* next = at->next[level]) {
        const std::size_t size = SizeOf(next);
        if (size > size_bytes || (size == size_bytes && next >= node)) break;
        at = next;
      }
      before[level] = at;
    }
  }

  Node head_{};
  std::uint64_t seed_ = 1;
};

}  // namespace inferlab::memory
