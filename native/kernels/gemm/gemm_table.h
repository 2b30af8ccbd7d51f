// What each instruction set gives the dispatcher in gemm.cc.
#pragma once
#include "base/isa.h"
#include "kernels/gemm/gemm.h"

namespace inferlab::gemm {

// A rectangle of one product, B in panels or as rows.
struct Block {
  std::int64_t m_begin, m_end, n_begin, n_end;  // n_begin is a multiple of PanelColumns()
  const float* a;
  const float* b;
  // Floats between successive k of B, and between panels.
  std::int64_t b_k_stride, b_panel_stride;
  float* c;
  const float* residual;
  // Table::copy_floats of room: A is copied there block by block. nullptr: A is read in place.
  float* a_copy;
};

struct Table {
  const char* name;
  int tile_rows;
  int panel_columns;
  std::int64_t copy_floats;
  void (*pack_b)(std::int64_t k, std::int64_t n, const float* b, std::int64_t row_stride, std::int64_t column_stride,
                 float* packed);
  void (*run_block)(const Params& params, const Pointers& pointers, const Block& block);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::gemm
