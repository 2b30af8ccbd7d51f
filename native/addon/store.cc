#include "addon/store.h"

#include <utility>

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
                     {InstanceMethod<&Store::Put>("put"), InstanceMethod<&Store::Drop>("drop"),
                      InstanceMethod<&Store::Forget>("forget"), InstanceMethod<&Store::Look>("look"),
                      InstanceMethod<&Store::Dispose>("dispose"), InstanceAccessor<&Store::OwnedBytes>("ownedBytes")});
}

Store::Store(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Store>(info),
      arrays_(Napi::Persistent(Napi::Object::New(info.Env()))) {
  std::string name = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  const double limit = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : 0;
  heap_ = memory::SessionHeap::Make(State::Of(info.Env()).cpu.heap, std::move(name),
                                    limit >= 1 && limit < 1e15 ? static_cast<std::size_t>(limit) : 0);
  constants_ = std::make_shared<program::ConstantStore>(heap_);
}

void Store::Add(const std::shared_ptr<ProgramSlot>& slot) {
  // Those that are gone leave the list when it would grow.
  if (programs_.size() == programs_.capacity()) std::erase_if(programs_, [](const auto& known) { return known.expired(); });
  programs_.push_back(slot);
}

Napi::Value Store::Put(const Napi::CallbackInfo& info) {
  std::byte* data;
  std::size_t bytes;
  if (!constants_ || !info[0].IsNumber() || !BytesOf(info[1], &data, &bytes) ||
      !constants_->Put(static_cast<std::uint64_t>(info[0].As<Napi::Number>().Int64Value()), data, bytes)) {
    Throw(info.Env(), {StatusCode::kArgument, "constant (a new id and a typed array)"});
    return info.Env().Undefined();
  }
  arrays_.Value().Set(info[0], info[1]);
  return info.Env().Undefined();
}

Napi::Value Store::OwnedBytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(constants_ ? constants_->owned_bytes() : owned_bytes_));
}

Napi::Value Store::Drop(const Napi::CallbackInfo& info) {
  if (!constants_ || !info[0].IsArray()) return info.Env().Undefined();
  const Napi::Array ids = info[0].As<Napi::Array>();
  for (std::uint32_t i = 0; i < ids.Length(); ++i) {
    const Napi::Value id = ids[i];
    if (id.IsNumber()) constants_->Drop(static_cast<std::uint64_t>(id.As<Napi::Number>().Int64Value()));
  }
  return info.Env().Undefined();
}

Napi::Value Store::Forget(const Napi::CallbackInfo& info) {
  if (!constants_ || !info[0].IsNumber()) return info.Env().Undefined();
  constants_->Forget(static_cast<std::uint64_t>(info[0].As<Napi::Number>().Int64Value()));
  Napi::Object arrays = arrays_.Value();
  const Napi::Value array = arrays.Get(info[0]);
  arrays.Delete(info[0]);
  // Its memory would come back with the garbage, much later than the packed form takes its place.
  if (info[1].ToBoolean() && array.IsTypedArray()) {
    Napi::ArrayBuffer buffer = array.As<Napi::TypedArray>().ArrayBuffer();
    if (!buffer.IsDetached()) buffer.Detach();
  }
  return info.Env().Undefined();
}

Napi::Value Store::Look(const Napi::CallbackInfo& info) {
  return ToObject(info.Env(), heap_->Look());
}

Napi::Value Store::Dispose(const Napi::CallbackInfo& info) {
  if (constants_) owned_bytes_ = constants_->owned_bytes();
  for (const auto& known : programs_)
    if (const auto slot = known.lock()) slot->program.reset();
  programs_.clear();
  constants_.reset();
  arrays_.Reset(Napi::Object::New(info.Env()), 1);
  return info.Env().Undefined();
}

void DefineStore(Napi::Env env, Napi::Object exports) {
  const Napi::Function constructor = Store::Class(env);
  State::Of(env).store = Napi::Persistent(constructor);
  exports.Set("ConstantStore", constructor);
}

}  // namespace inferlab::addon
