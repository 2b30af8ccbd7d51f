#include "memory/session_heap.h"

#include <algorithm>
#include <iterator>

namespace inferlab::memory {
namespace {

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

void Raise(std::atomic<std::size_t>* peak, std::size_t now) {
  std::size_t known = peak->load(std::memory_order_relaxed);
  while (now > known && !peak->compare_exchange_weak(known, now, std::memory_order_relaxed)) {
  }
}

}  // namespace

// An output in somebody's hands.
struct SessionHeap::Handed {
  std::shared_ptr<SessionHeap> heap;
  void* block;
  std::size_t bytes;
  std::string name;
  std::string scope;
  Handed* previous;
  Handed* next;
};

// Never destroyed: heaps may end last.
SessionHeap::Registry& SessionHeap::Registry::Instance() {
  static auto* registry = new Registry;
  return *registry;
}

std::shared_ptr<SessionHeap> SessionHeap::Make(Heap& process, std::string name, std::size_t limit_bytes) {
  return std::make_shared<SessionHeap>(Private{}, process, std::move(name), limit_bytes);
}

SessionHeap::SessionHeap(Private, Heap& process, std::string name, std::size_t limit_bytes)
    : process_(process), id_(NextId()), name_(std::move(name)), limit_bytes_(limit_bytes) {
  Registry& registry = Registry::Instance();
  std::lock_guard<std::mutex> lock(registry.mutex);
  registry.heaps.push_back(this);
}

SessionHeap::~SessionHeap() {
  Close();
  Registry& registry = Registry::Instance();
  std::lock_guard<std::mutex> lock(registry.mutex);
  std::erase(registry.heaps, this);
}

bool SessionHeap::Take(Kind kind, std::size_t bytes, Taken* taken) {
  std::size_t live = live_.load(std::memory_order_relaxed);
  do {
    if (limit_bytes_ && (bytes > limit_bytes_ || live > limit_bytes_ - bytes)) return false;
  } while (!live_.compare_exchange_weak(live, live + bytes, std::memory_order_relaxed));
  Count& count = counts_[kind];
  count.blocks.fetch_add(1, std::memory_order_relaxed);
  *taken = {live + bytes, count.bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes};
  return true;
}

void SessionHeap::Untake(Kind kind, std::size_t bytes) {
  live_.fetch_sub(bytes, std::memory_order_relaxed);
  counts_[kind].bytes.fetch_sub(bytes, std::memory_order_relaxed);
  counts_[kind].blocks.fetch_sub(1, std::memory_order_relaxed);
}

void* SessionHeap::Allocate(Kind kind, std::size_t size_bytes, const char* owner) {
  Taken taken;
  if (!Take(kind, size_bytes, &taken)) return nullptr;
  void* block = nullptr;
  if (kind != kWeights) {
    block = process_.Allocate(size_bytes, owner, kind == kArena ? Reuse::kAnyMapping : Reuse::kNearSize);
  } else {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!is_closed_) {
      if (!weights_) {
        const Backing backing = process_.backing();
        weights_ = std::make_unique<Heap>(0, backing);
        from_c_library_ = backing == Backing::kSystem;
      }
      // Checked mode is the process's choice, at any time.
      if (weights_->checked() != process_.checked()) weights_->SetChecked(process_.checked());
      if (weights_->checked()) has_checked_weights_.store(true);
      weights_->SetScope(process_.scope());
      block = weights_->Allocate(size_bytes, owner);
      if (block) {
        weight_blocks_.emplace_back(block, size_bytes);
        process_.CountElsewhere(block, static_cast<std::int64_t>(size_bytes), 1, owner);
      }
    }
  }
  if (!block) {
    Untake(kind, size_bytes);
    return nullptr;
  }
  // Not before: what the system refused was never there.
  Raise(&peak_, taken.live);
  Raise(&counts_[kind].peak, taken.of_kind);
  return block;
}

void SessionHeap::Free(Kind kind, void* block, std::size_t size_bytes) {
  if (!block) return;
  if (kind != kWeights) {
    process_.Free(block);
  } else {
    std::lock_guard<std::mutex> lock(mutex_);
    if (is_closed_) return;
    weights_->Free(block);
    std::erase(weight_blocks_, std::pair(block, size_bytes));
    process_.CountElsewhere(block, -static_cast<std::int64_t>(size_bytes), 1, nullptr);
  }
  Untake(kind, size_bytes);
}

Status SessionHeap::Refusal(const char* what, std::size_t size_bytes) const {
  const std::size_t live = live_.load(std::memory_order_relaxed);
  const bool is_limit = limit_bytes_ && (size_bytes > limit_bytes_ || live > limit_bytes_ - size_bytes);
  return {StatusCode::kOutOfMemory, what, static_cast<std::int64_t>(size_bytes),
          is_limit ? static_cast<std::int64_t>(limit_bytes_) : 0};
}

void* SessionHeap::HandOut(void* block, std::size_t size_bytes, std::string name) {
  auto* handed =
      new Handed{shared_from_this(), block, size_bytes, std::move(name), process_.scope(), nullptr, nullptr};
  {
    std::lock_guard<std::mutex> lock(mutex_);
    handed->previous = last_;
    (last_ ? last_->next : first_) = handed;
    last_ = handed;
  }
  Registry& registry = Registry::Instance();
  std::lock_guard<std::mutex> lock(registry.handed_mutex);
  registry.handed[block] = handed;
  return handed;
}

void SessionHeap::Unlink(Handed* handed) {
  std::lock_guard<std::mutex> lock(mutex_);
  (handed->previous ? handed->previous->next : first_) = handed->next;
  (handed->next ? handed->next->previous : last_) = handed->previous;
}

void SessionHeap::TakeBack(void* pointer) {
  const std::unique_ptr<Handed> handed(static_cast<Handed*>(pointer));
  TakeBackNow(handed->block);
}

void SessionHeap::TakeBackNow(void* block) {
  Handed* handed;
  {
    Registry& registry = Registry::Instance();
    std::lock_guard<std::mutex> lock(registry.handed_mutex);
    const auto found = block ? registry.handed.find(block) : registry.handed.end();
    if (found == registry.handed.end()) return;
    handed = found->second;
    registry.handed.erase(found);
  }
  // From here on the address may be handed out again: the record does not know it any more.
  handed->block = nullptr;
  handed->heap->Unlink(handed);
  handed->heap->Free(kOutput, block, handed->bytes);
}

void SessionHeap::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (is_closed_) return;
  is_closed_ = true;
  if (!weights_) return;
  weights_->Check();
  // A heap's end gives back its own mappings, not what the C library handed out.
  if (from_c_library_)
    for (const auto& [block, size_bytes] : weight_blocks_) weights_->Free(block);
  std::vector<Finding> findings = weights_->TakeFindings();
  if (!findings.empty()) {
    Registry& registry = Registry::Instance();
    std::lock_guard<std::mutex> findings_lock(registry.findings_mutex);
    std::move(findings.begin(), findings.end(), std::back_inserter(registry.findings));
  }
  Count& count = counts_[kWeights];
  const std::size_t bytes = count.bytes.exchange(0), blocks = count.blocks.exchange(0);
  live_.fetch_sub(bytes, std::memory_order_relaxed);
  // Only a recording wants to know of each block.
  if (process_.recording()) {
    for (const auto& [block, size_bytes] : weight_blocks_)
      process_.CountElsewhere(block, -static_cast<std::int64_t>(size_bytes), 1, nullptr);
  } else {
    process_.CountElsewhere(nullptr, -static_cast<std::int64_t>(bytes), blocks, nullptr);
  }
  weight_blocks_ = {};
  weights_.reset();
}

std::size_t SessionHeap::Check() {
  std::size_t found = process_.Check();
  if (has_checked_weights_.load(std::memory_order_relaxed)) WithWeights([&](Heap& weights) { found += weights.Check(); });
  return found;
}

SessionHeap::Report SessionHeap::Look() const {
  Report report;
  report.id = id_;
  report.name = name_;
  report.live_bytes = live_.load(std::memory_order_relaxed);
  report.peak_bytes = peak_.load(std::memory_order_relaxed);
  report.limit_bytes = limit_bytes_;
  for (int kind = 0; kind < kNumKinds; ++kind)
    report.kinds[kind] = {counts_[kind].bytes.load(), counts_[kind].blocks.load(), counts_[kind].peak.load()};
  std::lock_guard<std::mutex> lock(mutex_);
  report.is_closed = is_closed_;
  for (const Handed* handed = first_; handed; handed = handed->next)
    report.outputs.push_back({handed->name, handed->scope, handed->bytes});
  return report;
}

std::vector<Finding> SessionHeap::TakeLostFindings() {
  Registry& registry = Registry::Instance();
  std::lock_guard<std::mutex> lock(registry.findings_mutex);
  return std::exchange(registry.findings, {});
}

}  // namespace inferlab::memory
