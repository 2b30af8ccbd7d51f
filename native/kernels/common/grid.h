// How one product is cut into blocks of whole tiles, for kernels/gemm and kernels/qgemm. Not for *_isa.cc sources.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/round.h"

namespace inferlab {

struct Grid {
  std::int64_t m_step, n_step, m_blocks, n_blocks;
};

// About `wanted` blocks of C[m, n], cut along rows first, into parts of at least `tiles_of_part` tiles of `tile_rows` rows;
// columns are cut where panels of `panel_columns` end.
inline Grid MakeGrid(std::int64_t m, std::int64_t n, std::int64_t wanted, std::int64_t tile_rows, std::int64_t panel_columns,
                     std::int64_t tiles_of_part) {
  Grid grid{std::max<std::int64_t>(m, 1), std::max<std::int64_t>(n, 1), 1, 1};
  if (wanted <= 1) return grid;
  const std::int64_t m_tiles = CeilDiv(m, tile_rows), n_tiles = CeilDiv(n, panel_columns);
  const std::int64_t m_parts = std::min(wanted, std::max<std::int64_t>(1, m_tiles / tiles_of_part));
  const std::int64_t n_parts = std::min(CeilDiv(wanted, m_parts), n_tiles);
  grid.m_step = CeilDiv(m_tiles, m_parts) * tile_rows;
  grid.n_step = CeilDiv(n_tiles, n_parts) * panel_columns;
  grid.m_blocks = CeilDiv(m, grid.m_step);
  grid.n_blocks = CeilDiv(n, grid.n_step);
  return grid;
}

}  // namespace inferlab
