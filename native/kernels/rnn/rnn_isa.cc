#include "base/simd-inl.h"
#include "kernels/rnn/rnn_table.h"

namespace inferlab::rnn::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

// Calls step(i, lanes) for whole vectors, then for the rest.
template <typename Step>
INFERLAB_INLINE void ForVectors(int64_t count, Step&& step) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) step(i, kLanes);
  if (i < count) step(i, static_cast<int>(count - i));
}
INFERLAB_INLINE F32 At(const float* p, int lanes) { return lanes == kLanes ? Load(p) : Load(p, lanes); }
INFERLAB_INLINE void Put(float* p, F32 v, int lanes) {
  if (lanes == kLanes)
    Store(p, v);
  else
    Store(p, v, lanes);
}

void LstmRow(int64_t hidden, const float* gates, float* c, float* h) {
  ForVectors(hidden, [&](int64_t j, int lanes) {
    const F32 i = Sigmoid(At(gates + j, lanes)), o = Sigmoid(At(gates + hidden + j, lanes));
    const F32 f = Sigmoid(At(gates + 2 * hidden + j, lanes)), g = Tanh(At(gates + 3 * hidden + j, lanes));
    const F32 cell = Fma(f, At(c + j, lanes), i * g);
    Put(c + j, cell, lanes);
    Put(h + j, o * Tanh(cell), lanes);
  });
}

void GruRowLinear(int64_t hidden, const float* x, const float* r, float* h) {
  ForVectors(hidden, [&](int64_t j, int lanes) {
    const F32 z = Sigmoid(At(x + j, lanes) + At(r + j, lanes));
    const F32 reset = Sigmoid(At(x + hidden + j, lanes) + At(r + hidden + j, lanes));
    const F32 n = Tanh(Fma(reset, At(r + 2 * hidden + j, lanes), At(x + 2 * hidden + j, lanes)));
    const F32 before = At(h + j, lanes);
    Put(h + j, Fma(z, before - n, n), lanes);
  });
}

void GruRowGates(int64_t hidden, const float* x, const float* r, const float* h, float* z, float* reset) {
  ForVectors(hidden, [&](int64_t j, int lanes) {
    Put(z + j, Sigmoid(At(x + j, lanes) + At(r + j, lanes)), lanes);
    Put(reset + j, Sigmoid(At(x + hidden + j, lanes) + At(r + hidden + j, lanes)) * At(h + j, lanes), lanes);
  });
}

void GruRowFinish(int64_t hidden, const float* n, const float* z, float* h) {
  ForVectors(hidden, [&](int64_t j, int lanes) {
    const F32 candidate = Tanh(At(n + j, lanes));
    Put(h + j, Fma(At(z + j, lanes), At(h + j, lanes) - candidate, candidate), lanes);
  });
}

}  // namespace

const Table& GetTable() {
  static constexpr Table table = {LstmRow, GruRowLinear, GruRowGates, GruRowFinish};
  return table;
}

}  // namespace inferlab::rnn::INFERLAB_ISA_NS
