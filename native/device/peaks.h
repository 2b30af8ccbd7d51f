// What this machine can do at best, measured: the roofs that kernels are held against.
#pragma once
#include <cstddef>

#include "base/parallel.h"
#include "memory/heap.h"

namespace inferlab::device {

// Floating-point operations a second, a multiply-add counted as two, on all threads of `parallel` together, in the
// instruction set in force. Takes about 0.1 s.
double MeasureFlopsPerSecond(Parallel& parallel);

// Bytes read plus written a second by threads that each go over their share of `bytes` again and again, half of it read and
// half written; the best of some rounds. 0 where memory is short.
double MeasureBytesPerSecond(Parallel& parallel, memory::Heap& heap, std::size_t bytes);

}  // namespace inferlab::device
