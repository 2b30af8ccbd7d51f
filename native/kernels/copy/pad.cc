#include "kernels/copy/pad.h"

#include <algorithm>
#include <cstring>

namespace inferlab::copy {
namespace {

// Bytes a parallel task writes, about.
constexpr std::int64_t kTaskBytes = 64 * 1024;

std::int64_t Modulo(std::int64_t a, std::int64_t n) {
  const std::int64_t rest = a % n;
  return rest < 0 ? rest + n : rest;
}

template <typename T>
struct Padding {
  const PadParams& p;
  const T* x;
  const T fill;
  T* y;

  // Positions [from, to) of a row, which lie outside of the input.
  void Border(const T* row, T* out, std::int64_t from, std::int64_t to) const {
    if (from >= to) return;
    const PadAxis& axis = p.axes[p.rank - 1];
    if (p.mode == PadMode::kConstant || !row) {
      std::fill(out + from * p.block, out + to * p.block, fill);
    } else if (p.block == 1) {
      for (std::int64_t i = from; i < to; ++i) out[i] = row[PadSource(p.mode, i - axis.before, axis.in)];
    } else {
      for (std::int64_t i = from; i < to; ++i)
        std::copy_n(row + PadSource(p.mode, i - axis.before, axis.in) * p.block, p.block, out + i * p.block);
    }
  }

  // Positions [from, to) of the output's row `index`, a number over the axes before the last.
  void Row(std::int64_t index, std::int64_t from, std::int64_t to) const {
    const PadAxis& axis = p.axes[p.rank - 1];
    T* out = y + index * axis.out * p.block;
    std::int64_t source = 0, scale = 1;
    for (int a = p.rank - 2; a >= 0 && source >= 0; --a) {
      const PadAxis& outer = p.axes[a];
      const std::int64_t at = PadSource(p.mode, index % outer.out - outer.before, outer.in);
      index /= outer.out;
      source = at < 0 ? -1 : source + at * scale;
      scale *= outer.in;
    }
    if (source < 0) return Border(nullptr, out, from, to);
    const T* row = x + source * axis.in * p.block;
    const std::int64_t first = std::clamp(axis.before, from, to);
    const std::int64_t last = std::clamp(axis.before + axis.in, first, to);
    Border(row, out, from, first);
    if (last > first)
      std::memcpy(out + first * p.block, row + (first - axis.before) * p.block,
                  static_cast<std::size_t>((last - first) * p.block) * sizeof(T));
    Border(row, out, last, to);
  }
};

template <typename T>
void PadTyped(const PadParams& p, const void* x, const void* fill, void* y, Parallel& parallel) {
  const Padding<T> padding{p, static_cast<const T*>(x), *static_cast<const T*>(fill), static_cast<T*>(y)};
  std::int64_t rows = 1;
  for (int a = 0; a + 1 < p.rank; ++a) rows *= p.axes[a].out;
  const std::int64_t width = p.axes[p.rank - 1].out;
  const std::int64_t row_bytes = width * p.block * static_cast<std::int64_t>(sizeof(T));
  if (rows == 0 || row_bytes == 0) return;
  // Several rows a task, or several tasks a row.
  const std::int64_t pieces = std::clamp<std::int64_t>(row_bytes / kTaskBytes, 1, width);
  const std::int64_t step = (width + pieces - 1) / pieces;
  const std::int64_t each = std::max<std::int64_t>(1, kTaskBytes / row_bytes);
  const std::int64_t groups = (rows + each - 1) / each;
  parallel.For(static_cast<std::size_t>(groups * pieces), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) / pieces * each;
    const std::int64_t from = std::min(width, static_cast<std::int64_t>(task) % pieces * step);
    for (std::int64_t row = begin; row < std::min(rows, begin + each); ++row)
      padding.Row(row, from, std::min(width, from + step));
  });
}

}  // namespace

std::int64_t PadSource(PadMode mode, std::int64_t at, std::int64_t n) {
  if (at >= 0 && at < n) return at;
  switch (mode) {
    case PadMode::kConstant:
      return -1;
    case PadMode::kEdge:
      return at < 0 ? 0 : n - 1;
    case PadMode::kWrap:
      return Modulo(at, n);
    case PadMode::kReflect: {
      const std::int64_t period = 2 * (n - 1);
      if (period == 0) return 0;
      if (at < 0) at = -at;
      // A border wider than the input goes back and forth.
      if (at > period) at = Modulo(at, period);
      return at < n ? at : period - at;
    }
  }
  return -1;
}

void Pad(const PadParams& params, const void* x, const void* fill, void* y, Parallel& parallel) {
  switch (params.element_bytes) {
    case 1:
      return PadTyped<std::uint8_t>(params, x, fill, y, parallel);
    case 2:
      return PadTyped<std::uint16_t>(params, x, fill, y, parallel);
    case 4:
      return PadTyped<std::uint32_t>(params, x, fill, y, parallel);
    case 8:
      return PadTyped<std::uint64_t>(params, x, fill, y, parallel);
  }
}

}  // namespace inferlab::copy
