#include "vision/resize.h"

#include <algorithm>
#include <cstring>

#include "vision/rows.h"

namespace inferlab::vision {

RowResizer::RowResizer(Call& call, const Picture& source, std::int64_t width, std::int64_t height)
    : source_(source), across_(ReadTaps(call, source.width, width)), down_(ReadTaps(call, source.height, height)) {
  if (!call.ok()) return;
  same_width_ = source.width == width && across_.count == 1;
  for (std::int64_t i = 0; same_width_ && i < width; ++i)
    same_width_ = across_.first[static_cast<std::size_t>(i)] == i && across_.fixed[static_cast<std::size_t>(i)] == 16384;
}

std::size_t RowResizer::ScratchBytes() const {
  const std::size_t row = static_cast<std::size_t>(source_.width * source_.channels) + rows::kSlack;
  return row * (source_.element == Element::kF32 ? sizeof(float) : sizeof(std::int16_t)) +
         (static_cast<std::size_t>(down_.count) + 1) * sizeof(void*) + 64;
}

void RowResizer::Row(std::int64_t y, std::byte* scratch, std::uint8_t* to) const {
  const rows::Table& kernels = rows::Kernels();
  const int channels = static_cast<int>(source_.channels);
  const std::int32_t first = down_.first[static_cast<std::size_t>(y)];
  const std::int16_t* weights = down_.fixed.data() + y * down_.count;
  // Moved without arithmetic where one pixel with weight 1 makes each level.
  if (across_.count == 1 && down_.count == 1) {
    const auto* from = source_.Row<std::uint8_t>(first);
    if (same_width_)
      std::memcpy(to, from, static_cast<std::size_t>(across_.output * channels));
    else
      kernels.pick_u8(from, across_.first.data(), across_.inner, channels, to, across_.output);
    return;
  }
  auto** sources = reinterpret_cast<const std::uint8_t**>(scratch);
  for (int t = 0; t < down_.count; ++t) sources[t] = source_.Row<std::uint8_t>(first + t);
  auto* mixed = reinterpret_cast<std::int16_t*>(sources + down_.count + 1);
  const std::int64_t n = source_.width * channels;
  kernels.mix_u8(sources, weights, down_.count, mixed, n);
  std::memset(mixed + n, 0, rows::kSlack * sizeof(std::int16_t));
  kernels.gather_u8(mixed, across_.first.data(), across_.pairs.data(), across_.output, across_.count, channels, to,
                    across_.output);
}

void RowResizer::Row(std::int64_t y, std::byte* scratch, float* to) const {
  const rows::Table& kernels = rows::Kernels();
  const int channels = static_cast<int>(source_.channels);
  const std::int32_t first = down_.first[static_cast<std::size_t>(y)];
  auto** sources = reinterpret_cast<const float**>(scratch);
  for (int t = 0; t < down_.count; ++t) sources[t] = source_.Row<float>(first + t);
  auto* mixed = reinterpret_cast<float*>(sources + down_.count + 1);
  kernels.mix_f32(sources, down_.weights.data() + y * down_.count, down_.count, mixed, source_.width * channels);
  kernels.gather_f32(mixed, across_.first.data(), across_.weights.data(), across_.count, channels, to, across_.output);
}

// resize(source, target, taps across, taps down): u8 or f32.
Status Resize(Call& call) {
  const Picture source = call.InputPicture();
  const Picture target = call.OutputPicture();
  if (call.ok() && (source.channels != target.channels || source.element != target.element))
    call.Fail("channels of a resize", target.channels, source.channels);
  if (call.ok() && source.element != Element::kU8 && source.element != Element::kF32) call.Fail("element type");
  if (!call.ok()) return call.status();
  const RowResizer resizer(call, source, target.width, target.height);
  if (!call.ok() || target.width == 0 || target.height == 0) return call.status();
  const Scratch scratch(call, resizer.ScratchBytes());
  if (!call.ok()) return call.status();
  ForRows(call.parallel, target.height, std::max(source.width, target.width) * target.channels,
          [&](std::int64_t first, std::int64_t last, int thread) {
            for (std::int64_t y = first; y < last; ++y) {
              if (source.element == Element::kU8)
                resizer.Row(y, scratch.Of<std::byte>(thread), target.Row<std::uint8_t>(y));
              else
                resizer.Row(y, scratch.Of<std::byte>(thread), target.Row<float>(y));
            }
          });
  return call.status();
}

}  // namespace inferlab::vision
