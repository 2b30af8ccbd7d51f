#include "addon/runner.h"

#include <deque>
#include <functional>
#include <thread>

#include "addon/outputs.h"

namespace inferlab::addon {
namespace {

// Threads that start runs. Each job has one to itself, so that concurrent runs make progress together; beyond kMaxThreads
// jobs wait. Never destroyed: the threads end with the process.
class Threads {
 public:
  static Threads& Instance() {
    static Threads* threads = new Threads();
    return *threads;
  }

  void Post(std::function<void()> work) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_back(std::move(work));
      if (idle_ < static_cast<int>(queue_.size()) && count_ < kMaxThreads) {
        try {
          std::thread([this] { Main(); }).detach();
          ++count_;
        } catch (...) {
          // No thread to be had: those that exist will come to it, or, with none, it is done here.
          if (count_ == 0) {
            auto own = std::move(queue_.back());
            queue_.pop_back();
            mutex_.unlock();
            own();
            mutex_.lock();
          }
        }
      }
    }
    posted_.notify_one();
  }

 private:
  static constexpr int kMaxThreads = 16;

  void Main() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      ++idle_;
      posted_.wait(lock, [this] { return !queue_.empty(); });
      --idle_;
      auto work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
  int idle_ = 0;
  int count_ = 0;
};

}  // namespace

Runner::Runner(Napi::Env env) : env_(env) {
  napi_value name;
  napi_create_string_utf8(env, "inferlab", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, FinishOnJavaScriptThread,
                                  &done_);
  napi_unref_threadsafe_function(env, done_);
  napi_add_env_cleanup_hook(env, Close, this);
}

Runner::~Runner() {
  napi_remove_env_cleanup_hook(env_, Close, this);
  Close(this);
}

void Runner::Start(std::unique_ptr<Job> job) {
  Job* started = job.release();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    working_.insert(started);
  }
  if (unfinished_++ == 0) napi_ref_threadsafe_function(env_, done_);
  Threads::Instance().Post([this, started] {
    started->Work();
    std::lock_guard<std::mutex> lock(mutex_);
    working_.erase(started);
    // After Close the function refuses: the environment is going away and the job with it.
    if (done_) napi_call_threadsafe_function(done_, started, napi_tsfn_nonblocking);
    if (working_.empty()) idle_.notify_all();
  });
}

void Runner::FinishOnJavaScriptThread(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  // Without an environment nobody waits for the result.
  if (!env) return job->Abandon();
  Outputs::Here().Turned();
  auto* runner = static_cast<Runner*>(context);
  if (--runner->unfinished_ == 0) napi_unref_threadsafe_function(env, runner->done_);
  Napi::HandleScope scope(env);
  // A worker that is being terminated still delivers calls but runs no JavaScript: the result is dropped.
  napi_value probe;
  if (napi_create_object(env, &probe) != napi_ok || napi_set_named_property(env, probe, "ready", probe) != napi_ok) return;
  job->Finish(Napi::Env(env));
}

void Runner::Close(void* self) {
  auto* runner = static_cast<Runner*>(self);
  std::unique_lock<std::mutex> lock(runner->mutex_);
  if (!runner->done_) return;
  for (Job* job : runner->working_) job->cancel->store(true);
  runner->idle_.wait(lock, [runner] { return runner->working_.empty(); });
  napi_release_threadsafe_function(runner->done_, napi_tsfn_abort);
  runner->done_ = nullptr;
}

}  // namespace inferlab::addon
