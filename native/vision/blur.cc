// Separable symmetric filters: Gaussian, and any other whose weights add up to 1.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "vision/border.h"
#include "vision/rows.h"
#include "vision/vision.h"

namespace inferlab::vision {
namespace {

// In units of 2^-15, adding up to 2^15 as far as 16 bits go: a flat picture stays flat.
std::vector<std::int16_t> Fixed(const float* weights, std::int64_t radius) {
  std::vector<std::int16_t> fixed(static_cast<std::size_t>(radius) + 1);
  int rest = 32768;
  for (std::int64_t t = 1; t <= radius; ++t) {
    fixed[static_cast<std::size_t>(t)] = static_cast<std::int16_t>(std::lround(weights[t] * 32768.0f));
    rest -= 2 * fixed[static_cast<std::size_t>(t)];
  }
  fixed[0] = static_cast<std::int16_t>(std::min(rest, 32767));
  return fixed;
}

template <typename T, typename Mixed>
void FilterRows(const Picture& source, const Picture& target, std::int64_t first, std::int64_t last,
                std::int64_t radius_x, std::int64_t radius_y, Border border, const T** pointers, Mixed* line, const T* fill,
                Mixed fill_mixed, const auto& down, const auto& across) {
  const std::int64_t c = source.channels, n = source.width * c, pad = radius_x * c;
  Mixed* middle = line + pad;
  for (std::int64_t y = first; y < last; ++y) {
    for (std::int64_t t = -radius_y; t <= radius_y; ++t) {
      const std::int64_t at = BorderIndex(y + t, source.height, border);
      pointers[t + radius_y] = at < 0 ? fill : source.Row<T>(at);
    }
    down(pointers + radius_y, middle, n);
    for (std::int64_t x = 1; x <= radius_x; ++x) {
      const std::int64_t left = BorderIndex(-x, source.width, border);
      const std::int64_t right = BorderIndex(source.width - 1 + x, source.width, border);
      for (std::int64_t k = 0; k < c; ++k) {
        middle[-x * c + k] = left < 0 ? fill_mixed : middle[left * c + k];
        middle[n + (x - 1) * c + k] = right < 0 ? fill_mixed : middle[right * c + k];
      }
    }
    across(middle, target.Row<T>(y), n);
  }
}

}  // namespace

// blur(source, target; radius across, radius down, border, fill; weights across, weights down): u8 or f32. Weights from the
// middle outwards, none negative, w[0] + 2 Σ w[t] = 1.
Status Blur(Call& call) {
  const Picture source = call.InputPicture();
  const Picture target = call.OutputPicture();
  const std::int64_t radius_x = call.Integer(0, 4096), radius_y = call.Integer(0, 4096);
  const auto border = static_cast<Border>(call.Integer(0, 4));
  const double fill = call.Number();
  const float* weights_x = call.Input<float>(Element::kF32, radius_x + 1);
  const float* weights_y = call.Input<float>(Element::kF32, radius_y + 1);
  if (call.ok() && (source.width != target.width || source.height != target.height || source.channels != target.channels ||
                    source.element != target.element))
    call.Fail("size of a target", target.width, source.width);
  if (call.ok() && source.element != Element::kU8 && source.element != Element::kF32) call.Fail("element type");
  if (!call.ok() || source.width == 0 || source.height == 0) return call.status();
  for (std::int64_t t = 0; t <= std::max(radius_x, radius_y); ++t)
    if ((t <= radius_x && !(weights_x[t] >= 0 && weights_x[t] <= 1)) ||
        (t <= radius_y && !(weights_y[t] >= 0 && weights_y[t] <= 1))) {
      call.Fail("weight of a filter");
      return call.status();
    }
  const std::int64_t n = source.width * source.channels;
  const bool floats = source.element == Element::kF32;
  const std::size_t size = floats ? sizeof(float) : sizeof(std::int16_t);
  const auto pointer_bytes = static_cast<std::size_t>(2 * radius_y + 1) * sizeof(void*);
  const std::size_t line_bytes = static_cast<std::size_t>(n + 2 * radius_x * source.channels + rows::kSlack) * size;
  const Scratch scratch(call, pointer_bytes + line_bytes + 64);
  if (!call.ok()) return call.status();
  const std::vector<float> fill_floats(floats ? static_cast<std::size_t>(n) : 0, static_cast<float>(fill));
  const auto level = static_cast<std::uint8_t>(std::clamp(fill, 0.0, 255.0));
  const std::vector<std::uint8_t> fill_levels(floats ? 0 : static_cast<std::size_t>(n), level);
  const auto fixed_x = Fixed(weights_x, radius_x), fixed_y = Fixed(weights_y, radius_y);
  const rows::Table& kernels = rows::Kernels();
  ForRows(call.parallel, source.height, n, [&](std::int64_t first, std::int64_t last, int thread) {
    auto* memory = scratch.Of<std::byte>(thread);
    if (floats) {
      FilterRows<float, float>(
          source, target, first, last, radius_x, radius_y, border, reinterpret_cast<const float**>(memory),
          reinterpret_cast<float*>(memory + pointer_bytes), fill_floats.data(), static_cast<float>(fill),
          [&](const float** p, float* to, std::int64_t count) {
            kernels.symmetric_rows_f32(p, weights_y, static_cast<int>(radius_y), to, count);
          },
          [&](const float* from, float* to, std::int64_t count) {
            kernels.symmetric_columns_f32(from, weights_x, static_cast<int>(radius_x), source.channels, to, count);
          });
    } else {
      FilterRows<std::uint8_t, std::int16_t>(
          source, target, first, last, radius_x, radius_y, border, reinterpret_cast<const std::uint8_t**>(memory),
          reinterpret_cast<std::int16_t*>(memory + pointer_bytes), fill_levels.data(),
          static_cast<std::int16_t>(level << 6),
          [&](const std::uint8_t** p, std::int16_t* to, std::int64_t count) {
            kernels.symmetric_rows_u8(p, fixed_y.data(), static_cast<int>(radius_y), to, count);
          },
          [&](const std::int16_t* from, std::uint8_t* to, std::int64_t count) {
            kernels.symmetric_columns_u8(from, fixed_x.data(), static_cast<int>(radius_x), source.channels, to, count);
          });
    }
  });
  return call.status();
}

}  // namespace inferlab::vision
