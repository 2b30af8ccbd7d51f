#include "kernels/norm/norm.h"

#include "kernels/conv/conv.h"
#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeNormalize(const NormalizeParams& from, const Site& site, Made* made) {
  norm::Params params;
  if (from.rows < 0 || from.size < 0 || from.channels < 0 || from.layout < 0 || from.layout > 1 ||
      (from.layout == 1 && from.channels == 0) || (from.channels > 0 && from.rows % from.channels != 0))
    return Status::Malformed("normalisation parameters");
  params.rows = from.rows;
  params.size = from.size;
  params.channels = from.channels;
  params.layout = static_cast<Layout>(from.layout);
  params.rms = from.rms != 0;
  params.epsilon = static_cast<float>(from.epsilon);
  std::int64_t rows = from.rows;
  if (params.layout == Layout::kBlocked) {
    const std::int64_t lanes = conv::BlockChannels();
    rows = from.rows / from.channels * ((from.channels + lanes - 1) / lanes * lanes);
  }
  const std::int64_t dims[] = {rows, from.size};
  std::uint64_t count;
  if (!CountOf(dims, &count) || !site.in(0).Holds(count, 4) || !site.out(0).Holds(count, 4))
    return Status::Malformed("normalisation operands");
  const auto scales = static_cast<std::uint64_t>(from.channels > 0 ? from.channels : from.size);
  for (std::size_t i = 1; i < 3; ++i)
    if (site.in(i).present() && !site.in(i).Holds(scales, 4))
      return Status::Malformed("normalisation scale", static_cast<std::int64_t>(i));
  *made = MakeInstruction([params, x = site.in(0).tensor, scale = site.in(1).tensor, bias = site.in(2).tensor,
                           y = site.out(0).tensor](const Run& run) {
    const auto in = [&](std::uint32_t tensor) { return tensor == Operand::kAbsent ? nullptr : run.In<float>(tensor); };
    norm::Run(params, in(x), in(scale), in(bias), run.Out<float>(y), run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

}  // namespace inferlab::program
