// Whole numbers rounded up. Not for *_isa.cc sources: of an inline function compiled in several places the linker keeps one
// copy, which must not be one for a certain instruction set.
#pragma once
#include <cstddef>
#include <cstdint>

namespace inferlab {

// ⌈a / b⌉ of a ≥ 0 and b > 0.
constexpr std::int64_t CeilDiv(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Bytes up to the end of a line of the cache, where the next part of a workspace begins.
constexpr std::size_t WholeLines(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

}  // namespace inferlab
