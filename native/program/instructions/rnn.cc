#include "kernels/rnn/rnn.h"

#include "program/schema.gen.h"

namespace inferlab::program {
namespace {

constexpr std::int64_t kLimit = std::int64_t{1} << 20;

bool InRange(std::int64_t value, std::int64_t lowest) { return value >= lowest && value < kLimit; }

template <typename P>
bool ReadCell(const P& from, rnn::Params* params) {
  if (from.kind < 0 || from.kind > 1 || !InRange(from.inputs, 0) || !InRange(from.hidden, 1) || from.directions < 1 ||
      from.directions > 2)
    return false;
  params->kind = static_cast<RnnKind>(from.kind);
  params->inputs = from.inputs;
  params->hidden = from.hidden;
  params->directions = from.directions;
  params->linear_before_reset = from.linear_before_reset != 0;
  return true;
}

bool Holds(const Operand& operand, std::initializer_list<std::int64_t> dims) {
  std::uint64_t count;
  return CountOf(std::span<const std::int64_t>(dims.begin(), dims.size()), &count) && operand.Holds(count, 4);
}

class RnnInstruction final : public Instruction {
 public:
  RnnInstruction(const rnn::Params& params, const Site& site) : params_(params) {
    for (std::size_t i = 0; i < 5; ++i) inputs_[i] = site.in(i).tensor;
    for (std::size_t i = 0; i < 3; ++i) outputs_[i] = site.out(i).tensor;
  }
  std::size_t WorkspaceBytes(int num_threads) const override { return rnn::WorkspaceBytes(params_, num_threads); }
  Status Execute(const Run& run) const override {
    const auto in = [&](std::size_t i) {
      return inputs_[i] == Operand::kAbsent ? nullptr : run.In<float>(inputs_[i]);
    };
    const auto out = [&](std::size_t i) {
      return outputs_[i] == Operand::kAbsent ? nullptr : run.Out<float>(outputs_[i]);
    };
    rnn::Run(params_, {in(0), in(1), in(2), in(3), in(4), out(0), out(1), out(2)}, run.workspace, run.parallel);
    return Status::Ok();
  }

 private:
  rnn::Params params_;
  std::uint32_t inputs_[5];
  std::uint32_t outputs_[3];
};

class PackRnnInstruction final : public Instruction {
 public:
  PackRnnInstruction(const rnn::Params& params, const Site& site)
      : params_(params), w_(site.in(0).tensor), r_(site.in(1).tensor), packed_(site.out(0).tensor) {}
  std::size_t PreparedBytes() const override { return rnn::PackedFloats(params_) * sizeof(float); }
  Status Execute(const Run& run) const override {
    rnn::PackWeights(params_, run.In<float>(w_), run.In<float>(r_), run.Out<float>(packed_));
    return Status::Ok();
  }

 private:
  rnn::Params params_;
  std::uint32_t w_, r_, packed_;
};

}  // namespace

Status MakeRnn(const RnnParams& from, const Site& site, Made* made) {
  rnn::Params params;
  if (!ReadCell(from, &params) || !InRange(from.steps, 0) || !InRange(from.batch, 0))
    return Status::Malformed("recurrent parameters");
  params.steps = from.steps;
  params.batch = from.batch;
  params.reverse = from.reverse != 0;
  const std::int64_t gates = params.kind == RnnKind::kLstm ? 4 : 3;
  if (!Holds(site.in(0), {params.steps, params.batch, params.inputs})) return Status::Malformed("recurrent input");
  if (!site.in(1).Holds(rnn::PackedFloats(params), 4)) return Status::Malformed("recurrent weights");
  if (site.in(2).present() && !Holds(site.in(2), {params.directions, 2 * gates, params.hidden}))
    return Status::Malformed("recurrent bias");
  for (std::size_t i = 3; i < 5; ++i)
    if (site.in(i).present() && !Holds(site.in(i), {params.directions, params.batch, params.hidden}))
      return Status::Malformed("recurrent state", static_cast<std::int64_t>(i));
  if (site.out(0).present() && !Holds(site.out(0), {params.steps, params.directions, params.batch, params.hidden}))
    return Status::Malformed("recurrent output");
  for (std::size_t i = 1; i < 3; ++i)
    if (site.out(i).present() && !Holds(site.out(i), {params.directions, params.batch, params.hidden}))
      return Status::Malformed("recurrent output", static_cast<std::int64_t>(i));
  *made = std::make_unique<RnnInstruction>(params, site);
  return Status::Ok();
}

Status MakePackRnn(const PackRnnParams& from, const Site& site, Made* made) {
  rnn::Params params;
  if (!site.preparing || !ReadCell(from, &params)) return Status::Malformed("packing parameters");
  const std::int64_t gates = params.kind == RnnKind::kLstm ? 4 : 3;
  if (!Holds(site.in(0), {params.directions, gates * params.hidden, params.inputs}) ||
      !Holds(site.in(1), {params.directions, gates * params.hidden, params.hidden}) || !site.out(0).present())
    return Status::Malformed("packing weights");
  *made = std::make_unique<PackRnnInstruction>(params, site);
  return Status::Ok();
}

}  // namespace inferlab::program
