#include "kernels/copy/copy.h"

#include <algorithm>

#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeCopy(const CopyParams& params, const Site& site, Made* made) {
  const std::size_t rank = params.dims.size();
  std::uint64_t count;
  if (rank > kMaxRank || params.in_strides.size() != rank || params.out_strides.size() != rank ||
      !CountOf(params.dims, &count))
    return Status::Malformed("copy dims");
  const std::int64_t size = params.element_bytes;
  if (size != 1 && size != 2 && size != 4 && size != 8) return Status::Malformed("copy element bytes", size);
  const auto fits = [&](const Operand& operand, std::int64_t offset, std::span<const std::int64_t> strides) {
    std::int64_t lowest, highest;
    if (!ReachOf(params.dims, strides, &lowest, &highest) || offset < 0 || offset > (std::int64_t{1} << 48)) return false;
    return count == 0 || (offset + lowest >= 0 && operand.Holds(static_cast<std::uint64_t>(offset + highest) + 1,
                                                               static_cast<std::size_t>(size)));
  };
  if (!fits(site.in(0), params.in_offset, params.in_strides)) return Status::Malformed("copy source");
  if (!fits(site.out(0), params.out_offset, params.out_strides)) return Status::Malformed("copy target");
  copy::Params copy;
  copy.element_bytes = static_cast<int>(size);
  copy.rank = static_cast<int>(rank);
  std::copy(params.dims.begin(), params.dims.end(), copy.dims);
  std::copy(params.in_strides.begin(), params.in_strides.end(), copy.in_strides);
  std::copy(params.out_strides.begin(), params.out_strides.end(), copy.out_strides);
  copy::Normalize(&copy);
  *made = MakeInstruction([copy, from = site.in(0).tensor, to = site.out(0).tensor, in = params.in_offset * size,
                           out = params.out_offset * size](const Run& run) {
    copy::Run(copy, run.tensors[from] + in, run.tensors[to] + out, run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

}  // namespace inferlab::program
