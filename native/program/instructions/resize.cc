#include "kernels/resize/resize.h"

#include <algorithm>

#include "program/schema.gen.h"

namespace inferlab::program {

Status MakeResize(const ResizeParams& params, const Site& site, Made* made) {
  const std::int64_t in_dims[] = {params.planes, params.input_rows, params.input_columns};
  const std::int64_t out_dims[] = {params.planes, params.output_rows, params.output_columns};
  const std::int64_t row_taps[] = {params.output_rows, params.row_taps};
  const std::int64_t column_taps[] = {params.output_columns, params.column_taps};
  std::uint64_t source, target, rows, columns;
  if (!CountOf(in_dims, &source) || !CountOf(out_dims, &target) || !CountOf(row_taps, &rows) ||
      !CountOf(column_taps, &columns) || params.row_taps < 1 || params.row_taps > resize::kMaxTaps ||
      params.column_taps < 1 || params.input_rows < 1 || params.input_columns < 1)
    return Status::Malformed("resize dims");
  if (!site.in(0).Holds(source, sizeof(float)) || !site.out(0).Holds(target, sizeof(float)))
    return Status::Malformed("resize operands");
  const auto inside = [](const std::vector<std::int64_t>& indices, std::uint64_t count, std::int64_t size) {
    return indices.size() == count &&
           std::all_of(indices.begin(), indices.end(), [size](std::int64_t i) { return i >= 0 && i < size; });
  };
  if (!inside(params.row_indices, rows, params.input_rows) || params.row_weights.size() != rows ||
      !inside(params.column_indices, columns, params.input_columns) || params.column_weights.size() != columns)
    return Status::Malformed("resize taps");
  const auto narrow = [](const std::vector<std::int64_t>& from) { return std::vector<std::int32_t>(from.begin(), from.end()); };
  const auto single = [](const std::vector<double>& from) { return std::vector<float>(from.begin(), from.end()); };
  const resize::Params p{params.planes, params.nearest != 0};
  if (p.nearest && (params.row_taps != 1 || params.column_taps != 1)) return Status::Malformed("resize taps");
  const std::size_t scratch = p.nearest ? 0 : resize::WorkspaceBytes(params.input_rows, params.output_columns);
  *made = MakeInstruction(
      [p, row_indices = narrow(params.row_indices), row_weights = single(params.row_weights),
       column_indices = narrow(params.column_indices), column_weights = single(params.column_weights),
       shape = params, x = site.in(0).tensor, y = site.out(0).tensor](const Run& run) {
        const resize::Axis row_axis{shape.input_rows, shape.output_rows, shape.row_taps, row_indices.data(), row_weights.data()};
        const resize::Axis column_axis{shape.input_columns, shape.output_columns, shape.column_taps, column_indices.data(),
                                       column_weights.data()};
        resize::Run(p, row_axis, column_axis, run.In<float>(x), run.Out<float>(y), run.workspace, run.parallel);
        return Status::Ok();
      },
      0, scratch);
  return Status::Ok();
}

}  // namespace inferlab::program
