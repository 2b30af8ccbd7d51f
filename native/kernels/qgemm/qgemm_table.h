// What each instruction set gives the dispatcher in qgemm.cc.
#pragma once
#include "base/isa.h"
#include "kernels/qgemm/qgemm.h"

namespace inferlab::qgemm {

// Rows and columns [begin, end) of one product; n_begin is a multiple of panel_columns.
struct Block {
  std::int64_t m_begin, m_end, n_begin, n_end;
  const std::int16_t* a;      // rows of PackedDepth(k) elements
  const std::int32_t* a_sums;  // of those rows
  const std::int8_t* b;       // panels
  unsigned char* c;
};

struct Table {
  int tile_rows;
  int panel_columns;
  void (*pack_a)(std::int64_t m, std::int64_t k, const void* a, bool is_signed, std::int64_t row_stride,
                 std::int64_t column_stride, const std::int32_t* zero, std::int64_t zero_stride, std::int16_t* packed,
                 std::int32_t* sums);
  void (*pack_b)(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
                 std::int64_t column_stride, std::int8_t* packed);
  void (*run_block)(const Params& params, const Pointers& pointers, const Block& block);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::qgemm
