#include "kernels/elementwise/elementwise.h"

#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeElementwise(const ElementwiseParams& params, const Site& site, Made* made) {
  elementwise::Chain chain;
  const std::size_t rank = params.dims.size();
  std::uint64_t count;
  if (rank > kMaxRank || !CountOf(params.dims, &count)) return Status::Malformed("elementwise dims");
  chain.rank = static_cast<int>(rank);
  std::copy(params.dims.begin(), params.dims.end(), chain.dims);

  // Inputs: type, then one stride a dimension.
  const std::size_t words = 1 + rank;
  if (params.inputs.size() != site.inputs.size() * words) return Status::Malformed("elementwise inputs");
  for (std::size_t i = 0; i < site.inputs.size(); ++i) {
    elementwise::Input input{};
    input.type = static_cast<DType>(params.inputs[i * words]);
    const std::span<const std::int64_t> strides(params.inputs.data() + i * words + 1, rank);
    std::int64_t lowest, highest;
    if (SizeOf(input.type) == 0 || !ReachOf(params.dims, strides, &lowest, &highest) || lowest < 0 ||
        (count > 0 && !site.inputs[i].Holds(static_cast<std::uint64_t>(highest) + 1, SizeOf(input.type))))
      return Status::Malformed("elementwise input", static_cast<std::int64_t>(i));
    std::copy(strides.begin(), strides.end(), input.strides);
    chain.inputs.push_back(input);
  }
  // Steps: function, type, result type, three slots; alpha and beta lie in a list of their own.
  if (params.steps.size() % 6 != 0 || params.constants.size() != params.steps.size() / 3)
    return Status::Malformed("elementwise steps");
  for (std::size_t s = 0; s < params.steps.size() / 6; ++s) {
    const std::int64_t* word = params.steps.data() + s * 6;
    if (word[0] < 0 || word[0] >= kNumElementwiseFunctions) return Status::Malformed("elementwise function", word[0]);
    elementwise::Step step{static_cast<ElementwiseFunction>(word[0]),
                           static_cast<DType>(word[1]),
                           static_cast<DType>(word[2]),
                           {-1, -1, -1},
                           params.constants[s * 2],
                           params.constants[s * 2 + 1]};
    for (int i = 0; i < 3; ++i) {
      if (word[3 + i] < -1 || word[3 + i] > 1000) return Status::Malformed("elementwise slot", word[3 + i]);
      step.arguments[i] = static_cast<std::int32_t>(word[3 + i]);
    }
    chain.steps.push_back(step);
  }
  if (params.outputs.size() != site.outputs.size()) return Status::Malformed("elementwise outputs");
  for (std::size_t i = 0; i < params.outputs.size(); ++i) {
    const std::int64_t slot = params.outputs[i] - static_cast<std::int64_t>(chain.inputs.size());
    if (slot < 0 || slot >= static_cast<std::int64_t>(chain.steps.size()) ||
        !site.outputs[i].Holds(count, SizeOf(chain.steps[static_cast<std::size_t>(slot)].result)))
      return Status::Malformed("elementwise output", static_cast<std::int64_t>(i));
    chain.outputs.push_back(static_cast<std::int32_t>(params.outputs[i]));
  }
  elementwise::Plan plan;
  if (!elementwise::Plan::Make(std::move(chain), &plan)) return Status::Malformed("elementwise chain");
  const std::size_t scratch = plan.workspace_bytes_per_thread();
  std::vector<std::uint32_t> inputs, outputs;
  for (const Operand& operand : site.inputs) inputs.push_back(operand.tensor);
  for (const Operand& operand : site.outputs) outputs.push_back(operand.tensor);
  *made = MakeInstruction(
      [plan = std::move(plan), inputs = std::move(inputs), outputs = std::move(outputs)](const Run& run) {
        const void* from[64];
        void* to[64];
        for (std::size_t i = 0; i < inputs.size(); ++i) from[i] = run.tensors[inputs[i]];
        for (std::size_t i = 0; i < outputs.size(); ++i) to[i] = run.tensors[outputs[i]];
        plan.Run(from, to, run.workspace, run.parallel);
        return Status::Ok();
      },
      0, scratch);
  return Status::Ok();
}

}  // namespace inferlab::program
