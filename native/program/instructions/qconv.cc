#include "kernels/qconv/qconv.h"

#include "program/instructions/quantized.h"
#include "program/schema.gen.h"

namespace inferlab::program {
namespace {

// As of Conv: large enough for any tensor, small enough that products of three do not overflow.
constexpr std::int64_t kLimit = std::int64_t{1} << 20;
constexpr std::int64_t kAxisWords = 6;

bool InRange(std::int64_t value, std::int64_t lowest) { return value >= lowest && value < kLimit; }

enum Input { kX, kWeights, kXZero, kXScale, kWScale, kYScale, kYZero, kBias, kNumInputs };

class QuantizedConvInstruction final : public Instruction {
 public:
  qconv::Params params;
  std::uint64_t scales = 0;
  std::uint32_t inputs[kNumInputs];
  std::uint32_t output;

  std::size_t WorkspaceBytes(int num_threads) const override {
    return QuantizedScratch::BytesFor(scales) + qconv::WorkspaceBytes(params, num_threads);
  }
  Status Execute(const Run& run) const override {
    const auto in = [&](Input i) { return inputs[i] == Operand::kAbsent ? nullptr : run.In<std::byte>(inputs[i]); };
    const auto floats = [&](Input i) { return reinterpret_cast<const float*>(in(i)); };
    QuantizedScratch scratch(run.workspace);
    qconv::Pointers x;
    x.x = reinterpret_cast<const std::uint8_t*>(in(kX));
    x.weights = reinterpret_cast<const std::int16_t*>(in(kWeights));
    x.weight_sums = qgemm::PackedSums(params.output_channels, qconv::Depth(params), in(kWeights));
    x.quads = qgemm::PackedQuads(params.output_channels, qconv::Depth(params), in(kWeights));
    if (in(kXZero)) x.x_zero = QuantizedScratch::ZeroOf(in(kXZero), params.x_signed);
    if (scales > 0) {
      auto* const multipliers = scratch.Take<float>(scales);
      Multipliers(1, floats(kXScale), false, floats(kWScale), params.scale_stride == 1, floats(kYScale), scales, multipliers);
      x.scale = multipliers;
    }
    if (in(kYZero)) x.y_zero = QuantizedScratch::ZeroOf(in(kYZero), params.output == qgemm::Output::kInt8);
    x.bias = reinterpret_cast<const std::int32_t*>(in(kBias));
    x.y = run.Out<std::byte>(output);
    qconv::Run(params, x, scratch.rest(), run.parallel);
    return Status::Ok();
  }
};

}  // namespace

Status MakeQuantizedConv(const QuantizedConvParams& from, const Site& site, Made* made) {
  if (from.axes.size() != 3 * kAxisWords || from.channels.size() != 4 || from.types.size() != 2)
    return Status::Malformed("quantized convolution parameters");
  auto own = std::make_unique<QuantizedConvInstruction>();
  qconv::Params& p = own->params;
  p.batch = from.channels[0];
  p.input_channels = from.channels[1];
  p.output_channels = from.channels[2];
  p.groups = from.channels[3];
  if (!InRange(p.batch, 0) || !InRange(p.input_channels, 1) || !InRange(p.output_channels, 1) || !InRange(p.groups, 1) ||
      p.input_channels % p.groups != 0 || p.output_channels % p.groups != 0)
    return Status::Malformed("quantized convolution channels");
  for (int d = 0; d < 3; ++d) {
    const std::int64_t* word = from.axes.data() + d * kAxisWords;
    Axis& axis = p.axes[d];
    axis = {word[0], word[1], word[2], word[3], word[4], word[5]};
    if (!InRange(axis.input, 0) || !InRange(axis.output, 0) || !InRange(axis.kernel, 1) || !InRange(axis.stride, 1) ||
        !InRange(axis.dilation, 1) || !InRange(axis.pad, -kLimit))
      return Status::Malformed("quantized convolution axis", d);
  }
  p.x_signed = from.types[0] != 0;
  if (!ReadOutput(from.types[1], &p.output) || p.output == qgemm::Output::kFloat32)
    return Status::Malformed("quantized convolution type", from.types[1]);
  p.scale_stride = from.scale_per_filter != 0;
  const std::int64_t x_dims[] = {p.batch, p.input_channels, p.axes[0].input, p.axes[1].input, p.axes[2].input};
  const std::int64_t y_dims[] = {p.batch, p.output_channels, p.axes[0].output, p.axes[1].output, p.axes[2].output};
  const std::int64_t w_dims[] = {p.output_channels, p.input_channels / p.groups, p.axes[0].kernel, p.axes[1].kernel, p.axes[2].kernel};
  std::uint64_t x_count, y_count, w_count;
  if (!CountOf(x_dims, &x_count) || !CountOf(y_dims, &y_count) || !CountOf(w_dims, &w_count))
    return Status::Malformed("quantized convolution size");
  const auto filters = static_cast<std::uint64_t>(p.output_channels);
  if (!site.in(kX).Holds(x_count, 1)) return Status::Malformed("quantized convolution input");
  if (!site.in(kWeights).Holds(qgemm::PackedABytes(p.output_channels, qconv::Depth(p)), 1))
    return Status::Malformed("quantized convolution weights");
  if (p.output != qgemm::Output::kInt32) own->scales = p.scale_stride ? filters : 1;
  if ((site.in(kXZero).present() && !site.in(kXZero).Holds(1, 1)) ||
      (site.in(kXScale).present() && !site.in(kXScale).Holds(1, 4)) ||
      (site.in(kWScale).present() && !site.in(kWScale).Holds(p.scale_stride ? filters : 1, 4)) ||
      (site.in(kYScale).present() && !site.in(kYScale).Holds(1, 4)) ||
      (site.in(kYZero).present() && !site.in(kYZero).Holds(1, 1)))
    return Status::Malformed("quantized convolution scales");
  if (site.in(kBias).present() && !site.in(kBias).Holds(filters, 4)) return Status::Malformed("quantized convolution bias");
  if (!site.out(0).Holds(y_count, qgemm::BytesOf(p.output))) return Status::Malformed("quantized convolution output");
  for (std::size_t i = 0; i < kNumInputs; ++i) own->inputs[i] = site.in(i).tensor;
  own->output = site.out(0).tensor;
  *made = std::move(own);
  return Status::Ok();
}

}  // namespace inferlab::program
