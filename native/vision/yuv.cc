#include "vision/yuv.h"

#include <algorithm>

#include "vision/vision.h"

namespace inferlab::vision {
namespace yuv {

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

}  // namespace yuv

namespace {

// Where the samples of a frame lie: three pictures of one array, of one channel whose pixels are `step` apart.
struct Samples {
  std::uint8_t* data = nullptr;
  std::int64_t row_stride = 0;
  int step = 1;
};

// offset, row stride, step; `columns` × `rows` samples must lie in the array.
Samples ReadSamples(Call& call, const Array& array, std::int64_t columns, std::int64_t rows) {
  const std::int64_t offset = call.Integer(0, std::int64_t{1} << 40);
  Samples samples;
  samples.row_stride = call.Integer(0, std::int64_t{1} << 31);
  samples.step = static_cast<int>(call.Integer(1, 4));
  if (call.ok() && array.element != Element::kU8) call.Fail("element type");
  if (!call.ok() || columns == 0 || rows == 0) return samples;
  const std::int64_t reach = offset + (rows - 1) * samples.row_stride + (columns - 1) * samples.step + 1;
  if (static_cast<std::int64_t>(array.length) < reach)
    call.Fail("bytes of a plane", static_cast<std::int64_t>(array.length), reach);
  else
    samples.data = array.As<std::uint8_t>() + offset;
  return samples;
}

void ReadOrder(Call& call, std::int64_t channels, int* order) {
  for (int c = 0; c < 3; ++c) order[c] = static_cast<int>(call.Integer(0, 2));
  if (call.ok() && (channels < 3 || channels > 4 || order[0] == order[1] || order[1] == order[2] || order[0] == order[2]))
    call.Fail("channels of a colour picture", channels, 3);
}

// A factor in units of 1/256 that leaves a rest small enough (yuv.h).
void SplitFactor(Call& call, int* whole, int* rest) {
  *whole = static_cast<int>(call.Integer(-4, 4));
  *rest = static_cast<int>(call.Integer(-128, 128));
}

}  // namespace

// fromYuv(Y, U, V arrays; width, height, rows that share a chroma row, target; planes Y, U, V; order; factors)
Status FromYuv(Call& call) {
  const Array y_array = call.NextInput(), u_array = call.NextInput(), v_array = call.NextInput();
  const Picture target = call.OutputPicture();
  const std::int64_t shared_rows = call.Integer(1, 2);
  const std::int64_t half = (target.width + 1) / 2, chroma_rows = (target.height + shared_rows - 1) / shared_rows;
  const Samples y = ReadSamples(call, y_array, target.width, target.height);
  const Samples u = ReadSamples(call, u_array, half, chroma_rows);
  const Samples v = ReadSamples(call, v_array, half, chroma_rows);
  int order[3];
  ReadOrder(call, target.channels, order);
  yuv::Factors f{};
  f.offset = static_cast<int>(call.Integer(0, 16));
  f.y_rest = static_cast<int>(call.Integer(0, 64));
  SplitFactor(call, &f.r_v_whole, &f.r_v_rest);
  SplitFactor(call, &f.g_u_whole, &f.g_u_rest);
  SplitFactor(call, &f.g_v_whole, &f.g_v_rest);
  SplitFactor(call, &f.b_u_whole, &f.b_u_rest);
  if (call.ok() && target.element != Element::kU8) call.Fail("element type");
  // One load takes U and V where they are neighbours; anything else goes sample by sample.
  if (call.ok() && u.step != v.step) call.Fail("chroma steps", u.step, v.step);
  if (!call.ok() || target.width == 0 || target.height == 0) return call.status();
  const bool neighbours = u.step == 1 || (u.step == 2 && (u.data + 1 == v.data || v.data + 1 == u.data));
  if (!neighbours && u.step == 2) {
    call.Fail("chroma planes with a step of 2 that are not neighbours");
    return call.status();
  }
  const yuv::Table& kernels = yuv::Kernels();
  ForRows(call.parallel, target.height, target.width * target.channels,
          [&](std::int64_t first, std::int64_t last, int) {
            for (std::int64_t row = first; row < last; ++row)
              kernels.to_rgb(f, y.data + row * y.row_stride, y.step, u.data + row / shared_rows * u.row_stride,
                             v.data + row / shared_rows * v.row_stride, u.step, order, static_cast<int>(target.channels),
                             target.Row<std::uint8_t>(row), target.width);
          });
  return call.status();
}

// toYuv(source; arrays Y, U, V out; rows that share a chroma row; planes Y, U, V; order; offset and nine weights)
Status ToYuv(Call& call) {
  const Picture source = call.InputPicture();
  const Array y_array = call.NextOutput(), u_array = call.NextOutput(), v_array = call.NextOutput();
  const std::int64_t shared_rows = call.Integer(1, 2);
  const std::int64_t half = (source.width + 1) / 2, chroma_rows = (source.height + shared_rows - 1) / shared_rows;
  const Samples y = ReadSamples(call, y_array, source.width, source.height);
  const Samples u = ReadSamples(call, u_array, half, chroma_rows);
  const Samples v = ReadSamples(call, v_array, half, chroma_rows);
  int order[3];
  ReadOrder(call, source.channels, order);
  yuv::Forward f{};
  f.offset = static_cast<int>(call.Integer(0, 16));
  for (int* weights : {f.y, f.u, f.v})
    for (int c = 0; c < 3; ++c) weights[c] = static_cast<int>(call.Integer(-256, 256));
  if (call.ok() && (std::min({f.y[0], f.y[1], f.y[2]}) < 0 || f.y[0] + f.y[1] + f.y[2] > 256)) call.Fail("luma weights");
  if (call.ok() && (source.element != Element::kU8 || u.step != v.step)) call.Fail("chroma steps", u.step, v.step);
  if (!call.ok() || source.width == 0 || source.height == 0) return call.status();
  const yuv::Table& kernels = yuv::Kernels();
  const int channels = static_cast<int>(source.channels);
  ForRows(call.parallel, chroma_rows, source.width * channels * shared_rows,
          [&](std::int64_t first, std::int64_t last, int) {
            for (std::int64_t row = first; row < last; ++row) {
              const std::int64_t top = row * shared_rows, bottom = std::min(source.height - 1, top + shared_rows - 1);
              for (std::int64_t k = top; k <= bottom; ++k)
                kernels.luma(f, source.Row<std::uint8_t>(k), order, channels, y.data + k * y.row_stride, y.step, source.width);
              kernels.chroma(f, source.Row<std::uint8_t>(top), source.Row<std::uint8_t>(bottom), order, channels,
                             u.data + row * u.row_stride, v.data + row * v.row_stride, u.step, source.width);
            }
          });
  return call.status();
}

}  // namespace inferlab::vision
