#include "kernels/conv/conv_patches.h"

#include <algorithm>
#include <cstring>

#include "base/round.h"
#include "kernels/gemm/gemm.h"

namespace inferlab::conv {
namespace {

std::int64_t KernelSize(const Params& p) { return p.axes[0].kernel * p.axes[1].kernel * p.axes[2].kernel; }
std::int64_t InputPlane(const Params& p) { return p.axes[0].input * p.axes[1].input * p.axes[2].input; }
std::int64_t OutputPlane(const Params& p) { return p.axes[0].output * p.axes[1].output * p.axes[2].output; }
std::int64_t Depth(const Params& p) { return p.input_channels / p.groups * KernelSize(p); }

// Every output reads the one input at its own place: the input is its own matrix of patches.
bool IsPointwise(const Params& p) {
  for (const Axis& axis : p.axes)
    if (axis.kernel != 1 || axis.stride != 1 || axis.pad != 0 || axis.output != axis.input) return false;
  return p.groups == 1;
}

// The input position output `position` reads through a tap, or -1.
std::int64_t InputIndex(const Axis& axis, bool transposed, std::int64_t position, std::int64_t tap) {
  if (!transposed) {
    const std::int64_t index = position * axis.stride - axis.pad + tap * axis.dilation;
    return index >= 0 && index < axis.input ? index : -1;
  }
  const std::int64_t scaled = position + axis.pad - tap * axis.dilation;
  if (scaled < 0 || scaled % axis.stride != 0) return -1;
  const std::int64_t index = scaled / axis.stride;
  return index < axis.input ? index : -1;
}

// Outputs of one task: what keeps its panels within half a second-level cache, and fine enough for the threads.
std::int64_t TaskColumns(const Params& p, int num_threads) {
  const std::int64_t panel = gemm::PanelColumns();
  const std::int64_t fit = 192 * 1024 / (4 * std::max<std::int64_t>(1, Depth(p)));
  std::int64_t columns = std::clamp<std::int64_t>(fit / panel * panel, 2 * panel, 64 * panel);
  if (num_threads > 1)
    columns = std::min(columns, std::max(panel, CeilDiv(CeilDiv(OutputPlane(p), 4 * num_threads), panel) * panel));
  return std::min(columns, CeilDiv(OutputPlane(p), panel) * panel);
}

// One row of outputs' share of a panel row: `count` values for outputs x … of row (z, y) through one tap.
void FillRun(const Params& p, const float* row, std::int64_t x, std::int64_t count, std::int64_t tap, float* to) {
  const Axis& axis = p.axes[2];
  if (!p.transposed) {
    const std::int64_t first = x * axis.stride - axis.pad + tap * axis.dilation;
    // Outputs [begin, end) of the run read inside the row.
    const std::int64_t begin = first >= 0 ? 0 : std::min(count, CeilDiv(-first, axis.stride));
    const std::int64_t room = axis.input - first;
    const std::int64_t end = room <= 0 ? begin : std::clamp(CeilDiv(room, axis.stride), begin, count);
    for (std::int64_t i = 0; i < begin; ++i) to[i] = 0.0f;
    if (axis.stride == 1)
      for (std::int64_t i = begin; i < end; ++i) to[i] = row[first + i];
    else
      for (std::int64_t i = begin; i < end; ++i) to[i] = row[first + i * axis.stride];
    for (std::int64_t i = end; i < count; ++i) to[i] = 0.0f;
    return;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = InputIndex(axis, true, x + i, tap);
    to[i] = index < 0 ? 0.0f : row[index];
  }
}

// Panels for outputs [begin, end) of one group.
void FillPanels(const Params& p, const float* input, std::int64_t begin, std::int64_t end, float* panels) {
  const std::int64_t columns = gemm::PanelColumns(), depth = Depth(p);
  const std::int64_t channels = p.input_channels / p.groups;
  const Axis &az = p.axes[0], &ay = p.axes[1], &ax = p.axes[2];
  for (std::int64_t first = begin; first < end; first += columns, panels += columns * depth) {
    const std::int64_t count = std::min(columns, end - first);
    for (std::int64_t done = 0; done < count;) {
      const std::int64_t position = first + done;
      const std::int64_t x = position % ax.output, y = position / ax.output % ay.output;
      const std::int64_t z = position / (ax.output * ay.output);
      const std::int64_t run = std::min(ax.output - x, count - done);
      float* to = panels + done;
      for (std::int64_t c = 0; c < channels; ++c) {
        const float* plane = input + c * InputPlane(p);
        for (std::int64_t kz = 0; kz < az.kernel; ++kz) {
          const std::int64_t iz = InputIndex(az, p.transposed, z, kz);
          for (std::int64_t ky = 0; ky < ay.kernel; ++ky) {
            const std::int64_t iy = iz < 0 ? -1 : InputIndex(ay, p.transposed, y, ky);
            for (std::int64_t kx = 0; kx < ax.kernel; ++kx, to += columns) {
              if (iy < 0)
                std::memset(to, 0, static_cast<std::size_t>(run) * sizeof(float));
              else
                FillRun(p, plane + (iz * ay.input + iy) * ax.input, x, run, kx, to);
            }
          }
        }
      }
      done += run;
    }
    if (count < columns)
      for (std::int64_t k = 0; k < depth; ++k)
        std::memset(panels + k * columns + count, 0, static_cast<std::size_t>(columns - count) * sizeof(float));
  }
}

gemm::Params ProductOf(const Params& p) {
  gemm::Params product;
  product.m = p.output_channels / p.groups;
  product.k = Depth(p);
  product.a_row_stride = product.k;
  product.c_row_stride = OutputPlane(p);
  product.bias_row_stride = 1;
  product.slope_row_stride = 1;
  product.slope_column_stride = 0;
  product.activation = p.activation;
  product.residual = p.residual;
  return product;
}

// The whole convolution as one product; the input is B.
gemm::Params PointwiseProduct(const Params& p) {
  gemm::Params product = ProductOf(p);
  product.n = OutputPlane(p);
  product.b_row_stride = product.n;
  return product;
}

}  // namespace

const char* PatchKernelName() { return gemm::KernelName(); }

std::size_t PatchWeightFloats(const Params& p) {
  return static_cast<std::size_t>(p.output_channels * (p.input_channels / p.groups) * KernelSize(p));
}

void PackPatchWeights(const Params& p, const float* weights, float* packed) {
  if (!p.transposed) {
    std::memcpy(packed, weights, PatchWeightFloats(p) * sizeof(float));
    return;
  }
  const std::int64_t ic = p.input_channels / p.groups, oc = p.output_channels / p.groups, size = KernelSize(p);
  for (std::int64_t group = 0; group < p.groups; ++group)
    for (std::int64_t o = 0; o < oc; ++o)
      for (std::int64_t c = 0; c < ic; ++c, packed += size)
        std::memcpy(packed, weights + ((group * ic + c) * oc + o) * size, static_cast<std::size_t>(size) * sizeof(float));
}

std::size_t PatchWorkspaceBytes(const Params& p, int num_threads) {
  if (IsPointwise(p)) return gemm::WorkspaceBytes(PointwiseProduct(p), num_threads);
  return static_cast<std::size_t>(Depth(p) * TaskColumns(p, num_threads) * num_threads) * sizeof(float);
}

void RunPatches(const Params& p, const Pointers& pointers, float* workspace, Parallel& parallel) {
  const std::int64_t in_batch =
      p.input_batch_stride ? p.input_batch_stride : p.input_channels * InputPlane(p);
  const std::int64_t out_batch =
      p.output_batch_stride ? p.output_batch_stride : p.output_channels * OutputPlane(p);
  if (IsPointwise(p)) {
    const gemm::Params product = PointwiseProduct(p);
    for (std::int64_t n = 0; n < p.batch; ++n)
      gemm::Run(product,
                {pointers.weights, pointers.input + n * in_batch, pointers.bias,
                 pointers.residual ? pointers.residual + n * out_batch : nullptr, pointers.slope,
                 pointers.output + n * out_batch},
                workspace, parallel);
    return;
  }
  const std::int64_t plane = OutputPlane(p), step = TaskColumns(p, parallel.num_threads());
  const std::int64_t parts = CeilDiv(plane, step);
  const std::int64_t oc = p.output_channels / p.groups, ic = p.input_channels / p.groups;
  parallel.For(static_cast<std::size_t>(p.batch * p.groups * parts), [&](std::size_t task, int thread) {
    const std::int64_t begin = static_cast<std::int64_t>(task) % parts * step;
    const std::int64_t group = static_cast<std::int64_t>(task) / parts % p.groups;
    const std::int64_t n = static_cast<std::int64_t>(task) / parts / p.groups;
    float* panels = workspace + Depth(p) * step * thread;
    gemm::Params product = ProductOf(p);
    product.n = std::min(step, plane - begin);
    product.b_packed = true;
    FillPanels(p, pointers.input + n * in_batch + group * ic * InputPlane(p), begin, begin + product.n, panels);
    const std::int64_t out = n * out_batch + group * oc * plane + begin;
    Serial serial;
    gemm::Run(product,
              {pointers.weights + group * oc * product.k, panels, pointers.bias ? pointers.bias + group * oc : nullptr,
               pointers.residual ? pointers.residual + out : nullptr,
               pointers.slope ? pointers.slope + group * oc : nullptr, pointers.output + out},
              nullptr, serial);
  });
}

}  // namespace inferlab::conv
