// What the instructions that multiply matrices (Gemm, QuantizedGemm) share: A and B are their first inputs, and their
// parameters and those of the kernels have the same names.
#pragma once
#include <iterator>
#include <span>
#include <vector>

#include "program/instruction.h"

namespace inferlab::program {

// Sizes and strides are below this, so that products of two do not overflow.
inline constexpr std::int64_t kMatrixLimit = std::int64_t{1} << 31;

// Whether every element, of `width` bytes, that a matrix of each batch touches lies in the operand.
inline bool Reaches(const Operand& operand, std::size_t width, std::span<const std::int64_t> batch,
                    std::span<const std::int64_t> batch_strides, std::int64_t rows, std::int64_t columns,
                    std::int64_t row_stride, std::int64_t column_stride) {
  std::vector<std::int64_t> dims(batch.begin(), batch.end()), strides(batch_strides.begin(), batch_strides.end());
  dims.insert(dims.end(), {rows, columns});
  strides.insert(strides.end(), {row_stride, column_stride});
  std::uint64_t count;
  std::int64_t lowest, highest;
  if (!CountOf(dims, &count) || !ReachOf(dims, strides, &lowest, &highest) || lowest < 0) return false;
  return operand.Holds(count == 0 ? 0 : static_cast<std::uint64_t>(highest) + 1, width);
}

// Reads sizes (m, n, k), strides (rows and columns of A, of B, …) and batch dimensions, and checks A and B, whose elements have
// `width` bytes; packed_bytes(k, n): what a packed B takes. `output_count`: elements of C.
template <typename From, typename Params, typename PackedBytes>
Status ReadProduct(const From& from, const Site& site, std::size_t num_strides, std::size_t width, PackedBytes packed_bytes,
                   Params* p, std::uint64_t* output_count) {
  if (from.sizes.size() != 3 || from.strides.size() != num_strides) return Status::Malformed("product sizes");
  for (std::int64_t size : from.sizes)
    if (size < 0 || size >= kMatrixLimit) return Status::Malformed("product size", size);
  for (std::int64_t stride : from.strides)
    if (stride < 0 || stride >= kMatrixLimit) return Status::Malformed("product stride", stride);
  const std::size_t batch_dims = from.batch.size();
  if (batch_dims > std::size(p->batch_shape) || from.a_batch_strides.size() != batch_dims ||
      from.b_batch_strides.size() != batch_dims)
    return Status::Malformed("product batch", static_cast<std::int64_t>(batch_dims));
  p->m = from.sizes[0];
  p->n = from.sizes[1];
  p->k = from.sizes[2];
  p->a_row_stride = from.strides[0];
  p->a_column_stride = from.strides[1];
  p->b_row_stride = from.strides[2];
  p->b_column_stride = from.strides[3];
  p->c_row_stride = p->n;
  p->b_packed = from.packed != 0;
  p->num_batch_dims = static_cast<int>(batch_dims);
  std::vector<std::int64_t> output(from.batch);
  output.insert(output.end(), {p->m, p->n});
  const std::int64_t a_dims[] = {p->m, p->k}, b_dims[] = {p->k, p->n};
  std::uint64_t side_count;
  if (!CountOf(output, output_count) || !CountOf(a_dims, &side_count) || !CountOf(b_dims, &side_count))
    return Status::Malformed("product size");
  for (std::size_t d = 0; d < batch_dims; ++d) {
    p->batch_shape[d] = from.batch[d];
    p->a_batch_strides[d] = from.a_batch_strides[d];
    p->b_batch_strides[d] = from.b_batch_strides[d];
    if (p->b_packed && p->b_batch_strides[d] != 0) return Status::Malformed("product packed batch");
  }
  if (!Reaches(site.in(0), width, from.batch, from.a_batch_strides, p->m, p->k, p->a_row_stride, p->a_column_stride))
    return Status::Malformed("product A");
  if (p->b_packed ? !site.in(1).Holds(packed_bytes(p->k, p->n), 1)
                  : !Reaches(site.in(1), width, from.batch, from.b_batch_strides, p->k, p->n, p->b_row_stride, p->b_column_stride))
    return Status::Malformed("product B");
  return Status::Ok();
}

// Whether a matrix that is packed while the program is loaded can be.
inline bool CanPack(const Site& site, std::size_t width, std::int64_t k, std::int64_t n, std::int64_t row_stride,
                    std::int64_t column_stride) {
  const std::int64_t dims[] = {k, n};
  std::uint64_t count;
  return site.preparing && k < kMatrixLimit && n < kMatrixLimit && CountOf(dims, &count) &&
         Reaches(site.in(0), width, {}, {}, k, n, row_stride, column_stride) && site.out(0).present();
}

}  // namespace inferlab::program
