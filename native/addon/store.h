#pragma once
#include <napi.h>

#include <memory>

#include "program/program.h"

namespace inferlab::addon {

// JavaScript class ConstantStore: `put(id, typedArray)`, `ownedBytes`.
class Store : public Napi::ObjectWrap<Store> {
 public:
  explicit Store(const Napi::CallbackInfo& info);
  const std::shared_ptr<program::ConstantStore>& constants() const { return constants_; }
  static Napi::Function Class(Napi::Env env);

 private:
  Napi::Value Put(const Napi::CallbackInfo& info);
  Napi::Value OwnedBytes(const Napi::CallbackInfo& info);

  std::shared_ptr<program::ConstantStore> constants_;
  // Keeps the arrays alive whose memory the store points into.
  Napi::Reference<Napi::Array> arrays_;
};

// Bytes under a typed array or data view; false for anything else.
bool BytesOf(Napi::Value value, std::byte** data, std::size_t* bytes);

}  // namespace inferlab::addon
