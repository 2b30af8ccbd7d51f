#include "vision/warp.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vision/border.h"
#include "vision/vision.h"

namespace inferlab::vision {
namespace warp {

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

}  // namespace warp

namespace {

using warp::kStrip;
using warp::Places;

enum class Method : std::int64_t { kNearest = 0, kLinear = 1, kCubic = 2 };

// Keys' cubic, a = -0.75, at the four taps around fraction t.
void CubicWeights(double t, double* weights) {
  constexpr double a = -0.75;
  const double u = 1 - t;
  weights[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  weights[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weights[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  weights[3] = 1 - weights[0] - weights[1] - weights[2];
}

template <typename T>
T ToLevel(double v) {
  if constexpr (sizeof(T) == 1)
    return static_cast<T>(std::clamp(v + 0.5, 0.0, 255.0));
  else
    return static_cast<T>(v);
}

// Where a pixel is read, in indices of source pixels.
struct Place {
  double x, y;
};

double Bounded(double v) { return v > -warp::kFar ? std::min(v, warp::kFar) : -warp::kFar; }

Place PlaceOf(const double* m, std::int64_t x, std::int64_t y) {
  const double u = static_cast<double>(x) + 0.5, v = static_cast<double>(y) + 0.5;
  const double w = m[6] * u + m[7] * v + m[8];
  return {Bounded((m[0] * u + m[1] * v + m[2]) / w - 0.5), Bounded((m[3] * u + m[4] * v + m[5]) / w - 0.5)};
}

// One pixel by the definition: any type, method and border.
template <typename T>
void SampleOne(const Picture& s, Method method, Border border, double fill, Place place, T* to) {
  double wx[4] = {0, 1, 0, 0}, wy[4] = {0, 1, 0, 0};
  // Nearest rounds as Math.round: halves up.
  const double shift = method == Method::kNearest ? 0.5 : 0;
  const auto x = static_cast<std::int64_t>(std::floor(place.x + shift));
  const auto y = static_cast<std::int64_t>(std::floor(place.y + shift));
  const double fx = place.x - static_cast<double>(x), fy = place.y - static_cast<double>(y);
  int low = 0, high = 0;
  if (method == Method::kLinear) {
    high = 1;
    wx[2] = fx;
    wy[2] = fy;
    wx[1] = 1 - fx;
    wy[1] = 1 - fy;
  } else if (method == Method::kCubic) {
    low = -1;
    high = 2;
    CubicWeights(fx, wx);
    CubicWeights(fy, wy);
  }
  for (std::int64_t c = 0; c < s.channels; ++c) {
    double sum = 0;
    for (int j = low; j <= high; ++j) {
      const std::int64_t row = BorderIndex(y + j, s.height, border);
      for (int k = low; k <= high; ++k) {
        const std::int64_t column = BorderIndex(x + k, s.width, border);
        const double level = row < 0 || column < 0 ? fill : static_cast<double>(s.Row<T>(row)[column * s.channels + c]);
        sum += wy[j + 1] * wx[k + 1] * level;
      }
    }
    to[c] = ToLevel<T>(sum);
  }
}

// Whether none of a place's four neighbours lies in the source.
bool IsOutside(const Places& p, int i, const Picture& s) {
  return p.x[i] < -1 || p.y[i] < -1 || p.x[i] >= s.width || p.y[i] >= s.height;
}

}  // namespace

// warp(source[, x, y]; target; method, border, fill, 1 for a map and 0 for a matrix; the matrix's nine numbers): u8 or f32. Maps
// are f32, dense, one place a pixel of the target.
Status Warp(Call& call) {
  const Picture source = call.InputPicture();
  const Picture target = call.OutputPicture();
  const auto method = static_cast<Method>(call.Integer(0, 2));
  const auto border = static_cast<Border>(call.Integer(0, 4));
  const double fill = call.Number();
  const bool mapped = call.Integer(0, 1) == 1;
  double m[9] = {};
  const float *map_x = nullptr, *map_y = nullptr;
  if (mapped) {
    map_x = call.Input<float>(Element::kF32, target.width * target.height);
    map_y = call.Input<float>(Element::kF32, target.width * target.height);
  } else {
    for (double& v : m) v = call.Number();
  }
  if (call.ok() && (source.channels != target.channels || source.element != target.element))
    call.Fail("channels of a target", target.channels, source.channels);
  if (call.ok() && source.element != Element::kU8 && source.element != Element::kF32) call.Fail("element type");
  if (call.ok() && (source.width == 0 || source.height == 0)) call.Fail("size of a source", source.width, 1);
  if (!call.ok() || target.width == 0 || target.height == 0) return call.status();
  const warp::Table& kernels = warp::Kernels();
  // Offsets of the fast way are 32 bits.
  const bool fast = source.element == Element::kU8 && method == Method::kLinear &&
                    (source.channels == 1 || source.channels == 3 || source.channels == 4) &&
                    source.row_stride * source.height < (std::int64_t{1} << 31);
  const auto fill_level = ToLevel<std::uint8_t>(fill);
  const warp::Source bytes{reinterpret_cast<const std::uint8_t*>(source.data), source.row_stride, source.width, source.height,
                           static_cast<int>(source.channels)};
  ForRows(call.parallel, target.height, std::max<std::int64_t>(1, target.width * target.channels / 6),
          [&](std::int64_t first, std::int64_t last, int) {
            Places places;
            std::int32_t missed[kStrip];
            // Strip by strip down the band: a turned picture's rows of source stay in the cache for the next row.
            for (std::int64_t x = 0; x < target.width; x += kStrip) {
              const int n = static_cast<int>(std::min<std::int64_t>(kStrip, target.width - x));
              for (std::int64_t y = first; y < last; ++y) {
                const std::int64_t at = x * target.channels;
                const auto place = [&](int i) -> Place {
                  if (!mapped) return PlaceOf(m, x + i, y);
                  const std::int64_t k = y * target.width + x + i;
                  return {Bounded(static_cast<double>(map_x[k]) - 0.5), Bounded(static_cast<double>(map_y[k]) - 0.5)};
                };
                if (source.element == Element::kF32) {
                  for (int i = 0; i < n; ++i)
                    SampleOne<float>(source, method, border, fill, place(i), target.Row<float>(y) + at + i * target.channels);
                  continue;
                }
                std::uint8_t* to = target.Row<std::uint8_t>(y) + at;
                int count = n;
                if (fast) {
                  if (mapped)
                    kernels.places_of(map_x + y * target.width + x, map_y + y * target.width + x, n, &places);
                  else
                    kernels.places(m, x, y, n, &places);
                  count = kernels.linear(bytes, places, n, to, missed);
                }
                const bool fills = fast && border == Border::kConstant;
                for (int k = 0; k < count; ++k) {
                  const int i = fast ? missed[k] : k;
                  if (fills && IsOutside(places, i, source)) {
                    int end = i + 1;
                    while (k + 1 < count && missed[k + 1] == end && IsOutside(places, end, source)) ++k, ++end;
                    std::memset(to + i * target.channels, fill_level, static_cast<std::size_t>((end - i) * target.channels));
                    continue;
                  }
                  SampleOne<std::uint8_t>(source, method, border, fill, place(i), to + i * target.channels);
                }
              }
            }
          });
  return call.status();
}

}  // namespace inferlab::vision
