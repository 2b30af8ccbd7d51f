// JavaScript function `peaks`.
#include <napi.h>

#include <algorithm>
#include <new>
#include <vector>

#include "addon/state.h"
#include "device/peaks.h"

namespace inferlab::addon {
namespace {

class PeaksJob final : public Job {
 public:
  PeaksJob(Napi::Env env, int threads, std::vector<std::size_t> sizes, device::Cpu& cpu)
      : deferred_(Napi::Promise::Deferred::New(env)), threads_(threads), sizes_(std::move(sizes)), cpu_(cpu) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Work() override {
    try {
      Team team(cpu_.threads, threads_, cancel.get());
      flops_ = device::MeasureFlopsPerSecond(team);
      for (std::size_t bytes : sizes_) {
        if (cancel->load()) break;
        bandwidths_.push_back(device::MeasureBytesPerSecond(team, cpu_.heap, bytes));
      }
    } catch (const std::bad_alloc&) {
      // Sizes that were not measured are missing from the answer.
    }
  }

  void Finish(Napi::Env env) override {
    Napi::Object result = Napi::Object::New(env);
    result.Set("flopsPerSecond", flops_);
    Napi::Float64Array bandwidths = Napi::Float64Array::New(env, bandwidths_.size());
    std::copy(bandwidths_.begin(), bandwidths_.end(), bandwidths.Data());
    result.Set("bytesPerSecond", bandwidths);
    deferred_.Resolve(result);
  }

 private:
  Napi::Promise::Deferred deferred_;
  int threads_;
  std::vector<std::size_t> sizes_;
  device::Cpu& cpu_;
  double flops_ = 0;
  std::vector<double> bandwidths_;
};

// peaks(threads: number, sizes: number[]) → Promise<{flopsPerSecond, bytesPerSecond: Float64Array}>
Napi::Value Peaks(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsNumber() || !info[1].IsArray()) {
    Throw(env, {StatusCode::kArgument, "arguments of peaks (threads, sizes)"});
    return env.Undefined();
  }
  State& state = State::Of(env);
  const Napi::Array list = info[1].As<Napi::Array>();
  std::vector<std::size_t> sizes;
  for (std::uint32_t i = 0; i < list.Length(); ++i)
    sizes.push_back(static_cast<std::size_t>(std::clamp(list.Get(i).ToNumber().DoubleValue(), 0.0, 1e9)));
  const int threads = std::clamp(info[0].As<Napi::Number>().Int32Value(), 1, 256);
  auto job = std::make_unique<PeaksJob>(env, threads, std::move(sizes), state.cpu);
  const Napi::Promise promise = job->promise();
  state.runner.Start(std::move(job));
  return promise;
}

}  // namespace

void DefinePeaks(Napi::Env env, Napi::Object exports) {
  exports.Set("peaks", Napi::Function::New(env, Peaks, "peaks"));
}

}  // namespace inferlab::addon
