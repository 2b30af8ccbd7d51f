// What V8 is told of outputs, so that it collects those that nobody holds soon and cheaply. Their blocks come back when it
// does, and the next run's outputs are memory that is mapped and warm.
//
// Left to itself V8 counts the bytes of an external ArrayBuffer as if they lay on its own heap and answers with a collection
// of everything, once some 30 MiB have gathered: 20 to 60 ms of CPU time, though what a loop of runs leaves behind is young.
// A collection of the young generation alone finds it in less than 1 ms, but V8 begins one for ArrayBuffers only where it
// allocates one itself and 32 MiB of young ones are alive (twice a semi-space). So it gets an occasion, and is not told of
// outputs before its next collection: which of them to count it knows then.
//
// One for each thread that has an isolate; to be used there only.
#pragma once
#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace inferlab::addon {

class Outputs {
 public:
  static Outputs& Here();

  // The ArrayBuffer of an output was made.
  void Made(napi_env env, std::size_t bytes);

  // Node gives blocks back when the event loop turns: a loop of runs that end where they are asked for must let it.
  bool WantTurn() const { return since_turn_bytes_ >= kTurnBytes; }
  void Turned() { since_turn_bytes_ = 0; }

 private:
  // Of large outputs four: V8's young generation has to see two or three before it is collected.
  static constexpr std::int64_t kHiddenBytes = std::int64_t{48} << 20, kMostHiddenBytes = 4 * kHiddenBytes;
  static constexpr std::size_t kTurnBytes = std::size_t{8} << 20;
  static constexpr std::size_t kOccasionBytes = std::size_t{1} << 20;

  void GiveOccasion(napi_env env);
  void Tell(napi_env env, std::int64_t hidden_bytes);

  // An object that nobody holds is gone: V8 has collected since it was made.
  napi_ref witness_ = nullptr;
  std::int64_t hidden_bytes_ = 0;  // what V8 was told to leave out
  std::size_t since_turn_bytes_ = 0;
  std::size_t since_occasion_bytes_ = 0;
};

}  // namespace inferlab::addon
