#include "kernels/reduce/reduce.h"

#include <algorithm>

#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeReduce(const ReduceParams& params, const Site& site, Made* made) {
  reduce::Params p;
  if (params.function < 0 || params.function >= kNumReduceFunctions)
    return Status::Malformed("reduction", params.function, kNumReduceFunctions);
  p.function = static_cast<ReduceFunction>(params.function);
  std::vector<std::int64_t> dims = params.kept_dims, strides = params.kept_strides;
  dims.insert(dims.end(), params.reduced_dims.begin(), params.reduced_dims.end());
  strides.insert(strides.end(), params.reduced_strides.begin(), params.reduced_strides.end());
  std::uint64_t kept, all;
  std::int64_t lowest, highest;
  // One axis is left free: the kernel may add a run of one.
  if (params.kept_dims.size() > kMaxRank || params.reduced_dims.size() >= kMaxRank ||
      params.kept_dims.size() != params.kept_strides.size() || !CountOf(params.kept_dims, &kept) ||
      !CountOf(dims, &all) || !ReachOf(dims, strides, &lowest, &highest) || lowest < 0)
    return Status::Malformed("reduction dims");
  if ((all > 0 && !site.in(0).Holds(static_cast<std::uint64_t>(highest) + 1, sizeof(float))) ||
      !site.out(0).Holds(kept, sizeof(float)))
    return Status::Malformed("reduction operands");
  p.num_kept = static_cast<int>(params.kept_dims.size());
  p.num_reduced = static_cast<int>(params.reduced_dims.size());
  std::copy(params.kept_dims.begin(), params.kept_dims.end(), p.kept_dims);
  std::copy(params.kept_strides.begin(), params.kept_strides.end(), p.kept_strides);
  std::copy(params.reduced_dims.begin(), params.reduced_dims.end(), p.reduced_dims);
  std::copy(params.reduced_strides.begin(), params.reduced_strides.end(), p.reduced_strides);
  *made = MakeInstruction([p, x = site.in(0).tensor, y = site.out(0).tensor](const Run& run) {
    reduce::Run(p, run.In<float>(x), run.Out<float>(y), run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

Status MakeArgReduce(const ArgReduceParams& params, const Site& site, Made* made) {
  std::uint64_t source;
  const std::int64_t dims[] = {params.outer, params.axis, params.inner};
  if (!CountOf(dims, &source) || params.axis < 1) return Status::Malformed("arg reduction dims");
  if (!site.in(0).Holds(source, sizeof(float)) ||
      !site.out(0).Holds(source / static_cast<std::uint64_t>(params.axis), sizeof(std::int64_t)))
    return Status::Malformed("arg reduction operands");
  const reduce::ArgParams p{params.largest != 0, params.last != 0, params.outer, params.axis, params.inner};
  *made = MakeInstruction([p, x = site.in(0).tensor, y = site.out(0).tensor](const Run& run) {
    reduce::Arg(p, run.In<float>(x), run.Out<std::int64_t>(y), run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

}  // namespace inferlab::program
