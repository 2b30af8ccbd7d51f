#include "kernels/elementwise/elementwise.h"

#include <algorithm>
#include <cstring>

#include "kernels/elementwise/table.h"

namespace inferlab::elementwise {
namespace {

// Rows shorter than this are gathered several to a tile; longer ones bound the tile, so that no argument is copied that
// lies dense along the row.
constexpr std::size_t kMinRow = 128;
// Inputs and results of one chain.
constexpr std::size_t kMaxSlots = 64;

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

template <typename T>
void FillRow(T* to, const T* from, std::int64_t stride, std::size_t n) {
  if (stride == 0) {
    std::fill_n(to, n, *from);
  } else if (stride == 1) {
    std::memcpy(to, from, n * sizeof(T));
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[static_cast<std::int64_t>(i) * stride];
  }
}

// Elements [begin, begin+n) in the output's order, gathered from an input that broadcasts or is strided.
template <typename T>
void Gather(T* to, const T* from, const Chain& chain, const Input& input, std::size_t begin, std::size_t n) {
  const int last = chain.rank - 1;
  std::int64_t index[kMaxRank];
  std::int64_t offset = 0;
  std::size_t rest = begin;
  for (int axis = last; axis >= 0; --axis) {
    index[axis] = static_cast<std::int64_t>(rest % static_cast<std::size_t>(chain.dims[axis]));
    rest /= static_cast<std::size_t>(chain.dims[axis]);
    offset += index[axis] * input.strides[axis];
  }
  while (n > 0) {
    const std::size_t row = std::min<std::size_t>(n, static_cast<std::size_t>(chain.dims[last] - index[last]));
    FillRow(to, from + offset, input.strides[last], row);
    to += row;
    n -= row;
    if (n == 0) return;
    offset -= index[last] * input.strides[last];
    index[last] = 0;
    for (int axis = last - 1; axis >= 0; --axis) {
      offset += input.strides[axis];
      if (++index[axis] < chain.dims[axis]) break;
      offset -= chain.dims[axis] * input.strides[axis];
      index[axis] = 0;
    }
  }
}

void GatherAny(std::byte* to, const void* from, const Chain& chain, const Input& input, std::size_t begin, std::size_t n) {
  switch (SizeOf(input.type)) {
    case 1:
      return Gather(reinterpret_cast<std::uint8_t*>(to), static_cast<const std::uint8_t*>(from), chain, input, begin, n);
    case 2:
      return Gather(reinterpret_cast<std::uint16_t*>(to), static_cast<const std::uint16_t*>(from), chain, input, begin, n);
    case 4:
      return Gather(reinterpret_cast<std::uint32_t*>(to), static_cast<const std::uint32_t*>(from), chain, input, begin, n);
    case 8:
      return Gather(reinterpret_cast<std::uint64_t*>(to), static_cast<const std::uint64_t*>(from), chain, input, begin, n);
  }
}

}  // namespace

int NumArguments(ElementwiseFunction function) {
  using F = ElementwiseFunction;
  switch (function) {
    case F::kWhere:
      return 3;
    case F::kAdd:
    case F::kSub:
    case F::kMul:
    case F::kDiv:
    case F::kMod:
    case F::kFmod:
    case F::kMin:
    case F::kMax:
    case F::kPow:
    case F::kPRelu:
    case F::kQuantize:
    case F::kAnd:
    case F::kOr:
    case F::kXor:
    case F::kEqual:
    case F::kLess:
    case F::kLessOrEqual:
    case F::kGreater:
    case F::kGreaterOrEqual:
      return 2;
    default:
      return 1;
  }
}

bool IsSupported(ElementwiseFunction function, DType type, DType result) {
  return plain::GetTable().find(function, type, result) != nullptr;
}

bool Plan::Make(Chain chain, Plan* plan) {
  const std::size_t num_inputs = chain.inputs.size();
  const std::size_t num_slots = num_inputs + chain.steps.size();
  if (chain.rank < 0 || chain.rank > kMaxRank || chain.outputs.empty() || num_slots > kMaxSlots) return false;
  if (chain.rank == 0) {
    chain.rank = 1;
    chain.dims[0] = 1;
    for (Input& input : chain.inputs) input.strides[0] = 0;
  }
  plan->size_ = 1;
  for (int axis = 0; axis < chain.rank; ++axis) plan->size_ *= static_cast<std::size_t>(chain.dims[axis]);

  std::vector<DType> types;
  plan->dense_.clear();
  for (const Input& input : chain.inputs) {
    if (SizeOf(input.type) == 0) return false;
    types.push_back(input.type);
    bool dense = true;
    std::int64_t stride = 1;
    for (int axis = chain.rank - 1; axis >= 0; --axis) {
      if (chain.dims[axis] != 1 && input.strides[axis] != stride) dense = false;
      stride *= chain.dims[axis];
    }
    plan->dense_.push_back(dense);
  }
  plan->functions_.clear();
  for (const Step& step : chain.steps) {
    const int count = NumArguments(step.function);
    for (int i = 0; i < count; ++i) {
      const std::int32_t slot = step.arguments[i];
      if (slot < 0 || static_cast<std::size_t>(slot) >= types.size()) return false;
      const bool condition = step.function == ElementwiseFunction::kWhere && i == 0;
      if (types[static_cast<std::size_t>(slot)] != (condition ? DType::kBool : step.type)) return false;
    }
    const TileFunction function = Kernels().find(step.function, step.type, step.result);
    if (!function) return false;
    plan->functions_.push_back(function);
    types.push_back(step.result);
  }
  plan->output_of_.assign(num_slots, -1);
  for (std::size_t i = 0; i < chain.outputs.size(); ++i) {
    const std::int32_t slot = chain.outputs[i];
    if (slot < static_cast<std::int32_t>(num_inputs) || static_cast<std::size_t>(slot) >= num_slots ||
        plan->output_of_[static_cast<std::size_t>(slot)] >= 0)
      return false;
    plan->output_of_[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(i);
  }
  // A tile for every slot that is neither a dense input nor an output; a slot's tile is free again after its last use.
  std::vector<std::size_t> last_use(num_slots, 0);
  for (std::size_t s = 0; s < chain.steps.size(); ++s)
    for (std::int32_t slot : chain.steps[s].arguments)
      if (slot >= 0) last_use[static_cast<std::size_t>(slot)] = s + 1;
  plan->offset_of_.assign(num_slots, 0);
  constexpr std::size_t kTileBytes = kTile * 8;
  std::vector<std::size_t> free_tiles;
  std::size_t tiles = 0;
  const auto take = [&] {
    if (free_tiles.empty()) return tiles++;
    const std::size_t tile = free_tiles.back();
    free_tiles.pop_back();
    return tile;
  };
  // Inputs keep theirs: what a broadcast filled may serve the next tile too.
  for (std::size_t i = 0; i < num_inputs; ++i)
    if (!plan->dense_[i]) plan->offset_of_[i] = take() * kTileBytes;
  for (std::size_t s = 0; s < chain.steps.size(); ++s) {
    const std::size_t slot = num_inputs + s;
    if (plan->output_of_[slot] < 0) plan->offset_of_[slot] = take() * kTileBytes;
    for (std::size_t other = num_inputs; other < slot; ++other)
      if (plan->output_of_[other] < 0 && last_use[other] == s + 1)
        free_tiles.push_back(plan->offset_of_[other] / kTileBytes);
  }
  plan->workspace_bytes_ = tiles * kTileBytes;
  plan->chain_ = std::move(chain);
  return true;
}

void Plan::RunRange(std::size_t begin, std::size_t end, const void* const* inputs, void* const* outputs,
                    std::byte* scratch) const {
  const std::size_t num_inputs = chain_.inputs.size();
  const int last = chain_.rank - 1;
  const std::size_t inner = static_cast<std::size_t>(chain_.dims[last]);
  // Channels in blocks end in short rows, and many of them: there the last two dims together bound the tile. What broadcasts
  // over the rows repeats itself and is filled in once for all tiles of an outer index.
  const bool by_pair = inner < kMinRow && kTile % inner == 0 && chain_.rank > 1 &&
                       inner * static_cast<std::size_t>(chain_.dims[last - 1]) >= kMinRow;
  const std::size_t row = by_pair ? inner * static_cast<std::size_t>(chain_.dims[last - 1]) : inner;
  const bool by_row = row >= kMinRow;
  const void* slots[kMaxSlots];
  // What a broadcast input's tile holds: the element it was filled from and how many copies.
  const void* filled_from[kMaxSlots] = {};
  std::size_t filled[kMaxSlots] = {};
  for (std::size_t at = begin; at < end;) {
    std::size_t n = std::min(kTile, end - at);
    const std::size_t column = at % row;
    if (by_row) n = std::min(n, row - column);
    for (std::size_t i = 0; i < num_inputs; ++i) {
      const Input& input = chain_.inputs[i];
      const auto* base = static_cast<const std::byte*>(inputs[i]);
      const std::size_t size = SizeOf(input.type);
      if (dense_[i]) {
        slots[i] = base + at * size;
        continue;
      }
      std::byte* tile = scratch + offset_of_[i];
      slots[i] = tile;
      const bool steps = input.strides[last] <= 1 && input.strides[last] >= 0;
      if (by_pair && steps) {
        std::size_t rest = at / row;
        std::int64_t offset = static_cast<std::int64_t>(column / inner) * input.strides[last - 1];
        for (int axis = last - 2; axis >= 0; --axis) {
          offset += static_cast<std::int64_t>(rest % static_cast<std::size_t>(chain_.dims[axis])) * input.strides[axis];
          rest /= static_cast<std::size_t>(chain_.dims[axis]);
        }
        const std::byte* from = base + offset * static_cast<std::int64_t>(size);
        if (input.strides[last] == 1 && input.strides[last - 1] == chain_.dims[last]) {
          slots[i] = from;
          continue;
        }
        if (input.strides[last - 1] == 0) {
          if (filled_from[i] == from && filled[i] >= n) continue;
          filled_from[i] = from;
          filled[i] = n;
        }
      } else if (by_row && !by_pair && steps) {
        std::size_t rest = at / row;
        std::int64_t offset = static_cast<std::int64_t>(column) * input.strides[last];
        for (int axis = last - 1; axis >= 0; --axis) {
          offset += static_cast<std::int64_t>(rest % static_cast<std::size_t>(chain_.dims[axis])) * input.strides[axis];
          rest /= static_cast<std::size_t>(chain_.dims[axis]);
        }
        const std::byte* from = base + offset * static_cast<std::int64_t>(size);
        if (input.strides[last] == 1) {
          slots[i] = from;
          continue;
        }
        if (filled_from[i] == from && filled[i] >= n) continue;
        filled_from[i] = from;
        filled[i] = n;
      }
      GatherAny(tile, base, chain_, input, at, n);
    }
    for (std::size_t s = 0; s < chain_.steps.size(); ++s) {
      const Step& step = chain_.steps[s];
      const std::size_t slot = num_inputs + s;
      void* y = output_of_[slot] < 0
                    ? scratch + offset_of_[slot]
                    : static_cast<std::byte*>(outputs[output_of_[slot]]) + at * SizeOf(step.result);
      const auto argument = [&](int i) { return step.arguments[i] < 0 ? nullptr : slots[step.arguments[i]]; };
      functions_[s](argument(0), argument(1), argument(2), y, n, step.alpha, step.beta);
      slots[slot] = y;
    }
    at += n;
  }
}

void Plan::Run(const void* const* inputs, void* const* outputs, std::byte* workspace, Parallel& parallel) const {
  if (size_ == 0) return;
  const std::size_t tasks = (size_ + kTaskElements - 1) / kTaskElements;
  parallel.For(tasks, [&](std::size_t task, int thread) {
    const std::size_t begin = task * kTaskElements;
    RunRange(begin, std::min(size_, begin + kTaskElements), inputs, outputs,
             workspace + static_cast<std::size_t>(thread) * workspace_bytes_);
  });
}

}  // namespace inferlab::elementwise
