#include "vision/vision.h"

#include <cmath>
#include <cstring>

namespace inferlab::vision {
namespace {

std::int64_t BytesOf(Element element) {
  switch (element) {
    case Element::kU8:
    case Element::kI8:
      return 1;
    case Element::kI16:
    case Element::kU16:
      return 2;
    case Element::kI32:
    case Element::kF32:
      return 4;
    case Element::kF64:
      return 8;
  }
  return 1;
}

}  // namespace

void Call::Fail(const char* what, std::int64_t found, std::int64_t expected) {
  if (status_.ok()) status_ = {StatusCode::kArgument, what, found, expected};
}

double Call::Number() {
  if (num_params_ == 0) {
    Fail("number of parameters");
    return 0;
  }
  --num_params_;
  return *params_++;
}

std::int64_t Call::Integer(std::int64_t low, std::int64_t high) {
  const double value = Number();
  if (value >= static_cast<double>(low) && value <= static_cast<double>(high) && value == std::floor(value))
    return static_cast<std::int64_t>(value);
  Fail("integer parameter", std::isfinite(value) && std::fabs(value) < 9e15 ? static_cast<std::int64_t>(value) : -1, low);
  return low;
}

Array Call::NextInput() {
  if (num_inputs_ == 0) {
    Fail("number of inputs");
    return {};
  }
  --num_inputs_;
  return *inputs_++;
}

Array Call::NextOutput() {
  if (num_outputs_ == 0) {
    Fail("number of outputs");
    return {};
  }
  --num_outputs_;
  return *outputs_++;
}

void Call::Check(const Array& array, Element element, std::int64_t length) {
  if (array.element != element) Fail("element type", static_cast<int>(array.element), static_cast<int>(element));
  if (static_cast<std::int64_t>(array.length) < length)
    Fail("elements of an array", static_cast<std::int64_t>(array.length), length);
}

Picture Call::PictureOf(const Array& array) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  const std::int64_t offset = Integer(0, kMost * 8);
  Picture picture;
  picture.element = array.element;
  picture.row_stride = Integer(0, kMost);
  picture.width = Integer(0, kMost);
  picture.height = Integer(0, kMost);
  picture.channels = Integer(1, 1 << 16);
  const std::int64_t row = picture.width * picture.channels;
  if (!ok()) return {};
  if (picture.height > 1 && picture.row_stride < row) Fail("row stride", picture.row_stride, row);
  if (picture.width > 0 && picture.height > 0) {
    // Below 2^63: each factor was bounded above.
    if (picture.width > kMost / picture.channels) Fail("row of a picture", picture.width, kMost / picture.channels);
    const std::int64_t reach = offset + (picture.height - 1) * picture.row_stride + row;
    if (static_cast<std::int64_t>(array.length) < reach)
      Fail("elements of a picture", static_cast<std::int64_t>(array.length), reach);
  }
  picture.data = array.data + (ok() && row > 0 && picture.height > 0 ? offset * BytesOf(array.element) : 0);
  return picture;
}

Scratch::Scratch(Call& call, std::size_t bytes_per_thread)
    : heap_(call.heap),
      stride_((bytes_per_thread + 63) / 64 * 64),
      data_(call.heap.Allocate(stride_ * static_cast<std::size_t>(call.parallel.num_threads()), "vision scratch")) {
  if (!data_) call.Fail("memory of a kernel", static_cast<std::int64_t>(bytes_per_thread));
}

Status Run(const char* name, Call& call) {
#define INFERLAB_VISION_KERNEL(known, function) \
  if (std::strcmp(name, known) == 0) return function(call);
#include "vision/kernels.inc"
#undef INFERLAB_VISION_KERNEL
  return {StatusCode::kArgument, "name of a vision kernel"};
}

}  // namespace inferlab::vision
