#include "base/isa.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace inferlab {
namespace {

#define INFERLAB_COMPILED(ns, isa) isa,
constexpr Isa kCompiled[] = {INFERLAB_FOR_EACH_ISA(INFERLAB_COMPILED)};

Isa Detect() {
  // Compiled sets are listed from the most general to the most capable.
  Isa best = Isa::kPlain;
  for (Isa isa : kCompiled)
    if (IsaSupported(isa)) best = isa;
  if (const char* forced = std::getenv("INFERLAB_ISA")) {
    for (Isa isa : kCompiled)
      if (IsaSupported(isa) && std::strcmp(forced, IsaName(isa)) == 0) return isa;
  }
  return best;
}

std::atomic<int> current{-1};

}  // namespace

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kNeon:
      return "neon";
    case Isa::kPlain:
      break;
  }
  return "plain";
}

bool IsaSupported(Isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case Isa::kAvx512:
      return IsaSupported(Isa::kAvx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case Isa::kNeon:
      return true;
#endif
    case Isa::kPlain:
      return true;
    default:
      return false;
  }
}

Isa CurrentIsa() {
  int isa = current.load(std::memory_order_relaxed);
  if (isa < 0) {
    isa = static_cast<int>(Detect());
    current.store(isa, std::memory_order_relaxed);
  }
  return static_cast<Isa>(isa);
}

bool ForceIsa(Isa isa) {
  for (Isa compiled : kCompiled) {
    if (compiled != isa || !IsaSupported(isa)) continue;
    current.store(static_cast<int>(isa), std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace inferlab
