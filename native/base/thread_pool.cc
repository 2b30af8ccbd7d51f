#include "base/thread_pool.h"

#include <algorithm>

namespace inferlab {
namespace {

// About 20 µs on a 2.6 GHz core: the gap between two instructions of a run is shorter, the gap between two runs longer.
constexpr int kSpinIterations = 1500;

// Layout of Team::state_.
constexpr std::uint32_t kInsideMask = 0x3ff;
constexpr std::uint32_t kOpen = 0x400;
constexpr std::uint32_t kJob = 0x800;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

struct ThreadPool::Worker {
  std::thread thread;
  // The team it is lent to and its index there; set under the pool's mutex while it sleeps.
  std::mutex mutex;
  std::condition_variable wake;
  Team* team = nullptr;
  int index = 0;
  bool stop = false;
};

ThreadPool& ThreadPool::Instance() {
  static ThreadPool* pool = new ThreadPool(std::max(1u, std::thread::hardware_concurrency()));
  return *pool;
}

ThreadPool::ThreadPool(int num_cpus) : num_cpus_(num_cpus), available_(num_cpus - 1) {}

ThreadPool::~ThreadPool() {
  for (auto& worker : workers_) {
    {
      std::lock_guard<std::mutex> lock(worker->mutex);
      worker->stop = true;
    }
    worker->wake.notify_one();
    worker->thread.join();
  }
}

int ThreadPool::num_workers() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int>(workers_.size());
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
        worker->thread = std::thread([this, worker] { WorkerMain(worker); });
      } catch (...) {
        // The system has no thread to give: the run goes on with those it has.
        if (!workers_.empty() && !workers_.back()->thread.joinable()) workers_.pop_back();
        break;
      }
    }
    {
      std::lock_guard<std::mutex> worker_lock(worker->mutex);
      worker->team = team;
      worker->index = ++team->num_workers_;
    }
    worker->wake.notify_one();
    ++active_;
    --wanted;
  }
  available_.store(num_cpus_ - active_, std::memory_order_relaxed);
}

void ThreadPool::Return(Team* team) {
  // The team's workers leave it by themselves once it is dissolved; its memory must outlive the last of them.
  std::unique_lock<std::mutex> lock(mutex_);
  returned_.wait(lock, [team] { return team->num_workers_ == 0; });
  --active_;
  available_.store(num_cpus_ - active_, std::memory_order_relaxed);
}

void ThreadPool::WorkerMain(Worker* worker) {
  for (;;) {
    Team* team;
    int index;
    {
      std::unique_lock<std::mutex> lock(worker->mutex);
      worker->wake.wait(lock, [worker] { return worker->team || worker->stop; });
      if (!worker->team) return;
      team = worker->team;
      index = worker->index;
    }
    team->Serve(index);
    {
      std::lock_guard<std::mutex> worker_lock(worker->mutex);
      worker->team = nullptr;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(worker);
    --active_;
    available_.store(num_cpus_ - active_, std::memory_order_relaxed);
    // Under the lock: the team may be destroyed as soon as Return sees zero.
    if (--team->num_workers_ == 0) returned_.notify_all();
  }
}

Team::Team(ThreadPool& pool, int num_threads, const std::atomic<bool>* cancel)
    : pool_(pool), num_threads_(std::clamp(num_threads, 1, static_cast<int>(kInsideMask))), cancel_(cancel) {
  std::lock_guard<std::mutex> lock(pool_.mutex_);
  ++pool_.active_;
  pool_.available_.store(pool_.num_cpus_ - pool_.active_, std::memory_order_relaxed);
}

Team::~Team() {
  // A worker that sees this, maybe before the new state, writes num_workers_ next: after all that Run has read of it.
  dissolved_.store(true, std::memory_order_release);
  state_.fetch_add(kJob, std::memory_order_release);
  state_.notify_all();
  pool_.Return(this);
}

void Team::TakeTasks(int thread) {
  for (;;) {
    const std::size_t task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= num_tasks_ || Cancelled()) return;
    task_(context_, task, thread);
  }
}

void Team::Run(std::size_t num_tasks, Task task, void* context) {
  const int missing = static_cast<int>(std::min<std::size_t>(num_threads_, num_tasks)) - 1 - num_workers_;
  if (missing > 0 && (num_threads_ > pool_.num_cpus_ || pool_.available_.load(std::memory_order_relaxed) > 0))
    pool_.Borrow(this, missing, std::max(pool_.num_cpus_, num_threads_));
  if (num_tasks <= 1 || num_workers_ == 0) {
    for (std::size_t i = 0; i < num_tasks && !Cancelled(); ++i) task(context, i, 0);
    return;
  }
  task_ = task;
  context_ = context;
  num_tasks_ = num_tasks;
  next_.store(0, std::memory_order_relaxed);
  left_.store(0, std::memory_order_relaxed);
  state_.fetch_add(kJob | kOpen, std::memory_order_release);
  state_.notify_all();
  TakeTasks(0);
  // Nobody enters any more; wait for those who did.
  const std::uint32_t inside = state_.fetch_and(~kOpen, std::memory_order_acq_rel) & kInsideMask;
  std::uint32_t left;
  for (int spin = 0; (left = left_.load(std::memory_order_acquire)) != inside;) {
    if (++spin < kSpinIterations)
      Pause();
    else
      left_.wait(left, std::memory_order_acquire);
  }
  state_.fetch_and(~kInsideMask, std::memory_order_relaxed);
}

void Team::Serve(int thread) {
  std::uint32_t seen = 0;  // job number served last
  for (;;) {
    std::uint32_t state = state_.load(std::memory_order_acquire);
    for (int spin = 0; !dissolved_.load(std::memory_order_relaxed) && (!(state & kOpen) || (state & ~(kJob - 1)) == seen);) {
      if (++spin < kSpinIterations) {
        Pause();
      } else {
        state_.wait(state, std::memory_order_acquire);
      }
      state = state_.load(std::memory_order_acquire);
    }
    if (dissolved_.load(std::memory_order_acquire)) return;
    if (!state_.compare_exchange_strong(state, state + 1, std::memory_order_acq_rel)) continue;
    seen = state & ~(kJob - 1);
    TakeTasks(thread);
    left_.fetch_add(1, std::memory_order_acq_rel);
    left_.notify_one();
  }
}

}  // namespace inferlab
