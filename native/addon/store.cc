#include "addon/store.h"

#include "addon/state.h"

namespace inferlab::addon {

bool BytesOf(Napi::Value value, std::byte** data, std::size_t* bytes) {
  if (value.IsTypedArray()) {
    // The plain call: it also takes arrays over shared memory.
    napi_typedarray_type type;
    std::size_t length, offset;
    napi_value buffer;
    void* at = nullptr;
    if (napi_get_typedarray_info(value.Env(), value, &type, &length, &at, &buffer, &offset) != napi_ok) return false;
    *data = static_cast<std::byte*>(at);
    *bytes = value.As<Napi::TypedArray>().ByteLength();
    return true;
  }
  if (value.IsArrayBuffer()) {
    auto buffer = value.As<Napi::ArrayBuffer>();
    *data = static_cast<std::byte*>(buffer.Data());
    *bytes = buffer.ByteLength();
    return true;
  }
  return false;
}

Napi::Function Store::Class(Napi::Env env) {
  return DefineClass(env, "ConstantStore",
                     {InstanceMethod<&Store::Put>("put"), InstanceAccessor<&Store::OwnedBytes>("ownedBytes")});
}

Store::Store(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Store>(info),
      constants_(std::make_shared<program::ConstantStore>(State::Of(info.Env()).cpu.heap)),
      arrays_(Napi::Reference<Napi::Array>::New(Napi::Array::New(info.Env()), 1)) {}

Napi::Value Store::Put(const Napi::CallbackInfo& info) {
  std::byte* data;
  std::size_t bytes;
  if (!info[0].IsNumber() || !BytesOf(info[1], &data, &bytes) ||
      !constants_->Put(static_cast<std::uint64_t>(info[0].As<Napi::Number>().Int64Value()), data, bytes)) {
    Throw(info.Env(), {StatusCode::kArgument, "constant (a new id and a typed array)"});
    return info.Env().Undefined();
  }
  Napi::Array arrays = arrays_.Value();
  arrays.Set(arrays.Length(), info[1]);
  return info.Env().Undefined();
}

Napi::Value Store::OwnedBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(constants_->owned_bytes()));
}

void DefineStore(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = Store::Class(env);
  State::Of(env).store = Napi::Persistent(constructor);
  exports.Set("ConstantStore", constructor);
}

}  // namespace inferlab::addon
