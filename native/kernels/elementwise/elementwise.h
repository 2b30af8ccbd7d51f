// Elementwise chains: any number of pointwise functions in one pass over memory.
//
//   y[i] = f_k(… f_1(x_0[i · stride_0], x_1[i · stride_1], …) …)
//
// A chain is a list of steps in single-assignment form over slots: slot 0 … inputs-1 are the inputs, each next slot is the
// result of a step. Inputs broadcast by strides of 0. The chain runs tile by tile: a tile of every intermediate slot stays in
// the first-level cache, so a chain of ten steps costs the memory traffic of one.
//
// An output may be the same memory as an input that has the output's shape and an element of the same size (in place).
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/codes.gen.h"
#include "base/dtype.h"
#include "base/parallel.h"

namespace inferlab::elementwise {

// Elements of a tile: eight slots of float32 fill half of a 32 KiB cache.
inline constexpr std::size_t kTile = 512;
// Elements of a parallel task; fixed, so that the split never depends on the number of threads.
inline constexpr std::size_t kTaskElements = 16384;

struct Step {
  ElementwiseFunction function;
  DType type;          // of the arguments (of the values, for Where)
  DType result;        // of what it gives
  std::int32_t arguments[3];  // slots; unused ones are -1
  double alpha;
  double beta;
};

struct Input {
  DType type;
  std::int64_t strides[kMaxRank];  // elements; 0 where it broadcasts
};

struct Chain {
  int rank = 0;
  std::int64_t dims[kMaxRank];  // of the outputs, which are dense
  std::vector<Input> inputs;
  std::vector<Step> steps;
  std::vector<std::int32_t> outputs;  // slots of results, one an output
};

// Arguments a function takes: 1, 2 or 3.
int NumArguments(ElementwiseFunction function);
// Whether some kernel computes the function for these types (the same for every instruction set).
bool IsSupported(ElementwiseFunction function, DType type, DType result);

// A chain with its kernels chosen and its slots laid out.
class Plan {
 public:
  // False where the chain is not well formed: a slot used before it is made, an unsupported function, a wrong type.
  static bool Make(Chain chain, Plan* plan);
  std::size_t workspace_bytes_per_thread() const { return workspace_bytes_; }
  void Run(const void* const* inputs, void* const* outputs, std::byte* workspace, Parallel& parallel) const;
  const Chain& chain() const { return chain_; }

 private:
  using TileFunction = void (*)(const void*, const void*, const void*, void*, std::size_t, double, double);
  void RunRange(std::size_t begin, std::size_t end, const void* const* inputs, void* const* outputs,
                std::byte* scratch) const;

  Chain chain_;
  std::size_t size_ = 1;
  std::vector<TileFunction> functions_;
  std::vector<bool> dense_;              // by input: its elements lie as the output's do
  std::vector<std::int32_t> output_of_;  // by slot: output written, or -1
  std::vector<std::size_t> offset_of_;   // by slot: tile in the workspace
  std::size_t workspace_bytes_ = 0;
};

// The plain definition of one step in double precision, for tests: unsupported types give NaN.
double Reference(ElementwiseFunction function, double a, double b, double c, double alpha, double beta);

}  // namespace inferlab::elementwise
