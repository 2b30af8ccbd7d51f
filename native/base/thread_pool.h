// Threads shared by every session of the process.
//
// worker: a thread of the pool. team: the threads of one run, the calling one and the workers it has borrowed. A team
// borrows when it begins and whenever it finds itself short; it gives back when it ends. So one run has all cores, two runs
// share them, and there are never more threads at work than CPUs (or than a session asked for).
//
// A job (one call of Run) is offered to each worker in a word of the worker's own and taken back at its end from those that
// did not come: neither a job nor a run ever waits for a thread that sleeps or that the system does not let run, only for
// those in the middle of a task. A worker stays awake for kAwakeFor without work, within a team and after it, so that the next
// run of a series finds it awake; then it sleeps. The order in which threads take tasks is not defined; the tasks are, so a result never depends on it.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/parallel.h"

namespace inferlab {

class Team;

class ThreadPool {
 public:
  // The pool of the process. Never destroyed: its threads end with the process.
  static ThreadPool& Instance();

  explicit ThreadPool(int num_cpus);
  // Waits for its workers to end; no team may be alive. (Tests; Instance() lives on.)
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int num_cpus() const { return num_cpus_; }
  // Workers that exist, for tests and statistics.
  int num_workers() const;
  // A team of so many threads begins presently: idle workers, as far as CPUs are free, wake up beside the thread that will
  // make it instead of after it.
  void Announce(int num_threads);

 private:
  friend class Team;
  struct Worker;

  // Lends up to `wanted` idle workers to the team, creating them where the limit allows.
  void Borrow(Team* team, int wanted, int limit);
  void Return(Team* team);
  static void WorkerMain(Worker* worker);

  const int num_cpus_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> idle_;
  // Threads at work: callers with a team plus lent workers.
  int active_ = 0;
  // Idle workers or room for new ones, as a hint read without the lock.
  std::atomic<int> available_{0};
};

// The Parallel of one run. To be made, used and destroyed on one thread.
class Team final : public Parallel {
 public:
  // `cancel` (may be null): when it becomes true the tasks that have not begun are skipped.
  Team(ThreadPool& pool, int num_threads, const std::atomic<bool>* cancel = nullptr);
  ~Team() override;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int num_threads() const override { return num_threads_; }
  void Run(std::size_t num_tasks, Task task, void* context) override;
  bool Cancelled() const override { return cancel_ && cancel_->load(std::memory_order_relaxed); }
  // Whether there was a job for more than one thread.
  bool shared_work() const { return shared_work_; }

 private:
  friend class ThreadPool;

  void TakeTasks(int thread);

  ThreadPool& pool_;
  const int num_threads_;
  const std::atomic<bool>* const cancel_;
  // Thread i of the team is workers_[i - 1].
  std::vector<ThreadPool::Worker*> workers_;
  bool shared_work_ = false;

  // The current job.
  Task task_ = nullptr;
  void* context_ = nullptr;
  std::size_t num_tasks_ = 0;
  alignas(64) std::atomic<std::size_t> next_{0};
};

}  // namespace inferlab
