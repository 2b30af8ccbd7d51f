#include "kernels/copy/copy.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace inferlab::copy {
namespace {

// Bytes a parallel task moves at least.
constexpr std::int64_t kTaskBytes = 64 * 1024;
// Side of a transposed tile: 16 lines of the cache on each side.
constexpr std::int64_t kSide = 16;

struct Walk {
  const Params& params;
  int inner;  // dims from here on belong to one call of the inner loop

  // Offsets of the outer index `flat`.
  void At(std::int64_t flat, std::int64_t* in, std::int64_t* out) const {
    *in = 0;
    *out = 0;
    for (int axis = inner - 1; axis >= 0; --axis) {
      const std::int64_t index = flat % params.dims[axis];
      flat /= params.dims[axis];
      *in += index * params.in_strides[axis];
      *out += index * params.out_strides[axis];
    }
  }
};

template <typename T>
void Row(const T* x, T* y, std::int64_t n, std::int64_t in, std::int64_t out) {
  if (in == 1 && out == 1) {
    std::memcpy(y, x, static_cast<std::size_t>(n) * sizeof(T));
  } else if (out == 1 && in == 0) {
    std::fill_n(y, n, *x);
  } else if (out == 1) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i * in];
  } else {
    for (std::int64_t i = 0; i < n; ++i) y[i * out] = x[i * in];
  }
}

// y[r·out_row + c] = x[r + c·in_column]: rows × columns, tile by tile.
template <typename T>
void Transpose(const T* x, T* y, std::int64_t rows, std::int64_t columns, std::int64_t in_column, std::int64_t out_row) {
  for (std::int64_t r0 = 0; r0 < rows; r0 += kSide) {
    const std::int64_t r1 = std::min(rows, r0 + kSide);
    for (std::int64_t c0 = 0; c0 < columns; c0 += kSide) {
      const std::int64_t c1 = std::min(columns, c0 + kSide);
      if (r1 - r0 == kSide && c1 - c0 == kSide) {
        // Through a tile of the stack: whole lines are read, whole lines are written.
        T tile[kSide][kSide];
        for (std::int64_t c = 0; c < kSide; ++c)
          for (std::int64_t r = 0; r < kSide; ++r) tile[r][c] = x[r0 + r + (c0 + c) * in_column];
        for (std::int64_t r = 0; r < kSide; ++r) std::memcpy(y + (r0 + r) * out_row + c0, tile[r], sizeof(tile[r]));
        continue;
      }
      for (std::int64_t r = r0; r < r1; ++r)
        for (std::int64_t c = c0; c < c1; ++c) y[r * out_row + c] = x[r + c * in_column];
    }
  }
}

template <typename T>
void RunTyped(const Params& params, const T* x, T* y, Parallel& parallel) {
  Params p = params;
  const int last = p.rank - 1;
  // The axis along which x is dense, if it is not the last: the two make a matrix to transpose.
  int across = -1;
  if (p.in_strides[last] != 1 && p.in_strides[last] != 0 && p.out_strides[last] == 1) {
    for (int axis = 0; axis < last; ++axis)
      if (p.in_strides[axis] == 1 && p.dims[axis] >= 4) across = axis;
  }
  if (across >= 0) {
    // Bring the axis next to the last.
    std::rotate(p.dims + across, p.dims + across + 1, p.dims + last);
    std::rotate(p.in_strides + across, p.in_strides + across + 1, p.in_strides + last);
    std::rotate(p.out_strides + across, p.out_strides + across + 1, p.out_strides + last);
  }
  const Walk walk{p, across >= 0 ? last - 1 : last};
  std::int64_t outer = 1;
  for (int axis = 0; axis < walk.inner; ++axis) outer *= p.dims[axis];
  const std::int64_t n = p.dims[last];
  const std::int64_t rows = across >= 0 ? p.dims[last - 1] : 1;
  // One long run is split by itself.
  const std::int64_t inner_bytes = n * rows * static_cast<std::int64_t>(sizeof(T));
  const std::int64_t pieces = outer == 1 ? std::max<std::int64_t>(1, inner_bytes / kTaskBytes) : 1;
  if (pieces > 1) {
    const std::int64_t extent = across >= 0 ? rows : n;
    const std::int64_t step = ((extent + pieces - 1) / pieces + kSide - 1) / kSide * kSide;
    const std::int64_t tasks = (extent + step - 1) / step;
    parallel.For(static_cast<std::size_t>(tasks), [&](std::size_t task, int) {
      const std::int64_t begin = static_cast<std::int64_t>(task) * step;
      const std::int64_t count = std::min(step, extent - begin);
      if (across >= 0)
        Transpose(x + begin, y + begin * p.out_strides[last - 1], count, n, p.in_strides[last], p.out_strides[last - 1]);
      else
        Row(x + begin * p.in_strides[last], y + begin * p.out_strides[last], count, p.in_strides[last], p.out_strides[last]);
    });
    return;
  }
  const std::int64_t each = std::max<std::int64_t>(1, kTaskBytes / std::max<std::int64_t>(1, inner_bytes));
  const std::int64_t tasks = (outer + each - 1) / each;
  parallel.For(static_cast<std::size_t>(tasks), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    const std::int64_t end = std::min(outer, begin + each);
    for (std::int64_t i = begin; i < end; ++i) {
      std::int64_t in, out;
      walk.At(i, &in, &out);
      if (across >= 0)
        Transpose(x + in, y + out, rows, n, p.in_strides[last], p.out_strides[last - 1]);
      else
        Row(x + in, y + out, n, p.in_strides[last], p.out_strides[last]);
    }
  });
}

}  // namespace

void Normalize(Params* p) {
  struct Axis {
    std::int64_t dim, in, out;
  };
  Axis axes[kMaxRank];
  int rank = 0;
  for (int i = 0; i < p->rank; ++i)
    if (p->dims[i] != 1) axes[rank++] = {p->dims[i], p->in_strides[i], p->out_strides[i]};
  std::stable_sort(axes, axes + rank, [](const Axis& a, const Axis& b) { return std::llabs(a.out) > std::llabs(b.out); });
  int kept = 0;
  for (int i = 0; i < rank; ++i) {
    if (kept > 0 && axes[kept - 1].in == axes[i].in * axes[i].dim && axes[kept - 1].out == axes[i].out * axes[i].dim) {
      axes[kept - 1] = {axes[kept - 1].dim * axes[i].dim, axes[i].in, axes[i].out};
    } else {
      axes[kept++] = axes[i];
    }
  }
  if (kept == 0) axes[kept++] = {1, 1, 1};
  p->rank = kept;
  for (int i = 0; i < kept; ++i) {
    p->dims[i] = axes[i].dim;
    p->in_strides[i] = axes[i].in;
    p->out_strides[i] = axes[i].out;
  }
}

void Run(const Params& params, const void* x, void* y, Parallel& parallel) {
  for (int axis = 0; axis < params.rank; ++axis)
    if (params.dims[axis] == 0) return;
  switch (params.element_bytes) {
    case 1:
      return RunTyped(params, static_cast<const std::uint8_t*>(x), static_cast<std::uint8_t*>(y), parallel);
    case 2:
      return RunTyped(params, static_cast<const std::uint16_t*>(x), static_cast<std::uint16_t*>(y), parallel);
    case 4:
      return RunTyped(params, static_cast<const std::uint32_t*>(x), static_cast<std::uint32_t*>(y), parallel);
    case 8:
      return RunTyped(params, static_cast<const std::uint64_t*>(x), static_cast<std::uint64_t*>(y), parallel);
  }
}

namespace {

// Blocks [begin, end) of a gather; `block_bytes` as a constant makes each a move instead of a call.
template <typename Bytes>
void GatherBlocks(const GatherParams& p, const std::byte* x, const std::int64_t* indices, std::byte* y, std::int64_t begin,
                  std::int64_t end, Bytes block_bytes) {
  const std::byte* slab = x + static_cast<std::size_t>(begin / p.indices * p.axis) * block_bytes;
  std::int64_t i = begin % p.indices;
  for (std::byte* to = y + static_cast<std::size_t>(begin) * block_bytes; begin < end; ++begin, to += block_bytes) {
    std::memcpy(to, slab + static_cast<std::size_t>(indices[i]) * block_bytes, block_bytes);
    if (++i < p.indices) continue;
    i = 0;
    slab += static_cast<std::size_t>(p.axis) * block_bytes;
  }
}

template <std::size_t kBytes>
using Bytes = std::integral_constant<std::size_t, kBytes>;

}  // namespace

void Gather(const GatherParams& p, const void* x, const std::int64_t* indices, void* y, Parallel& parallel) {
  const std::int64_t total = p.outer * p.indices;
  if (total == 0 || p.block_bytes == 0) return;
  const std::int64_t each = std::max<std::int64_t>(1, kTaskBytes / static_cast<std::int64_t>(p.block_bytes));
  const std::int64_t tasks = (total + each - 1) / each;
  parallel.For(static_cast<std::size_t>(tasks), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    const std::int64_t end = std::min(total, begin + each);
    const auto gather = [&](auto block_bytes) {
      GatherBlocks(p, static_cast<const std::byte*>(x), indices, static_cast<std::byte*>(y), begin, end, block_bytes);
    };
    switch (p.block_bytes) {
      case 4:
        return gather(Bytes<4>());
      case 8:
        return gather(Bytes<8>());
      default:
        return gather(p.block_bytes);
    }
  });
}

namespace {

// Copies of 4 bytes inline: a call costs more than they do.
inline void CopySlice(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (bytes == 4)
    std::memcpy(to, from, 4);
  else
    std::memcpy(to, from, bytes);
}

}  // namespace

void GatherSlices(std::int64_t count, std::size_t slice_bytes, const void* x, const std::int64_t* offsets, void* y,
                  Parallel& parallel) {
  if (count == 0 || slice_bytes == 0) return;
  const std::int64_t each = std::max<std::int64_t>(1, kTaskBytes / static_cast<std::int64_t>(slice_bytes) / 4);
  parallel.For(static_cast<std::size_t>((count + each - 1) / each), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    for (std::int64_t i = begin; i < std::min(count, begin + each); ++i)
      CopySlice(static_cast<std::byte*>(y) + static_cast<std::size_t>(i) * slice_bytes,
                static_cast<const std::byte*>(x) + offsets[i], slice_bytes);
  });
}

void ScatterSlices(std::int64_t count, std::size_t slice_bytes, const void* x, const std::int64_t* offsets, void* y) {
  for (std::int64_t i = 0; i < count; ++i)
    CopySlice(static_cast<std::byte*>(y) + offsets[i],
              static_cast<const std::byte*>(x) + static_cast<std::size_t>(i) * slice_bytes, slice_bytes);
}

}  // namespace inferlab::copy
