// What went wrong, without text: native code says it in numbers, the addon turns it into one sentence.
#pragma once
#include <cstdint>

namespace inferlab {

enum class StatusCode : std::int32_t {
  kOk = 0,
  kMalformed = 1,    // a program's bytes break the format or point out of their buffers
  kStale = 2,        // a program was written for another schema than this addon's
  kOutOfMemory = 3,  // memory could not be had, or the heap's limit was reached
  kCancelled = 4,    // the run's cancel flag was set
  kValue = 5,        // a tensor's values break an operator's rule (an index out of range)
  kArgument = 6,     // a function of the addon was called with an argument it does not take
  kCorrupted = 7,    // checked mode found memory misused
};

struct [[nodiscard]] Status {
  StatusCode code = StatusCode::kOk;
  // A phrase with static storage that names the thing: "input bytes", "gather index".
  const char* what = "";
  std::int64_t found = 0;
  std::int64_t expected = 0;
  // Index of the instruction it happened in; -1 outside of any.
  std::int64_t instruction = -1;

  bool ok() const { return code == StatusCode::kOk; }
  static Status Ok() { return {}; }
  static Status Malformed(const char* what, std::int64_t found = 0, std::int64_t expected = 0) {
    return {StatusCode::kMalformed, what, found, expected};
  }
  static Status OutOfMemory(std::int64_t size_bytes, std::int64_t limit_bytes = 0) {
    return {StatusCode::kOutOfMemory, "memory", size_bytes, limit_bytes};
  }
  static Status Cancelled() { return {StatusCode::kCancelled, "run"}; }
  static Status Value(const char* what, std::int64_t found, std::int64_t expected) {
    return {StatusCode::kValue, what, found, expected};
  }
};

#define INFERLAB_RETURN_IF_ERROR(expression)              \
  do {                                                    \
    if (::inferlab::Status status_ = (expression); !status_.ok()) return status_; \
  } while (false)

}  // namespace inferlab
