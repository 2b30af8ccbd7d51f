#include "kernels/gemm/gemm.h"

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

// Whether every element that a matrix of each batch touches lies in the operand.
bool Reaches(const Operand& operand, std::span<const std::int64_t> batch, std::span<const std::int64_t> batch_strides,
             std::int64_t rows, std::int64_t columns, std::int64_t row_stride, std::int64_t column_stride) {
  std::vector<std::int64_t> dims(batch.begin(), batch.end()), strides(batch_strides.begin(), batch_strides.end());
  dims.insert(dims.end(), {rows, columns});
  strides.insert(strides.end(), {row_stride, column_stride});
  std::uint64_t count;
  std::int64_t lowest, highest;
  if (!CountOf(dims, &count) || !ReachOf(dims, strides, &lowest, &highest) || lowest < 0) return false;
  return operand.Holds(count == 0 ? 0 : static_cast<std::uint64_t>(highest) + 1, 4);
}

}  // namespace

Status MakeGemm(const GemmParams& from, const Site& site, Made* made) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  if (from.sizes.size() != 3 || from.strides.size() != 6) return Status::Malformed("product sizes");
  for (std::int64_t size : from.sizes)
    if (size < 0 || size >= kLimit) return Status::Malformed("product size", size);
  for (std::int64_t stride : from.strides)
    if (stride < 0 || stride >= kLimit) return Status::Malformed("product stride", stride);
  const std::size_t batch_dims = from.batch.size();
  if (batch_dims > gemm::kMaxBatchDims || from.a_batch_strides.size() != batch_dims ||
      from.b_batch_strides.size() != batch_dims)
    return Status::Malformed("product batch", static_cast<std::int64_t>(batch_dims));
  if (from.activation < 0 || from.activation > static_cast<std::int64_t>(ActivationKind::kElu) ||
      from.activation == static_cast<std::int64_t>(ActivationKind::kPrelu) || from.residual < 0 || from.residual > 2)
    return Status::Malformed("product activation", from.activation);
  gemm::Params params;
  params.m = from.sizes[0];
  params.n = from.sizes[1];
  params.k = from.sizes[2];
  params.a_row_stride = from.strides[0];
  params.a_column_stride = from.strides[1];
  params.b_row_stride = from.strides[2];
  params.b_column_stride = from.strides[3];
  params.bias_row_stride = from.strides[4];
  params.bias_column_stride = from.strides[5];
  if (params.bias_column_stride > 1) return Status::Malformed("product bias stride", params.bias_column_stride);
  params.c_row_stride = params.n;
  params.b_packed = from.packed != 0;
  params.alpha = static_cast<float>(from.alpha);
  params.beta = static_cast<float>(from.beta);
  params.activation = {static_cast<ActivationKind>(from.activation), static_cast<float>(from.activation_alpha),
                       static_cast<float>(from.activation_beta)};
  params.residual = static_cast<ResidualKind>(from.residual);
  params.num_batch_dims = static_cast<int>(batch_dims);
  std::vector<std::int64_t> output(from.batch);
  output.insert(output.end(), {params.m, params.n});
  std::uint64_t output_count, packed_count;
  const std::int64_t packed_dims[] = {params.k, params.n};
  if (!CountOf(output, &output_count) || !CountOf(packed_dims, &packed_count)) return Status::Malformed("product size");
  for (std::size_t d = 0; d < batch_dims; ++d) {
    params.batch_shape[d] = from.batch[d];
    params.a_batch_strides[d] = from.a_batch_strides[d];
    params.b_batch_strides[d] = from.b_batch_strides[d];
    if (params.b_packed && params.b_batch_strides[d] != 0) return Status::Malformed("product packed batch");
  }
  if (!Reaches(site.in(0), from.batch, from.a_batch_strides, params.m, params.k, params.a_row_stride,
               params.a_column_stride))
    return Status::Malformed("product A");
  if (params.b_packed ? !site.in(1).Holds(gemm::PackedFloats(params.k, params.n), 4)
                      : !Reaches(site.in(1), from.batch, from.b_batch_strides, params.k, params.n, params.b_row_stride,
                                 params.b_column_stride))
    return Status::Malformed("product B");
  if (site.in(2).present() &&
      !Reaches(site.in(2), {}, {}, params.m, params.n, params.bias_row_stride, params.bias_column_stride))
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
  constexpr std::int64_t kLimit = std::int64_t{1} << 31;
  const std::int64_t dims[] = {params.k, params.n};
  std::uint64_t count;
  if (!site.preparing || params.k >= kLimit || params.n >= kLimit || !CountOf(dims, &count) ||
      !Reaches(site.in(0), {}, {}, params.k, params.n, params.row_stride, params.column_stride) ||
      !site.out(0).present())
    return Status::Malformed("packing a matrix");
  *made = std::make_unique<PackGemmInstruction>(params, site);
  return Status::Ok();
}

}  // namespace inferlab::program
