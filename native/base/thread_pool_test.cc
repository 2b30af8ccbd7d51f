#include "base/thread_pool.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "test/testing.h"

namespace inferlab {
namespace {

// Writes to plain memory, so that a task run twice, or seen by nobody, is a wrong sum (and a race to ThreadSanitizer).
std::size_t SumOfSquares(Parallel& parallel, std::size_t n) {
  std::vector<std::size_t> squares(n);
  parallel.For(n, [&](std::size_t task, int) { squares[task] += task * task; });
  std::size_t sum = 0;
  for (std::size_t square : squares) sum += square;
  return sum;
}

std::size_t ExpectedSum(std::size_t n) { return n == 0 ? 0 : (n - 1) * n * (2 * n - 1) / 6; }

}  // namespace

TEST(ThreadPool, RunsEachTaskOnce) {
  ThreadPool pool(4);
  for (int threads : {1, 2, 3, 4, 7}) {
    Team team(pool, threads);
    for (std::size_t n : {0, 1, 2, 3, 17, 400}) EXPECT(SumOfSquares(team, n) == ExpectedSum(n));
  }
}

TEST(ThreadPool, ServesTeamsAtTheSameTime) {
  ThreadPool pool(4);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        Team team(pool, 3);
        for (std::size_t n = 0; n < 40; ++n)
          if (SumOfSquares(team, n) != ExpectedSum(n)) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT(wrong == 0);
  EXPECT(pool.num_workers() <= 4);
}

TEST(ThreadPool, WakesWorkersThatFellAsleep) {
  ThreadPool pool(3);
  for (int round = 0; round < 30; ++round) {
    // Between runs workers sleep after a while.
    if (round % 3 == 1) std::this_thread::sleep_for(std::chrono::microseconds(100 * round));
    if (round % 2 == 0) pool.Announce(3);
    Team team(pool, 3);
    EXPECT(SumOfSquares(team, 50) == ExpectedSum(50));
    // Within a run too, where one thread works alone for long.
    if (round % 5 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT(SumOfSquares(team, 50) == ExpectedSum(50));
    EXPECT(team.shared_work());
  }
  pool.Announce(3);
}

TEST(ThreadPool, WaitsForTasksOfOthers) {
  ThreadPool pool(2);
  Team team(pool, 2);
  for (int round = 0; round < 5; ++round) {
    // Whoever takes the first task keeps it until the other one was taken: both threads come, and the caller may have to wait
    // longer than it stays awake.
    std::atomic<bool> second{false};
    int sum = 0;
    team.For(2, [&](std::size_t task, int thread) {
      if (task == 1) second.store(true);
      while (!second.load()) std::this_thread::yield();
      if (thread == 1) {
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        sum = 7;
      }
    });
    EXPECT(sum == 7);
  }
}

TEST(ThreadPool, EndsWithoutThoseWhoSleep) {
  ThreadPool pool(4);
  for (int round = 0; round < 200; ++round) {
    // Most of these end before a worker has come.
    Team team(pool, 4);
    EXPECT(SumOfSquares(team, 4) == ExpectedSum(4));
  }
  EXPECT(pool.num_workers() <= 3);
}

TEST(ThreadPool, SkipsWhatHasNotBegunAfterACancel) {
  ThreadPool pool(2);
  std::atomic<bool> cancel{false};
  std::atomic<int> done{0};
  Team team(pool, 2, &cancel);
  team.For(10000, [&](std::size_t task, int) {
    // Whoever comes this far cancels: the thread that took task 5 may be held up while the other does all the rest.
    if (task >= 5) cancel.store(true);
    ++done;
  });
  EXPECT(done >= 1 && done < 100);
}

}  // namespace inferlab
