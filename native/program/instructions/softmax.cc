#include "kernels/softmax/softmax.h"

#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeSoftmax(const SoftmaxParams& params, const Site& site, Made* made) {
  std::uint64_t count;
  const std::int64_t dims[] = {params.outer, params.axis, params.inner};
  if (!CountOf(dims, &count)) return Status::Malformed("softmax dims");
  if (!site.in(0).Holds(count, sizeof(float)) || !site.out(0).Holds(count, sizeof(float)))
    return Status::Malformed("softmax operands");
  const softmax::Params p{params.logarithm != 0, params.outer, params.axis, params.inner};
  *made = MakeInstruction([p, x = site.in(0).tensor, y = site.out(0).tensor](const Run& run) {
    softmax::Run(p, run.In<float>(x), run.Out<float>(y), run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

}  // namespace inferlab::program
