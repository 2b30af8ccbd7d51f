// JavaScript classes Program and CancelToken, and `load`.
#include <napi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "addon/outputs.h"
#include "addon/state.h"
#include "addon/store.h"
#include "base/thread_pool.h"
#include "program/program.h"

namespace inferlab::addon {
namespace {

class CancelToken : public Napi::ObjectWrap<CancelToken> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "CancelToken", {InstanceMethod<&CancelToken::Cancel>("cancel")});
  }
  explicit CancelToken(const Napi::CallbackInfo& info) : Napi::ObjectWrap<CancelToken>(info) {}
  const std::shared_ptr<std::atomic<bool>>& flag() const { return flag_; }

 private:
  Napi::Value Cancel(const Napi::CallbackInfo& info) {
    flag_->store(true, std::memory_order_relaxed);
    return info.Env().Undefined();
  }
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

// What the last run of a program was like.
struct LastRun {
  // Huge before the first.
  std::atomic<std::int64_t> ns{INT64_MAX};
  // What one thread would have taken, roughly.
  std::atomic<std::int64_t> one_thread_ns{INT64_MAX};
  // Whether it had work for more than one thread.
  std::atomic<bool> shared_work{false};
};

class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function Class(Napi::Env env) {
    return DefineClass(env, "Program",
                       {InstanceMethod<&ProgramObject::Run>("run"), InstanceMethod<&ProgramObject::Dispose>("dispose"),
                        InstanceAccessor<&ProgramObject::ArenaBytes>("arenaBytes"),
                        InstanceAccessor<&ProgramObject::WorkspaceBytes>("workspaceBytes")});
  }
  explicit ProgramObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ProgramObject>(info) {}

  void Adopt(std::shared_ptr<ProgramSlot> slot, Napi::Object store) {
    slot_ = std::move(slot);
    Store::Unwrap(store)->Add(slot_);
    store_ = Napi::Persistent(store);
  }

 private:
  Napi::Value Run(const Napi::CallbackInfo& info);
  // A run in flight keeps the program until it is done.
  Napi::Value Dispose(const Napi::CallbackInfo& info) {
    slot_ = std::make_shared<ProgramSlot>();
    store_.Reset();
    return info.Env().Undefined();
  }
  Napi::Value ArenaBytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), slot_->program ? static_cast<double>(slot_->program->arena_bytes()) : 0);
  }
  Napi::Value WorkspaceBytes(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), slot_->program ? static_cast<double>(slot_->program->workspace_bytes()) : 0);
  }

  std::shared_ptr<ProgramSlot> slot_ = std::make_shared<ProgramSlot>();
  Napi::ObjectReference store_;
  std::shared_ptr<LastRun> last_ = std::make_shared<LastRun>();
};

// A run on another thread costs two wake-ups, together about so long (measured on a virtual machine of two cores, where
// mtcnn_rnet took 0.31 ms by another thread and takes 0.15 here). One that took less last time is begun on the JavaScript
// thread: it holds the event loop up for less than the wake-ups would.
constexpr std::int64_t kInlineNs = 250'000;
// Such a run shares its work with other threads where one would take so long: for less it does not pay to wake them.
constexpr std::int64_t kSharedNs = 100'000;

class LoadJob final : public Job {
 public:
  LoadJob(Napi::Env env, Napi::Object store, std::vector<std::byte> bytes, int num_threads,
          std::vector<std::string> output_names, device::Cpu& cpu)
      : deferred_(Napi::Promise::Deferred::New(env)),
        store_(Napi::Persistent(store)),
        keep_arrays_(Napi::Persistent(Store::Unwrap(store)->arrays())),
        constants_(Store::Unwrap(store)->constants()),
        bytes_(std::move(bytes)),
        num_threads_(num_threads),
        cpu_(cpu) {
    slot_->output_names = std::move(output_names);
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Work() override {
    try {
      Team team(cpu_.threads, num_threads_, cancel.get());
      std::unique_ptr<program::Program> program;
      status_ = program::Program::Load(bytes_, constants_, num_threads_, team, &program);
      if (status_.ok() && cancel->load()) status_ = Status::Cancelled();
      slot_->program = std::move(program);
    } catch (const std::bad_alloc&) {
      status_ = Status::OutOfMemory(static_cast<std::int64_t>(bytes_.size()));
    }
  }

  void Finish(Napi::Env env) override {
    if (!status_.ok()) return deferred_.Reject(ToError(env, status_).Value());
    const Napi::Object object = State::Of(env).program.New({});
    // The store may have been disposed of meanwhile: then there is nothing to run.
    if (!Store::Unwrap(store_.Value())->constants()) slot_->program.reset();
    ProgramObject::Unwrap(object)->Adopt(std::move(slot_), store_.Value());
    deferred_.Resolve(object);
  }
  void Abandon() override {
    store_.SuppressDestruct();
    keep_arrays_.SuppressDestruct();
  }

 private:
  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference store_;
  Napi::ObjectReference keep_arrays_;
  std::shared_ptr<program::ConstantStore> constants_;
  std::vector<std::byte> bytes_;
  int num_threads_;
  device::Cpu& cpu_;
  Status status_;
  std::shared_ptr<ProgramSlot> slot_ = std::make_shared<ProgramSlot>();
};

class RunJob final : public Job {
 public:
  RunJob(Napi::Env env, Napi::Object arrays, Napi::Object inputs, std::shared_ptr<ProgramSlot> slot,
         std::shared_ptr<LastRun> last, device::Cpu& cpu)
      : deferred_(Napi::Promise::Deferred::New(env)),
        keep_arrays_(Napi::Persistent(arrays)),
        keep_inputs_(Napi::Persistent(inputs)),
        slot_(std::move(slot)),
        program_(slot_->program),
        last_(std::move(last)),
        cpu_(cpu) {}

  ~RunJob() override {
    for (const Block& block : blocks_) program_->heap().Free(memory::SessionHeap::kOutput, block.data, block.bytes);
  }

  // The first `num_own` outputs get a block each, those after them lie in one, each at a multiple of kSharedAlignment: many
  // at once, as a trace keeps them, would cost the collector and the system more than the run.
  Status Allocate(std::size_t num_own) {
    const auto sizes = program_->output_bytes();
    num_own = std::min(num_own, sizes.size());
    std::size_t shared_bytes = 0;
    for (std::size_t bytes : sizes.subspan(num_own)) shared_bytes += Aligned(bytes);
    for (std::size_t bytes : sizes.first(num_own)) {
      INFERLAB_RETURN_IF_ERROR(AddBlock(bytes, "output of a run"));
      outputs_.push_back(blocks_.back().data);
    }
    num_own_ = num_own;
    if (num_own == sizes.size()) return Status::Ok();
    INFERLAB_RETURN_IF_ERROR(AddBlock(shared_bytes, "tensors kept of a run"));
    std::byte* at = blocks_.back().data;
    for (std::size_t bytes : sizes.subspan(num_own)) {
      outputs_.push_back(at);
      at += Aligned(bytes);
    }
    return Status::Ok();
  }

  Napi::Promise promise() const { return deferred_.Promise(); }
  std::vector<const std::byte*>& inputs() { return inputs_; }
  void Record() {
    is_recorded_ = true;
    timings_.resize(program_->num_instructions());
    if (program_->num_threads() > 1) stints_.resize(timings_.size() * static_cast<std::size_t>(program_->num_threads()));
  }

  void MarkReady() { ready_ = Clock::now(); }

  void Work() override { WorkOn(program_->num_threads()); }
  // The caller's thread counts as one.
  void WorkOn(int num_threads) {
    begun_ = Clock::now();
    // One thread alone has nobody to watch.
    if (num_threads == 1) stints_.clear();
    try {
      Team team(cpu_.threads, num_threads, cancel.get());
      status_ = program_->Execute({inputs_, outputs_, team, cancel.get(), timings_, stints_, asked_});
      if (num_threads > 1) last_->shared_work.store(team.shared_work(), std::memory_order_relaxed);
    } catch (const std::bad_alloc&) {
      status_ = Status::OutOfMemory(static_cast<std::int64_t>(program_->arena_bytes()));
    }
    ended_ = Clock::now();
    const std::int64_t ns = std::chrono::duration_cast<std::chrono::nanoseconds>(ended_ - begun_).count();
    last_->ns.store(ns, std::memory_order_relaxed);
    last_->one_thread_ns.store(num_threads == 1 ? ns : 2 * ns, std::memory_order_relaxed);
  }

  void Finish(Napi::Env env) override {
    if (!status_.ok()) return deferred_.Reject(ToError(env, status_).Value());
    Napi::Array buffers = Napi::Array::New(env, blocks_.size());
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const std::size_t bytes = blocks_[i].bytes;
      std::string name = i >= num_own_                      ? "tensors kept of a run"
                         : i < slot_->output_names.size() ? slot_->output_names[i]
                                                          : std::string();
      const Napi::Value buffer =
          WrapOutput(env, program_->heap(), std::exchange(blocks_[i].data, nullptr), bytes, std::move(name));
      if (buffer.IsEmpty())
        return deferred_.Reject(ToError(env, Status::OutOfMemory(static_cast<std::int64_t>(bytes))).Value());
      buffers.Set(static_cast<std::uint32_t>(i), buffer);
    }
    Napi::Object result = Napi::Object::New(env);
    result.Set("outputs", buffers);
    if (is_recorded_) result.Set("record", Recorded(env));
    deferred_.Resolve(result);
  }
  void Abandon() override {
    keep_arrays_.SuppressDestruct();
    keep_inputs_.SuppressDestruct();
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Block {
    std::byte* data;
    std::size_t bytes;
  };
  // src/runtime/native/session.ts finds the outputs in a shared block by the same rule.
  static constexpr std::size_t kSharedAlignment = 64;

  static std::size_t Aligned(std::size_t bytes) {
    return (bytes + kSharedAlignment - 1) / kSharedAlignment * kSharedAlignment;
  }
  static double Microseconds(std::int64_t ns) { return static_cast<double>(ns) / 1e3; }
  double MicrosecondsOf(Clock::time_point time) const {
    return Microseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(time - asked_).count());
  }

  Status AddBlock(std::size_t bytes, const char* owner) {
    memory::SessionHeap& heap = program_->heap();
    auto* data = static_cast<std::byte*>(heap.Allocate(memory::SessionHeap::kOutput, bytes, owner));
    if (!data) return heap.Refusal("outputs of a run", bytes);
    blocks_.push_back({data, bytes});
    return Status::Ok();
  }

  // See NativeRecord in src/runtime/native/addon.ts.
  Napi::Object Recorded(Napi::Env env) const {
    Napi::Float64Array times = Napi::Float64Array::New(env, timings_.size() * 2);
    for (std::size_t i = 0; i < timings_.size(); ++i) {
      times[i * 2] = Microseconds(timings_[i].start_ns);
      times[i * 2 + 1] = Microseconds(timings_[i].end_ns);
    }
    std::vector<double> rows;
    for (std::size_t i = 0; i < timings_.size(); ++i) {
      for (std::size_t at = i; at < stints_.size(); at += timings_.size()) {
        const program::Stint& stint = stints_[at];
        if (stint.end_ns == 0) continue;
        for (double value : {static_cast<double>(i), static_cast<double>(at / timings_.size()),
                             Microseconds(stint.start_ns), Microseconds(stint.end_ns), Microseconds(stint.busy_ns)})
          rows.push_back(value);
      }
    }
    Napi::Float64Array stints = Napi::Float64Array::New(env, rows.size());
    std::copy(rows.begin(), rows.end(), stints.Data());
    Napi::Object record = Napi::Object::New(env);
    record.Set("timesUs", times);
    record.Set("stints", stints);
    record.Set("readyUs", MicrosecondsOf(ready_));
    record.Set("begunUs", MicrosecondsOf(begun_));
    record.Set("endedUs", MicrosecondsOf(ended_));
    return record;
  }

  Napi::Promise::Deferred deferred_;
  // The store's: it may be disposed of meanwhile.
  Napi::ObjectReference keep_arrays_;
  Napi::ObjectReference keep_inputs_;
  std::shared_ptr<ProgramSlot> slot_;
  // The run's own: the slot may be emptied meanwhile.
  std::shared_ptr<program::Program> program_;
  std::shared_ptr<LastRun> last_;
  device::Cpu& cpu_;
  std::size_t num_own_ = 0;
  std::vector<const std::byte*> inputs_;
  std::vector<Block> blocks_;
  // Within the blocks, by output.
  std::vector<std::byte*> outputs_;
  bool is_recorded_ = false;
  std::vector<program::Timing> timings_;
  std::vector<program::Stint> stints_;
  // When JavaScript asked, when the job was posted, when its thread began and ended.
  const Clock::time_point asked_ = Clock::now();
  Clock::time_point ready_ = asked_;
  Clock::time_point begun_ = asked_;
  Clock::time_point ended_ = asked_;
  Status status_;
};

// run(inputs: TypedArray[], trace: boolean, numOwn: number, token?: CancelToken) → Promise<{outputs: ArrayBuffer[], record?}>:
// a block for each of the first numOwn outputs, and one for all others where there are any.
Napi::Value ProgramObject::Run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto refuse = [&](const Status& status) {
    Throw(env, status);
    return env.Undefined();
  };
  const std::shared_ptr<program::Program>& program = slot_->program;
  if (!program) return refuse({StatusCode::kArgument, "program that was disposed"});
  if (!info[0].IsArray()) return refuse({StatusCode::kArgument, "inputs (an array of typed arrays)"});
  const Napi::Array inputs = info[0].As<Napi::Array>();
  const auto expected = program->input_bytes();
  if (inputs.Length() != expected.size())
    return refuse({StatusCode::kArgument, "number of inputs", inputs.Length(), static_cast<std::int64_t>(expected.size())});
  State& state = State::Of(env);
  auto job = std::make_unique<RunJob>(env, Store::Unwrap(store_.Value())->arrays(), inputs, slot_, last_, state.cpu);
  for (std::uint32_t i = 0; i < inputs.Length(); ++i) {
    std::byte* data;
    std::size_t bytes = 0;
    if (!BytesOf(inputs[i], &data, &bytes) || bytes < expected[i])
      return refuse({StatusCode::kArgument, "bytes of an input", static_cast<std::int64_t>(bytes),
                     static_cast<std::int64_t>(expected[i])});
    job->inputs().push_back(data);
  }
  if (info[1].ToBoolean().Value()) job->Record();
  if (!info[2].IsNumber()) return refuse({StatusCode::kArgument, "number of outputs with a block of their own"});
  if (info[3].IsObject()) {
    const Napi::Object token = info[3].As<Napi::Object>();
    if (!token.InstanceOf(state.token.Value())) return refuse({StatusCode::kArgument, "cancel token"});
    job->cancel = CancelToken::Unwrap(token)->flag();
  }
  if (const Status status = job->Allocate(info[2].As<Napi::Number>().Uint32Value()); !status.ok()) return refuse(status);
  job->MarkReady();
  const Napi::Promise promise = job->promise();
  int num_threads = last_->shared_work.load(std::memory_order_relaxed) ? program->num_threads() : 1;
  if (last_->ns.load(std::memory_order_relaxed) < kInlineNs && !Outputs::Here().WantTurn()) {
    if (last_->one_thread_ns.load(std::memory_order_relaxed) < kSharedNs) num_threads = 1;
    job->WorkOn(num_threads);
    job->Finish(env);
  } else {
    state.runner.Start(std::move(job));
    state.cpu.threads.Announce(num_threads);
  }
  return promise;
}

// load(store, bytes: Uint8Array, threads: number, outputNames?: string[]) → Promise<Program>
Napi::Value Load(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  State& state = State::Of(env);
  std::byte* data;
  std::size_t bytes;
  if (!info[0].IsObject() || !info[0].As<Napi::Object>().InstanceOf(state.store.Value()) ||
      !BytesOf(info[1], &data, &bytes) || !info[2].IsNumber()) {
    Throw(env, {StatusCode::kArgument, "arguments of load (store, bytes, threads)"});
    return env.Undefined();
  }
  if (!Store::Unwrap(info[0].As<Napi::Object>())->constants()) {
    Throw(env, {StatusCode::kArgument, "constant store that was disposed"});
    return env.Undefined();
  }
  std::vector<std::string> output_names;
  if (info[3].IsArray()) {
    const Napi::Array names = info[3].As<Napi::Array>();
    for (std::uint32_t i = 0; i < names.Length(); ++i) {
      const Napi::Value name = names[i];
      output_names.push_back(name.IsString() ? name.As<Napi::String>().Utf8Value() : "");
    }
  }
  const int threads = info[2].As<Napi::Number>().Int32Value();
  auto job = std::make_unique<LoadJob>(env, info[0].As<Napi::Object>(), std::vector<std::byte>(data, data + bytes),
                                       std::clamp(threads, 1, 256), std::move(output_names), state.cpu);
  const Napi::Promise promise = job->promise();
  state.runner.Start(std::move(job));
  return promise;
}

}  // namespace

void DefineProgram(Napi::Env env, Napi::Object exports) {
  State& state = State::Of(env);
  state.program = Napi::Persistent(ProgramObject::Class(env));
  state.token = Napi::Persistent(CancelToken::Class(env));
  exports.Set("CancelToken", state.token.Value());
  exports.Set("load", Napi::Function::New(env, Load, "load"));
}

}  // namespace inferlab::addon
