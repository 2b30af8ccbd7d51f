#include "kernels/copy/copy.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "kernels/copy/pad.h"
#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeCopy(const CopyParams& params, const Site& site, Made* made) {
  const std::size_t rank = params.dims.size();
  std::uint64_t count;
  if (rank > kMaxRank || params.in_strides.size() != rank || params.out_strides.size() != rank ||
      !CountOf(params.dims, &count))
    return Status::Malformed("copy dims");
  const std::int64_t size = params.element_bytes;
  if (size != 1 && size != 2 && size != 4 && size != 8) return Status::Malformed("copy element bytes", size);
  const auto fits = [&](const Operand& operand, std::int64_t offset, std::span<const std::int64_t> strides) {
    std::int64_t lowest, highest;
    if (!ReachOf(params.dims, strides, &lowest, &highest) || offset < 0 || offset > (std::int64_t{1} << 48)) return false;
    return count == 0 || (offset + lowest >= 0 && operand.Holds(static_cast<std::uint64_t>(offset + highest) + 1,
                                                               static_cast<std::size_t>(size)));
  };
  if (!fits(site.in(0), params.in_offset, params.in_strides)) return Status::Malformed("copy source");
  if (!fits(site.out(0), params.out_offset, params.out_strides)) return Status::Malformed("copy target");
  copy::Params copy;
  copy.element_bytes = static_cast<int>(size);
  copy.rank = static_cast<int>(rank);
  std::copy(params.dims.begin(), params.dims.end(), copy.dims);
  std::copy(params.in_strides.begin(), params.in_strides.end(), copy.in_strides);
  std::copy(params.out_strides.begin(), params.out_strides.end(), copy.out_strides);
  copy::Normalize(&copy);
  *made = MakeInstruction([copy, from = site.in(0).tensor, to = site.out(0).tensor, in = params.in_offset * size,
                           out = params.out_offset * size](const Run& run) {
    copy::Run(copy, run.tensors[from] + in, run.tensors[to] + out, run.parallel);
    return Status::Ok();
  });
  return Status::Ok();
}

Status MakePad(const PadParams& params, const Site& site, Made* made) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 40;
  const std::size_t rank = params.axes.size() / 3;
  const std::int64_t size = params.element_bytes;
  if (rank < 1 || rank > kMaxRank || params.axes.size() != 3 * rank || params.block < 0 || params.block > kLimit ||
      params.mode < 0 || params.mode > static_cast<std::int64_t>(PadMode::kWrap) ||
      (size != 1 && size != 2 && size != 4 && size != 8))
    return Status::Malformed("pad parameters");
  copy::PadParams pad;
  pad.element_bytes = static_cast<int>(size);
  pad.mode = static_cast<PadMode>(params.mode);
  pad.rank = static_cast<int>(rank);
  pad.block = params.block;
  std::vector<std::int64_t> in_dims{params.block}, out_dims{params.block};
  for (std::size_t a = 0; a < rank; ++a) {
    const std::int64_t* axis = params.axes.data() + 3 * a;
    if (axis[0] < (pad.mode == PadMode::kConstant ? 0 : 1) || axis[1] < -kLimit || axis[1] > kLimit)
      return Status::Malformed("padded axis", axis[0]);
    pad.axes[a] = {axis[0], axis[1], axis[2]};
    in_dims.push_back(axis[0]);
    out_dims.push_back(axis[2]);
  }
  std::uint64_t in_count, out_count;
  if (!CountOf(in_dims, &in_count) || !CountOf(out_dims, &out_count)) return Status::Malformed("pad dims");
  const auto width = static_cast<std::size_t>(size);
  if (!site.in(0).Holds(in_count, width) || !site.in(1).Holds(1, width)) return Status::Malformed("pad source");
  if (!site.out(0).Holds(out_count, width)) return Status::Malformed("pad target");
  *made = MakeInstruction(
      [pad, from = site.in(0).tensor, fill = site.in(1).tensor, to = site.out(0).tensor](const Run& run) {
        copy::Pad(pad, run.tensors[from], run.tensors[fill], run.tensors[to], run.parallel);
        return Status::Ok();
      });
  return Status::Ok();
}

Status MakeGather(const GatherParams& params, const Site& site, Made* made) {
  std::uint64_t source, target;
  const std::int64_t in_dims[] = {params.outer, params.axis, params.block_bytes};
  const std::int64_t out_dims[] = {params.outer, params.indices, params.block_bytes};
  if (!CountOf(in_dims, &source) || !CountOf(out_dims, &target) ||
      (params.index_bytes != 4 && params.index_bytes != 8))
    return Status::Malformed("gather dims");
  if (!site.in(0).Holds(source, 1) || !site.out(0).Holds(target, 1) ||
      !site.in(1).Holds(static_cast<std::uint64_t>(params.indices), static_cast<std::size_t>(params.index_bytes)))
    return Status::Malformed("gather operands");
  copy::GatherParams gather{params.outer, params.axis, params.indices, static_cast<std::size_t>(params.block_bytes)};
  const std::size_t count = static_cast<std::size_t>(params.indices);
  // The workspace holds the indices, checked and counted from the start.
  *made = MakeInstruction(
      [gather, count, wide = params.index_bytes == 8, from = site.in(0).tensor, at = site.in(1).tensor,
       to = site.out(0).tensor](const Run& run) {
        auto* indices = reinterpret_cast<std::int64_t*>(run.workspace);
        for (std::size_t i = 0; i < count; ++i) {
          const std::int64_t given = wide ? run.In<std::int64_t>(at)[i] : run.In<std::int32_t>(at)[i];
          indices[i] = given < 0 ? given + gather.axis : given;
          if (indices[i] < 0 || indices[i] >= gather.axis) return Status::Value("index", given, gather.axis);
        }
        copy::Gather(gather, run.tensors[from], indices, run.tensors[to], run.parallel);
        return Status::Ok();
      },
      count * sizeof(std::int64_t));
  return Status::Ok();
}

namespace {

// Coordinates into the leading dims of a tensor as offsets in bytes.
struct Coordinates {
  std::vector<std::int64_t> dims;
  std::int64_t batch, count, batch_bytes, slice_bytes;

  // Of indices[batch, count, dims.size()]; a negative one counts from the end.
  Status ToOffsets(const std::int64_t* indices, std::int64_t* offsets) const {
    for (std::int64_t n = 0; n < batch * count; ++n) {
      std::int64_t at = 0;
      for (std::int64_t dim : dims) {
        const std::int64_t given = *indices++;
        const std::int64_t index = given < 0 ? given + dim : given;
        if (index < 0 || index >= dim) return Status::Value("index", given, dim);
        at = at * dim + index;
      }
      offsets[n] = n / count * batch_bytes + at * slice_bytes;
    }
    return Status::Ok();
  }
};

// `data` and `slices`: the operands that hold [batch, dims…, slice] and [batch, count, slice].
Status MakeCoordinates(std::span<const std::int64_t> dims, std::int64_t batch, std::int64_t count, std::int64_t slice_bytes,
                       const Operand& data, const Operand& indices, const Operand& slices, Coordinates* made) {
  std::vector<std::int64_t> whole(dims.begin(), dims.end());
  whole.push_back(slice_bytes);
  std::uint64_t batch_bytes, data_bytes, num_slices, slices_bytes, num_indices;
  if (!CountOf(whole, &batch_bytes)) return Status::Malformed("dims of coordinates");
  whole.push_back(batch);
  const std::int64_t slice_dims[] = {batch, count}, all_slices[] = {batch, count, slice_bytes};
  const std::int64_t index_dims[] = {batch, count, static_cast<std::int64_t>(dims.size())};
  if (!CountOf(whole, &data_bytes) || !CountOf(slice_dims, &num_slices) || !CountOf(all_slices, &slices_bytes) ||
      !CountOf(index_dims, &num_indices))
    return Status::Malformed("dims of coordinates");
  if (!data.Holds(data_bytes, 1) || !indices.Holds(num_indices, sizeof(std::int64_t)) || !slices.Holds(slices_bytes, 1))
    return Status::Malformed("operands of coordinates");
  *made = {{dims.begin(), dims.end()}, batch, count, static_cast<std::int64_t>(batch_bytes), slice_bytes};
  return Status::Ok();
}

}  // namespace

Status MakeGatherNd(const GatherNdParams& params, const Site& site, Made* made) {
  Coordinates at;
  INFERLAB_RETURN_IF_ERROR(MakeCoordinates(params.dims, params.batch, params.count, params.slice_bytes, site.in(0),
                                           site.in(1), site.out(0), &at));
  const std::int64_t total = params.batch * params.count;
  *made = MakeInstruction(
      [at, total, from = site.in(0).tensor, indices = site.in(1).tensor, to = site.out(0).tensor](const Run& run) {
        auto* offsets = reinterpret_cast<std::int64_t*>(run.workspace);
        INFERLAB_RETURN_IF_ERROR(at.ToOffsets(run.In<std::int64_t>(indices), offsets));
        copy::GatherSlices(total, static_cast<std::size_t>(at.slice_bytes), run.tensors[from], offsets, run.tensors[to],
                           run.parallel);
        return Status::Ok();
      },
      static_cast<std::size_t>(total) * sizeof(std::int64_t));
  return Status::Ok();
}

Status MakeScatterNd(const ScatterNdParams& params, const Site& site, Made* made) {
  Coordinates at;
  INFERLAB_RETURN_IF_ERROR(
      MakeCoordinates(params.dims, 1, params.count, params.slice_bytes, site.in(0), site.in(1), site.in(2), &at));
  const auto bytes = static_cast<std::size_t>(at.batch_bytes);
  if (!site.out(0).Holds(bytes, 1)) return Status::Malformed("scatter target");
  *made = MakeInstruction(
      [at, bytes, from = site.in(0).tensor, indices = site.in(1).tensor, updates = site.in(2).tensor,
       to = site.out(0).tensor](const Run& run) {
        auto* offsets = reinterpret_cast<std::int64_t*>(run.workspace);
        INFERLAB_RETURN_IF_ERROR(at.ToOffsets(run.In<std::int64_t>(indices), offsets));
        if (run.tensors[from] != run.tensors[to]) std::memcpy(run.tensors[to], run.tensors[from], bytes);
        copy::ScatterSlices(at.count, static_cast<std::size_t>(at.slice_bytes), run.tensors[updates], offsets,
                            run.tensors[to]);
        return Status::Ok();
      },
      static_cast<std::size_t>(params.count) * sizeof(std::int64_t));
  return Status::Ok();
}

}  // namespace inferlab::program
