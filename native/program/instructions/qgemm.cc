#include "kernels/qgemm/qgemm.h"

#include "program/instructions/product.h"
#include "program/instructions/quantized.h"
#include "program/schema.gen.h"

namespace inferlab::program {
namespace {

enum Input { kA, kB, kAZero, kBZero, kAScale, kBScale, kYScale, kYZero, kBias, kNumInputs };

class QuantizedGemmInstruction final : public Instruction {
 public:
  qgemm::Params params;
  float alpha = 1;
  // Whether they hold one a row of A or one a column of B.
  bool many_a_scales = false, many_b_scales = false;
  bool has_addend = false;  // the bias is float32
  std::uint64_t scales = 0, a_zeros = 0, b_zeros = 0;
  std::uint32_t inputs[kNumInputs];
  std::uint32_t output;

  std::size_t WorkspaceBytes(int num_threads) const override {
    return QuantizedScratch::BytesFor(scales) + QuantizedScratch::BytesFor(a_zeros) +
           QuantizedScratch::BytesFor(b_zeros) + qgemm::WorkspaceBytes(params, num_threads);
  }
  Status Execute(const Run& run) const override {
    const auto in = [&](Input i) { return inputs[i] == Operand::kAbsent ? nullptr : run.In<std::byte>(inputs[i]); };
    const auto floats = [&](Input i) { return reinterpret_cast<const float*>(in(i)); };
    QuantizedScratch scratch(run.workspace);
    qgemm::Pointers x;
    x.a = in(kA);
    x.b = in(kB);
    if (scales > 0) {
      auto* const multipliers = scratch.Take<float>(scales);
      Multipliers(alpha, floats(kAScale), many_a_scales, floats(kBScale), many_b_scales, floats(kYScale), scales, multipliers);
      x.scale = multipliers;
    }
    if (a_zeros > 0) x.a_zero = scratch.Zeros(in(kAZero), params.a_signed, a_zeros);
    if (b_zeros > 0) x.b_zero = scratch.Zeros(in(kBZero), params.b_signed, b_zeros);
    if (has_addend)
      x.addend = floats(kBias);
    else
      x.bias = reinterpret_cast<const std::int32_t*>(in(kBias));
    if (in(kYZero)) x.c_zero = QuantizedScratch::ZeroOf(in(kYZero), params.output == qgemm::Output::kInt8);
    x.c = run.Out<std::byte>(output);
    qgemm::Run(params, x, scratch.rest(), run.parallel);
    return Status::Ok();
  }
};

}  // namespace

Status MakeQuantizedGemm(const QuantizedGemmParams& from, const Site& site, Made* made) {
  if (from.types.size() != 4 || from.along.size() != 4) return Status::Malformed("quantized product parameters");
  auto own = std::make_unique<QuantizedGemmInstruction>();
  qgemm::Params& p = own->params;
  std::uint64_t output_count;
  INFERLAB_RETURN_IF_ERROR(ReadProduct(from, site, 4, 1, qgemm::PackedWeightsBytes, &p, &output_count));
  p.b_weights = p.b_packed;
  p.a_signed = from.types[0] != 0;
  p.b_signed = from.types[1] != 0;
  if (!ReadOutput(from.types[2], &p.output)) return Status::Malformed("quantized product type", from.types[2]);
  const bool along_a_zero = from.along[0] != 0, along_b_zero = from.along[1] != 0;
  own->many_a_scales = from.along[2] != 0;
  own->many_b_scales = from.along[3] != 0;
  if (own->many_a_scales && own->many_b_scales) return Status::Malformed("quantized product scales");
  const auto rows = static_cast<std::uint64_t>(p.m), columns = static_cast<std::uint64_t>(p.n);
  p.a_zero_stride = along_a_zero;
  p.b_zero_stride = along_b_zero;
  p.scale_row_stride = own->many_a_scales;
  p.scale_column_stride = own->many_b_scales;
  if (site.in(kAZero).present()) own->a_zeros = along_a_zero ? rows : 1;
  if (site.in(kBZero).present()) own->b_zeros = along_b_zero ? columns : 1;
  if ((own->a_zeros > 0 && !site.in(kAZero).Holds(own->a_zeros, 1)) ||
      (own->b_zeros > 0 && !site.in(kBZero).Holds(own->b_zeros, 1)))
    return Status::Malformed("quantized product zero points");
  if (p.output != qgemm::Output::kInt32) own->scales = own->many_a_scales ? rows : own->many_b_scales ? columns : 1;
  if ((site.in(kAScale).present() && !site.in(kAScale).Holds(own->many_a_scales ? rows : 1, 4)) ||
      (site.in(kBScale).present() && !site.in(kBScale).Holds(own->many_b_scales ? columns : 1, 4)) ||
      (site.in(kYScale).present() && !site.in(kYScale).Holds(1, 4)) ||
      (site.in(kYZero).present() && !site.in(kYZero).Holds(1, 1)))
    return Status::Malformed("quantized product scales");
  if (site.in(kBias).present() && !site.in(kBias).Holds(columns, 4)) return Status::Malformed("quantized product bias");
  p.bias_column_stride = 1;
  own->has_addend = from.types[3] != 0;
  if (own->has_addend && p.output != qgemm::Output::kFloat32) return Status::Malformed("quantized product bias");
  if (!site.out(0).Holds(output_count, qgemm::BytesOf(p.output))) return Status::Malformed("quantized product C");
  own->alpha = static_cast<float>(from.alpha);
  for (std::size_t i = 0; i < kNumInputs; ++i) own->inputs[i] = site.in(i).tensor;
  own->output = site.out(0).tensor;
  *made = std::move(own);
  return Status::Ok();
}

namespace {

class PackQuantizedColumnsInstruction final : public Instruction {
 public:
  PackQuantizedColumnsInstruction(const PackQuantizedColumnsParams& params, const Site& site)
      : params_(params), from_(site.in(0).tensor), to_(site.out(0).tensor) {}
  std::size_t PreparedBytes() const override { return qgemm::PackedWeightsBytes(params_.k, params_.n); }
  Status Execute(const Run& run) const override {
    qgemm::PackWeights(params_.k, params_.n, run.In<std::byte>(from_), params_.is_signed != 0, params_.row_stride,
                 params_.column_stride, run.Out<std::byte>(to_));
    return Status::Ok();
  }

 private:
  PackQuantizedColumnsParams params_;
  std::uint32_t from_, to_;
};

class PackQuantizedRowsInstruction final : public Instruction {
 public:
  PackQuantizedRowsInstruction(const PackQuantizedRowsParams& params, const Site& site)
      : params_(params), from_(site.in(0).tensor), zero_(site.in(1).tensor), to_(site.out(0).tensor) {}
  std::size_t PreparedBytes() const override { return qgemm::PackedABytes(params_.m, params_.k); }
  std::size_t WorkspaceBytes(int) const override { return QuantizedScratch::BytesFor(Zeros()); }
  Status Execute(const Run& run) const override {
    QuantizedScratch scratch(run.workspace);
    const std::int32_t* zeros =
        zero_ == Operand::kAbsent ? nullptr : scratch.Zeros(run.In<std::byte>(zero_), params_.is_signed != 0, Zeros());
    qgemm::PackA(params_.m, params_.k, run.In<std::byte>(from_), params_.is_signed != 0, params_.k, 1, zeros,
                 params_.zero_per_row != 0, run.Out<std::byte>(to_));
    return Status::Ok();
  }
  std::uint64_t Zeros() const { return params_.zero_per_row != 0 ? static_cast<std::uint64_t>(params_.m) : 1; }

 private:
  PackQuantizedRowsParams params_;
  std::uint32_t from_, zero_, to_;
};

}  // namespace

Status MakePackQuantizedColumns(const PackQuantizedColumnsParams& params, const Site& site, Made* made) {
  if (!CanPack(site, 1, params.k, params.n, params.row_stride, params.column_stride))
    return Status::Malformed("packing columns");
  *made = std::make_unique<PackQuantizedColumnsInstruction>(params, site);
  return Status::Ok();
}

Status MakePackQuantizedRows(const PackQuantizedRowsParams& params, const Site& site, Made* made) {
  const std::int64_t dims[] = {params.m, params.k};
  std::uint64_t count;
  // Not only while preparing: weights that are known at run time only are packed by each run, into memory of their size.
  if (params.m >= kMatrixLimit || params.k >= kMatrixLimit || !CountOf(dims, &count) || !site.in(0).Holds(count, 1) ||
      !site.out(0).present())
    return Status::Malformed("packing rows");
  auto own = std::make_unique<PackQuantizedRowsInstruction>(params, site);
  if (site.in(1).present() && !site.in(1).Holds(own->Zeros(), 1)) return Status::Malformed("packing zero points");
  if (!site.preparing && !site.out(0).Holds(own->PreparedBytes(), 1)) return Status::Malformed("packing size");
  *made = std::move(own);
  return Status::Ok();
}

}  // namespace inferlab::program
