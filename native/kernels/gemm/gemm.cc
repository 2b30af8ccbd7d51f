#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/common/batches.h"
#include "kernels/common/grid.h"
#include "kernels/gemm/gemm_table.h"

namespace inferlab::gemm {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

// How B is read when it has not been packed before: its rows in place, or packed into the workspace first. In place pays
// where each element of B meets few rows of A.
enum class BMode { kPacked, kRows, kPackEach, kPackShared };

BMode ChooseBMode(const Params& p, const Table& table, std::int64_t batches, int num_threads) {
  if (p.b_packed) return BMode::kPacked;
  const bool rows_usable = p.b_column_stride == 1;
  if (rows_usable && p.m <= 3 * table.tile_rows) return BMode::kRows;
  return batches >= num_threads ? BMode::kPackEach : BMode::kPackShared;
}

// Whether A is copied block by block: transposed, or larger than the second-level cache holds beside B, and used for
// enough columns to pay.
bool CopiesA(const Params& p, const Table& table) {
  if (p.n < 8 * table.panel_columns || p.m <= 2 * table.tile_rows) return false;
  return p.a_column_stride != 1 || p.m * p.k > 96 * 1024;
}

// Blocks of one product: at least about 2^16 multiply-adds each, at most 2^27, about 4 a thread so that uneven threads still
// finish together. They may depend on the number of threads: no block splits a sum. Rows are cut first: a block of rows reads
// its part of A once and all of B, which is shared in the outer cache.
Grid GridOf(const Params& p, const Table& table, std::int64_t batches, int num_threads) {
  const std::int64_t work = p.m * p.n * std::max<std::int64_t>(p.k, 1);
  std::int64_t wanted = num_threads == 1 ? 1 : CeilDiv(4 * num_threads, std::max<std::int64_t>(batches, 1));
  wanted = std::min(wanted, std::max<std::int64_t>(1, work >> 16));
  // A block is what a cancelled run still finishes: not more than about 3 ms of one core.
  wanted = std::max(wanted, work >> 27);
  return MakeGrid(p.m, p.n, wanted, table.tile_rows, table.panel_columns, wanted > 4 * num_threads ? 16 : 4);
}

std::size_t PanelFloats(const Params& p, const Table& table) {
  return static_cast<std::size_t>(CeilDiv(p.n, table.panel_columns) * table.panel_columns * p.k);
}

}  // namespace

int PanelColumns() { return Current().panel_columns; }
const char* KernelName() { return Current().name; }

std::size_t PackedFloats(std::int64_t k, std::int64_t n) {
  const std::int64_t columns = Current().panel_columns;
  return static_cast<std::size_t>(CeilDiv(n, columns) * columns * k);
}

void PackB(std::int64_t k, std::int64_t n, const float* b, std::int64_t row_stride, std::int64_t column_stride,
           float* packed) {
  Current().pack_b(k, n, b, row_stride, column_stride, packed);
}

namespace {

std::size_t WorkspaceFor(const Params& p, int num_threads) {
  const Table& table = Current();
  const auto threads = static_cast<std::size_t>(num_threads);
  std::size_t floats = CopiesA(p, table) ? static_cast<std::size_t>(table.copy_floats) * threads : 0;
  const BMode mode = ChooseBMode(p, table, NumBatches(p), num_threads);
  if (mode == BMode::kPackEach) floats += PanelFloats(p, table) * threads;
  if (mode == BMode::kPackShared) floats += PanelFloats(p, table);
  return floats * sizeof(float);
}

}  // namespace

std::size_t WorkspaceBytes(const Params& p, int num_threads) {
  std::size_t bytes = 0;
  for (int threads = 1; threads <= num_threads; ++threads) bytes = std::max(bytes, WorkspaceFor(p, threads));
  return bytes;
}

void Run(const Params& p, const Pointers& pointers, void* workspace, Parallel& parallel) {
  const Table& table = Current();
  const std::int64_t batches = NumBatches(p);
  if (batches == 0 || p.m == 0 || p.n == 0) return;
  const int num_threads = parallel.num_threads();
  const BMode mode = ChooseBMode(p, table, batches, num_threads);
  const std::int64_t columns = table.panel_columns;
  // The workspace: copies of A, one a thread; then panels of B.
  const bool copies = workspace && CopiesA(p, table);
  auto* const a_copies = static_cast<float*>(workspace);
  float* const scratch = a_copies + (copies ? table.copy_floats * num_threads : 0);

  const auto run = [&](int thread, std::int64_t batch, const BatchOffsets& offsets, const float* panels, std::int64_t m_begin,
                       std::int64_t m_end, std::int64_t n_begin, std::int64_t n_end) {
    const std::int64_t c_offset = batch * p.m * p.c_row_stride;
    Block block{m_begin, m_end, n_begin, n_end, pointers.a + offsets.a, panels, columns, columns * p.k,
                pointers.c + c_offset, pointers.residual ? pointers.residual + c_offset : nullptr,
                copies ? a_copies + table.copy_floats * thread : nullptr};
    if (mode == BMode::kRows) {
      block.b = pointers.b + offsets.b;
      block.b_k_stride = p.b_row_stride;
      block.b_panel_stride = columns;
    }
    table.run_block(p, pointers, block);
  };

  if (mode == BMode::kPackEach) {
    const std::size_t floats = PanelFloats(p, table);
    parallel.For(static_cast<std::size_t>(batches), [&](std::size_t batch, int thread) {
      const BatchOffsets offsets = OffsetsOf(p, static_cast<std::int64_t>(batch));
      float* panels = scratch + floats * static_cast<std::size_t>(thread);
      table.pack_b(p.k, p.n, pointers.b + offsets.b, p.b_row_stride, p.b_column_stride, panels);
      run(thread, static_cast<std::int64_t>(batch), offsets, panels, 0, p.m, 0, p.n);
    });
    return;
  }

  const Grid grid = GridOf(p, table, mode == BMode::kPackShared ? 1 : batches, num_threads);
  const std::int64_t blocks = grid.m_blocks * grid.n_blocks;
  const auto run_grid_block = [&](int thread, std::int64_t batch, const BatchOffsets& offsets, const float* panels,
                                  std::int64_t index) {
    const std::int64_t m_begin = index % grid.m_blocks * grid.m_step, n_begin = index / grid.m_blocks * grid.n_step;
    run(thread, batch, offsets, panels, m_begin, std::min(m_begin + grid.m_step, p.m), n_begin,
        std::min(n_begin + grid.n_step, p.n));
  };

  if (mode == BMode::kPackShared) {
    const std::int64_t panels = CeilDiv(p.n, columns);
    const std::int64_t step = CeilDiv(panels, 4 * num_threads);
    for (std::int64_t batch = 0; batch < batches; ++batch) {
      const BatchOffsets offsets = OffsetsOf(p, batch);
      parallel.For(static_cast<std::size_t>(CeilDiv(panels, step)), [&](std::size_t task, int) {
        const std::int64_t first = static_cast<std::int64_t>(task) * step * columns;
        const std::int64_t count = std::min(step * columns, p.n - first);
        table.pack_b(p.k, count, pointers.b + offsets.b + first * p.b_column_stride, p.b_row_stride, p.b_column_stride,
                     scratch + first * p.k);
      });
      parallel.For(static_cast<std::size_t>(blocks), [&](std::size_t task, int thread) {
        run_grid_block(thread, batch, offsets, scratch, static_cast<std::int64_t>(task));
      });
    }
    return;
  }

  parallel.For(static_cast<std::size_t>(batches * blocks), [&](std::size_t task, int thread) {
    const std::int64_t batch = static_cast<std::int64_t>(task) / blocks;
    const BatchOffsets offsets = OffsetsOf(p, batch);
    run_grid_block(thread, batch, offsets, mode == BMode::kPacked ? pointers.b + offsets.b : nullptr,
                   static_cast<std::int64_t>(task) % blocks);
  });
}

}  // namespace inferlab::gemm
