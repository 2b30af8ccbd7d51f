// The addon's door: what JavaScript sees of native code. src/runtime/native/addon.ts declares the same in TypeScript.
#include <napi.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "addon/state.h"
#include "base/isa.h"
#include "program/schema.gen.h"

namespace inferlab::addon {
namespace {

const char* CodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "OK";
    case StatusCode::kMalformed:
      return "MALFORMED";
    case StatusCode::kStale:
      return "STALE";
    case StatusCode::kOutOfMemory:
      return "OUT_OF_MEMORY";
    case StatusCode::kCancelled:
      return "CANCELLED";
    case StatusCode::kValue:
      return "VALUE";
    case StatusCode::kArgument:
      return "ARGUMENT";
    case StatusCode::kCorrupted:
      return "CORRUPTED";
  }
  return "UNKNOWN";
}

Napi::Value MemoryStats(const Napi::CallbackInfo& info) {
  const memory::HeapStats stats = State::Of(info.Env()).cpu.heap.Stats();
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("liveBytes", static_cast<double>(stats.live_bytes));
  object.Set("peakBytes", static_cast<double>(stats.peak_bytes));
  object.Set("reservedBytes", static_cast<double>(stats.reserved_bytes));
  object.Set("allocations", static_cast<double>(stats.allocations));
  object.Set("frees", static_cast<double>(stats.frees));
  return object;
}

// allocate(bytes) → ArrayBuffer in pool memory.
Napi::Value Allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double bytes = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (!(bytes >= 0)) {
    Throw(env, {StatusCode::kArgument, "number of bytes"});
    return env.Undefined();
  }
  memory::Heap& heap = State::Of(env).cpu.heap;
  void* block = bytes < 1e15 ? heap.Allocate(static_cast<std::size_t>(bytes), "buffer") : nullptr;
  if (!block) {
    Throw(env, Status::OutOfMemory(static_cast<std::int64_t>(bytes)));
    return env.Undefined();
  }
  return WrapBlock(env, heap, block, static_cast<std::size_t>(bytes));
}

Napi::Array ToArray(Napi::Env env, const std::vector<memory::Finding>& findings) {
  Napi::Array array = Napi::Array::New(env, findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("misuse", Napi::String::New(env, memory::MisuseName(findings[i].misuse)));
    object.Set("owner", Napi::String::New(env, findings[i].owner));
    object.Set("blockBytes", static_cast<double>(findings[i].block_bytes));
    object.Set("offset", static_cast<double>(findings[i].offset));
    object.Set("bytes", static_cast<double>(findings[i].bytes));
    array.Set(static_cast<std::uint32_t>(i), object);
  }
  return array;
}

// memoryFindings() → what checked mode found since the last call.
Napi::Value MemoryFindings(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), State::Of(info.Env()).cpu.heap.TakeFindings());
}

// memoryLeaks() → blocks alive now; checked mode only.
Napi::Value MemoryLeaks(const Napi::CallbackInfo& info) {
  return ToArray(info.Env(), State::Of(info.Env()).cpu.heap.Leaks());
}

Napi::Value Trim(const Napi::CallbackInfo& info) {
  State::Of(info.Env()).cpu.heap.Trim();
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new State(env));
  char hash[17];
  std::snprintf(hash, sizeof(hash), "%016llx", static_cast<unsigned long long>(program::kSchemaHash));
  exports.Set("schemaHash", Napi::String::New(env, hash));
  exports.Set("isa", Napi::String::New(env, IsaName(CurrentIsa())));
  Napi::Array isas = Napi::Array::New(env);
#define INFERLAB_LIST(ns, isa) \
  if (IsaSupported(isa)) isas.Set(isas.Length(), Napi::String::New(env, IsaName(isa)));
  INFERLAB_FOR_EACH_ISA(INFERLAB_LIST)
#undef INFERLAB_LIST
  exports.Set("isas", isas);
  exports.Set("memoryStats", Napi::Function::New(env, MemoryStats, "memoryStats"));
  exports.Set("allocate", Napi::Function::New(env, Allocate, "allocate"));
  exports.Set("memoryChecked", Napi::Boolean::New(env, State::Of(env).cpu.heap.checked()));
  exports.Set("memoryFindings", Napi::Function::New(env, MemoryFindings, "memoryFindings"));
  exports.Set("memoryLeaks", Napi::Function::New(env, MemoryLeaks, "memoryLeaks"));
  exports.Set("trim", Napi::Function::New(env, Trim, "trim"));
  DefineStore(env, exports);
  DefineProgram(env, exports);
  return exports;
}

}  // namespace

Napi::Error ToError(Napi::Env env, const Status& status) {
  Napi::Error error = Napi::Error::New(env, std::string(CodeName(status.code)) + ": " + status.what);
  Napi::Object object = error.Value();
  object.Set("code", Napi::String::New(env, CodeName(status.code)));
  object.Set("what", Napi::String::New(env, status.what));
  object.Set("found", Napi::Number::New(env, static_cast<double>(status.found)));
  object.Set("expected", Napi::Number::New(env, static_cast<double>(status.expected)));
  object.Set("instruction", Napi::Number::New(env, static_cast<double>(status.instruction)));
  return error;
}

void Throw(Napi::Env env, const Status& status) { ToError(env, status).ThrowAsJavaScriptException(); }

Napi::Value WrapBlock(Napi::Env env, memory::Heap& heap, void* block, std::size_t bytes) {
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      env, block, bytes, [](napi_env, void* data, void* owner) { static_cast<memory::Heap*>(owner)->Free(data); }, &heap,
      &buffer);
  if (status == napi_ok) return Napi::Value(env, buffer);
  // An embedder that forbids external memory (a V8 sandbox): copied.
  Napi::ArrayBuffer copy = Napi::ArrayBuffer::New(env, bytes);
  std::memcpy(copy.Data(), block, bytes);
  heap.Free(block);
  return copy;
}

NODE_API_MODULE(inferlab, Init)

}  // namespace inferlab::addon
