// What lies outside a picture.
#pragma once
#include <cstdint>

namespace inferlab::vision {

// In the order of src/pipeline/nodes/border.ts.
enum class Border : std::int64_t { kReplicate = 0, kReflect101 = 1, kReflect = 2, kWrap = 3, kConstant = 4 };

// The index in [0, n) that stands for i; -1 for a constant. n > 0.
inline std::int64_t BorderIndex(std::int64_t i, std::int64_t n, Border border) {
  if (i >= 0 && i < n) return i;
  switch (border) {
    case Border::kReplicate:
      return i < 0 ? 0 : n - 1;
    case Border::kReflect101: {
      if (n == 1) return 0;
      const std::int64_t period = 2 * (n - 1);
      const std::int64_t at = ((i % period) + period) % period;
      return at < n ? at : period - at;
    }
    case Border::kReflect: {
      const std::int64_t period = 2 * n;
      const std::int64_t at = ((i % period) + period) % period;
      return at < n ? at : period - 1 - at;
    }
    case Border::kWrap:
      return ((i % n) + n) % n;
    case Border::kConstant:
      break;
  }
  return -1;
}

}  // namespace inferlab::vision
