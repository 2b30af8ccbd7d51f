#include "kernels/qgemm/qgemm.h"

#include <algorithm>

#include "base/round.h"
#include "kernels/common/batches.h"
#include "kernels/common/grid.h"
#include "kernels/qgemm/qgemm_table.h"

namespace inferlab::qgemm {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

std::size_t ScratchA(const Params& p) { return p.a_packed ? 0 : WholeLines(PackedABytes(p.m, p.k)); }
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
  std::int16_t* a;
  std::int32_t* a_sums;
  std::int8_t* b;
};

Packed PackedAt(const Params& p, const Pointers& x, char* scratch) {
  auto* a = p.a_packed ? const_cast<char*>(static_cast<const char*>(x.a)) : scratch;
  auto* b = p.b_packed ? const_cast<char*>(static_cast<const char*>(x.b)) : scratch + ScratchA(p);
  auto* sums = const_cast<std::int32_t*>(p.a_packed ? x.a_sums : PackedSums(p.m, p.k, a));
  return {reinterpret_cast<std::int16_t*>(a), sums, reinterpret_cast<std::int8_t*>(b)};
}

}  // namespace

int PanelColumns() { return Current().panel_columns; }

std::size_t PackedBBytes(std::int64_t k, std::int64_t n) {
  const std::int64_t columns = Current().panel_columns;
  return static_cast<std::size_t>(CeilDiv(n, columns) * columns * PackedDepth(k));
}

void PackA(std::int64_t m, std::int64_t k, const void* a, bool is_signed, std::int64_t row_stride,
           std::int64_t column_stride, const std::int32_t* zero, std::int64_t zero_stride, void* packed) {
  auto* rows = static_cast<std::int16_t*>(packed);
  Current().pack_a(m, k, a, is_signed, row_stride, column_stride, zero, zero_stride, rows,
                   reinterpret_cast<std::int32_t*>(rows + m * PackedDepth(k)));
}

void PackB(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
           std::int64_t column_stride, void* packed) {
  Current().pack_b(k, n, b, is_signed, row_stride, column_stride, static_cast<std::int8_t*>(packed));
}

std::size_t WorkspaceBytes(const Params& p, int num_threads) {
  const std::int64_t batches = NumBatches(p);
  // The most threads that take whole products need the most.
  const auto parts = static_cast<std::size_t>(batches > 1 ? std::min<std::int64_t>(batches, num_threads) : 1);
  return (ScratchA(p) + ScratchB(p)) * parts;
}

void Run(const Params& p, const Pointers& x, void* workspace, Parallel& parallel) {
  const Table& table = Current();
  const std::int64_t batches = NumBatches(p);
  if (batches == 0 || p.m == 0 || p.n == 0) return;
  const int num_threads = parallel.num_threads();
  auto* const scratch = static_cast<char*>(workspace);
  const auto c_batch = static_cast<std::int64_t>(BytesOf(p.output)) * p.m * p.c_row_stride;

  const auto pack_a = [&](const Packed& to, const char* a, std::int64_t begin, std::int64_t end) {
    const std::int32_t* zero = x.a_zero ? x.a_zero + begin * p.a_zero_stride : nullptr;
    table.pack_a(end - begin, p.k, a + begin * p.a_row_stride, p.a_signed, p.a_row_stride, p.a_column_stride, zero,
                 p.a_zero_stride, to.a + begin * PackedDepth(p.k), to.a_sums + begin);
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
      table.run_block(p, x, {0, p.m, 0, p.n, packed.a, packed.a_sums, packed.b, static_cast<unsigned char*>(x.c) + batch * c_batch});
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
                             packed.b, static_cast<unsigned char*>(x.c) + batch * c_batch});
    });
  }
}

}  // namespace inferlab::qgemm
