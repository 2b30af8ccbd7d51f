// The engine's matrix product, for the node library's linear algebra.
#include "kernels/gemm/gemm.h"

#include "vision/vision.h"

namespace inferlab::vision {

// gemm(A, B, C; out; batch, m, n, k, A's row and column stride, B's, alpha, beta): f32, each batch dense and one after the other.
// out = alpha · A · B + beta · C.
Status Gemm(Call& call) {
  constexpr std::int64_t kMost = std::int64_t{1} << 24;
  const std::int64_t batch = call.Integer(0, kMost), m = call.Integer(0, kMost), n = call.Integer(0, kMost),
                     k = call.Integer(0, kMost);
  gemm::Params params;
  params.m = m;
  params.n = n;
  params.k = k;
  params.a_row_stride = call.Integer(1, kMost);
  params.a_column_stride = call.Integer(1, kMost);
  params.b_row_stride = call.Integer(1, kMost);
  params.b_column_stride = call.Integer(1, kMost);
  params.c_row_stride = n;
  params.alpha = static_cast<float>(call.Number());
  params.beta = static_cast<float>(call.Number());
  params.bias_row_stride = n;
  params.bias_column_stride = 1;
  const auto reach = [](std::int64_t rows, std::int64_t columns, std::int64_t row, std::int64_t column) {
    return rows == 0 || columns == 0 ? 0 : (rows - 1) * row + (columns - 1) * column + 1;
  };
  const bool fits = call.ok() && m * k <= kMost * 16 && k * n <= kMost * 16 && m * n <= kMost * 16 &&
                    reach(m, k, params.a_row_stride, params.a_column_stride) <= m * k &&
                    reach(k, n, params.b_row_stride, params.b_column_stride) <= k * n;
  if (!fits) call.Fail("size of a matrix product", m * n, kMost);
  if (!call.ok()) return call.status();
  const auto* a = call.Input<const float>(Element::kF32, batch * m * k);
  const auto* b = call.Input<const float>(Element::kF32, batch * k * n);
  const auto* c = call.Input<const float>(Element::kF32, params.beta == 0.0f ? 0 : batch * m * n);
  const Array out = call.NextOutput();
  if (call.ok() && (out.element != Element::kF32 || static_cast<std::int64_t>(out.length) < batch * m * n))
    call.Fail("elements of a product", static_cast<std::int64_t>(out.length), batch * m * n);
  if (!call.ok() || m == 0 || n == 0 || batch == 0) return call.status();
  const std::size_t workspace = gemm::WorkspaceBytes(params, call.parallel.num_threads());
  void* memory = call.heap.Allocate(workspace, "vision gemm");
  if (!memory) return Status::OutOfMemory(static_cast<std::int64_t>(workspace));
  for (std::int64_t i = 0; i < batch; ++i) {
    gemm::Pointers pointers;
    pointers.a = a + i * m * k;
    pointers.b = b + i * k * n;
    if (params.beta != 0.0f) pointers.bias = c + i * m * n;
    pointers.c = out.As<float>() + i * m * n;
    gemm::Run(params, pointers, memory, call.parallel);
  }
  call.heap.Free(memory);
  return Status::Ok();
}

}  // namespace inferlab::vision
