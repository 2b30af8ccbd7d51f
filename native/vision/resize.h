#pragma once
#include "vision/taps.h"

namespace inferlab::vision {

// Both axes of a resize, and the rows it makes one at a time: first down, over the source's whole width, then across. Down
// comes first because it is the pass that vectorises whole; no row is kept, so bands of rows are independent.
class RowResizer {
 public:
  // Parameters and inputs: taps across, then taps down.
  RowResizer(Call& call, const Picture& source, std::int64_t width, std::int64_t height);
  std::size_t ScratchBytes() const;
  // Row y of the result; `scratch` holds ScratchBytes(). 8 bit.
  void Row(std::int64_t y, std::byte* scratch, std::uint8_t* to) const;
  void Row(std::int64_t y, std::byte* scratch, float* to) const;

 private:
  Picture source_;
  Taps across_, down_;
  bool same_width_ = false;
};

}  // namespace inferlab::vision
