// Reductions of float32 over any axes.
//
//   y[k] = finish( ⊕_r map(x[k, r]) )      k over the kept, r over the reduced axes
//
// A sum is made of fixed partial sums that do not depend on the number of threads: along a row 32 (or a multiple) of them,
// else one an output element.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/codes.gen.h"
#include "base/dtype.h"
#include "base/parallel.h"

namespace inferlab::reduce {

struct Params {
  ReduceFunction function = ReduceFunction::kSum;
  int num_kept = 0;  // axes of the output, outermost first; strides in elements of x
  std::int64_t kept_dims[kMaxRank];
  std::int64_t kept_strides[kMaxRank];
  int num_reduced = 0;
  std::int64_t reduced_dims[kMaxRank];
  std::int64_t reduced_strides[kMaxRank];
};

// y is dense over the kept axes.
void Run(const Params& params, const float* x, float* y, Parallel& parallel);

// Position of the largest (smallest) element along the middle of three axes; the first or the last of equal ones. NaN counts
// as larger (smaller) than everything.
struct ArgParams {
  bool largest = true;
  bool last = false;
  std::int64_t outer = 1;
  std::int64_t axis = 1;  // at least 1
  std::int64_t inner = 1;
};
void Arg(const ArgParams& params, const float* x, std::int64_t* y, Parallel& parallel);

}  // namespace inferlab::reduce
