// From the bytes of a picture to the numbers of a tensor: resized, channels picked, scaled and shifted, in one pass.
#include <algorithm>
#include <memory>

#include "vision/resize.h"
#include "vision/rows.h"

namespace inferlab::vision {

// preprocess(source; width, height, [taps across, taps down where width or height differ: `resized`]; target offset,
// channels, elements from a pixel, row and channel to the next, each channel's source, scale and shift): f32.
//
// Only the width × height elements of each channel are written: padding is the caller's.
Status Preprocess(Call& call) {
  const Picture source = call.InputPicture();
  const std::int64_t width = call.Integer(0, 1 << 24), height = call.Integer(0, 1 << 24);
  const bool resized = call.Integer(0, 1) == 1;
  const Array out = call.NextOutput();
  const std::int64_t offset = call.Integer(0, std::int64_t{1} << 40), channels = call.Integer(1, 4);
  const std::int64_t pixel = call.Integer(1, 4), row = call.Integer(0, std::int64_t{1} << 32),
                     plane = call.Integer(0, std::int64_t{1} << 40);
  int sources[4] = {};
  float scale[4] = {}, shift[4] = {};
  for (std::int64_t c = 0; call.ok() && c < channels; ++c) {
    sources[c] = static_cast<int>(call.Integer(0, source.channels - 1));
    scale[c] = static_cast<float>(call.Number());
    shift[c] = static_cast<float>(call.Number());
  }
  if (call.ok() && (source.element != Element::kU8 || out.element != Element::kF32)) call.Fail("element type");
  if (call.ok() && !resized && (width != source.width || height != source.height))
    call.Fail("width of a tensor", width, source.width);
  if (!call.ok()) return call.status();
  if (width == 0 || height == 0) return Status::Ok();
  const std::int64_t reach = offset + (channels - 1) * plane + (height - 1) * row + (width - 1) * pixel + 1;
  if (static_cast<std::int64_t>(out.length) < reach) {
    call.Fail("elements of a tensor", static_cast<std::int64_t>(out.length), reach);
    return call.status();
  }

  std::unique_ptr<RowResizer> resizer;
  if (resized) resizer = std::make_unique<RowResizer>(call, source, width, height);
  if (!call.ok()) return call.status();
  const std::size_t row_bytes = (static_cast<std::size_t>(width * source.channels) + 63) / 64 * 64;
  const Scratch scratch(call, row_bytes + (resizer ? resizer->ScratchBytes() : 0));
  if (!call.ok()) return call.status();
  const rows::Table& kernels = rows::Kernels();
  const int stride = static_cast<int>(source.channels);
  ForRows(call.parallel, height, std::max(source.width, width) * source.channels,
          [&](std::int64_t first, std::int64_t last, int thread) {
            auto* line = scratch.Of<std::uint8_t>(thread);
            for (std::int64_t y = first; y < last; ++y) {
              const std::uint8_t* levels = line;
              if (resizer)
                resizer->Row(y, reinterpret_cast<std::byte*>(line + row_bytes), line);
              else
                levels = source.Row<std::uint8_t>(y);
              float* to = out.As<float>() + offset + y * row;
              if (pixel == 1 && channels == 3) {
                float* planes[3] = {to, to + plane, to + 2 * plane};
                kernels.normalise3(levels, stride, sources, scale, shift, planes, width);
              } else if (pixel == 1) {
                for (std::int64_t c = 0; c < channels; ++c)
                  kernels.normalise1(levels, stride, sources[c], scale[c], shift[c], to + c * plane, width);
              } else {
                for (std::int64_t c = 0; c < channels; ++c)
                  for (std::int64_t x = 0; x < width; ++x)
                    to[c * plane + x * pixel] = static_cast<float>(levels[x * stride + sources[c]]) * scale[c] + shift[c];
              }
            }
          });
  return call.status();
}

}  // namespace inferlab::vision
