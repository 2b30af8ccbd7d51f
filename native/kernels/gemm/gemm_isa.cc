// The register tile of the matrix product and the loops around it.
//
// A tile is kRows × (kVectors vectors) of C held in registers; each k loads kVectors vectors of B, broadcasts kRows elements
// of A and issues kRows·kVectors FMAs. Latency 4 × 2 ports asks for at least 8 chains: 6 × 2 = 12 of 16 registers with AVX2,
// 14 × 2 = 28 of 32 with AVX-512. Plain x86-64 has 16 registers of 4 floats: 4 × 8 floats fill 8 of them.
// A is read in place where it is small; else each block of it is copied, the rows of a tile side by side, so that a tile reads A in one
// stream (in place, rows 4 KiB apart evict each other, and six short streams are read slower than one: a tenth of the speed at 1024³).
#include "base/simd-inl.h"
#include "kernels/common/activation-inl.h"
#include "kernels/common/tiles-inl.h"
#include "kernels/common/transpose-inl.h"
#include "kernels/gemm/gemm_table.h"

namespace inferlab::gemm::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS;
using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

#if defined(__AVX512F__)
constexpr int kRows = 14, kVectors = 2;
#define INFERLAB_GEMM_NAME "gemm_f32_avx512_14x32"
#elif defined(__AVX2__)
constexpr int kRows = 6, kVectors = 2;
#define INFERLAB_GEMM_NAME "gemm_f32_avx2_6x16"
#elif defined(__ARM_NEON)
constexpr int kRows = 6, kVectors = 2;
#define INFERLAB_GEMM_NAME "gemm_f32_neon_6x16"
#else
constexpr int kRows = 4, kVectors = 1;
#define INFERLAB_GEMM_NAME "gemm_f32_plain_4x8"
#endif
constexpr int kColumns = kVectors * kLanes;
// The most steps of k that one pass over C takes, and rows that meet one panel of B before the next: a block of A of so many
// fills half of a second-level cache of 512 KiB. A panel of B is then as large as the first-level cache, which costs nothing (it is
// read in one stream), and C is touched half as often as with 256.
constexpr int64_t kDepthBlock = kColumns > 16 ? 256 : 512;
constexpr int64_t kRowBlock = (kColumns > 16 ? 192 : 144) / kRows * kRows;

// Steps of k in each block but the last: k in equal parts, so that no pass over C is for a short rest.
int64_t DepthOfBlocks(int64_t k) {
  const int64_t blocks = (k + kDepthBlock - 1) / kDepthBlock;
  return blocks <= 1 ? k : ((k + blocks - 1) / blocks + 7) / 8 * 8;
}

// acc += A[rows, k] · B[k, columns] over `depth` steps. kUnroll > 1 keeps that many independent sums (few rows).
template <int kR, bool kDenseA, int kUnroll>
INFERLAB_INLINE void Multiply(int64_t depth, const float* a, int64_t a_row, int64_t a_step, const float* b,
                              int64_t b_step, F32 (&acc)[kR][kVectors]) {
  if constexpr (kUnroll > 1) {
    F32 part[kUnroll - 1][kR][kVectors];
    for (int u = 0; u < kUnroll - 1; ++u)
      for (int i = 0; i < kR; ++i)
        for (int j = 0; j < kVectors; ++j) part[u][i][j] = Zero();
    for (; depth >= kUnroll; depth -= kUnroll) {
#pragma GCC unroll 4
      for (int u = 0; u < kUnroll; ++u) {
        F32 bv[kVectors];
        for (int j = 0; j < kVectors; ++j) bv[j] = Load(b + j * kLanes);
        for (int i = 0; i < kR; ++i) {
          const F32 av = Set(a[i * a_row]);
          for (int j = 0; j < kVectors; ++j) {
            F32& sum = u == 0 ? acc[i][j] : part[u - 1][i][j];
            sum = Fma(av, bv[j], sum);
          }
        }
        a += kDenseA ? 1 : a_step;
        b += b_step;
      }
    }
    for (int u = 0; u < kUnroll - 1; ++u)
      for (int i = 0; i < kR; ++i)
        for (int j = 0; j < kVectors; ++j) acc[i][j] = acc[i][j] + part[u][i][j];
  }
#pragma GCC unroll 4
  for (int64_t k = 0; k < depth; ++k) {
    F32 bv[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) bv[j] = Load(b + k * b_step + j * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kR; ++i) {
      const F32 av = Set(a[i * a_row + k * (kDenseA ? 1 : a_step)]);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) acc[i][j] = Fma(av, bv[j], acc[i][j]);
    }
  }
}

// As Multiply for the last columns of a B that is not packed: n < kColumns of them may be read.
template <int kR>
INFERLAB_INLINE void MultiplyTail(int64_t depth, const float* a, int64_t a_row, int64_t a_step, const float* b,
                                  int64_t b_step, int n, F32 (&acc)[kR][kVectors]) {
  for (int64_t k = 0; k < depth; ++k) {
    F32 bv[kVectors];
    for (int j = 0; j < kVectors; ++j) {
      const int left = n - j * kLanes;
      bv[j] = left >= kLanes ? Load(b + k * b_step + j * kLanes)
                             : (left > 0 ? Load(b + k * b_step + j * kLanes, left) : Zero());
    }
    for (int i = 0; i < kR; ++i) {
      const F32 av = Set(a[i * a_row + k * a_step]);
      for (int j = 0; j < kVectors; ++j) acc[i][j] = Fma(av, bv[j], acc[i][j]);
    }
  }
}

// `count` vectors of one row: partial loads where the row ends inside.
INFERLAB_INLINE F32 LoadColumns(const float* p, int left) {
  return left >= kLanes ? Load(p) : (left > 0 ? Load(p, left) : Zero());
}
INFERLAB_INLINE void StoreColumns(float* p, F32 v, int left) {
  if (left >= kLanes)
    Store(p, v);
  else if (left > 0)
    Store(p, v, left);
}

// Everything around the sum of one tile: what it starts from, and what becomes of it.
struct TileContext {
  const Params* params;
  const float* a;  // first row, first k of this depth block
  int64_t a_row, a_step;
  const float* b;
  int64_t b_step;
  int64_t depth;
  bool first, last;  // of the depth blocks
  bool b_tail;       // B ends inside the tile and may not be read beyond
  int n;             // columns of the tile that exist
  float* c;
  const float* residual;
  const float* bias;
  const float* slope;
  // Part of the panel that comes after this one, fetched into the second-level cache meanwhile: nullptr for none.
  const float* next;
  int next_lines;
};

// Alpha, beta · bias, residual and activation of a tile whose sum is complete.
template <int kR>
INFERLAB_INLINE void Finish(const TileContext& t, F32 (&acc)[kR][kVectors]) {
  const Params& p = *t.params;
  if (p.alpha != 1.0f)
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j) acc[i][j] = acc[i][j] * Set(p.alpha);
  if (t.bias) {
    const F32 beta = Set(p.beta);
    for (int i = 0; i < kR; ++i) {
      const float* row = t.bias + i * p.bias_row_stride;
      for (int j = 0; j < kVectors; ++j) {
        const F32 bias = p.bias_column_stride == 0 ? Set(*row) : LoadColumns(row + j * kLanes, t.n - j * kLanes);
        acc[i][j] = Fma(beta, bias, acc[i][j]);
      }
    }
  }
  if (p.residual == ResidualKind::kBeforeActivation)
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j)
        acc[i][j] = acc[i][j] + LoadColumns(t.residual + i * p.c_row_stride + j * kLanes, t.n - j * kLanes);
  switch (p.activation.kind) {
    case ActivationKind::kNone:
      break;
    case ActivationKind::kRelu:
      for (int i = 0; i < kR; ++i)
        for (int j = 0; j < kVectors; ++j) acc[i][j] = Max(Zero(), acc[i][j]);
      break;
    case ActivationKind::kPrelu:
      for (int i = 0; i < kR; ++i)
        for (int j = 0; j < kVectors; ++j) {
          const float* row = t.slope + i * p.slope_row_stride;
          const F32 slope = p.slope_column_stride == 0 ? Set(*row) : LoadColumns(row + j * kLanes, t.n - j * kLanes);
          acc[i][j] = IfLess(acc[i][j], Zero(), acc[i][j] * slope, acc[i][j]);
        }
      break;
    default:
      ActivateAll(p.activation, &acc[0][0], kR * kVectors);
  }
  if (p.residual == ResidualKind::kAfterActivation)
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j)
        acc[i][j] = acc[i][j] + LoadColumns(t.residual + i * p.c_row_stride + j * kLanes, t.n - j * kLanes);
}

template <int kR>
void RunTile(const TileContext& t) {
  const Params& p = *t.params;
  for (int i = 0; i < kR; ++i) __builtin_prefetch(t.c + i * p.c_row_stride, 1);
  for (int i = 0; i < t.next_lines; ++i) __builtin_prefetch(t.next + i * 16, 0, 2);
  F32 acc[kR][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) acc[i][j] = Zero();
  constexpr int kUnroll = kR * kVectors >= 8 ? 1 : (kR * kVectors >= 4 ? 2 : 4);
  if (t.b_tail)
    MultiplyTail<kR>(t.depth, t.a, t.a_row, t.a_step, t.b, t.b_step, t.n, acc);
  else if (t.a_row == 1 && t.a_step == kRows && t.b_step == kColumns)
    Multiply<kR, false, kUnroll>(t.depth, t.a, 1, kRows, t.b, kColumns, acc);
  else if (t.a_step == 1 && t.b_step == kColumns)
    Multiply<kR, true, kUnroll>(t.depth, t.a, t.a_row, 1, t.b, kColumns, acc);
  else
    Multiply<kR, false, kUnroll>(t.depth, t.a, t.a_row, t.a_step, t.b, t.b_step, acc);
  if (!t.first)
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j)
        acc[i][j] = acc[i][j] + LoadColumns(t.c + i * p.c_row_stride + j * kLanes, t.n - j * kLanes);
  if (t.last) Finish<kR>(t, acc);
  if (t.n == kColumns) {
#pragma GCC unroll 16
    for (int i = 0; i < kR; ++i)
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) Store(t.c + i * p.c_row_stride + j * kLanes, acc[i][j]);
  } else {
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j)
        StoreColumns(t.c + i * p.c_row_stride + j * kLanes, acc[i][j], t.n - j * kLanes);
  }
}

using TileFunction = void (*)(const TileContext&);
constexpr TileFunction kTiles[] = INFERLAB_TILES(RunTile);
static_assert(sizeof(kTiles) / sizeof(kTiles[0]) == kRows + 1);

// Floats that CopyTile may write beyond the tile.
constexpr int64_t kCopySpill = 8;

// kRows rows of A, each contiguous, as kRows elements for each k.
INFERLAB_INLINE void CopyTile(int64_t depth, const float* a, int64_t row_stride, float* copy) {
  int64_t k = 0;
  if constexpr (kRows >= 8) {
    // The last eight rows overlap those before.
    for (; k + 8 <= depth; k += 8)
      for (int i = 0; i < kRows; i += 8) {
        const int first = i + 8 <= kRows ? i : kRows - 8;
        Transpose8x8(a + first * row_stride + k, row_stride, copy + k * kRows + first, kRows);
      }
  } else {
    for (; k + 8 <= depth; k += 8) Transpose8x8<kRows>(a + k, row_stride, copy + k * kRows, kRows);
  }
  for (; k < depth; ++k)
    for (int i = 0; i < kRows; ++i) copy[k * kRows + i] = a[i * row_stride + k];
}

// A block of A as tiles of kRows rows, one after the other.
void CopyA(int64_t rows, int64_t depth, const float* a, int64_t row_stride, int64_t step, float* copy) {
  for (int64_t i0 = 0; i0 < rows; i0 += kRows, a += kRows * row_stride, copy += kRows * depth) {
    const int64_t count = rows - i0 < kRows ? rows - i0 : kRows;
    if (count == kRows && step == 1) {
      CopyTile(depth, a, row_stride, copy);
    } else if (count == kRows && row_stride == 1) {
      for (int64_t k = 0; k < depth; ++k) std::memcpy(copy + k * kRows, a + k * step, kRows * sizeof(float));
    } else {
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t i = 0; i < count; ++i) copy[k * kRows + i] = a[i * row_stride + k * step];
    }
  }
}

void RunBlock(const Params& p, const Pointers& pointers, const Block& block) {
  TileContext t;
  t.params = &p;
  t.b_step = block.b_k_stride;
  const bool packed = block.b_k_stride == kColumns;
  const int64_t depth = DepthOfBlocks(p.k);
  int64_t k0 = 0;
  do {  // once even where k is 0: the epilogue is still due
    t.depth = p.k - k0 < depth ? p.k - k0 : depth;
    t.first = k0 == 0;
    t.last = k0 + t.depth >= p.k;
    for (int64_t m0 = block.m_begin; m0 < block.m_end; m0 += kRowBlock) {
      const int64_t m1 = m0 + kRowBlock < block.m_end ? m0 + kRowBlock : block.m_end;
      const float* a = block.a + m0 * p.a_row_stride + k0 * p.a_column_stride;
      t.a_row = p.a_row_stride;
      t.a_step = p.a_column_stride;
      if (block.a_copy) {
        CopyA(m1 - m0, t.depth, a, p.a_row_stride, p.a_column_stride, block.a_copy);
        a = block.a_copy;
        t.a_row = 1;
        t.a_step = kRows;
      }
      for (int64_t j = block.n_begin; j < block.n_end; j += kColumns) {
        t.n = block.n_end - j < kColumns ? static_cast<int>(block.n_end - j) : kColumns;
        t.b_tail = !packed && t.n < kColumns;
        t.b = block.b + j / kColumns * block.b_panel_stride + k0 * block.b_k_stride;
        // The panel that follows comes from the outer cache at a latency the first tile that meets it would wait for (a
        // third of the speed at 1024³): each tile of this panel fetches its share.
        const int64_t tiles = (m1 - m0 + kRows - 1) / kRows;
        const bool prefetch = packed && j + kColumns < block.n_end && tiles > 1;
        t.next = t.b + block.b_panel_stride;
        t.next_lines = prefetch ? static_cast<int>((t.depth * kColumns / 16 + tiles - 1) / tiles) : 0;
        for (int64_t i = m0; i < m1; i += kRows) {
          const int rows = m1 - i < kRows ? static_cast<int>(m1 - i) : kRows;
          t.a = block.a_copy ? a + (i - m0) * t.depth : a + (i - m0) * t.a_row;
          t.c = block.c + i * p.c_row_stride + j;
          t.residual = block.residual ? block.residual + i * p.c_row_stride + j : nullptr;
          t.bias = pointers.bias ? pointers.bias + i * p.bias_row_stride + j * p.bias_column_stride : nullptr;
          t.slope = pointers.slope ? pointers.slope + i * p.slope_row_stride + j * p.slope_column_stride : nullptr;
          kTiles[rows](t);
          t.next += t.next_lines * 16;
        }
      }
    }
    k0 += t.depth;
  } while (k0 < p.k);
}

void PackPanels(int64_t k, int64_t n, const float* b, int64_t row_stride, int64_t column_stride, float* packed) {
  for (int64_t j = 0; j < n; j += kColumns) {
    const int columns = n - j < kColumns ? static_cast<int>(n - j) : kColumns;
    if (column_stride == 1 && columns == kColumns) {
      for (int64_t r = 0; r < k; ++r)
        for (int v = 0; v < kVectors; ++v)
          Store(packed + r * kColumns + v * kLanes, Load(b + r * row_stride + j + v * kLanes));
    } else if (row_stride == 1 && columns == kColumns) {
      // Transposed: read along k, a few lines at a time, so that each cache line of B is used whole.
      for (int64_t r0 = 0; r0 < k; r0 += 16) {
        const int64_t r1 = r0 + 16 < k ? r0 + 16 : k;
        for (int c = 0; c < kColumns; ++c) {
          const float* column = b + (j + c) * column_stride;
          for (int64_t r = r0; r < r1; ++r) packed[r * kColumns + c] = column[r];
        }
      }
    } else {
      for (int64_t r = 0; r < k; ++r) {
        for (int c = 0; c < columns; ++c) packed[r * kColumns + c] = b[r * row_stride + (j + c) * column_stride];
        for (int c = columns; c < kColumns; ++c) packed[r * kColumns + c] = 0.0f;
      }
    }
    packed += k * kColumns;
  }
}

}  // namespace

const Table& GetTable() {
  static constexpr Table table = {INFERLAB_GEMM_NAME, kRows, kColumns, kRowBlock * kDepthBlock + kCopySpill, PackPanels, RunBlock};
  return table;
}

}  // namespace inferlab::gemm::INFERLAB_ISA_NS
