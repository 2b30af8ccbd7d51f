#include "base/thread_pool.h"

#include <algorithm>
#include <chrono>

namespace inferlab {
namespace {

using Clock = std::chrono::steady_clock;

// A thread that fell asleep takes up to 0.2 ms to wake on a virtual machine, an awake one less than a microsecond to come.
// So a worker stays awake for so long without work: instructions that one thread does alone are mostly shorter, and so is what
// JavaScript does between two runs of a series. Longer would cost more than a sleep does, and on a busy machine the worker its
// turn just before there is work.
constexpr std::chrono::microseconds kAwakeFor{200};
// A caller that waits for others' tasks has nothing else to do.
constexpr std::chrono::microseconds kCallerAwakeFor{1000};

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits awake until `done`, for so long at most; false where it gave up. The CPU goes to other threads that want
// it: who waits should not keep from work the one it waits for.
template <typename Done>
bool WaitAwake(std::chrono::microseconds limit, Done&& done) {
  constexpr int kPauses = 64;
  const Clock::time_point end = Clock::now() + limit;
  for (int round = 0;; ++round) {
    for (int i = 0; i < kPauses; ++i) {
      if (done()) return true;
      Pause();
    }
    if (round < 8) continue;
    if (Clock::now() >= end) return false;
    std::this_thread::yield();
  }
}

// What a worker's word says.
enum : std::uint32_t { kFree, kOffered, kInside };

}  // namespace

struct alignas(64) ThreadPool::Worker {
  // kFree: nothing to do. kOffered: by the team it is lent to; the worker takes it (kInside), or the team takes it back.
  std::atomic<std::uint32_t> word{kFree};
  // What is offered, and the worker's index in the team: written while the word is kFree, read while it is kInside.
  Team* team = nullptr;
  int index = 0;

  std::atomic<bool> lent{false};
  std::atomic<bool> stop{false};
  // It sleeps, or is about to; who clears this wakes it.
  std::atomic<bool> asleep{false};
  std::atomic<std::uint32_t> wakes{0};
  std::thread thread;

  void Wake() {
    if (!asleep.load() || !asleep.exchange(false)) return;
    wakes.fetch_add(1);
    wakes.notify_one();
  }
};

ThreadPool& ThreadPool::Instance() {
  static ThreadPool* pool = new ThreadPool(std::max(1u, std::thread::hardware_concurrency()));
  return *pool;
}

ThreadPool::ThreadPool(int num_cpus) : num_cpus_(num_cpus), available_(num_cpus) {}

ThreadPool::~ThreadPool() {
  for (auto& worker : workers_) {
    worker->stop.store(true);
    worker->Wake();
    worker->thread.join();
  }
}

int ThreadPool::num_workers() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(workers_.size());
}

void ThreadPool::Announce(int num_threads) {
  if (num_threads < 2 || available_.load(std::memory_order_relaxed) < 2) return;
  std::lock_guard<std::mutex> lock(mutex_);
  // The caller of the run will want one of the free CPUs.
  const int wanted = std::min(num_threads, num_cpus_ - active_) - 1;
  const auto count = std::min(static_cast<std::size_t>(std::max(wanted, 0)), idle_.size());
  for (std::size_t i = idle_.size() - count; i < idle_.size(); ++i) idle_[i]->Wake();
}

void ThreadPool::Borrow(Team* team, int wanted, int limit) {
  std::lock_guard<std::mutex> lock(mutex_);
  while (wanted > 0 && active_ < limit) {
    Worker* worker;
    if (!idle_.empty()) {
      worker = idle_.back();
      idle_.pop_back();
    } else {
      try {
        workers_.push_back(std::make_unique<Worker>());
        worker = workers_.back().get();
        worker->thread = std::thread([worker] { WorkerMain(worker); });
      } catch (...) {
        // The system has no thread to give: the run goes on with those it has.
        if (!workers_.empty() && !workers_.back()->thread.joinable()) workers_.pop_back();
        break;
      }
    }
    worker->lent.store(true, std::memory_order_relaxed);
    worker->team = team;
    team->workers_.push_back(worker);
    worker->index = static_cast<int>(team->workers_.size());
    ++active_;
    --wanted;
  }
  available_.store(num_cpus_ - active_, std::memory_order_relaxed);
}

void ThreadPool::Return(Team* team) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (Worker* worker : team->workers_) {
    worker->lent.store(false, std::memory_order_relaxed);
    idle_.push_back(worker);
    --active_;
  }
  --active_;
  available_.store(num_cpus_ - active_, std::memory_order_relaxed);
}

void ThreadPool::WorkerMain(Worker* worker) {
  // Awake from its first breath: it was made because there is work.
  bool is_warm = true;
  for (;;) {
    const auto is_due = [&] {
      return worker->word.load(std::memory_order_relaxed) == kOffered || worker->stop.load(std::memory_order_relaxed);
    };
    // After work, while it is lent, or just woken.
    bool due = is_due();
    if (!due && (is_warm || worker->lent.load(std::memory_order_relaxed))) WaitAwake(kAwakeFor, [&] { return due = is_due(); });
    is_warm = false;
    if (!due) {
      const std::uint32_t wakes = worker->wakes.load();
      worker->asleep.store(true);
      // Who offers writes the word and then reads `asleep`; this is the other way around: one of the two sees the other.
      if (worker->word.load() == kOffered || worker->stop.load())
        worker->asleep.store(false);
      else
        worker->wakes.wait(wakes);
      is_warm = true;
      continue;
    }
    if (worker->stop.load()) return;
    std::uint32_t offered = kOffered;
    if (!worker->word.compare_exchange_strong(offered, kInside, std::memory_order_acquire)) continue;
    worker->team->TakeTasks(worker->index);
    // From here on the team may be gone.
    worker->word.store(kFree, std::memory_order_release);
    worker->word.notify_one();
    is_warm = true;
  }
}

Team::Team(ThreadPool& pool, int num_threads, const std::atomic<bool>* cancel)
    : pool_(pool), num_threads_(std::clamp(num_threads, 1, 1024)), cancel_(cancel) {
  std::lock_guard<std::mutex> lock(pool_.mutex_);
  ++pool_.active_;
  pool_.available_.store(pool_.num_cpus_ - pool_.active_, std::memory_order_relaxed);
}

Team::~Team() { pool_.Return(this); }

void Team::TakeTasks(int thread) {
  for (;;) {
    const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= num_tasks_ || Cancelled()) return;
    task_(context_, task, thread);
  }
}

void Team::Run(std::size_t num_tasks, Task task, void* context) {
  const int useful = static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(num_threads_), num_tasks)) - 1;
  if (useful > 0) shared_work_ = true;
  const int missing = useful - static_cast<int>(workers_.size());
  if (missing > 0 && (num_threads_ > pool_.num_cpus_ || pool_.available_.load(std::memory_order_relaxed) > 0))
    pool_.Borrow(this, missing, std::max(pool_.num_cpus_, num_threads_));
  if (useful <= 0 || workers_.empty()) {
    for (std::size_t i = 0; i < num_tasks && !Cancelled(); ++i) task(context, i, 0);
    return;
  }
  task_ = task;
  context_ = context;
  num_tasks_ = num_tasks;
  next_.store(0, std::memory_order_relaxed);
  const std::size_t helpers = std::min(workers_.size(), static_cast<std::size_t>(useful));
  for (std::size_t i = 0; i < helpers; ++i) {
    workers_[i]->word.store(kOffered);
    workers_[i]->Wake();
  }
  TakeTasks(0);
  for (std::size_t i = 0; i < helpers; ++i) {
    std::atomic<std::uint32_t>& word = workers_[i]->word;
    std::uint32_t seen = kOffered;
    if (word.compare_exchange_strong(seen, kFree, std::memory_order_relaxed)) continue;
    // It came: what its tasks wrote is wanted.
    if (!WaitAwake(kCallerAwakeFor, [&] { return word.load(std::memory_order_acquire) == kFree; }))
      word.wait(kInside, std::memory_order_acquire);
  }
}

}  // namespace inferlab
