#include "kernels/topk/topk.h"

#include <algorithm>

namespace inferlab::topk {
namespace {

struct Candidate {
  float value;
  std::int64_t position;
};

template <bool kLargest>
bool Before(float a, float b) {
  if (a != a || b != b) return kLargest ? a != a && b == b : a == a && b != b;
  return kLargest ? a > b : a < b;
}

template <bool kLargest>
struct Better {
  bool operator()(const Candidate& a, const Candidate& b) const {
    if (Before<kLargest>(a.value, b.value)) return true;
    return !Before<kLargest>(b.value, a.value) && a.position < b.position;
  }
};

// Whether one of 16 neighbours may come before `bound` (NaN may). Without branches: the compiler makes vectors of it.
template <bool kLargest>
bool AnyBefore(const float* x, float bound) {
  int any = 0;
  for (int i = 0; i < 16; ++i) any |= kLargest ? !(x[i] <= bound) : !(x[i] >= bound);
  return any != 0;
}

// The best k of a row in `best`, best first. A heap whose top is the worst of them: what is not better than the top is passed
// over, which on a long row is nearly everything.
template <bool kLargest>
void Select(const float* x, std::int64_t n, std::int64_t stride, std::int64_t k, Candidate* best) {
  const Better<kLargest> better;
  for (std::int64_t i = 0; i < k; ++i) best[i] = {x[i * stride], i};
  std::make_heap(best, best + k, better);
  for (std::int64_t i = k; i < n; ++i) {
    if (stride == 1)
      while (i + 16 <= n && !AnyBefore<kLargest>(x + i, best[0].value)) i += 16;
    if (i >= n) break;
    if (!Before<kLargest>(x[i * stride], best[0].value)) continue;
    std::pop_heap(best, best + k, better);
    best[k - 1] = {x[i * stride], i};
    std::push_heap(best, best + k, better);
  }
  std::sort_heap(best, best + k, better);
}

}  // namespace

std::size_t WorkspaceBytesPerThread(const Params& p) { return static_cast<std::size_t>(p.k) * sizeof(Candidate); }

void Run(const Params& p, const float* x, float* values, std::int64_t* indices, std::byte* workspace, Parallel& parallel) {
  if (p.k == 0) return;
  parallel.For(static_cast<std::size_t>(p.outer * p.inner), [&](std::size_t task, int thread) {
    const std::int64_t outer = static_cast<std::int64_t>(task) / p.inner, inner = static_cast<std::int64_t>(task) % p.inner;
    auto* best = reinterpret_cast<Candidate*>(workspace) + p.k * thread;
    const float* row = x + outer * p.axis * p.inner + inner;
    (p.largest ? Select<true> : Select<false>)(row, p.axis, p.inner, p.k, best);
    for (std::int64_t j = 0; j < p.k; ++j) {
      const std::int64_t to = (outer * p.k + j) * p.inner + inner;
      if (values) values[to] = best[j].value;
      if (indices) indices[to] = best[j].position;
    }
  });
}

}  // namespace inferlab::topk
