// The convolution of kernels/qconv where each filter reads one channel: no patches, each row of outputs from rows of bytes.
#pragma once
#include "kernels/qconv/qconv.h"

namespace inferlab::qconv {

// One input channel a group, one or two axes, at most 64 taps (8 high), strides up to 8, dilations up to 16, outputs up to 8192
// wide: a part of a channel fits the workspace then. src/compiler/program/lower/qconv.ts says the same.
bool IsDepthwise(const Params& params);
std::size_t DepthwiseWorkspaceBytes(const Params& params, int num_threads);
void RunDepthwise(const Params& params, const Pointers& pointers, void* workspace, Parallel& parallel);

}  // namespace inferlab::qconv
