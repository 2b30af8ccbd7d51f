// A small test harness. A file of tests is native/**/<name>_test.cc:
//
//   TEST(Pool, RefusesHugeBlocks) { EXPECT(heap.Allocate(huge) == nullptr); }
//   TEST_EACH_ISA(Elementwise, AddsRows) { … }     once per instruction set this CPU has
//
// The executable runs all tests, or those whose name contains one of its arguments, prints failures and exits with their
// number (at most 100).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/isa.h"

namespace inferlab::testing {

struct Test {
  std::string name;
  std::function<void()> body;
};

std::vector<Test>& Tests();
void Fail(const char* file, int line, const std::string& what);
bool Register(const char* group, const char* name, void (*body)());
bool RegisterEachIsa(const char* group, const char* name, void (*body)());

// Distance in representable floats; huge where only one is NaN.
inline double UlpsBetween(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b) ? 0 : 1e30;
  if (a == b) return 0;
  const auto ordered = [](float x) {
    std::int32_t bits;
    std::memcpy(&bits, &x, 4);
    return bits < 0 ? std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits : std::int64_t{bits};
  };
  return std::fabs(static_cast<double>(ordered(a) - ordered(b)));
}

// Deterministic numbers.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
  std::uint64_t Bits() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  // Uniform in [low, high).
  float Uniform(float low, float high) {
    return low + (high - low) * static_cast<float>(Bits() >> 40) / static_cast<float>(1 << 24);
  }
  std::int64_t Int(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Bits() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::vector<float> Floats(std::size_t n, float low = -1, float high = 1) {
    std::vector<float> values(n);
    for (float& value : values) value = Uniform(low, high);
    return values;
  }

 private:
  std::uint64_t state_;
};

// n elements that begin `offset` elements after an aligned address, with guards behind them that Intact() checks.
template <typename T>
class Guarded {
 public:
  explicit Guarded(std::size_t n, std::size_t offset = 1)
      : n_(n), offset_(offset), memory_(n + offset + kGuard, Guard()) {}
  T* data() { return memory_.data() + offset_; }
  const T* data() const { return memory_.data() + offset_; }
  std::size_t size() const { return n_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  bool Intact() const {
    const T guard = Guard();
    for (std::size_t i = 0; i < offset_; ++i)
      if (std::memcmp(&memory_[i], &guard, sizeof(T)) != 0) return false;
    for (std::size_t i = offset_ + n_; i < memory_.size(); ++i)
      if (std::memcmp(&memory_[i], &guard, sizeof(T)) != 0) return false;
    return true;
  }

 private:
  static constexpr std::size_t kGuard = 64;
  static T Guard() {
    T value;
    std::memset(&value, 0x5a, sizeof(T));
    return value;
  }
  std::size_t n_;
  std::size_t offset_;
  std::vector<T> memory_;
};

}  // namespace inferlab::testing

#define TEST(group, name)                                                                        \
  static void group##_##name();                                                                  \
  [[maybe_unused]] static const bool group##_##name##_registered =                               \
      ::inferlab::testing::Register(#group, #name, group##_##name);                              \
  static void group##_##name()
#define TEST_EACH_ISA(group, name)                                                               \
  static void group##_##name();                                                                  \
  [[maybe_unused]] static const bool group##_##name##_registered =                               \
      ::inferlab::testing::RegisterEachIsa(#group, #name, group##_##name);                       \
  static void group##_##name()
#define EXPECT(condition)                                                        \
  do {                                                                           \
    if (!(condition)) ::inferlab::testing::Fail(__FILE__, __LINE__, #condition); \
  } while (false)
// With the values that make the failure understandable: EXPECT_THAT(a == b, "n = " + std::to_string(n)).
#define EXPECT_THAT(condition, message)                                                                   \
  do {                                                                                                    \
    if (!(condition)) ::inferlab::testing::Fail(__FILE__, __LINE__, std::string(#condition) + ": " + (message)); \
  } while (false)
