#include "kernels/gemm/gemm.h"

#include "program/instructions/product.h"
#include "program/schema.gen.h"

namespace inferlab::program {
namespace {

class GemmInstruction final : public Instruction {
 public:
  GemmInstruction(const gemm::Params& params, const Site& site) : params_(params), output_(site.out(0).tensor) {
    for (std::size_t i = 0; i < 4; ++i) operands_[i] = site.in(i).tensor;
  }
  std::size_t WorkspaceBytes(int num_threads) const override { return gemm::WorkspaceBytes(params_, num_threads); }
  Status Execute(const Run& run) const override {
    const auto in = [&](std::size_t i) {
      return operands_[i] == Operand::kAbsent ? nullptr : run.In<float>(operands_[i]);
    };
    gemm::Pointers pointers;
    pointers.a = in(0);
    pointers.b = in(1);
    pointers.bias = in(2);
    pointers.residual = in(3);
    pointers.c = run.Out<float>(output_);
    gemm::Run(params_, pointers, run.workspace, run.parallel);
    return Status::Ok();
  }

 private:
  gemm::Params params_;
  std::uint32_t operands_[4];
  std::uint32_t output_;
};

}  // namespace

Status MakeGemm(const GemmParams& from, const Site& site, Made* made) {
  if (from.activation < 0 || from.activation > static_cast<std::int64_t>(ActivationKind::kElu) ||
      from.activation == static_cast<std::int64_t>(ActivationKind::kPrelu) || from.residual < 0 || from.residual > 2)
    return Status::Malformed("product activation", from.activation);
  gemm::Params params;
  std::uint64_t output_count;
  const auto packed_bytes = [](std::int64_t k, std::int64_t n) { return gemm::PackedFloats(k, n) * sizeof(float); };
  INFERLAB_RETURN_IF_ERROR(ReadProduct(from, site, 6, sizeof(float), packed_bytes, &params, &output_count));
  params.bias_row_stride = from.strides[4];
  params.bias_column_stride = from.strides[5];
  if (params.bias_column_stride > 1) return Status::Malformed("product bias stride", params.bias_column_stride);
  params.alpha = static_cast<float>(from.alpha);
  params.beta = static_cast<float>(from.beta);
  params.activation = {static_cast<ActivationKind>(from.activation), static_cast<float>(from.activation_alpha),
                       static_cast<float>(from.activation_beta)};
  params.residual = static_cast<ResidualKind>(from.residual);
  if (site.in(2).present() &&
      !Reaches(site.in(2), sizeof(float), {}, {}, params.m, params.n, params.bias_row_stride, params.bias_column_stride))
    return Status::Malformed("product bias");
  if (params.residual != ResidualKind::kNone ? !site.in(3).Holds(output_count, 4) : site.in(3).present())
    return Status::Malformed("product residual");
  if (!site.out(0).Holds(output_count, 4)) return Status::Malformed("product C");
  *made = std::make_unique<GemmInstruction>(params, site);
  return Status::Ok();
}

namespace {

class PackGemmInstruction final : public Instruction {
 public:
  PackGemmInstruction(const PackGemmParams& params, const Site& site)
      : params_(params), from_(site.in(0).tensor), to_(site.out(0).tensor) {}
  std::size_t PreparedBytes() const override { return gemm::PackedFloats(params_.k, params_.n) * sizeof(float); }
  Status Execute(const Run& run) const override {
    gemm::PackB(params_.k, params_.n, run.In<float>(from_), params_.row_stride, params_.column_stride,
                run.Out<float>(to_));
    return Status::Ok();
  }

 private:
  PackGemmParams params_;
  std::uint32_t from_, to_;
};

}  // namespace

Status MakePackGemm(const PackGemmParams& params, const Site& site, Made* made) {
  if (!CanPack(site, sizeof(float), params.k, params.n, params.row_stride, params.column_stride))
    return Status::Malformed("packing a matrix");
  *made = std::make_unique<PackGemmInstruction>(params, site);
  return Status::Ok();
}

}  // namespace inferlab::program
