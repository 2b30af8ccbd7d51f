#include "kernels/conv/conv.h"

#include "program/schema.gen.h"

namespace inferlab::program {
namespace {

// Large enough for any tensor, small enough that products of three do not overflow.
constexpr std::int64_t kLimit = std::int64_t{1} << 20;
constexpr std::int64_t kAxisWords = 6;

bool InRange(std::int64_t value, std::int64_t lowest) { return value >= lowest && value < kLimit; }

// Params from an instruction's words, or false where they make no convolution.
template <typename P>
bool Read(const P& from, conv::Params* params) {
  if (from.axes.size() != 3 * kAxisWords || from.channels.size() != 4) return false;
  params->batch = from.channels[0];
  params->input_channels = from.channels[1];
  params->output_channels = from.channels[2];
  params->groups = from.channels[3];
  if (!InRange(params->batch, 0) || !InRange(params->input_channels, 1) || !InRange(params->output_channels, 1) ||
      !InRange(params->groups, 1) || params->input_channels % params->groups != 0 ||
      params->output_channels % params->groups != 0)
    return false;
  for (int d = 0; d < 3; ++d) {
    const std::int64_t* word = from.axes.data() + d * kAxisWords;
    Axis& axis = params->axes[d];
    axis = {word[0], word[1], word[2], word[3], word[4], word[5]};
    if (!InRange(axis.input, 0) || !InRange(axis.output, 0) || !InRange(axis.kernel, 1) || !InRange(axis.stride, 1) ||
        !InRange(axis.dilation, 1) || !InRange(axis.pad, -kLimit))
      return false;
  }
  if (from.algorithm < 0 || from.algorithm > 3 || from.input_layout < 0 || from.input_layout > 1 ||
      from.output_layout < 0 || from.output_layout > 1)
    return false;
  params->transposed = from.transposed != 0;
  params->algorithm = static_cast<conv::Algorithm>(from.algorithm);
  params->input_layout = static_cast<Layout>(from.input_layout);
  params->output_layout = static_cast<Layout>(from.output_layout);
  params->tile_columns = from.tile_columns;
  params->tile_blocks = from.tile_blocks;
  return InRange(params->tile_columns, 1) && params->tile_blocks >= 0 && params->tile_blocks <= 4 && conv::Supports(*params, params->algorithm);
}

// Floats a tensor takes in its layout.
std::uint64_t Floats(std::int64_t batch, std::int64_t channels, Layout layout, const Axis (&axes)[3], bool output) {
  const std::int64_t lanes = conv::BlockChannels();
  if (layout == Layout::kBlocked) channels = (channels + lanes - 1) / lanes * lanes;
  const std::int64_t dims[] = {batch, channels, output ? axes[0].output : axes[0].input,
                               output ? axes[1].output : axes[1].input, output ? axes[2].output : axes[2].input};
  std::uint64_t count;
  return CountOf(dims, &count) ? count : ~std::uint64_t{0};
}

class ConvInstruction final : public Instruction {
 public:
  ConvInstruction(const conv::Params& params, const Site& site) : params_(params) {
    for (std::size_t i = 0; i < 5; ++i) operands_[i] = site.in(i).tensor;
    output_ = site.out(0).tensor;
  }
  std::size_t WorkspaceBytes(int num_threads) const override { return conv::WorkspaceBytes(params_, num_threads); }
  Status Execute(const Run& run) const override {
    const auto in = [&](std::size_t i) {
      return operands_[i] == Operand::kAbsent ? nullptr : run.In<float>(operands_[i]);
    };
    conv::Run(params_, {in(0), in(1), in(2), in(3), in(4), run.Out<float>(output_)}, run.workspace, run.parallel);
    return Status::Ok();
  }

 private:
  conv::Params params_;
  std::uint32_t operands_[5];
  std::uint32_t output_;
};

class PackConvInstruction final : public Instruction {
 public:
  PackConvInstruction(const conv::Params& params, const Site& site)
      : params_(params), weights_(site.in(0).tensor), packed_(site.out(0).tensor) {}
  std::size_t PreparedBytes() const override { return conv::PackedFloats(params_) * sizeof(float); }
  Status Execute(const Run& run) const override {
    conv::PackWeights(params_, run.In<float>(weights_), run.Out<float>(packed_));
    return Status::Ok();
  }

 private:
  conv::Params params_;
  std::uint32_t weights_, packed_;
};

}  // namespace

Status MakeConv(const ConvParams& from, const Site& site, Made* made) {
  conv::Params params;
  if (!Read(from, &params)) return Status::Malformed("convolution parameters");
  if (from.activation < 0 || from.activation > static_cast<std::int64_t>(ActivationKind::kElu) || from.residual < 0 ||
      from.residual > 2)
    return Status::Malformed("convolution activation", from.activation);
  params.activation = {static_cast<ActivationKind>(from.activation), static_cast<float>(from.alpha),
                       static_cast<float>(from.beta)};
  params.residual = static_cast<ResidualKind>(from.residual);
  const std::uint64_t output = Floats(params.batch, params.output_channels, params.output_layout, params.axes, true);
  if (!site.in(0).Holds(Floats(params.batch, params.input_channels, params.input_layout, params.axes, false), 4))
    return Status::Malformed("convolution input");
  if (!site.in(1).Holds(conv::PackedFloats(params), 4)) return Status::Malformed("convolution weights");
  const auto channels = static_cast<std::uint64_t>(params.output_channels);
  if (site.in(2).present() && !site.in(2).Holds(channels, 4)) return Status::Malformed("convolution bias");
  if (params.activation.kind == ActivationKind::kPrelu ? !site.in(3).Holds(channels, 4) : site.in(3).present())
    return Status::Malformed("convolution slope");
  if (params.residual != ResidualKind::kNone ? !site.in(4).Holds(output, 4) : site.in(4).present())
    return Status::Malformed("convolution residual");
  if (!site.out(0).Holds(output, 4)) return Status::Malformed("convolution output");
  *made = std::make_unique<ConvInstruction>(params, site);
  return Status::Ok();
}

Status MakePackConv(const PackConvParams& from, const Site& site, Made* made) {
  conv::Params params;
  if (!site.preparing || !Read(from, &params)) return Status::Malformed("packing parameters");
  std::uint64_t weights = static_cast<std::uint64_t>(params.output_channels) *
                          static_cast<std::uint64_t>(params.input_channels / params.groups);
  for (const Axis& axis : params.axes) {
    weights *= static_cast<std::uint64_t>(axis.kernel);
    if (weights > std::uint64_t{1} << 40) return Status::Malformed("packing parameters");
  }
  if (!site.in(0).Holds(weights, 4) || !site.out(0).present()) return Status::Malformed("packing weights");
  *made = std::make_unique<PackConvInstruction>(params, site);
  return Status::Ok();
}

Status MakeReorder(const ReorderParams& params, const Site& site, Made* made) {
  const std::int64_t lanes = conv::BlockChannels();
  if (!InRange(params.batch, 0) || !InRange(params.channels, 0) || params.plane < 0 ||
      params.plane >= std::int64_t{1} << 40)
    return Status::Malformed("reorder dims");
  const std::int64_t planar[] = {params.batch, params.channels, params.plane};
  const std::int64_t blocked[] = {params.batch, (params.channels + lanes - 1) / lanes * lanes, params.plane};
  std::uint64_t planar_count, blocked_count;
  if (!CountOf(planar, &planar_count) || !CountOf(blocked, &blocked_count)) return Status::Malformed("reorder dims");
  const bool to_blocked = params.to_blocked != 0;
  if (!site.in(0).Holds(to_blocked ? planar_count : blocked_count, 4) ||
      !site.out(0).Holds(to_blocked ? blocked_count : planar_count, 4))
    return Status::Malformed("reorder operands");
  *made = MakeInstruction([params, to_blocked, from = site.in(0).tensor, to = site.out(0).tensor](const Run& run) {
    (to_blocked ? conv::ToBlocked : conv::ToPlanar)(params.batch, params.channels, params.plane, run.In<float>(from),
                                                    run.Out<float>(to), run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

}  // namespace inferlab::program
