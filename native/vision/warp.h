// Pictures sampled at computed places: affine and projective maps, maps given pixel by pixel.
#pragma once
#include <cstdint>

#include "base/isa.h"

namespace inferlab::vision::warp {

// Pixels worked on at a time. With a band of rows they make a tile whose part of the source, turned by any angle, fits the
// first-level cache and its TLB: 2.5 times the speed of 256 at 20 degrees.
inline constexpr int kStrip = 64;
// Places are within this, so that they fit 32 bits; a NaN counts as -kFar.
inline constexpr double kFar = 1e8;

// Where the pixels of a strip are read: the pixel before or at the place, and the share of its right and lower neighbour in
// units of 1/2048.
struct Places {
  std::int32_t x[kStrip], y[kStrip];
  std::int32_t fx[kStrip], fy[kStrip];
};

struct Source {
  const std::uint8_t* data;
  std::int64_t row_stride, width, height;
  int channels;
};

struct Table {
  // Pixel i lies at ((m0·u + m1·v + m2) / w - ½, (m3·u + m4·v + m5) / w - ½), w = m6·u + m7·v + m8, u = first + i + ½, v = row + ½.
  void (*places)(const double* m, std::int64_t first, std::int64_t row, int n, Places* places);
  // Pixel i lies at (x[i] - ½, y[i] - ½).
  void (*places_of)(const float* x, const float* y, int n, Places* places);
  // Bilinear, 8 bit, 1, 3 or 4 channels: the pixels whose neighbourhood lies inside the source. Sets missed[0 … return) to the
  // others.
  int (*linear)(const Source& source, const Places& places, int n, std::uint8_t* to, std::int32_t* missed);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::vision::warp
