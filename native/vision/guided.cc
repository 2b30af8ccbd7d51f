// The guided filter by running sums: what a pixel costs does not depend on the radius. Sources: He, Sun, Tang, Guided image
// filtering (2010); He, Sun, Fast guided filter (2015) for coefficients of a smaller picture.
#include "vision/guided.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "vision/vision.h"

namespace inferlab::vision {
namespace guided {

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

}  // namespace guided

namespace {

using guided::kSums;

// Windows of 8-bit squares fit 32 bits up to this radius: (2 · 90 + 1)² · 255² < 2^31.
constexpr std::int64_t kMostInteger = 90;

// Floats of a call, given back when it ends; their values are not set.
class Floats {
 public:
  Floats(Call& call, std::int64_t count)
      : heap_(call.heap), data_(call.heap.Allocate(static_cast<std::size_t>(count) * sizeof(float) + 64, "vision plane")) {
    if (!data_) call.Fail("memory of a kernel", count);
  }
  ~Floats() { heap_.Free(data_); }
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;
  float* data() const { return static_cast<float*>(data_); }

 private:
  memory::Heap& heap_;
  void* data_;
};

// One channel of a row as dense T: where it lies, or copied to `scratch`.
template <typename T>
const T* ChannelRow(const Picture& picture, std::int64_t y, std::int64_t channel, T* scratch) {
  const bool floats = picture.element == Element::kF32;
  if (picture.channels == 1) {
    if (floats == std::is_same_v<T, float>) return picture.Row<T>(y);
    if constexpr (std::is_same_v<T, float>) {
      guided::Kernels().floats(picture.Row<std::uint8_t>(y), scratch, picture.width);
      return scratch;
    }
  }
  const auto copy = [&](const auto* from) {
    for (std::int64_t x = 0; x < picture.width; ++x) scratch[x] = static_cast<T>(from[x * picture.channels + channel]);
  };
  if (floats)
    copy(picture.Row<float>(y));
  else
    copy(picture.Row<std::uint8_t>(y));
  return scratch;
}

// Pixels of a window that lie inside, by its middle.
std::int64_t Inside(std::int64_t middle, std::int64_t length, std::int64_t radius) {
  return std::min(length, middle + radius + 1) - std::max<std::int64_t>(0, middle - radius);
}

std::vector<double> Counts(std::int64_t width, std::int64_t radius) {
  std::vector<double> counts(static_cast<std::size_t>(width));
  for (std::int64_t x = 0; x < width; ++x) counts[static_cast<std::size_t>(x)] = static_cast<double>(Inside(x, width, radius));
  return counts;
}

// Sums of columns with the zeros around them that stand for what lies outside, and sums of windows.
template <typename T, int kCount>
struct Sums {
  T* columns[kCount];
  T* windows[kCount];

  static std::size_t Bytes(std::int64_t width, std::int64_t radius) {
    return static_cast<std::size_t>(kCount * (2 * width + 2 * radius + 1)) * sizeof(T);
  }
  Sums(void* memory, std::int64_t width, std::int64_t radius) {
    T* at = static_cast<T*>(memory);
    std::fill(at, at + kCount * (width + 2 * radius + 1), T{0});
    for (int k = 0; k < kCount; ++k, at += width + 2 * radius + 1) columns[k] = at + radius + 1;
    for (int k = 0; k < kCount; ++k, at += width) windows[k] = at;
  }
};

// For every row y of bands: add(y, sign) as rows enter and leave its window, then row(y, how many rows are in it, thread). A band
// begins with a whole window's rows, so it has twice as many.
template <typename Start, typename Add, typename Row>
void SlideRows(Parallel& parallel, std::int64_t height, std::int64_t radius, Start&& start, Add&& add, Row&& row) {
  const std::int64_t band = std::max<std::int64_t>(32, 2 * (2 * radius + 1));
  parallel.For(static_cast<std::size_t>((height + band - 1) / band), [&](std::size_t task, int thread) {
    auto state = start(thread);
    const std::int64_t first = static_cast<std::int64_t>(task) * band, last = std::min(height, first + band);
    for (std::int64_t y = std::max<std::int64_t>(0, first - radius); y < std::min(height, first + radius); ++y)
      add(state, y, 1);
    for (std::int64_t y = first; y < last; ++y) {
      if (y + radius < height) add(state, y + radius, 1);
      if (y > first && y - radius - 1 >= 0) add(state, y - radius - 1, -1);
      row(state, y, static_cast<double>(Inside(y, height, radius)), thread);
    }
  });
}

// a and b of every pixel's window.
template <typename T>
void Coefficients(Call& call, const Picture& guide, const Picture& source, std::int64_t channel, std::int64_t radius,
                  double epsilon, const std::vector<double>& counts, float* a, float* b) {
  using Sum = std::conditional_t<std::is_same_v<T, float>, double, std::int32_t>;
  const std::int64_t width = source.width;
  const std::size_t sum_bytes = Sums<Sum, kSums>::Bytes(width, radius);
  const Scratch scratch(call, sum_bytes + static_cast<std::size_t>(2 * width) * sizeof(T));
  if (!call.ok()) return;
  const guided::Table& kernels = guided::Kernels();
  struct State {
    Sums<Sum, kSums> sums;
    T *guide_row, *source_row;
  };
  SlideRows(
      call.parallel, source.height, radius,
      [&](int thread) {
        auto* memory = scratch.Of<std::byte>(thread);
        T* rows = reinterpret_cast<T*>(memory + sum_bytes);
        return State{Sums<Sum, kSums>(memory, width, radius), rows, rows + width};
      },
      [&](State& state, std::int64_t y, int sign) {
        const T* i = ChannelRow<T>(guide, y, 0, state.guide_row);
        const T* p = ChannelRow<T>(source, y, channel, state.source_row);
        if constexpr (std::is_same_v<T, float>)
          kernels.add_f32(i, p, sign, state.sums.columns, width);
        else
          kernels.add_u8(i, p, sign, state.sums.columns, width);
      },
      [&](State& state, std::int64_t y, double rows, int) {
        auto& [columns, windows] = state.sums;
        if constexpr (std::is_same_v<T, float>) {
          kernels.across4_f64(columns, radius, windows, width);
          kernels.solve_f64(windows, counts.data(), rows, epsilon, a + y * width, b + y * width, width);
        } else {
          kernels.across4_i32(columns, radius, windows, width);
          kernels.solve_i32(windows, counts.data(), rows, epsilon, a + y * width, b + y * width, width);
        }
      });
}

// Sums of a and b over every pixel's window: finish(y, windows, rows in them, thread).
template <typename Finish>
void Average(Call& call, std::int64_t width, std::int64_t height, std::int64_t radius, const float* a, const float* b,
             Finish&& finish) {
  const Scratch scratch(call, Sums<double, 2>::Bytes(width, radius));
  if (!call.ok()) return;
  const guided::Table& kernels = guided::Kernels();
  SlideRows(
      call.parallel, height, radius,
      [&](int thread) { return Sums<double, 2>(scratch.Of<std::byte>(thread), width, radius); },
      [&](Sums<double, 2>& sums, std::int64_t y, int sign) {
        kernels.add_pair(a + y * width, b + y * width, sign, sums.columns, width);
      },
      [&](Sums<double, 2>& sums, std::int64_t y, double rows, int thread) {
        kernels.across2_f64(sums.columns, radius, sums.windows, width);
        finish(y, sums.windows, rows, thread);
      });
}

// Means of blocks of side × side pixels; those at the right and lower edge may be smaller.
void Shrink(Call& call, const Picture& picture, std::int64_t channel, std::int64_t side, float* small) {
  const std::int64_t width = (picture.width + side - 1) / side, height = (picture.height + side - 1) / side;
  const Scratch scratch(call, static_cast<std::size_t>(2 * picture.width) * sizeof(float));
  if (!call.ok()) return;
  const guided::Table& kernels = guided::Kernels();
  ForRows(call.parallel, height, picture.width * side, [&](std::int64_t first, std::int64_t last, int thread) {
    float *row = scratch.Of<float>(thread), *columns = row + picture.width;
    for (std::int64_t y = first; y < last; ++y) {
      const std::int64_t bottom = std::min(picture.height, (y + 1) * side);
      std::fill(columns, columns + picture.width, 0.0f);
      for (std::int64_t from = y * side; from < bottom; ++from)
        kernels.add(ChannelRow<float>(picture, from, channel, row), columns, picture.width);
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t left = x * side, right = std::min(picture.width, left + side);
        float sum = 0;
        for (std::int64_t k = left; k < right; ++k) sum += columns[k];
        small[y * width + x] = sum / static_cast<float>((bottom - y * side) * (right - left));
      }
    }
  });
}

// Where the pixels of a side lie between the middles of blocks: the one before, and the share of the next.
struct Between {
  std::vector<std::int32_t> first;
  std::vector<float> share;
  Between(std::int64_t length, std::int64_t side) {
    const std::int64_t blocks = (length + side - 1) / side;
    for (std::int64_t x = 0; x < length; ++x) {
      const float place = (static_cast<float>(x) + 0.5f) / static_cast<float>(side) - 0.5f;
      const float at = std::min(std::max(place, 0.0f), static_cast<float>(blocks - 1));
      const auto before = static_cast<std::int32_t>(std::min<std::int64_t>(static_cast<std::int64_t>(at), std::max<std::int64_t>(blocks - 2, 0)));
      first.push_back(before);
      share.push_back(at - static_cast<float>(before));
    }
  }
};

// One channel of one call.
struct Filter {
  const Picture &source, &guide, &target;
  std::int64_t channel, radius, side;
  double epsilon;
};

// A row of the result out of a row of each coefficient; `rows` holds two rows of floats.
void FinishRow(const Filter& filter, std::int64_t y, const float* a, const float* b, float* rows) {
  const guided::Table& kernels = guided::Kernels();
  const Picture& target = filter.target;
  const std::int64_t width = target.width, channels = target.channels;
  const float* i = ChannelRow<float>(filter.guide, y, 0, rows);
  const bool floats = target.element == Element::kF32;
  float* q = floats && channels == 1 ? target.Row<float>(y) : rows + width;
  kernels.apply(a, b, i, q, width);
  if (floats) {
    if (channels == 1) return;
    for (std::int64_t x = 0; x < width; ++x) target.Row<float>(y)[x * channels + filter.channel] = q[x];
    return;
  }
  if (channels == 1) return kernels.levels(q, target.Row<std::uint8_t>(y), width);
  auto* levels = reinterpret_cast<std::uint8_t*>(rows);  // the guide's row is not needed any more
  kernels.levels(q, levels, width);
  for (std::int64_t x = 0; x < width; ++x) target.Row<std::uint8_t>(y)[x * channels + filter.channel] = levels[x];
}

void FilterWhole(Call& call, const Filter& filter, float* a, float* b) {
  const auto& [source, guide, target, channel, radius, side, epsilon] = filter;
  const std::int64_t width = source.width;
  const std::vector<double> counts = Counts(width, radius);
  if (source.element == Element::kU8 && guide.element == Element::kU8 && radius <= kMostInteger)
    Coefficients<std::uint8_t>(call, guide, source, channel, radius, epsilon, counts, a, b);
  else
    Coefficients<float>(call, guide, source, channel, radius, epsilon, counts, a, b);
  const Scratch scratch(call, static_cast<std::size_t>(4 * width) * sizeof(float));
  if (!call.ok()) return;
  Average(call, width, source.height, radius, a, b,
          [&](std::int64_t y, const double* const* windows, double rows, int thread) {
            float* row = scratch.Of<float>(thread);
            guided::Kernels().mean_pair(windows, counts.data(), rows, row, row + width, width);
            FinishRow(filter, y, row, row + width, row + 2 * width);
          });
}

// Coefficients of the pictures made `side` times smaller, their means made as large again.
void FilterSmall(Call& call, const Filter& filter, float* a, float* b) {
  const auto& [source, guide, target, channel, full_radius, side, epsilon] = filter;
  const std::int64_t width = (source.width + side - 1) / side, height = (source.height + side - 1) / side;
  const std::int64_t radius = full_radius == 0 ? 0 : std::max<std::int64_t>(1, (2 * full_radius + side) / (2 * side));
  const Floats small_guide(call, width * height), small_source(call, width * height);
  if (!call.ok()) return;
  Shrink(call, guide, 0, side, small_guide.data());
  Shrink(call, source, channel, side, small_source.data());
  const auto picture = [&](const Floats& floats) {
    return Picture{Element::kF32, reinterpret_cast<std::byte*>(floats.data()), width, width, height, 1};
  };
  const std::vector<double> counts = Counts(width, radius);
  Coefficients<float>(call, picture(small_guide), picture(small_source), 0, radius, epsilon, counts, a, b);
  // The means take the place of the small pictures.
  float *mean_a = small_guide.data(), *mean_b = small_source.data();
  if (!call.ok()) return;
  const guided::Table& kernels = guided::Kernels();
  Average(call, width, height, radius, a, b, [&](std::int64_t y, const double* const* windows, double rows, int) {
    kernels.mean_pair(windows, counts.data(), rows, mean_a + y * width, mean_b + y * width, width);
  });
  const Between across(source.width, side), down(source.height, side);
  // Of the two rows of blocks around: their coefficients at every column, a then b.
  const std::int64_t wide = source.width;
  const Scratch scratch(call, static_cast<std::size_t>(width + 1 + 8 * wide) * sizeof(float));
  if (!call.ok()) return;
  ForRows(call.parallel, source.height, wide, [&](std::int64_t first, std::int64_t last, int thread) {
    float *stretched = scratch.Of<float>(thread), *row = stretched + 4 * wide, *padded = row + 4 * wide;
    std::int64_t held[2] = {-1, -1};
    const auto row_of = [&](std::int64_t block) {
      float* to = stretched + block % 2 * 2 * wide;
      if (held[block % 2] == block) return to;
      held[block % 2] = block;
      for (const float* means : {mean_a, mean_b}) {
        std::copy(means + block * width, means + (block + 1) * width, padded);
        padded[width] = padded[width - 1];
        kernels.stretch(padded, across.first.data(), across.share.data(), means == mean_a ? to : to + wide, wide);
      }
      return to;
    };
    for (std::int64_t y = first; y < last; ++y) {
      const std::int64_t block = down.first[static_cast<std::size_t>(y)];
      const float *upper = row_of(block), *lower = row_of(std::min(block + 1, height - 1));
      kernels.mix(upper, lower, down.share[static_cast<std::size_t>(y)], row, 2 * wide);
      FinishRow(filter, y, row, row + wide, row + 2 * wide);
    }
  });
}

bool IsPicture(const Picture& picture) { return picture.element == Element::kU8 || picture.element == Element::kF32; }

}  // namespace

// guided(source, guide, target; radius, epsilon, side): u8 or f32 each, source and target alike, of the guide the first channel;
// epsilon in squares of the guide's levels. With a side above 1 coefficients are those of pictures made smaller by it.
Status Guided(Call& call) {
  const Picture source = call.InputPicture(), guide = call.InputPicture();
  const Picture target = call.OutputPicture();
  const std::int64_t radius = call.Integer(0, 4096);
  const double epsilon = call.Number();
  const std::int64_t side = call.Integer(1, 64);
  if (call.ok() && (source.width != target.width || source.height != target.height || source.channels != target.channels ||
                    source.element != target.element))
    call.Fail("size of a target", target.width, source.width);
  if (call.ok() && (source.width != guide.width || source.height != guide.height))
    call.Fail("size of a guide", guide.width, source.width);
  if (call.ok() && (!IsPicture(source) || !IsPicture(guide))) call.Fail("element type");
  if (call.ok() && !(epsilon >= 0)) call.Fail("epsilon");
  if (!call.ok() || source.width == 0 || source.height == 0) return call.status();
  const std::int64_t pixels = ((source.width + side - 1) / side) * ((source.height + side - 1) / side);
  const Floats a(call, pixels), b(call, pixels);
  for (std::int64_t c = 0; c < source.channels && call.ok(); ++c) {
    const Filter filter{source, guide, target, c, radius, side, epsilon};
    if (side == 1)
      FilterWhole(call, filter, a.data(), b.data());
    else
      FilterSmall(call, filter, a.data(), b.data());
  }
  return call.status();
}

}  // namespace inferlab::vision
