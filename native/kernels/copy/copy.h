// Strided copies: transposes, slices, concatenations and padding move elements and do nothing else.
//
//   y[i · out_strides] = x[i · in_strides]   for every index i of dims
//
// x and y do not overlap. Dims may be in any order: the kernel walks them so that y is written in ascending order.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/dtype.h"
#include "base/parallel.h"

namespace inferlab::copy {

struct Params {
  int element_bytes = 4;  // 1, 2, 4 or 8
  int rank = 0;
  std::int64_t dims[kMaxRank];
  std::int64_t in_strides[kMaxRank];   // elements
  std::int64_t out_strides[kMaxRank];  // elements
};

// Drops dims of 1, orders by out_strides and merges neighbours that both sides walk densely.
void Normalize(Params* params);

// `params` normalized; x and y point at the element of index 0.
void Run(const Params& params, const void* x, void* y, Parallel& parallel);

// Gather along the middle of three axes: y[o, i, k] = x[o, index(i), k], blocks of block_bytes.
struct GatherParams {
  std::int64_t outer = 1;
  std::int64_t axis = 1;     // size of x along the axis
  std::int64_t indices = 1;  // number of indices
  std::size_t block_bytes = 4;
};
// `indices` must lie in [0, axis).
void Gather(const GatherParams& params, const void* x, const std::int64_t* indices, void* y, Parallel& parallel);

// Slices by their offsets: y[n] = x at offsets[n] bytes, or y at offsets[n] = x[n]; slice n is slice_bytes long. Of slices
// scattered to one place the last stays.
void GatherSlices(std::int64_t count, std::size_t slice_bytes, const void* x, const std::int64_t* offsets, void* y,
                  Parallel& parallel);
void ScatterSlices(std::int64_t count, std::size_t slice_bytes, const void* x, const std::int64_t* offsets, void* y);

}  // namespace inferlab::copy
