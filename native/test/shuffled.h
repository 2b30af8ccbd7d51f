// Threads in name only: tasks run in reverse order with changing thread numbers, which a kernel must not depend on.
#pragma once
#include "base/parallel.h"

namespace inferlab::testing {

class Shuffled final : public Parallel {
 public:
  explicit Shuffled(int threads) : threads_(threads) {}
  int num_threads() const override { return threads_; }
  void Run(std::size_t num_tasks, Task task, void* context) override {
    for (std::size_t i = num_tasks; i-- > 0;) task(context, i, static_cast<int>(i % static_cast<std::size_t>(threads_)));
  }

 private:
  int threads_;
};

}  // namespace inferlab::testing
