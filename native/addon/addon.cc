// The addon's door: what JavaScript sees of native code. src/runtime/native/addon.ts declares the same in TypeScript.
#include <napi.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "addon/outputs.h"
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
  DefineMemory(env, exports);
  DefineStore(env, exports);
  DefineProgram(env, exports);
  DefinePeaks(env, exports);
  DefineVision(env, exports);
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

namespace {

// An ArrayBuffer over a block that `give_back(env, block, hint)` ends. Empty, and the block ended, where there can be none.
Napi::Value Wrap(Napi::Env env, void* block, std::size_t bytes, void (*give_back)(napi_env, void*, void*), void* hint) {
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(env, block, bytes, give_back, hint, &buffer);
  if (status == napi_ok) return Napi::Value(env, buffer);
  // An embedder that forbids external memory (a V8 sandbox): copied.
  void* copy = nullptr;
  const bool is_copied =
      status == napi_no_external_buffers_allowed && napi_create_arraybuffer(env, bytes, &copy, &buffer) == napi_ok;
  if (is_copied) std::memcpy(copy, block, bytes);
  give_back(env, block, hint);
  return is_copied ? Napi::Value(env, buffer) : Napi::Value();
}

}  // namespace

Napi::Value WrapBlock(Napi::Env env, memory::Heap& heap, void* block, std::size_t bytes) {
  return Wrap(
      env, block, bytes, [](napi_env, void* data, void* owner) { static_cast<memory::Heap*>(owner)->Free(data); }, &heap);
}

Napi::Value WrapOutput(Napi::Env env, memory::SessionHeap& heap, void* block, std::size_t bytes, std::string name) {
  using memory::SessionHeap;
  const Napi::Value buffer = Wrap(
      env, block, bytes, [](napi_env, void*, void* handed) { SessionHeap::TakeBack(handed); },
      heap.HandOut(block, bytes, std::move(name)));
  if (!buffer.IsEmpty()) Outputs::Here().Made(env, bytes);
  return buffer;
}

NODE_API_MODULE(inferlab, Init)

}  // namespace inferlab::addon
