// Luma and chroma: the published integer formulas of 8 bits, one table of constants a standard and range.
#pragma once
#include <cstdint>

#include "base/isa.h"

namespace inferlab::vision::yuv {

// R = clip((y·(Y − offset) + ru·(U − 128) + rv·(V − 128) + 128) >> 8) and so on, in units of 1/256. Each chroma factor is split
// as 256 · whole + rest, and y as 256 + rest, which leaves sums that fit 16 bits and the same result:
// (256·a + b) >> 8 = a + (b >> 8).
struct Factors {
  int offset;
  int y_rest;
  int r_v_whole, r_v_rest;
  int g_u_whole, g_u_rest, g_v_whole, g_v_rest;
  int b_u_whole, b_u_rest;
};

// Y = ((y[0]·R + y[1]·G + y[2]·B + 128) >> 8) + offset; U, V the same + 128.
struct Forward {
  int offset;
  int y[3], u[3], v[3];
};

struct Table {
  // A row of n pixels from luma y[i·y_step] and chroma u[i/2·c_step], v[i/2·c_step], to order[0…2] of `channels` bytes a pixel
  // (a fourth is 255).
  void (*to_rgb)(const Factors& f, const std::uint8_t* y, int y_step, const std::uint8_t* u, const std::uint8_t* v,
                 int c_step, const int* order, int channels, std::uint8_t* rgb, std::int64_t n);
  // Luma of a row.
  void (*luma)(const Forward& f, const std::uint8_t* rgb, const int* order, int channels, std::uint8_t* y, int y_step,
               std::int64_t n);
  // Chroma of the pairs of pixels of two rows (the same row twice for 4:2:2): of their mean, halves rounded up.
  void (*chroma)(const Forward& f, const std::uint8_t* upper, const std::uint8_t* lower, const int* order, int channels,
                 std::uint8_t* u, std::uint8_t* v, int c_step, std::int64_t n);
};

INFERLAB_DECLARE_TABLES()

const Table& Kernels();

}  // namespace inferlab::vision::yuv
