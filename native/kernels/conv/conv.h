// Convolution and its transpose, float32, up to three spatial dimensions, with an epilogue:
//
//   Y[n, o, p] = act( Σ_{c, k} X[n, g(o)·C + c, p·stride - pad + k·dilation] · W[o, c, k]  +  bias[o]  +  R[n, o, p] )
//
// (R after the activation where the params say so), X zero outside. The transpose has W[c, o, k] and X where
// p = x·stride - pad + k·dilation. C is input channels a group; o runs over the output channels, g(o) their group.
//
// Blocks have BlockChannels() lanes (kernels/common/window.h). Only two spatial dimensions are ever blocked.
//
// Aliasing: R may be Y; otherwise Y overlaps nothing. Alignment: that of float. Nothing outside the tensors is read.
// Same input, same bits, whatever the number of threads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"
#include "kernels/common/activation.h"
#include "kernels/common/window.h"

namespace inferlab::conv {

// patches: any convolution, planar to planar: patches copied to panels, then the matrix product.
// direct: planar or blocked to blocked: register tiles over output columns × channel blocks. Groups of whole blocks.
// depthwise: blocked to blocked, one input and output channel a group.
// winograd: blocked to blocked, 3×3, stride and dilation 1, one group: F(4×4, 3×3).
using Algorithm = ConvAlgorithm;

struct Params {
  std::int64_t batch = 1, input_channels = 1, output_channels = 1, groups = 1;
  Axis axes[3];  // depth, height, width
  bool transposed = false;
  Algorithm algorithm = Algorithm::kPatches;
  Layout input_layout = Layout::kPlanar, output_layout = Layout::kPlanar;
  Activation activation;
  ResidualKind residual = ResidualKind::kNone;  // laid out as Y
  // Output columns the tiles of kDirect are chosen for. Weights are packed for it, so it is the same for all shapes that
  // share them; that it is not the real number costs a little speed only.
  std::int64_t tile_columns = 48;
  // Output channel blocks a tile of kDirect holds, 1 to 4; 0: as a model of the loop says. Weights are packed for it.
  std::int64_t tile_blocks = 0;
  // Floats between batches; 0: dense. Lets Y be a slice of channels of a larger tensor.
  std::int64_t input_batch_stride = 0, output_batch_stride = 0;
};

struct Pointers {
  const float* input = nullptr;
  const float* weights = nullptr;  // packed by PackWeights
  const float* bias = nullptr;     // output_channels floats, or nullptr
  const float* slope = nullptr;    // output_channels floats where the activation is Prelu
  const float* residual = nullptr;
  float* output = nullptr;
};

// Channels in a block: 8, or 16 with AVX-512.
int BlockChannels();
// Whether an algorithm can compute these params (layouts included).
bool Supports(const Params& params, Algorithm algorithm);
// Floats, and bytes, of the packed weights and of what Run needs beside the operands on any number of threads up to
// num_threads.
std::size_t PackedFloats(const Params& params);
std::size_t WorkspaceBytes(const Params& params, int num_threads);
// `weights` as ONNX lays them out: [output_channels][C][kernel], transposed [input_channels][output channels a group][kernel].
void PackWeights(const Params& params, const float* weights, float* packed);
void Run(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel);
// Name of the kernel in force, such as conv_f32_avx2_direct.
const char* KernelName(const Params& params);

// Between layouts: channels × plane elements a batch. Strides are floats between batches.
void ToBlocked(std::int64_t batch, std::int64_t channels, std::int64_t plane, const float* planar, float* blocked,
               Parallel& parallel);
void ToPlanar(std::int64_t batch, std::int64_t channels, std::int64_t plane, const float* blocked, float* planar,
              Parallel& parallel);

}  // namespace inferlab::conv
