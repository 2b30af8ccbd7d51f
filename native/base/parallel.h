// How a kernel uses more than one thread without knowing who owns them.
#pragma once
#include <cstddef>
#include <cstdint>

namespace inferlab {

// Runs task 0 … num_tasks-1, each exactly once, on up to num_threads() threads, the calling one included; returns when all
// are done. Which thread runs which task is not defined, so a kernel's result must not depend on it (same bits whatever
// the thread count). Not re-entrant: a task must not call Run.
class Parallel {
 public:
  using Task = void (*)(void* context, std::size_t task, int thread);
  virtual ~Parallel() = default;
  // Upper bound of the `thread` argument, exclusive; at least 1.
  virtual int num_threads() const = 0;
  virtual void Run(std::size_t num_tasks, Task task, void* context) = 0;
  // Whether the run was cancelled: its results are not wanted any more. For loops that are not tasks.
  virtual bool Cancelled() const { return false; }

  // Run with a callable: For(n, [&](std::size_t task, int thread) { … }).
  template <typename Function>
  void For(std::size_t num_tasks, Function&& function) {
    Run(
        num_tasks,
        [](void* context, std::size_t task, int thread) { (*static_cast<Function*>(context))(task, thread); },
        const_cast<void*>(static_cast<const void*>(&function)));
  }
};

// Everything on the calling thread.
class Serial final : public Parallel {
 public:
  int num_threads() const override { return 1; }
  void Run(std::size_t num_tasks, Task task, void* context) override {
    for (std::size_t i = 0; i < num_tasks; ++i) task(context, i, 0);
  }
};

}  // namespace inferlab
