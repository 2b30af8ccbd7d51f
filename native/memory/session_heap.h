// The memory of one session: one name, one account, one limit. Weights prepared for the kernels lie in a heap of their own,
// which is given back whole, in a time that grows with its chunks. Arenas are borrowed from the process's heap for the time of
// a run, so that sessions that do not run at once use the same memory. Outputs come from the process's heap too and belong to
// whoever holds them: they count here as long as they live, and stay valid when the session is gone.
//
// Thread-safe.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "memory/heap.h"

namespace inferlab::memory {

class SessionHeap : public std::enable_shared_from_this<SessionHeap> {
  struct Private {};

 public:
  enum Kind : std::uint8_t { kWeights, kScratch, kArena, kOutput };
  static constexpr int kNumKinds = 4;

  struct Use {
    std::size_t bytes = 0;  // as asked for
    std::size_t blocks = 0;
    std::size_t peak_bytes = 0;
  };
  struct Output {
    std::string name;
    std::string scope;  // what ran when it was made (Heap::SetScope)
    std::size_t bytes = 0;
  };
  struct Report {
    std::uint64_t id = 0;
    std::string name;
    Use kinds[kNumKinds];
    std::size_t live_bytes = 0;
    std::size_t peak_bytes = 0;
    std::size_t limit_bytes = 0;  // 0: none
    bool is_closed = false;
    std::vector<Output> outputs;  // alive, oldest first
  };

  // `process`: where arenas and outputs come from; outlives this. `limit_bytes`: live bytes beyond which Allocate fails; 0: none.
  static std::shared_ptr<SessionHeap> Make(Heap& process, std::string name = "", std::size_t limit_bytes = 0);
  SessionHeap(Private, Heap& process, std::string name, std::size_t limit_bytes);
  ~SessionHeap();
  SessionHeap(const SessionHeap&) = delete;
  SessionHeap& operator=(const SessionHeap&) = delete;

  // As Heap::Allocate; nullptr also where the limit would be exceeded. `owner` names the block in reports.
  void* Allocate(Kind kind, std::size_t size_bytes, const char* owner);
  // `block` came from Allocate of the same kind and size, or is null. Weights that Close has given back are left alone.
  void Free(Kind kind, void* block, std::size_t size_bytes);
  // Why a block of so many bytes was refused; `what` has static storage.
  Status Refusal(const char* what, std::size_t size_bytes) const;

  // Hands a block of kind kOutput to its holder, who ends it by TakeBack(the result). Keeps the account alive, not the weights.
  void* HandOut(void* block, std::size_t size_bytes, std::string name);
  static void TakeBack(void* handed);
  // Frees a block that was handed out before its holder takes it back, which is then nothing any more. Nothing for any other.
  static void TakeBackNow(void* block);

  // Gives the weights back, all at once. Whoever calls it promises that nobody reads them any more.
  void Close();

  Report Look() const;
  // Heap::Check of the process's heap and of the weights'.
  std::size_t Check();
  // visit(Heap&) with the heap of the weights, where there is one, for tools that look at all blocks.
  template <typename Visit>
  void WithWeights(Visit visit) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (weights_) visit(*weights_);
  }
  // visit(SessionHeap&) for each in the process, oldest first; none comes or goes meanwhile.
  template <typename Visit>
  static void ForEach(Visit visit) {
    Registry& registry = Registry::Instance();
    std::lock_guard<std::mutex> lock(registry.mutex);
    for (SessionHeap* heap : registry.heaps) visit(*heap);
  }
  // What checked mode found in weights that are gone, since the last call.
  static std::vector<Finding> TakeLostFindings();

 private:
  struct Handed;
  struct Registry {
    static Registry& Instance();
    std::mutex mutex;
    std::vector<SessionHeap*> heaps;
    std::mutex handed_mutex;
    std::unordered_map<void*, Handed*> handed;
    std::mutex findings_mutex;
    std::vector<Finding> findings;
  };

  // Counts a block before it is there; false where the limit would be exceeded.
  struct Taken {
    std::size_t live, of_kind;  // with the block
  };
  bool Take(Kind kind, std::size_t bytes, Taken* taken);
  void Untake(Kind kind, std::size_t bytes);
  void Unlink(Handed* handed);

  Heap& process_;
  const std::uint64_t id_;
  const std::string name_;
  const std::size_t limit_bytes_;
  std::atomic<std::size_t> live_{0};
  std::atomic<std::size_t> peak_{0};
  struct Count {
    std::atomic<std::size_t> bytes{0}, blocks{0}, peak{0};
  } counts_[kNumKinds];

  mutable std::mutex mutex_;
  std::unique_ptr<Heap> weights_;
  bool from_c_library_ = false;  // weights_ has its blocks from the C library
  std::atomic<bool> has_checked_weights_{false};
  std::vector<std::pair<void*, std::size_t>> weight_blocks_;  // of weights_, with the sizes asked for
  bool is_closed_ = false;
  Handed* first_ = nullptr;
  Handed* last_ = nullptr;
};

}  // namespace inferlab::memory
