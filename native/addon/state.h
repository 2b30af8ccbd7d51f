// What one environment (the main thread, each worker thread) has of its own.
#pragma once
#include <napi.h>

#include <memory>
#include <string>

#include "addon/runner.h"
#include "base/status.h"
#include "device/cpu.h"
#include "memory/session_heap.h"

namespace inferlab::addon {

struct State {
  explicit State(Napi::Env env) : runner(env) {}
  static State& Of(Napi::Env env) { return *env.GetInstanceData<State>(); }

  device::Cpu& cpu = device::Cpu::Instance();
  Runner runner;
  Napi::FunctionReference program;
  Napi::FunctionReference store;
  Napi::FunctionReference token;
};

// The JavaScript error of a status: `code` is the status' number as a name, `what`, `found`, `expected`, `instruction` its
// facts. The sentence a person reads is made of them in src/runtime/native.
Napi::Error ToError(Napi::Env env, const Status& status);
void Throw(Napi::Env env, const Status& status);

// Memory of the heap as an ArrayBuffer, given back when it is collected. An empty value, and the block freed, where JavaScript
// refuses an array of that size.
Napi::Value WrapBlock(Napi::Env env, memory::Heap& heap, void* block, std::size_t bytes);

// As WrapBlock for an output of a session, which counts in its heap until then.
Napi::Value WrapOutput(Napi::Env env, memory::SessionHeap& heap, void* block, std::size_t bytes, std::string name);

// What memoryHeaps() says of one heap; see NativeHeap in src/runtime/native/addon.ts.
Napi::Object ToObject(Napi::Env env, const memory::SessionHeap::Report& report);

void DefineMemory(Napi::Env env, Napi::Object exports);
void DefineStore(Napi::Env env, Napi::Object exports);
void DefineProgram(Napi::Env env, Napi::Object exports);
void DefinePeaks(Napi::Env env, Napi::Object exports);
void DefineVision(Napi::Env env, Napi::Object exports);

}  // namespace inferlab::addon
