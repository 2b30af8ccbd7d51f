// Work away from the JavaScript thread. Node's own pool (libuv) is left to files and sockets: a run may take seconds.
//
// A job is made on the JavaScript thread, works on a runner thread, is finished and destroyed on the JavaScript thread.
// When an environment ends (process exit, worker terminated) its jobs are cancelled, waited for and abandoned.
#pragma once
#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_set>

namespace inferlab::addon {

class Job {
 public:
  virtual ~Job() = default;
  // On a runner thread: no JavaScript.
  virtual void Work() = 0;
  // On the JavaScript thread, within a handle scope.
  virtual void Finish(Napi::Env env) = 0;
  // Instead of Finish where the environment has ended, and its references with it: the job lets go of them.
  virtual void Abandon() {}

  std::shared_ptr<std::atomic<bool>> cancel = std::make_shared<std::atomic<bool>>(false);
};

// The jobs of one environment.
class Runner {
 public:
  explicit Runner(Napi::Env env);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void Start(std::unique_ptr<Job> job);

 private:
  static void FinishOnJavaScriptThread(napi_env env, napi_value, void* context, void* data);
  static void Close(void* runner);

  napi_env env_;
  napi_threadsafe_function done_ = nullptr;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::unordered_set<Job*> working_;
  // Jobs started and not finished; the event loop lives while there are some. JavaScript thread only.
  int unfinished_ = 0;
};

}  // namespace inferlab::addon
