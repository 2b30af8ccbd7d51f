#include "kernels/reduce/reduce.h"

#include <algorithm>
#include <cmath>

#include "kernels/reduce/table.h"

namespace inferlab::reduce {
namespace {

// Elements of x that a parallel task reads at least.
constexpr std::int64_t kTaskElements = 16384;
// Output elements kept as accumulators at a time where the innermost axis is kept.
constexpr std::int64_t kBlock = 256;
// Short rows that are worth a call of their own.
constexpr std::int64_t kDenseRows = 4;

const Table& Kernels() { INFERLAB_SELECT_TABLE() }

struct Recipe {
  Fold fold;
  float neutral;
};

Recipe RecipeOf(ReduceFunction function) {
  using F = ReduceFunction;
  switch (function) {
    case F::kSum:
    case F::kMean:
    case F::kLogSum:
      return {Fold::kSum, 0};
    case F::kL1:
      return {Fold::kSumAbs, 0};
    case F::kL2:
    case F::kSumSquare:
      return {Fold::kSumSquare, 0};
    case F::kLogSumExp:
      return {Fold::kSumExp, 0};
    case F::kProd:
      return {Fold::kProd, 1};
    case F::kMax:
      return {Fold::kMax, -INFINITY};
    case F::kMin:
      return {Fold::kMin, INFINITY};
  }
  return {Fold::kSum, 0};
}

std::int64_t Product(const std::int64_t* dims, int count) {
  std::int64_t product = 1;
  for (int i = 0; i < count; ++i) product *= dims[i];
  return product;
}

// Offset of the flat index over some axes.
std::int64_t OffsetOf(std::int64_t flat, const std::int64_t* dims, const std::int64_t* strides, int count) {
  std::int64_t offset = 0;
  for (int axis = count - 1; axis >= 0; --axis) {
    offset += flat % dims[axis] * strides[axis];
    flat /= dims[axis];
  }
  return offset;
}

void Finish(ReduceFunction function, float* y, std::int64_t n, std::int64_t count, const float* shift) {
  switch (function) {
    case ReduceFunction::kMean: {
      for (std::int64_t i = 0; i < n; ++i) y[i] /= static_cast<float>(count);
      break;
    }
    case ReduceFunction::kL2:
      for (std::int64_t i = 0; i < n; ++i) y[i] = std::sqrt(y[i]);
      break;
    case ReduceFunction::kLogSum:
      Kernels().log(y, static_cast<std::size_t>(n), nullptr);
      break;
    case ReduceFunction::kLogSumExp:
      Kernels().log(y, static_cast<std::size_t>(n), shift);
      break;
    default:
      break;
  }
}

// One fold of the rows that belong to one output element; the innermost reduced axis is dense.
float FoldRows(const Params& p, Fold fold, const float* x, float shift) {
  const int outer_axes = p.num_reduced - 1;
  const std::int64_t rows = Product(p.reduced_dims, outer_axes);
  const auto n = static_cast<std::size_t>(p.reduced_dims[outer_axes]);
  const Table& table = Kernels();
  float result = table.row(fold, x, n, shift);
  for (std::int64_t row = 1; row < rows; ++row) {
    const float part = table.row(fold, x + OffsetOf(row, p.reduced_dims, p.reduced_strides, outer_axes), n, shift);
    const Fold join = fold == Fold::kProd || fold == Fold::kMax || fold == Fold::kMin ? fold : Fold::kSum;
    table.columns(join, &result, &part, 1, nullptr);
  }
  return result;
}

// Outputs whose rows lie one behind the other, at most: the product of the innermost kept axes that are dense over a row.
std::int64_t DenseRows(const Params& p, std::int64_t length) {
  std::int64_t rows = 1;
  for (int axis = p.num_kept - 1; axis >= 0; --axis) {
    if (p.kept_dims[axis] == 1) continue;
    if (p.kept_strides[axis] != rows * length) break;
    rows *= p.kept_dims[axis];
  }
  return rows;
}

// A call for as many rows as lie one behind the other: what belongs to a row alone would cost more than its elements.
void ByShortRows(const Params& p, std::int64_t dense, const float* x, float* y, Parallel& parallel) {
  const std::int64_t outputs = Product(p.kept_dims, p.num_kept);
  const std::int64_t length = p.reduced_dims[p.num_reduced - 1];
  const std::int64_t each = kTaskElements / length;
  const Fold fold = RecipeOf(p.function).fold;
  const Table& table = Kernels();
  parallel.For(static_cast<std::size_t>((outputs + each - 1) / each), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each, end = std::min(outputs, begin + each);
    for (std::int64_t k = begin, rows; k < end; k += rows) {
      rows = std::min(end - k, dense - k % dense);
      table.short_rows(fold, x + OffsetOf(k, p.kept_dims, p.kept_strides, p.num_kept), static_cast<std::size_t>(rows),
                       static_cast<std::size_t>(length), y + k);
      Finish(p.function, y + k, rows, length, nullptr);
    }
  });
}

void ByRows(const Params& p, const float* x, float* y, Parallel& parallel) {
  const std::int64_t outputs = Product(p.kept_dims, p.num_kept);
  const std::int64_t count = Product(p.reduced_dims, p.num_reduced);
  const std::int64_t each = std::max<std::int64_t>(1, kTaskElements / count);
  const Recipe recipe = RecipeOf(p.function);
  parallel.For(static_cast<std::size_t>((outputs + each - 1) / each), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    for (std::int64_t k = begin; k < std::min(outputs, begin + each); ++k) {
      const float* from = x + OffsetOf(k, p.kept_dims, p.kept_strides, p.num_kept);
      float shift = 0;
      if (recipe.fold == Fold::kSumExp) {
        shift = FoldRows(p, Fold::kMax, from, 0);
        if (!std::isfinite(shift)) shift = 0;
      }
      y[k] = FoldRows(p, recipe.fold, from, shift);
      Finish(p.function, y + k, 1, count, &shift);
    }
  });
}

// The innermost axis is kept and dense: accumulators side by side.
void ByColumns(const Params& p, const float* x, float* y, Parallel& parallel) {
  const int outer_axes = p.num_kept - 1;
  const std::int64_t inner = p.kept_dims[outer_axes];
  const std::int64_t blocks = (inner + kBlock - 1) / kBlock;
  const std::int64_t total = Product(p.kept_dims, outer_axes) * blocks;
  const std::int64_t count = Product(p.reduced_dims, p.num_reduced);
  const std::int64_t each = std::max<std::int64_t>(1, kTaskElements / (count * std::min(inner, kBlock)));
  const Recipe recipe = RecipeOf(p.function);
  const Table& table = Kernels();
  parallel.For(static_cast<std::size_t>((total + each - 1) / each), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    for (std::int64_t block = begin; block < std::min(total, begin + each); ++block) {
      const std::int64_t first = block % blocks * kBlock;
      const auto n = static_cast<std::size_t>(std::min(kBlock, inner - first));
      const float* from = x + OffsetOf(block / blocks, p.kept_dims, p.kept_strides, outer_axes) + first;
      float* to = y + block / blocks * inner + first;
      float shift[kBlock];
      if (recipe.fold == Fold::kSumExp) {
        std::fill_n(shift, n, -INFINITY);
        for (std::int64_t r = 0; r < count; ++r)
          table.columns(Fold::kMax, shift, from + OffsetOf(r, p.reduced_dims, p.reduced_strides, p.num_reduced), n, nullptr);
        for (std::size_t i = 0; i < n; ++i)
          if (!std::isfinite(shift[i])) shift[i] = 0;
      }
      std::fill_n(to, n, recipe.neutral);
      for (std::int64_t r = 0; r < count; ++r)
        table.columns(recipe.fold, to, from + OffsetOf(r, p.reduced_dims, p.reduced_strides, p.num_reduced), n, shift);
      Finish(p.function, to, static_cast<std::int64_t>(n), count, shift);
    }
  });
}

}  // namespace

void Run(const Params& params, const float* x, float* y, Parallel& parallel) {
  const std::int64_t outputs = Product(params.kept_dims, params.num_kept);
  if (outputs == 0) return;
  Params p = params;
  if (Product(p.reduced_dims, p.num_reduced) == 0) {
    std::fill_n(y, outputs, RecipeOf(p.function).neutral);
    Finish(p.function, y, outputs, 0, nullptr);
    return;
  }
  const auto dense = [](const std::int64_t* strides, int n) { return n > 0 && strides[n - 1] == 1; };
  if (dense(p.kept_strides, p.num_kept) && !dense(p.reduced_strides, p.num_reduced)) {
    ByColumns(p, x, y, parallel);
    return;
  }
  if (!dense(p.reduced_strides, p.num_reduced)) {
    // Nothing is reduced, or x has one element: a run of one.
    p.reduced_dims[p.num_reduced] = 1;
    p.reduced_strides[p.num_reduced++] = 1;
  }
  const std::int64_t length = p.reduced_dims[p.num_reduced - 1];
  if (length == Product(p.reduced_dims, p.num_reduced) && length < static_cast<std::int64_t>(kLanes) &&
      RecipeOf(p.function).fold != Fold::kSumExp) {
    const std::int64_t dense = DenseRows(p, length);
    if (dense >= kDenseRows) return ByShortRows(p, dense, x, y, parallel);
  }
  ByRows(p, x, y, parallel);
}

void Arg(const ArgParams& p, const float* x, std::int64_t* y, Parallel& parallel) {
  const std::int64_t outputs = p.outer * p.inner;
  const std::int64_t each = std::max<std::int64_t>(1, kTaskElements / p.axis);
  parallel.For(static_cast<std::size_t>((outputs + each - 1) / each), [&](std::size_t task, int) {
    const std::int64_t begin = static_cast<std::int64_t>(task) * each;
    for (std::int64_t k = begin; k < std::min(outputs, begin + each); ++k) {
      const float* from = x + k / p.inner * p.axis * p.inner + k % p.inner;
      float best = from[0];
      std::int64_t at = 0;
      for (std::int64_t i = 1; i < p.axis; ++i) {
        const float value = from[i * p.inner];
        if (best != best) break;
        const bool better = value != value || (p.largest ? value > best : value < best);
        if (better || (p.last && value == best)) {
          best = value;
          at = i;
        }
      }
      y[k] = at;
    }
  });
}

}  // namespace inferlab::reduce
