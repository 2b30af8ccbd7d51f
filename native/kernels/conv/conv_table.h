// What each instruction set gives the dispatcher in conv.cc.
#pragma once
#include "base/isa.h"
#include "kernels/conv/conv.h"

namespace inferlab::conv {

// A convolution into channel blocks. A transposed one is one of these for each phase of its stride, which writes every
// stride-th output.
struct Direct {
  Axis y, x;  // kernel, stride and dilation count
  // Input: floats between columns, rows, channel blocks, and the channels of a block.
  std::int64_t in_x, in_y, in_block, in_channel;
  std::int64_t in_channels, out_channels;  // of a group
  std::int64_t out_x, out_y, out_block;
  int max_blocks;  // output channel blocks a tile holds, what the weights were packed for
  const Params* params;
};

// A rectangle of the output. Pointers are those of its first row and column (the input's: of the first tap there), block 0
// of the group.
struct DirectPart {
  std::int64_t rows, columns;
  std::int64_t block_begin, block_end;  // block_begin is a multiple of max_blocks
  std::int64_t blocks;                  // of the group
  const float* input;
  const float* weights;
  const float* bias;  // of the group, or nullptr; so slope and residual
  const float* slope;
  const float* residual;
  float* output;
};

// Rows of one channel block; pointers are those of the block.
struct DepthwisePart {
  std::int64_t y_begin, y_end;
  std::int64_t channels;  // of the block that exist
  const float* input;
  const float* weights;  // [kernel rows · kernel columns][lanes]
  const float* bias;
  const float* slope;
  const float* residual;
  float* output;
};

// Tiles of 4×4 outputs of one batch, counted row by row.
struct WinogradPart {
  std::int64_t tile_begin, tile_end;
  const float* input;
  const float* weights;
  const float* bias;
  const float* slope;
  const float* residual;
  float* output;
  float* scratch;
};

struct Table {
  const char* direct_name;
  const char* depthwise_name;
  const char* winograd_name;
  int block_channels;
  // Widest tile for 1, 2, 3, 4 output channel blocks.
  int max_width[5];
  void (*direct)(const Direct& conv, const DirectPart& part);
  void (*depthwise)(const Params& params, const DepthwisePart& part);
  void (*winograd_weights)(std::int64_t input_channels, std::int64_t output_channels, const float* weights,
                           float* packed);
  void (*winograd)(const Params& params, const WinogradPart& part);
  // Tiles a part may hold, and the scratch it takes then.
  std::int64_t (*winograd_tiles)(const Params& params);
  std::int64_t (*winograd_scratch_floats)(const Params& params);
  // Pixels [pixel_begin, pixel_end) of one block of a batch with `channels` channels and `plane` pixels.
  void (*to_blocked)(std::int64_t channels, std::int64_t plane, std::int64_t block, std::int64_t pixel_begin,
                     std::int64_t pixel_end, const float* planar, float* blocked);
  void (*to_planar)(std::int64_t channels, std::int64_t plane, std::int64_t block, std::int64_t pixel_begin,
                    std::int64_t pixel_end, const float* blocked, float* planar);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::conv
