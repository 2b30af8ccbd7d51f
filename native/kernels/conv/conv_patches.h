// Convolution of planar tensors as a matrix product of the weights with panels of patches: any shape, groups, dilation,
// three dimensions, transposed. The panels of a few hundred outputs are made in the workspace, multiplied, and overwritten by
// the next: no image of all patches exists.
#pragma once
#include "kernels/conv/conv.h"

namespace inferlab::conv {

std::size_t PatchWeightFloats(const Params& params);
void PackPatchWeights(const Params& params, const float* weights, float* packed);
std::size_t PatchWorkspaceBytes(const Params& params, int num_threads);
void RunPatches(const Params& params, const Pointers& pointers, float* workspace, Parallel& parallel);
const char* PatchKernelName();

}  // namespace inferlab::conv
