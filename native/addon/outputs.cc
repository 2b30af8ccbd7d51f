#include "addon/outputs.h"

#include <algorithm>

namespace inferlab::addon {

Outputs& Outputs::Here() {
  thread_local Outputs outputs;
  return outputs;
}

void Outputs::Tell(napi_env env, std::int64_t hidden_bytes) {
  std::int64_t total;
  if (hidden_bytes != hidden_bytes_) napi_adjust_external_memory(env, hidden_bytes_ - hidden_bytes, &total);
  hidden_bytes_ = hidden_bytes;
}

void Outputs::Made(napi_env env, std::size_t bytes) {
  const auto size = static_cast<std::int64_t>(bytes);
  Tell(env, std::min(hidden_bytes_ + size, std::max({kHiddenBytes, hidden_bytes_, std::min(4 * size, kMostHiddenBytes)})));
  since_turn_bytes_ += bytes;
  since_occasion_bytes_ += bytes;
  if (since_occasion_bytes_ < kOccasionBytes) return;
  since_occasion_bytes_ = 0;
  GiveOccasion(env);
}

void Outputs::GiveOccasion(napi_env env) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value occasion;
  void* data;
  napi_create_arraybuffer(env, 1, &data, &occasion);
  napi_value witness = nullptr;
  if (witness_) napi_get_reference_value(env, witness_, &witness);
  if (!witness) {
    // At once: V8 subtracts what it collected when the next array is made, or later. The other way round its count would dip,
    // and it takes the rise from its lowest for growth.
    Tell(env, 0);
    if (witness_) napi_delete_reference(env, witness_);
    witness_ = nullptr;
    if (napi_create_object(env, &witness) == napi_ok) napi_create_reference(env, witness, 0, &witness_);
  }
  napi_close_handle_scope(env, scope);
}

}  // namespace inferlab::addon
