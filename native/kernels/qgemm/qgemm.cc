#include "kernels/qgemm/qgemm.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/round.h"
#include "kernels/common/batches.h"
#include "kernels/common/grid.h"
#include "kernels/qgemm/qgemm_table.h"

namespace inferlab::qgemm {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

// Packed weights begin with a line that says whether they are quads; sums of their columns follow the panels.
constexpr std::size_t kHeaderBytes = 64;
std::int64_t WholePanels(std::int64_t n) { return CeilDiv(n, Current().panel_columns) * Current().panel_columns; }
std::size_t SumsAt(std::int64_t k, std::int64_t n) {
  return kHeaderBytes + static_cast<std::size_t>(WholePanels(n) * QuadDepth(k));
}

// Room for A in pairs with its sums, or in quads with sums and zero points.
std::size_t ScratchA(const Params& p) {
  if (p.a_packed) return 0;
  const std::int64_t row = std::max(2 * PackedDepth(p.k) + 4, p.b_weights ? QuadDepth(p.k) + 8 : 0);
  return WholeLines(static_cast<std::size_t>(p.m * row));
}
std::size_t ScratchB(const Params& p) { return p.b_packed ? 0 : WholeLines(PackedBBytes(p.k, p.n)); }

// Whether each thread takes whole products.
bool TakesBatches(std::int64_t batches, int num_threads) { return batches > 1 && batches >= num_threads; }

// Blocks of one product: at least about 2^17 multiply-adds each, at most 2^28 (what a cancelled run still finishes), about 4
// a thread. They may depend on the number of threads: no block splits a sum.
Grid GridOf(const Params& p, const Table& table, int num_threads) {
  const std::int64_t work = p.m * p.n * std::max<std::int64_t>(p.k, 1);
  std::int64_t wanted = num_threads == 1 ? 1 : 4 * num_threads;
  wanted = std::min(wanted, std::max<std::int64_t>(1, work >> 17));
  return MakeGrid(p.m, p.n, std::max(wanted, work >> 28), table.tile_rows, table.panel_columns, 8);
}

// Where one product's operands lie once they are packed.
struct Packed {
  char* a;
  std::int64_t a_row;  // bytes
  std::int32_t* a_sums;
  std::int32_t* a_zeros;
  std::int8_t* b;
};

Packed PackedAt(const Params& p, const Pointers& x, char* scratch) {
  auto* a = p.a_packed ? const_cast<char*>(static_cast<const char*>(x.a)) : scratch;
  auto* b = p.b_packed ? const_cast<char*>(static_cast<const char*>(x.b)) : scratch + ScratchA(p);
  const std::int64_t row = p.form == Form::kPairs ? 2 * PackedDepth(p.k) : QuadDepth(p.k);
  auto* sums = p.a_packed ? const_cast<std::int32_t*>(x.a_sums) : reinterpret_cast<std::int32_t*>(a + p.m * row);
  return {a, row, sums, p.form == Form::kUnsignedA ? sums + p.m : nullptr, reinterpret_cast<std::int8_t*>(b)};
}

// Whether quads of rows of signed weights can be multiplied (Form); at(i, r) is the one at k = r.
template <typename At>
bool FitsQuads(std::int64_t rows, std::int64_t k, At at) {
  if (!HasQuads()) return false;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t r = 0; r < k; r += 2) {
      const int first = at(i, r), second = r + 1 < k ? at(i, r + 1) : 0;
      if (std::max(first, second) > 127 || std::abs(first) + std::abs(second) > 128) return false;
    }
  return true;
}

}  // namespace

bool HasQuads() { return Current().pack_b_quads != nullptr; }

int PanelColumns() { return Current().panel_columns; }

std::size_t PackedBBytes(std::int64_t k, std::int64_t n) {
  const std::int64_t columns = Current().panel_columns;
  return static_cast<std::size_t>(CeilDiv(n, columns) * columns * PackedDepth(k));
}

void PackA(std::int64_t m, std::int64_t k, const void* a, bool is_signed, std::int64_t row_stride,
           std::int64_t column_stride, const std::int32_t* zero, std::int64_t zero_stride, void* packed) {
  auto* rows = static_cast<std::int16_t*>(packed);
  auto* sums = reinterpret_cast<std::int32_t*>(rows + m * PackedDepth(k));
  Current().pack_a(m, k, a, is_signed, row_stride, column_stride, zero, zero_stride, rows, sums);
  const auto at = [&](std::int64_t i, std::int64_t r) { return static_cast<int>(rows[i * PackedDepth(k) + r]); };
  const bool fits = FitsQuads(m, k, at);
  sums[m] = fits;
  if (!fits) return;
  auto* quads = reinterpret_cast<std::int8_t*>(sums + m + 1);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t r = 0; r < QuadDepth(k); ++r) *quads++ = static_cast<std::int8_t>(r < k ? at(i, r) : 0);
}

void PackB(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
           std::int64_t column_stride, void* packed) {
  Current().pack_b(k, n, b, is_signed, row_stride, column_stride, static_cast<std::int8_t*>(packed));
}

std::size_t PackedQuadsBytes(std::int64_t k, std::int64_t n) { return static_cast<std::size_t>(WholePanels(n) * QuadDepth(k)); }

void PackQuads(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
               std::int64_t column_stride, void* packed) {
  Current().pack_b_quads(k, n, b, is_signed ? 128 : 0, row_stride, column_stride, static_cast<std::uint8_t*>(packed));
}

std::size_t PackedWeightsBytes(std::int64_t k, std::int64_t n) {
  return SumsAt(k, n) + static_cast<std::size_t>(WholePanels(n)) * sizeof(std::int32_t);
}

void PackWeights(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
                 std::int64_t column_stride, void* packed) {
  auto* const to = static_cast<char*>(packed);
  const auto* bytes = static_cast<const std::uint8_t*>(b);
  const std::uint8_t flip = is_signed ? 0 : 128;
  const auto at = [&](std::int64_t j, std::int64_t r) {
    return int{static_cast<std::int8_t>(bytes[r * row_stride + j * column_stride] ^ flip)};
  };
  const bool fits = FitsQuads(n, k, at);
  std::memset(to, 0, kHeaderBytes);
  to[0] = fits;
  if (!fits) return PackB(k, n, b, is_signed, row_stride, column_stride, to + kHeaderBytes);
  Current().pack_b_quads(k, n, b, flip, row_stride, column_stride, reinterpret_cast<std::uint8_t*>(to + kHeaderBytes));
  auto* sums = reinterpret_cast<std::int32_t*>(to + SumsAt(k, n));
  std::fill_n(sums, WholePanels(n), 0);
  for (std::int64_t r = 0; r < k; ++r)
    for (std::int64_t j = 0; j < n; ++j) sums[j] += at(j, r);
}

std::size_t WorkspaceBytes(const Params& p, int num_threads) {
  const std::int64_t batches = NumBatches(p);
  // The most threads that take whole products need the most.
  const auto parts = static_cast<std::size_t>(batches > 1 ? std::min<std::int64_t>(batches, num_threads) : 1);
  return (ScratchA(p) + ScratchB(p)) * parts;
}

void Run(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel) {
  const Table& table = Current();
  Params p = params;
  Pointers x = pointers;
  const std::int32_t* b_sums = nullptr;
  if (p.b_weights) {
    const auto* weights = static_cast<const char*>(x.b);
    x.b = weights + kHeaderBytes;
    b_sums = reinterpret_cast<const std::int32_t*>(weights + SumsAt(p.k, p.n));
    p.form = weights[0] != 0 ? Form::kUnsignedA : Form::kPairs;
  }
  const std::int64_t batches = NumBatches(p);
  if (batches == 0 || p.m == 0 || p.n == 0) return;
  const int num_threads = parallel.num_threads();
  auto* const scratch = static_cast<char*>(workspace);
  const auto c_batch = static_cast<std::int64_t>(BytesOf(p.output)) * p.m * p.c_row_stride;

  const auto pack_a = [&](const Packed& to, const char* a, std::int64_t begin, std::int64_t end) {
    const std::int32_t* zero = x.a_zero ? x.a_zero + begin * p.a_zero_stride : nullptr;
    char* const rows = to.a + begin * to.a_row;
    if (p.form == Form::kUnsignedA)
      table.pack_a_quads(end - begin, p.k, a + begin * p.a_row_stride, p.a_signed, p.a_row_stride, p.a_column_stride, zero,
                         p.a_zero_stride, reinterpret_cast<std::uint8_t*>(rows), to.a_sums + begin, to.a_zeros + begin);
    else
      table.pack_a(end - begin, p.k, a + begin * p.a_row_stride, p.a_signed, p.a_row_stride, p.a_column_stride, zero,
                   p.a_zero_stride, reinterpret_cast<std::int16_t*>(rows), to.a_sums + begin);
  };
  const auto pack_b = [&](const Packed& to, const char* b, std::int64_t begin, std::int64_t end) {
    table.pack_b(p.k, end - begin, b + begin * p.b_column_stride, p.b_signed, p.b_row_stride, p.b_column_stride,
                 to.b + begin * PackedDepth(p.k));
  };
  const auto operand = [](const void* base, bool packed, std::int64_t offset) {
    return static_cast<const char*>(base) + (packed ? 0 : offset);
  };

  if (TakesBatches(batches, num_threads)) {
    parallel.For(static_cast<std::size_t>(batches), [&](std::size_t task, int thread) {
      const auto batch = static_cast<std::int64_t>(task);
      const BatchOffsets offsets = OffsetsOf(p, batch);
      const Packed packed = PackedAt(p, x, scratch + (ScratchA(p) + ScratchB(p)) * static_cast<std::size_t>(thread));
      if (!p.a_packed) pack_a(packed, operand(x.a, false, offsets.a), 0, p.m);
      if (!p.b_packed) pack_b(packed, operand(x.b, false, offsets.b), 0, p.n);
      table.run_block(p, x, {0, p.m, 0, p.n, packed.a, packed.a_sums, packed.b, packed.a_zeros, b_sums,
                             static_cast<unsigned char*>(x.c) + batch * c_batch});
    });
    return;
  }

  const Grid grid = GridOf(p, table, num_threads);
  const Packed packed = PackedAt(p, x, scratch);
  const std::int64_t row_step = std::max<std::int64_t>(1, CeilDiv(p.m, 4 * num_threads));
  const std::int64_t panels = CeilDiv(p.n, table.panel_columns);
  const std::int64_t panel_step = std::max<std::int64_t>(1, CeilDiv(panels, 4 * num_threads)) * table.panel_columns;
  const std::int64_t a_tasks = p.a_packed ? 0 : CeilDiv(p.m, row_step), b_tasks = p.b_packed ? 0 : CeilDiv(p.n, panel_step);
  for (std::int64_t batch = 0; batch < batches; ++batch) {
    const BatchOffsets offsets = OffsetsOf(p, batch);
    const char* const a = operand(x.a, p.a_packed, offsets.a);
    const char* const b = operand(x.b, p.b_packed, offsets.b);
    if (a_tasks + b_tasks > 0)
      parallel.For(static_cast<std::size_t>(a_tasks + b_tasks), [&](std::size_t index, int) {
        const auto task = static_cast<std::int64_t>(index);
        if (task < a_tasks)
          pack_a(packed, a, task * row_step, std::min(p.m, (task + 1) * row_step));
        else
          pack_b(packed, b, (task - a_tasks) * panel_step, std::min(p.n, (task - a_tasks + 1) * panel_step));
      });
    parallel.For(static_cast<std::size_t>(grid.m_blocks * grid.n_blocks), [&](std::size_t index, int) {
      const auto task = static_cast<std::int64_t>(index);
      const std::int64_t m = task % grid.m_blocks * grid.m_step, n = task / grid.m_blocks * grid.n_step;
      table.run_block(p, x, {m, std::min(p.m, m + grid.m_step), n, std::min(p.n, n + grid.n_step), packed.a, packed.a_sums,
                             packed.b, packed.a_zeros, b_sums, static_cast<unsigned char*>(x.c) + batch * c_batch});
    });
  }
}

}  // namespace inferlab::qgemm
