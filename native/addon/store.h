#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "program/program.h"

namespace inferlab::addon {

// A program that JavaScript holds; empty once it, or its store, was disposed of.
struct ProgramSlot {
  std::shared_ptr<program::Program> program;
  // Of the outputs, in their order; names may be missing.
  std::vector<std::string> output_names;
};

// JavaScript class ConstantStore(name?, limitBytes?): the constants of a session, and its heap. `put(id, typedArray)`,
// `drop(ids)`, `forget(id, detach)`, `ownedBytes`, `look()`, `dispose()`.
class Store : public Napi::ObjectWrap<Store> {
 public:
  explicit Store(const Napi::CallbackInfo& info);
  // Null once disposed of.
  const std::shared_ptr<program::ConstantStore>& constants() const { return constants_; }
  // The JavaScript arrays whose memory constants are. Whoever reads constants keeps this: a store that is disposed of does not.
  Napi::Object arrays() const { return arrays_.Value(); }
  // To be emptied when the store is disposed of.
  void Add(const std::shared_ptr<ProgramSlot>& slot);
  static Napi::Function Class(Napi::Env env);

 private:
  Napi::Value Put(const Napi::CallbackInfo& info);
  Napi::Value OwnedBytes(const Napi::CallbackInfo& info);
  Napi::Value Drop(const Napi::CallbackInfo& info);
  // The array of a constant that was put is let go, and with `detach` its memory given back at once.
  Napi::Value Forget(const Napi::CallbackInfo& info);
  Napi::Value Look(const Napi::CallbackInfo& info);
  // The programs end, and with the last run under way the heap.
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<program::ConstantStore> constants_;
  // Keeps the arrays alive whose memory the store points into, by id.
  Napi::ObjectReference arrays_;
  std::shared_ptr<memory::SessionHeap> heap_;
  std::size_t owned_bytes_ = 0;  // when it was disposed of
  std::vector<std::weak_ptr<ProgramSlot>> programs_;
};

// Bytes under a typed array or data view; false for anything else.
bool BytesOf(Napi::Value value, std::byte** data, std::size_t* bytes);

}  // namespace inferlab::addon
