#include "kernels/conv/conv.h"

#include <algorithm>
#include <cstring>

#include "base/round.h"
#include "kernels/conv/conv_patches.h"
#include "kernels/conv/conv_table.h"

namespace inferlab::conv {
namespace {

const Table& Current() { INFERLAB_SELECT_TABLE() }

std::int64_t Blocks(std::int64_t channels) { return CeilDiv(channels, Current().block_channels); }

// Floats of one batch.
std::int64_t BatchFloats(std::int64_t channels, Layout layout, std::int64_t plane) {
  return (layout == Layout::kBlocked ? Blocks(channels) * Current().block_channels : channels) * plane;
}
std::int64_t InputPlane(const Params& p) { return p.axes[0].input * p.axes[1].input * p.axes[2].input; }
std::int64_t OutputPlane(const Params& p) { return p.axes[0].output * p.axes[1].output * p.axes[2].output; }
std::int64_t InputBatchStride(const Params& p) {
  return p.input_batch_stride ? p.input_batch_stride : BatchFloats(p.input_channels, p.input_layout, InputPlane(p));
}
std::int64_t OutputBatchStride(const Params& p) {
  return p.output_batch_stride ? p.output_batch_stride
                               : BatchFloats(p.output_channels, p.output_layout, OutputPlane(p));
}

// ---- Direct ---------------------------------------------------------------------------------------------------------

// One axis of one phase. Output index o of a transposed convolution with stride s takes only the taps k ≡ o + pad (mod s):
// the outputs of one residue are a convolution of stride 1 with every s-th tap, in reverse.
struct PhaseAxis {
  Axis axis;
  std::int64_t first_output = 0, output_step = 1;
  std::int64_t first_tap = 0, tap_step = 1;  // in the kernel as given, for tap 0 and each further one
};

PhaseAxis MakePhase(const Axis& axis, bool transposed, std::int64_t residue) {
  PhaseAxis phase;
  phase.axis = axis;
  if (!transposed) return phase;
  const std::int64_t s = axis.stride;
  const std::int64_t lowest = (residue + axis.pad) % s;
  const std::int64_t taps = lowest < axis.kernel ? CeilDiv(axis.kernel - lowest, s) : 0;
  const std::int64_t shift = (residue + axis.pad - lowest) / s;
  phase.axis.stride = 1;
  phase.axis.kernel = taps;
  phase.axis.pad = taps - 1 - shift;
  phase.axis.output = axis.output > residue ? CeilDiv(axis.output - residue, s) : 0;
  phase.first_output = residue;
  phase.output_step = s;
  phase.first_tap = lowest + s * (taps - 1);
  phase.tap_step = -s;
  return phase;
}

struct Phase {
  PhaseAxis y, x;
  std::int64_t weights_offset;  // floats before this phase's weights of the group
};

std::int64_t NumPhases(const Params& p) { return p.transposed ? p.axes[1].stride * p.axes[2].stride : 1; }

Phase GetPhase(const Params& p, std::int64_t index) {
  const std::int64_t sx = p.transposed ? p.axes[2].stride : 1;
  return {MakePhase(p.axes[1], p.transposed, index / sx), MakePhase(p.axes[2], p.transposed, index % sx), 0};
}

// A 1×1 convolution of stride 1 without padding is one long row.
bool IsPointwise(const Params& p) {
  const Axis &y = p.axes[1], &x = p.axes[2];
  return !p.transposed && y.kernel == 1 && x.kernel == 1 && y.stride == 1 && x.stride == 1 && y.pad == 0 &&
         x.pad == 0 && y.output == y.input && x.output == x.input;
}

// Output channel blocks a tile should hold: the choice with the fewest estimated cycles over the group; 2 among equals, which
// leaves the smallest remainders. A step of a tile
// issues blocks·width FMAs (2 a cycle) and blocks + width loads (2 a cycle), and waits 4 cycles for its own sums.
int ChooseBlocks(const Params& p) {
  const Table& table = Current();
  const std::int64_t blocks = Blocks(p.output_channels / p.groups);
  if (p.tile_blocks > 0) return static_cast<int>(std::min(p.tile_blocks, std::max<std::int64_t>(blocks, 1)));
  const std::int64_t columns = std::max<std::int64_t>(1, p.tile_columns);
  const auto step = [](std::int64_t b, std::int64_t w) {
    return std::max({static_cast<double>(b * w) / 2, static_cast<double>(b + w) / 2, 4.0});
  };
  const auto row = [&](std::int64_t b) {
    const std::int64_t tiles = CeilDiv(columns, table.max_width[b]);
    const std::int64_t narrow = columns / tiles, wide = columns % tiles;
    return static_cast<double>(wide) * step(b, narrow + 1) + static_cast<double>(tiles - wide) * step(b, narrow);
  };
  int best = 1;
  double best_cycles = 0;
  for (int b : {2, 3, 4, 1}) {
    if (b > blocks) continue;
    double cycles = static_cast<double>(blocks / b) * row(b);
    if (blocks % b) cycles += row(blocks % b);
    if (best_cycles == 0 || cycles < best_cycles * 0.999) {
      best = b;
      best_cycles = cycles;
    }
  }
  return best;
}

struct DirectPlan {
  Direct direct;
  bool pointwise, copies;
  std::int64_t band;              // output rows (columns if pointwise) of a task
  std::int64_t bands, block_step, block_parts;
  std::int64_t column_step, column_parts;  // output columns of a task, where rows are too few to share out
  std::int64_t copy_rows, copy_columns;  // of a band's padded copy
  std::int64_t copy_plane;               // pixels from a plane of it to the next
  std::int64_t copy_floats;
};

constexpr std::int64_t kBandBytes = 192 * 1024;  // of input: what stays in the second-level cache beside the weights

DirectPlan PlanDirect(const Params& p, const Phase& phase, int num_threads) {
  const Table& table = Current();
  const std::int64_t lanes = table.block_channels;
  const bool blocked = p.input_layout == Layout::kBlocked;
  DirectPlan plan{};
  Direct& d = plan.direct;
  d.params = &p;
  d.y = phase.y.axis;
  d.x = phase.x.axis;
  d.in_channels = p.input_channels / p.groups;
  d.out_channels = p.output_channels / p.groups;
  d.max_blocks = ChooseBlocks(p);
  plan.pointwise = IsPointwise(p);
  const std::int64_t iw = p.axes[2].input, ow = p.axes[2].output, in_plane = InputPlane(p);
  d.out_x = lanes * phase.x.output_step;
  d.out_y = lanes * ow * phase.y.output_step;
  d.out_block = lanes * OutputPlane(p);
  d.in_x = blocked ? lanes : 1;
  d.in_y = d.in_x * iw;
  d.in_channel = blocked ? 1 : in_plane;
  d.in_block = lanes * in_plane;
  if (plan.pointwise) {
    d.x.output = OutputPlane(p);
    d.y.output = 1;
  }
  const std::int64_t rows = plan.pointwise ? d.x.output : d.y.output;
  const std::int64_t blocks = CeilDiv(d.out_channels, lanes);

  // Does any tap fall outside?
  const auto outside = [](const Axis& a, std::int64_t input) {
    return a.pad > 0 || (a.output - 1) * a.stride - a.pad + (a.kernel - 1) * a.dilation >= input;
  };
  plan.copies = !plan.pointwise && rows > 0 && d.x.output > 0 && d.y.kernel > 0 && d.x.kernel > 0 &&
                (outside(d.y, p.axes[1].input) || outside(d.x, iw));

  // A tile walks its channel blocks at this distance: where it is a multiple of half a page, many blocks meet in the same few
  // cache sets and evict each other (16 instead of 80 GFLOP/s at 512 channels). A copy spreads them, if the outputs pay for it.
  const bool collides = blocked && d.in_block * 4 % 2048 == 0 && d.in_channels >= 16 * lanes && d.out_channels >= 4 * lanes;
  if (collides && rows > 0 && d.x.output > 0 && d.y.kernel > 0 && d.x.kernel > 0) plan.copies = true;

  // Bands that fit the cache; then, for more than one thread, about four tasks a thread of at least 2^17 multiply-adds.
  const std::int64_t channels_floats = blocked ? Blocks(d.in_channels) * lanes : d.in_channels;
  const std::int64_t columns = plan.pointwise ? 1 : (d.x.output - 1) * d.x.stride + (d.x.kernel - 1) * d.x.dilation + 1;
  const std::int64_t row_bytes = std::max<std::int64_t>(1, channels_floats * columns * 4 * (plan.pointwise ? 1 : d.y.stride));
  plan.band = std::max<std::int64_t>(kBandBytes / row_bytes, plan.pointwise ? 48 : 2);
  const std::int64_t work =
      rows * (plan.pointwise ? 1 : d.x.output) * d.out_channels * d.in_channels * d.y.kernel * d.x.kernel;
  std::int64_t wanted = 1;
  if (num_threads > 1)
    wanted = std::min<std::int64_t>(std::max<std::int64_t>(1, work >> 17), CeilDiv(4 * num_threads, std::max<std::int64_t>(1, p.batch * p.groups)));
  if (wanted > 1) {
    const std::int64_t least = plan.pointwise ? 24 : std::min<std::int64_t>(4, d.y.kernel + 1);
    plan.band = std::min(plan.band, std::max(CeilDiv(rows, wanted), least));
  }
  plan.band = std::clamp<std::int64_t>(plan.band, 1, std::max<std::int64_t>(rows, 1));
  if (plan.pointwise) plan.band = std::min(CeilDiv(plan.band, 12) * 12, std::max<std::int64_t>(rows, 1));
  plan.bands = CeilDiv(rows, plan.band);
  plan.band = plan.bands ? CeilDiv(rows, plan.bands) : 1;
  if (plan.pointwise) plan.band = CeilDiv(plan.band, 12) * 12, plan.bands = CeilDiv(rows, plan.band);
  // A long row (one-dimensional convolutions are one) is cut into parts that fit the cache, then shared out.
  plan.column_step = d.x.output;
  plan.column_parts = 1;
  if (!plan.pointwise && plan.bands > 0 && d.x.output >= 48) {
    const std::int64_t band_bytes = row_bytes / d.y.stride * ((plan.band - 1) * d.y.stride + (d.y.kernel - 1) * d.y.dilation + 1);
    const std::int64_t fitting = plan.band == 1 ? CeilDiv(band_bytes, 2 * kBandBytes) : 1;
    const std::int64_t column_parts =
        std::clamp<std::int64_t>(std::max(fitting, CeilDiv(wanted, plan.bands)), 1, d.x.output / 24);
    plan.column_step = CeilDiv(CeilDiv(d.x.output, column_parts), 12) * 12;
    plan.column_parts = CeilDiv(d.x.output, plan.column_step);
  }
  const std::int64_t groups_of_blocks = CeilDiv(blocks, d.max_blocks);
  const std::int64_t parts = std::clamp<std::int64_t>(
      plan.bands ? CeilDiv(wanted, plan.bands * plan.column_parts) : 1, 1, groups_of_blocks);
  plan.block_step = CeilDiv(groups_of_blocks, parts) * d.max_blocks;
  plan.block_parts = CeilDiv(blocks, plan.block_step);

  if (plan.copies) {
    plan.copy_rows = plan.pointwise ? 1 : (plan.band - 1) * d.y.stride + (d.y.kernel - 1) * d.y.dilation + 1;
    plan.copy_columns =
        plan.pointwise ? plan.band : (plan.column_step - 1) * d.x.stride + (d.x.kernel - 1) * d.x.dilation + 1;
    d.in_y = d.in_x * plan.copy_columns;
    std::int64_t plane = plan.copy_rows * plan.copy_columns;
    // An odd number of pixels spreads the blocks over all cache sets.
    if (blocked) plane |= 1;
    plan.copy_plane = plane;
    d.in_channel = blocked ? 1 : plane;
    d.in_block = lanes * plane;
    plan.copy_floats = channels_floats * plane;
  }
  return plan;
}

// Copies rows [y, y + rows) and columns [x, x + columns) of a plane, zeros where they lie outside. `unit` floats a pixel.
void CopyPadded(std::int64_t unit, std::int64_t in_rows, std::int64_t in_columns, std::int64_t y, std::int64_t x,
                std::int64_t rows, std::int64_t columns, const float* input, float* copy) {
  const std::int64_t left = std::clamp<std::int64_t>(-x, 0, columns);
  const std::int64_t right = std::clamp<std::int64_t>(in_columns - x, left, columns);
  for (std::int64_t r = 0; r < rows; ++r, copy += columns * unit) {
    const std::int64_t row = y + r;
    if (row < 0 || row >= in_rows) {
      std::memset(copy, 0, static_cast<std::size_t>(columns * unit) * sizeof(float));
      continue;
    }
    std::memset(copy, 0, static_cast<std::size_t>(left * unit) * sizeof(float));
    std::memcpy(copy + left * unit, input + (row * in_columns + x + left) * unit,
                static_cast<std::size_t>((right - left) * unit) * sizeof(float));
    std::memset(copy + right * unit, 0, static_cast<std::size_t>((columns - right) * unit) * sizeof(float));
  }
}

void RunDirect(const Params& p, const Pointers& pointers, float* workspace, Parallel& parallel) {
  const Table& table = Current();
  const std::int64_t lanes = table.block_channels;
  const bool blocked = p.input_layout == Layout::kBlocked;
  std::int64_t weights_offset = 0;
  for (std::int64_t index = 0; index < NumPhases(p); ++index) {
    const Phase phase = GetPhase(p, index);
    const DirectPlan plan = PlanDirect(p, phase, parallel.num_threads());
    const Direct& d = plan.direct;
    const std::int64_t blocks = CeilDiv(d.out_channels, lanes);
    const std::int64_t group_weights = blocks * lanes * d.in_channels * d.y.kernel * d.x.kernel;
    const std::int64_t rows = plan.pointwise ? d.x.output : d.y.output;
    const std::int64_t tasks = p.batch * p.groups * plan.bands * plan.column_parts * plan.block_parts;
    if (d.x.output > 0 && rows > 0)
      parallel.For(static_cast<std::size_t>(tasks), [&](std::size_t task, int thread) {
        auto rest = static_cast<std::int64_t>(task);
        const std::int64_t block_part = rest % plan.block_parts;
        rest /= plan.block_parts;
        const std::int64_t column = rest % plan.column_parts * plan.column_step;
        rest /= plan.column_parts;
        const std::int64_t band = rest % plan.bands;
        rest /= plan.bands;
        const std::int64_t group = rest % p.groups, batch = rest / p.groups;
        const std::int64_t begin = band * plan.band, end = std::min(begin + plan.band, rows);

        DirectPart part{};
        part.rows = plan.pointwise ? 1 : end - begin;
        part.columns = plan.pointwise ? end - begin : std::min(plan.column_step, d.x.output - column);
        part.blocks = blocks;
        part.block_begin = block_part * plan.block_step;
        part.block_end = std::min(part.block_begin + plan.block_step, blocks);
        const float* input = pointers.input + batch * InputBatchStride(p) + group * d.in_channels * InputPlane(p);
        if (plan.copies) {
          float* copy = workspace + plan.copy_floats * thread;
          const std::int64_t planes = blocked ? CeilDiv(d.in_channels, lanes) : d.in_channels;
          const std::int64_t unit = blocked ? lanes : 1;
          const std::int64_t needed =
              plan.pointwise ? 1 : (end - begin - 1) * d.y.stride + (d.y.kernel - 1) * d.y.dilation + 1;
          for (std::int64_t i = 0; i < planes; ++i) {
            const float* from = input + i * unit * InputPlane(p);
            float* to = copy + i * unit * plan.copy_plane;
            if (plan.pointwise)
              std::memcpy(to, from + begin * unit, static_cast<std::size_t>((end - begin) * unit) * sizeof(float));
            else
              CopyPadded(unit, p.axes[1].input, p.axes[2].input, begin * d.y.stride - d.y.pad,
                         column * d.x.stride - d.x.pad, needed, plan.copy_columns, from, to);
          }
          part.input = copy;
        } else if (plan.pointwise) {
          part.input = input + begin * d.in_x;
        } else {
          part.input = input + (begin * d.y.stride - d.y.pad) * d.in_y + (column * d.x.stride - d.x.pad) * d.in_x;
        }
        part.weights = pointers.weights + weights_offset + group * group_weights;
        part.bias = pointers.bias ? pointers.bias + group * d.out_channels : nullptr;
        part.slope = pointers.slope ? pointers.slope + group * d.out_channels : nullptr;
        const std::int64_t out = batch * OutputBatchStride(p) + group * d.out_channels * OutputPlane(p) +
                                 (plan.pointwise ? begin * lanes
                                                 : (phase.y.first_output * p.axes[2].output + phase.x.first_output) *
                                                           lanes + begin * d.out_y + column * d.out_x);
        part.output = pointers.output + out;
        part.residual = pointers.residual ? pointers.residual + out : nullptr;
        table.direct(d, part);
      });
    weights_offset += group_weights * p.groups;
  }
}

void PackDirect(const Params& p, const float* weights, float* packed) {
  const std::int64_t lanes = Current().block_channels;
  const std::int64_t ic = p.input_channels / p.groups, oc = p.output_channels / p.groups;
  const std::int64_t blocks = CeilDiv(oc, lanes), max_blocks = ChooseBlocks(p);
  const std::int64_t kernel_rows = p.axes[1].kernel, kernel_columns = p.axes[2].kernel;
  for (std::int64_t index = 0; index < NumPhases(p); ++index) {
    const Phase phase = GetPhase(p, index);
    for (std::int64_t group = 0; group < p.groups; ++group)
      for (std::int64_t block = 0; block < blocks; block += max_blocks) {
        const std::int64_t width = std::min(max_blocks, blocks - block) * lanes;
        for (std::int64_t c0 = 0; c0 < ic; c0 += lanes)
          for (std::int64_t ky = 0; ky < phase.y.axis.kernel; ++ky)
            for (std::int64_t kx = 0; kx < phase.x.axis.kernel; ++kx)
              for (std::int64_t c = c0; c < std::min(c0 + lanes, ic); ++c)
                for (std::int64_t lane = 0; lane < width; ++lane) {
                  const std::int64_t o = block * lanes + lane;
                  const std::int64_t row = phase.y.first_tap + ky * phase.y.tap_step;
                  const std::int64_t column = phase.x.first_tap + kx * phase.x.tap_step;
                  // Transposed weights are [input channels][output channels a group].
                  const std::int64_t pair =
                      p.transposed ? (group * ic + c) * oc + o : (group * oc + o) * ic + c;
                  *packed++ = o < oc ? weights[(pair * kernel_rows + row) * kernel_columns + column] : 0.0f;
                }
      }
  }
}

// ---- Depthwise ------------------------------------------------------------------------------------------------------

void RunDepthwise(const Params& p, const Pointers& pointers, Parallel& parallel) {
  const Table& table = Current();
  const std::int64_t lanes = table.block_channels, blocks = Blocks(p.output_channels);
  const Axis &y = p.axes[1], &x = p.axes[2];
  // Tasks of at least 2^15 taps; whole planes where they suffice.
  const std::int64_t work = p.batch * p.output_channels * OutputPlane(p) * y.kernel * x.kernel;
  const std::int64_t planes = std::max<std::int64_t>(1, p.batch * blocks);
  std::int64_t parts = 1;
  if (parallel.num_threads() > 1)
    parts = std::clamp<std::int64_t>(std::min(work >> 15, CeilDiv(4 * parallel.num_threads(), planes)), 1,
                                     std::max<std::int64_t>(1, y.output));
  // Few, small planes: several to a task, so that handing out tasks costs less than they do.
  const std::int64_t together =
      parts > 1 ? 1 : std::clamp<std::int64_t>(planes / (8 * parallel.num_threads()), 1, planes);
  const std::int64_t step = CeilDiv(y.output, parts);
  parallel.For(static_cast<std::size_t>(CeilDiv(planes, together) * parts), [&](std::size_t task, int) {
    const std::int64_t first = static_cast<std::int64_t>(task) / parts * together;
    const std::int64_t part_index = static_cast<std::int64_t>(task) % parts;
    for (std::int64_t plane = first; plane < std::min(first + together, planes); ++plane) {
      const std::int64_t batch = plane / blocks, block = plane % blocks;
      DepthwisePart part{};
      part.y_begin = std::min(part_index * step, y.output);
      part.y_end = std::min(part.y_begin + step, y.output);
      part.channels = std::min(lanes, p.output_channels - block * lanes);
      part.input = pointers.input + batch * InputBatchStride(p) + block * lanes * InputPlane(p);
      part.weights = pointers.weights + block * lanes * y.kernel * x.kernel;
      part.bias = pointers.bias ? pointers.bias + block * lanes : nullptr;
      part.slope = pointers.slope ? pointers.slope + block * lanes : nullptr;
      const std::int64_t out = batch * OutputBatchStride(p) + block * lanes * OutputPlane(p);
      part.output = pointers.output + out;
      part.residual = pointers.residual ? pointers.residual + out : nullptr;
      table.depthwise(p, part);
    }
  });
}

void PackDepthwise(const Params& p, const float* weights, float* packed) {
  const std::int64_t lanes = Current().block_channels, taps = p.axes[1].kernel * p.axes[2].kernel;
  for (std::int64_t block = 0; block < Blocks(p.output_channels); ++block)
    for (std::int64_t tap = 0; tap < taps; ++tap)
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const std::int64_t channel = block * lanes + lane;
        *packed++ = channel < p.output_channels ? weights[channel * taps + tap] : 0.0f;
      }
}

// ---- Winograd -------------------------------------------------------------------------------------------------------

// Tiles of a part: the most that fit, fewer where that leaves threads without work.
std::int64_t WinogradStep(const Params& p, int num_threads) {
  const std::int64_t tiles = CeilDiv(p.axes[1].output, 4) * CeilDiv(p.axes[2].output, 4);
  std::int64_t step = std::min(Current().winograd_tiles(p), std::max<std::int64_t>(tiles, 1));
  if (num_threads > 1) step = std::min(step, std::max<std::int64_t>(6, CeilDiv(tiles, 2 * num_threads * 6) * 6));
  const std::int64_t parts = std::max<std::int64_t>(1, CeilDiv(tiles, step));
  return std::max<std::int64_t>(1, std::min(step, CeilDiv(CeilDiv(tiles, parts), 6) * 6));
}

void RunWinograd(const Params& p, const Pointers& pointers, float* workspace, Parallel& parallel) {
  const Table& table = Current();
  const std::int64_t tiles = CeilDiv(p.axes[1].output, 4) * CeilDiv(p.axes[2].output, 4);
  const std::int64_t step = WinogradStep(p, parallel.num_threads());
  const std::int64_t parts = CeilDiv(tiles, step), scratch = table.winograd_scratch_floats(p);
  parallel.For(static_cast<std::size_t>(p.batch * parts), [&](std::size_t task, int thread) {
    const std::int64_t batch = static_cast<std::int64_t>(task) / parts;
    WinogradPart part{};
    part.tile_begin = static_cast<std::int64_t>(task) % parts * step;
    part.tile_end = std::min(part.tile_begin + step, tiles);
    part.input = pointers.input + batch * InputBatchStride(p);
    part.weights = pointers.weights;
    part.bias = pointers.bias;
    part.slope = pointers.slope;
    part.output = pointers.output + batch * OutputBatchStride(p);
    part.residual = pointers.residual ? pointers.residual + batch * OutputBatchStride(p) : nullptr;
    part.scratch = workspace + scratch * thread;
    table.winograd(p, part);
  });
}

}  // namespace

int BlockChannels() { return Current().block_channels; }

bool Supports(const Params& p, Algorithm algorithm) {
  const std::int64_t lanes = Current().block_channels;
  const Axis &z = p.axes[0], &y = p.axes[1], &x = p.axes[2];
  const bool flat = z.input == 1 && z.output == 1 && z.kernel == 1 && z.pad == 0;
  const bool blocked_out = p.output_layout == Layout::kBlocked, blocked_in = p.input_layout == Layout::kBlocked;
  switch (algorithm) {
    case Algorithm::kPatches:
      return !blocked_in && !blocked_out;
    case Algorithm::kDirect:
      if (!flat || !blocked_out) return false;
      if (p.transposed && (y.dilation != 1 || x.dilation != 1)) return false;
      if (p.groups == 1) return true;
      return (!blocked_in || (p.input_channels / p.groups) % lanes == 0) && (p.output_channels / p.groups) % lanes == 0;
    case Algorithm::kDepthwise:
      return flat && blocked_in && blocked_out && !p.transposed && p.groups == p.input_channels &&
             p.groups == p.output_channels;
    case Algorithm::kWinograd:
      return flat && blocked_in && blocked_out && !p.transposed && p.groups == 1 && y.kernel == 3 && x.kernel == 3 &&
             y.stride == 1 && x.stride == 1 && y.dilation == 1 && x.dilation == 1;
  }
  return false;
}

std::size_t PackedFloats(const Params& p) {
  const std::int64_t lanes = Current().block_channels;
  const std::int64_t ic = p.input_channels / p.groups, oc = p.output_channels / p.groups;
  switch (p.algorithm) {
    case Algorithm::kPatches:
      return PatchWeightFloats(p);
    case Algorithm::kDirect:
      return static_cast<std::size_t>(p.groups * CeilDiv(oc, lanes) * lanes * ic * p.axes[1].kernel * p.axes[2].kernel);
    case Algorithm::kDepthwise:
      return static_cast<std::size_t>(Blocks(p.output_channels) * lanes * p.axes[1].kernel * p.axes[2].kernel);
    case Algorithm::kWinograd:
      return static_cast<std::size_t>(36 * Blocks(p.output_channels) * lanes * p.input_channels);
  }
  return 0;
}

void PackWeights(const Params& p, const float* weights, float* packed) {
  switch (p.algorithm) {
    case Algorithm::kPatches:
      return PackPatchWeights(p, weights, packed);
    case Algorithm::kDirect:
      return PackDirect(p, weights, packed);
    case Algorithm::kDepthwise:
      return PackDepthwise(p, weights, packed);
    case Algorithm::kWinograd:
      return Current().winograd_weights(p.input_channels, p.output_channels, weights, packed);
  }
}

namespace {

std::size_t WorkspaceFor(const Params& p, int num_threads) {
  std::int64_t floats = 0;
  switch (p.algorithm) {
    case Algorithm::kPatches:
      return PatchWorkspaceBytes(p, num_threads);
    case Algorithm::kDirect:
      for (std::int64_t index = 0; index < NumPhases(p); ++index)
        floats = std::max(floats, PlanDirect(p, GetPhase(p, index), num_threads).copy_floats);
      break;
    case Algorithm::kDepthwise:
      break;
    case Algorithm::kWinograd:
      floats = Current().winograd_scratch_floats(p);
      break;
  }
  return static_cast<std::size_t>(floats * num_threads) * sizeof(float);
}

}  // namespace

std::size_t WorkspaceBytes(const Params& p, int num_threads) {
  std::size_t bytes = 0;
  for (int threads = 1; threads <= num_threads; ++threads) bytes = std::max(bytes, WorkspaceFor(p, threads));
  return bytes;
}

void Run(const Params& p, const Pointers& pointers, void* workspace, Parallel& parallel) {
  if (p.batch == 0 || p.output_channels == 0 || OutputPlane(p) == 0) return;
  auto* floats = static_cast<float*>(workspace);
  switch (p.algorithm) {
    case Algorithm::kPatches:
      return RunPatches(p, pointers, floats, parallel);
    case Algorithm::kDirect:
      return RunDirect(p, pointers, floats, parallel);
    case Algorithm::kDepthwise:
      return RunDepthwise(p, pointers, parallel);
    case Algorithm::kWinograd:
      return RunWinograd(p, pointers, floats, parallel);
  }
}

const char* KernelName(const Params& p) {
  const Table& table = Current();
  switch (p.algorithm) {
    case Algorithm::kPatches:
      return PatchKernelName();
    case Algorithm::kDirect:
      return table.direct_name;
    case Algorithm::kDepthwise:
      return table.depthwise_name;
    case Algorithm::kWinograd:
      return table.winograd_name;
  }
  return "";
}

namespace {

void Reorder(std::int64_t batch, std::int64_t channels, std::int64_t plane, const float* from, float* to,
             std::int64_t from_stride, std::int64_t to_stride,
             void (*part)(std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, const float*, float*),
             Parallel& parallel) {
  // Tasks of about 2^14 floats: several blocks, or a part of the pixels of one.
  constexpr std::int64_t kFloats = 16 * 1024;
  const std::int64_t blocks = Blocks(channels), block_floats = std::max<std::int64_t>(1, plane * Current().block_channels);
  const std::int64_t step = std::max<std::int64_t>(1, kFloats / block_floats);
  const std::int64_t pixels =
      step > 1 ? plane : std::min(plane, CeilDiv(CeilDiv(plane, std::max<std::int64_t>(1, block_floats / kFloats)), 8) * 8);
  const std::int64_t block_parts = CeilDiv(blocks, step), pixel_parts = plane ? CeilDiv(plane, pixels) : 0;
  parallel.For(static_cast<std::size_t>(batch * block_parts * pixel_parts), [&](std::size_t task, int) {
    auto rest = static_cast<std::int64_t>(task);
    const std::int64_t pixel = rest % pixel_parts * pixels;
    rest /= pixel_parts;
    const std::int64_t n = rest / block_parts, first = rest % block_parts * step;
    for (std::int64_t block = first; block < std::min(first + step, blocks); ++block)
      part(channels, plane, block, pixel, std::min(pixel + pixels, plane), from + n * from_stride, to + n * to_stride);
  });
}

}  // namespace

void ToBlocked(std::int64_t batch, std::int64_t channels, std::int64_t plane, const float* planar, float* blocked,
               Parallel& parallel) {
  Reorder(batch, channels, plane, planar, blocked, channels * plane, Blocks(channels) * Current().block_channels * plane,
          Current().to_blocked, parallel);
}

void ToPlanar(std::int64_t batch, std::int64_t channels, std::int64_t plane, const float* blocked, float* planar,
              Parallel& parallel) {
  Reorder(batch, channels, plane, blocked, planar, Blocks(channels) * Current().block_channels * plane, channels * plane,
          Current().to_planar, parallel);
}

}  // namespace inferlab::conv
