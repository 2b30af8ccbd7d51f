#include "kernels/topk/topk.h"

#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeTopK(const TopKParams& from, const Site& site, Made* made) {
  std::uint64_t source, target;
  const std::int64_t in_dims[] = {from.outer, from.axis, from.inner};
  const std::int64_t out_dims[] = {from.outer, from.k, from.inner};
  if (!CountOf(in_dims, &source) || !CountOf(out_dims, &target) || from.k > from.axis)
    return Status::Malformed("top-k dims");
  const Operand values = site.out(0), indices = site.out(1);
  if (!site.in(0).Holds(source, sizeof(float)) || (values.present() && !values.Holds(target, sizeof(float))) ||
      (indices.present() && !indices.Holds(target, sizeof(std::int64_t))))
    return Status::Malformed("top-k operands");
  const topk::Params params{from.largest != 0, from.outer, from.axis, from.inner, from.k};
  *made = MakeInstruction(
      [params, x = site.in(0).tensor, values, indices](const Run& run) {
        topk::Run(params, run.In<float>(x), values.present() ? run.Out<float>(values.tensor) : nullptr,
                  indices.present() ? run.Out<std::int64_t>(indices.tensor) : nullptr, run.workspace, run.parallel);
        return Status::Ok();
      },
      0, topk::WorkspaceBytesPerThread(params));
  return Status::Ok();
}

}  // namespace inferlab::program
