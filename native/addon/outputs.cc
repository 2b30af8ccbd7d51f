#include "addon/outputs.h"

#include <algorithm>

namespace inferlab::addon {

Outputs& Outputs::Here() {
  thread_local Outputs outputs;
  return outputs;
}

void Outputs::Hide(napi_env env) {
  const std::int64_t wanted = std::min(live_bytes_, kHiddenBytes);
  std::int64_t total;
  if (wanted != hidden_bytes_) napi_adjust_external_memory(env, hidden_bytes_ - wanted, &total);
  hidden_bytes_ = wanted;
}

// What came back is shown before V8 subtracts it, which it does when the next array is made: the other way round its count
// would dip, and it takes the rise from its lowest for growth.
void Outputs::Announce(napi_env env, std::size_t bytes) {
  Hide(env);
  live_bytes_ += static_cast<std::int64_t>(bytes);
}

void Outputs::Made(napi_env env, std::size_t bytes) {
  Hide(env);
  since_turn_bytes_ += bytes;
  since_occasion_bytes_ += bytes;
  if (since_occasion_bytes_ < kOccasionBytes) return;
  since_occasion_bytes_ = 0;
  napi_value occasion;
  void* data;
  napi_create_arraybuffer(env, 1, &data, &occasion);
}

}  // namespace inferlab::addon
