#include "kernels/resize/resize.h"

#include <algorithm>
#include <cstring>

#include "kernels/resize/table.h"

namespace inferlab::resize {
namespace {

// Output elements of a parallel task at least.
constexpr std::int64_t kTaskElements = 16384;
const Table& Kernels() { INFERLAB_SELECT_TABLE() }

// Output rows [first, last) of a plane. `cache` holds input rows resampled along the columns; row r, once made, stays at
// its place. Output rows ask for input rows in ascending order, so a row is made once.
void Plane(const Axis& rows, const Axis& columns, bool same_columns, const float* x, float* y, std::int64_t first,
           std::int64_t last, float* cache, std::int64_t* held) {
  const Table& table = Kernels();
  std::fill_n(held, rows.input, -1);
  const auto row = [&](std::int64_t r) -> const float* {
    if (same_columns) return x + r * columns.input;
    float* to = cache + r * columns.output;
    if (held[r] < 0) {
      table.columns(x + r * columns.input, to, columns.output, columns.taps, columns.indices, columns.weights);
      held[r] = 1;
    }
    return to;
  };
  for (std::int64_t i = first; i < last; ++i) {
    float* to = y + i * columns.output;
    const float* sources[kMaxTaps];
    for (std::int64_t tap = 0; tap < rows.taps; ++tap) sources[tap] = row(rows.indices[i * rows.taps + tap]);
    table.rows(sources, rows.weights + i * rows.taps, rows.taps, to, columns.output);
  }
}

// Whether every position is its own only tap.
bool IsIdentity(const Axis& axis) {
  if (axis.input != axis.output || axis.taps != 1) return false;
  for (std::int64_t i = 0; i < axis.output; ++i)
    if (axis.indices[i] != i || axis.weights[i] != 1.0f) return false;
  return true;
}

void Nearest(const Axis& rows, const Axis& columns, const float* x, float* y, std::int64_t first, std::int64_t last) {
  for (std::int64_t i = first; i < last; ++i) {
    float* to = y + i * columns.output;
    if (i > first && rows.indices[i] == rows.indices[i - 1]) {
      std::memcpy(to, to - columns.output, static_cast<std::size_t>(columns.output) * sizeof(float));
      continue;
    }
    const float* from = x + rows.indices[i] * columns.input;
    for (std::int64_t j = 0; j < columns.output; ++j) to[j] = from[columns.indices[j]];
  }
}

}  // namespace

std::size_t WorkspaceBytes(std::int64_t input_rows, std::int64_t output_columns) {
  const auto rows = static_cast<std::size_t>(input_rows);
  return (rows * (static_cast<std::size_t>(output_columns) * sizeof(float) + sizeof(std::int64_t)) + 127) / 64 * 64;
}

void Run(const Params& params, const Axis& rows, const Axis& columns, const float* x, float* y, std::byte* workspace,
         Parallel& parallel) {
  const std::int64_t size = rows.output * columns.output;
  if (params.planes == 0 || size == 0) return;
  // Large planes in bands, small ones several to a task.
  const std::int64_t bands = params.planes >= 16 ? 1 : std::clamp<std::int64_t>(size / kTaskElements, 1, rows.output);
  const std::int64_t band = (rows.output + bands - 1) / bands;
  const std::int64_t total = params.planes * bands;
  const std::int64_t each = std::max<std::int64_t>(1, kTaskElements / (band * columns.output));
  const std::size_t scratch = WorkspaceBytes(rows.input, columns.output);
  const bool same_columns = IsIdentity(columns);
  parallel.For(static_cast<std::size_t>((total + each - 1) / each), [&](std::size_t task, int thread) {
    auto* held = reinterpret_cast<std::int64_t*>(workspace + static_cast<std::size_t>(thread) * scratch);
    auto* cache = reinterpret_cast<float*>(held + rows.input);
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    for (std::int64_t i = begin; i < std::min(total, begin + each); ++i) {
      const std::int64_t plane = i / bands;
      const std::int64_t first = i % bands * band;
      const std::int64_t last = std::min(rows.output, first + band);
      const float* from = x + plane * rows.input * columns.input;
      float* to = y + plane * size;
      if (first >= last) continue;
      if (params.nearest)
        Nearest(rows, columns, from, to, first, last);
      else
        Plane(rows, columns, same_columns, from, to, first, last, cache, held);
    }
  });
}

}  // namespace inferlab::resize
