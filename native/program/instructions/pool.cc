#include "kernels/pool/pool.h"

#include "kernels/conv/conv.h"
#include "program/schema.gen.h"

namespace inferlab::program {

Status MakePool(const PoolParams& from, const Site& site, Made* made) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  constexpr std::size_t kWords = 7;
  if (from.axes.size() != 3 * kWords || from.kind < 0 || from.kind > 1 || from.layout < 0 || from.layout > 1)
    return Status::Malformed("pooling parameters");
  pool::Params params;
  params.kind = static_cast<PoolKind>(from.kind);
  params.batch = from.batch;
  params.channels = from.channels;
  params.count_padding = from.count_padding != 0;
  params.layout = static_cast<Layout>(from.layout);
  const std::int64_t lanes = conv::BlockChannels();
  const std::int64_t channels =
      params.layout == Layout::kBlocked ? (from.channels + lanes - 1) / lanes * lanes : from.channels;
  std::int64_t input[5] = {from.batch, channels}, output[5] = {from.batch, channels};
  for (int d = 0; d < 3; ++d) {
    const std::int64_t* word = from.axes.data() + static_cast<std::size_t>(d) * kWords;
    for (std::size_t i = 0; i < kWords; ++i)
      if (word[i] < (i >= 2 && i <= 4 ? 1 : 0) || word[i] >= kLimit) return Status::Malformed("pooling axis", word[i]);
    params.axes[d] = {word[0], word[1], word[2], word[3], word[4], word[5]};
    params.end_pads[d] = word[6];
    input[2 + d] = word[0];
    output[2 + d] = word[1];
  }
  std::uint64_t input_count, output_count;
  if (!CountOf(input, &input_count) || !CountOf(output, &output_count)) return Status::Malformed("pooling dims");
  if (!site.in(0).Holds(input_count, 4)) return Status::Malformed("pooling input");
  if (!site.out(0).Holds(output_count, 4)) return Status::Malformed("pooling output");
  *made = MakeInstruction([params, from = site.in(0).tensor, to = site.out(0).tensor](const Run& run) {
    pool::Run(params, run.In<float>(from), run.Out<float>(to), run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

}  // namespace inferlab::program
