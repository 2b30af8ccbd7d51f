// What each instruction set gives the dispatcher in qgemm.cc.
#pragma once
#include "base/isa.h"
#include "kernels/qgemm/qgemm.h"

namespace inferlab::qgemm {

// Rows and columns [begin, end) of one product; n_begin is a multiple of panel_columns.
struct Block {
  std::int64_t m_begin, m_end, n_begin, n_end;
  const void* a;               // rows of PackedDepth(k) int16, of QuadDepth(k) bytes
  const std::int32_t* a_sums;  // of those rows, less their zero points
  const std::int8_t* b;        // panels
  // Of unsigned A: the zero points of its rows, as its bytes are stored, and the sums of B's columns.
  const std::int32_t* a_zeros;
  const std::int32_t* b_sums;
  unsigned char* c;
};

struct Table {
  int tile_rows;
  int panel_columns;
  void (*pack_a)(std::int64_t m, std::int64_t k, const void* a, bool is_signed, std::int64_t row_stride,
                 std::int64_t column_stride, const std::int32_t* zero, std::int64_t zero_stride, std::int16_t* packed,
                 std::int32_t* sums);
  // Null without quads. `flip` 128 turns the highest bit of each byte. Sums are of the bytes less their zero points; `zeros`
  // are the zero points as the bytes are stored.
  void (*pack_a_quads)(std::int64_t m, std::int64_t k, const void* a, bool is_signed, std::int64_t row_stride,
                       std::int64_t column_stride, const std::int32_t* zero, std::int64_t zero_stride, std::uint8_t* packed,
                       std::int32_t* sums, std::int32_t* zeros);
  void (*pack_b_quads)(std::int64_t k, std::int64_t n, const void* b, std::uint8_t flip, std::int64_t row_stride,
                       std::int64_t column_stride, std::uint8_t* packed);
  void (*pack_b)(std::int64_t k, std::int64_t n, const void* b, bool is_signed, std::int64_t row_stride,
                 std::int64_t column_stride, std::int8_t* packed);
  void (*run_block)(const Params& params, const Pointers& pointers, const Block& block);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::qgemm
