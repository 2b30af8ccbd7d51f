// vision(name, params, inputs, outputs, threads): one picture kernel, on the caller's thread and `threads` - 1 of the pool's.
#include <napi.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "addon/state.h"
#include "addon/store.h"
#include "base/thread_pool.h"
#include "vision/vision.h"

namespace inferlab::addon {
namespace {

bool ToArray(Napi::Value value, vision::Array* array) {
  if (!value.IsTypedArray()) return false;
  using vision::Element;
  switch (value.As<Napi::TypedArray>().TypedArrayType()) {
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      array->element = Element::kU8;
      break;
    case napi_int8_array:
      array->element = Element::kI8;
      break;
    case napi_int16_array:
      array->element = Element::kI16;
      break;
    case napi_uint16_array:
      array->element = Element::kU16;
      break;
    case napi_int32_array:
      array->element = Element::kI32;
      break;
    case napi_float32_array:
      array->element = Element::kF32;
      break;
    case napi_float64_array:
      array->element = Element::kF64;
      break;
    default:
      return false;
  }
  std::size_t bytes;
  if (!BytesOf(value, &array->data, &bytes)) return false;
  array->length = value.As<Napi::TypedArray>().ElementLength();
  return true;
}

bool ToArrays(Napi::Value value, std::vector<vision::Array>* arrays) {
  if (!value.IsArray()) return false;
  const Napi::Array list = value.As<Napi::Array>();
  arrays->resize(list.Length());
  for (std::uint32_t i = 0; i < list.Length(); ++i)
    if (!ToArray(list[i], &(*arrays)[i])) return false;
  return true;
}

Napi::Value Vision(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  vision::Array params;
  std::vector<vision::Array> inputs, outputs;
  if (!info[0].IsString() || !ToArray(info[1], &params) || params.element != vision::Element::kF64 ||
      !ToArrays(info[2], &inputs) || !ToArrays(info[3], &outputs) || !info[4].IsNumber()) {
    Throw(env, {StatusCode::kArgument, "arguments of vision (name, params, inputs, outputs, threads)"});
    return env.Undefined();
  }
  device::Cpu& cpu = State::Of(env).cpu;
  Status status;
  try {
    Team team(cpu.threads, std::clamp(info[4].As<Napi::Number>().Int32Value(), 1, 256));
    vision::Call call(params.As<double>(), params.length, inputs.data(), inputs.size(), outputs.data(), outputs.size(),
                      cpu.heap, team);
    status = vision::Run(info[0].As<Napi::String>().Utf8Value().c_str(), call);
  } catch (const std::bad_alloc&) {
    status = Status::OutOfMemory(0);
  }
  if (!status.ok()) Throw(env, status);
  return env.Undefined();
}

}  // namespace

void DefineVision(Napi::Env env, Napi::Object exports) {
  exports.Set("vision", Napi::Function::New(env, Vision, "vision"));
}

}  // namespace inferlab::addon
