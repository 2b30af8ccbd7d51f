// The register tile of the 8-bit product and the loops around it.
//
// A panel of B holds, for two successive k, kColumns pairs of bytes. A tile is kRows × (kVectors vectors) of int32: each two
// k load kVectors vectors of B, widened to int16 on the way, broadcast kRows pairs of A and issue a multiplication of pairs
// and an addition for each accumulator. Bytes of B are signed: unsigned ones lie 128 lower, and so do their zero points. A
// zero point of B is taken off at the end, times the sum of A's row. The depth is not cut: a panel of 4096 k is 64 KiB, which
// the second-level cache holds beside a tile's rows.
#include "base/integer-inl.h"
#include "kernels/common/tiles-inl.h"
#include "kernels/qgemm/qgemm_table.h"

namespace inferlab::qgemm::INFERLAB_ISA_NS {
namespace {

using namespace ::inferlab::INFERLAB_ISA_NS::simd;
using std::int64_t;

#if defined(__AVX512F__)
constexpr int kRows = 14, kVectors = 2;
#elif defined(__AVX2__) || defined(__ARM_NEON)
constexpr int kRows = 6, kVectors = 2;
#else
constexpr int kRows = 4, kVectors = 1;
#endif
constexpr int kColumns = kVectors * kLanes;

// Of qgemm.h, whose inline functions may not be instantiated here.
INFERLAB_INLINE int64_t PairedDepth(int64_t k) { return (k + 1) / 2 * 2; }
INFERLAB_INLINE int64_t QuadrupledDepth(int64_t k) { return (k + 3) / 4 * 4; }

struct TileContext {
  const Params* params;
  const Pointers* pointers;
  int64_t steps;      // pairs or quads of the depth
  const char* a;
  int64_t a_row;      // bytes
  const std::int32_t* a_sums;
  const std::int32_t* a_zeros;
  const std::int32_t* b_sums;
  const std::int8_t* b;
  int n;           // columns of the tile that exist
  int64_t i, j;    // of the tile, in the product
  unsigned char* c;  // the tile's first element
};

template <int kR>
INFERLAB_INLINE void Finish(const TileContext& t, I32 (&acc)[kR][kVectors]) {
  const Params& p = *t.params;
  const Pointers& x = *t.pointers;
  // How much lower the bytes of B are stored.
  const int shift = p.form == Form::kUnsignedB ? (p.b_signed ? -128 : 0) : (p.b_signed ? 0 : 128);
  const auto columns = [&](int j) {
    const int left = t.n - j * kLanes;
    return left < 0 ? 0 : (left < kLanes ? left : kLanes);
  };
  if (shift != 0 || x.b_zero) {
    for (int j = 0; j < kVectors; ++j) {
      I32 zero = SetInt(-shift);
      if (x.b_zero) zero = zero + (p.b_zero_stride ? LoadInt(x.b_zero + t.j + j * kLanes, columns(j)) : SetInt(*x.b_zero));
      for (int i = 0; i < kR; ++i) acc[i][j] = acc[i][j] - SetInt(t.a_sums[i]) * zero;
    }
  }
  if (p.form == Form::kUnsignedA)
    for (int j = 0; j < kVectors; ++j) {
      const I32 sums = LoadInt(t.b_sums + t.j + j * kLanes, columns(j));
      for (int i = 0; i < kR; ++i) acc[i][j] = acc[i][j] - SetInt(t.a_zeros[i]) * sums;
    }
  if (x.bias)
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j) {
        const std::int32_t* bias = x.bias + (t.i + i) * p.bias_row_stride;
        acc[i][j] = acc[i][j] + (p.bias_column_stride ? LoadInt(bias + t.j + j * kLanes, columns(j)) : SetInt(*bias));
      }
  if (p.output == Output::kInt32) {
    for (int i = 0; i < kR; ++i)
      for (int j = 0; j < kVectors; ++j) {
        auto* to = reinterpret_cast<std::int32_t*>(t.c) + i * p.c_row_stride + j * kLanes;
        if (columns(j) == kLanes)
          StoreInt(to, acc[i][j]);
        else
          StoreInt(to, acc[i][j], columns(j));
      }
    return;
  }
  const std::int32_t low = p.output == Output::kUint8 ? 0 : -128, high = low + 255;
  for (int j = 0; j < kVectors; ++j) {
    if (columns(j) == 0) continue;
    const F32 across = p.scale_column_stride ? Load(x.scale + t.j + j * kLanes, columns(j)) : Zero();
    const F32 addend = x.addend ? Load(x.addend + t.j + j * kLanes, columns(j)) : Zero();
    for (int i = 0; i < kR; ++i) {
      const F32 scale = p.scale_column_stride ? across : Set(x.scale[(t.i + i) * p.scale_row_stride]);
      const F32 scaled = ToFloat(acc[i][j]) * scale;
      const int64_t at = i * p.c_row_stride + j * kLanes;
      if (p.output == Output::kFloat32) {
        auto* to = reinterpret_cast<float*>(t.c) + at;
        if (columns(j) == kLanes)
          Store(to, scaled + addend);
        else
          Store(to, scaled + addend, columns(j));
      } else {
        const I32 bytes = Quantize(scaled, x.c_zero, low, high);
        if (columns(j) == kLanes)
          StoreBytes(t.c + at, bytes);
        else
          StoreBytes(t.c + at, bytes, columns(j));
      }
    }
  }
}

template <int kR>
void RunTile(const TileContext& t) {
  // Apart from what Finish walks over, which has an address: these must stay in registers.
  I32 sums[kR][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums[i][j] = SetInt(0);
  const auto* a = reinterpret_cast<const std::int16_t*>(t.a);
  const std::int8_t* b = t.b;
  const int64_t a_row = t.a_row / 2;
  for (int64_t pairs = t.steps; pairs > 0; --pairs, a += 2, b += 2 * kColumns) {
    I32 bv[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) bv[j] = LoadBytePairs(b + j * 2 * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kR; ++i) {
      const I32 av = BroadcastPair(a + i * a_row);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j) sums[i][j] = sums[i][j] + MultiplyPairs(av, bv[j]);
      // No row's pair is read before the row above has been added: GCC 12 reads them all first, and 12 sums, two vectors of B
      // and six pairs do not fit 16 registers.
      asm volatile("" ::: "memory");
    }
  }
  I32 acc[kR][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) acc[i][j] = sums[i][j];
  Finish<kR>(t, acc);
}

#if defined(INFERLAB_HAS_QUADS)
// As RunTile, four k at a time.
template <int kR, bool kUnsignedA>
INFERLAB_INLINE void RunQuads(const TileContext& t) {
  I32 sums[kR][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) sums[i][j] = SetInt(0);
  const char* a = t.a;
  const std::int8_t* b = t.b;
  const int64_t a_row = t.a_row;
  for (int64_t quads = t.steps; quads > 0; --quads, a += 4, b += 4 * kColumns) {
    I32 bv[kVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) bv[j] = LoadQuads(b + j * 4 * kLanes);
#pragma GCC unroll 16
    for (int i = 0; i < kR; ++i) {
      std::int32_t quad;
      std::memcpy(&quad, a + i * a_row, sizeof quad);
      const I32 av = SetInt(quad);
#pragma GCC unroll 4
      for (int j = 0; j < kVectors; ++j)
        sums[i][j] = sums[i][j] + (kUnsignedA ? MultiplyQuads(av, bv[j]) : MultiplyQuads(bv[j], av));
      asm volatile("" ::: "memory");  // as in RunTile
    }
  }
  I32 acc[kR][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) acc[i][j] = sums[i][j];
  Finish<kR>(t, acc);
}
template <int kR>
void RunUnsignedA(const TileContext& t) {
  RunQuads<kR, true>(t);
}
template <int kR>
void RunUnsignedB(const TileContext& t) {
  RunQuads<kR, false>(t);
}
#endif

using TileFunction = void (*)(const TileContext&);
constexpr TileFunction kTiles[] = INFERLAB_TILES(RunTile);
static_assert(sizeof(kTiles) / sizeof(kTiles[0]) == kRows + 1);
#if defined(INFERLAB_HAS_QUADS)
constexpr TileFunction kUnsignedATiles[] = INFERLAB_TILES(RunUnsignedA);
constexpr TileFunction kUnsignedBTiles[] = INFERLAB_TILES(RunUnsignedB);
#endif

const TileFunction* TilesOf([[maybe_unused]] Form form) {
#if defined(INFERLAB_HAS_QUADS)
  if (form == Form::kUnsignedA) return kUnsignedATiles;
  if (form == Form::kUnsignedB) return kUnsignedBTiles;
#endif
  return kTiles;
}

void RunBlock(const Params& p, const Pointers& pointers, const Block& block) {
  const bool pairs = p.form == Form::kPairs;
  const int64_t depth = pairs ? PairedDepth(p.k) : QuadrupledDepth(p.k);
  const TileFunction* const tiles = TilesOf(p.form);
  // Rows of A that stay in the second-level cache while the panels pass.
  const int64_t fit = 96 * 1024 / (depth > 0 ? depth : 1) / kRows * kRows;
  const int64_t row_block = fit > 4 * kRows ? fit : 4 * kRows;
  const int64_t element = p.output == Output::kUint8 || p.output == Output::kInt8 ? 1 : 4;
  TileContext t;
  t.params = &p;
  t.pointers = &pointers;
  t.steps = depth / (pairs ? 2 : 4);
  t.a_row = pairs ? 2 * depth : depth;
  t.b_sums = block.b_sums;
  for (int64_t m0 = block.m_begin; m0 < block.m_end; m0 += row_block) {
    const int64_t m1 = m0 + row_block < block.m_end ? m0 + row_block : block.m_end;
    for (t.j = block.n_begin; t.j < block.n_end; t.j += kColumns) {
      t.n = block.n_end - t.j < kColumns ? static_cast<int>(block.n_end - t.j) : kColumns;
      t.b = block.b + t.j * depth;
      for (t.i = m0; t.i < m1; t.i += kRows) {
        const int rows = m1 - t.i < kRows ? static_cast<int>(m1 - t.i) : kRows;
        t.a = static_cast<const char*>(block.a) + t.i * t.a_row;
        t.a_sums = block.a_sums + t.i;
        t.a_zeros = block.a_zeros ? block.a_zeros + t.i : nullptr;
        t.c = block.c + (t.i * p.c_row_stride + t.j) * element;
        tiles[rows](t);
      }
    }
  }
}

template <typename T>
void WidenRows(int64_t m, int64_t k, const T* a, int64_t row_stride, int64_t column_stride, const std::int32_t* zero,
               int64_t zero_stride, std::int16_t* packed, std::int32_t* sums) {
  const int64_t depth = PairedDepth(k);
  for (int64_t i = 0; i < m; ++i, packed += depth) {
    const T* row = a + i * row_stride;
    const int less = zero ? zero[i * zero_stride] : 0;
    std::uint32_t sum = 0;
    if (column_stride == 1) {
#pragma GCC ivdep
      for (int64_t r = 0; r < k; ++r) {
        const int value = row[r] - less;
        packed[r] = static_cast<std::int16_t>(value);
        sum += static_cast<std::uint32_t>(value);
      }
    } else {
      for (int64_t r = 0; r < k; ++r) {
        const int value = row[r * column_stride] - less;
        packed[r] = static_cast<std::int16_t>(value);
        sum += static_cast<std::uint32_t>(value);
      }
    }
    if (depth > k) packed[k] = 0;
    sums[i] = static_cast<std::int32_t>(sum);
  }
}

void PackRows(int64_t m, int64_t k, const void* a, bool is_signed, int64_t row_stride, int64_t column_stride,
              const std::int32_t* zero, int64_t zero_stride, std::int16_t* packed, std::int32_t* sums) {
  if (is_signed)
    WidenRows(m, k, static_cast<const std::int8_t*>(a), row_stride, column_stride, zero, zero_stride, packed, sums);
  else
    WidenRows(m, k, static_cast<const std::uint8_t*>(a), row_stride, column_stride, zero, zero_stride, packed, sums);
}

// kColumns bytes of two rows as pairs, each with its highest bit flipped where the bytes are unsigned.
INFERLAB_INLINE void ZipRows(const std::uint8_t* first, const std::uint8_t* second, std::uint8_t flip, std::uint8_t* to) {
#if defined(__SSE2__)
  const __m128i mask = _mm_set1_epi8(static_cast<char>(flip));
#pragma GCC unroll 4
  for (int c = 0; c < kColumns; c += 8) {
    const __m128i a = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(first + c));
    const __m128i b = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(second + c));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 2 * c), _mm_xor_si128(_mm_unpacklo_epi8(a, b), mask));
  }
#else
  for (int c = 0; c < kColumns; ++c) {
    to[2 * c] = first[c] ^ flip;
    to[2 * c + 1] = second[c] ^ flip;
  }
#endif
}

void PackPanels(int64_t k, int64_t n, const void* b_, bool is_signed, int64_t row_stride, int64_t column_stride,
                std::int8_t* packed_) {
  const auto* b = static_cast<const std::uint8_t*>(b_);
  auto* packed = reinterpret_cast<std::uint8_t*>(packed_);
  const std::uint8_t flip = is_signed ? 0 : 128;
  const int64_t depth = PairedDepth(k);
  for (int64_t j = 0; j < n; j += kColumns) {
    const int columns = n - j < kColumns ? static_cast<int>(n - j) : kColumns;
    const bool whole = columns == kColumns && column_stride == 1;
    for (int64_t r = 0; r < depth; r += 2, packed += 2 * kColumns) {
      const std::uint8_t* row = b + r * row_stride + j * column_stride;
      const bool both = r + 1 < k;
      if (whole && both) {
        ZipRows(row, row + row_stride, flip, packed);
        continue;
      }
      for (int c = 0; c < columns; ++c) {
        packed[2 * c] = row[c * column_stride] ^ flip;
        // Beyond the depth A holds zeros: any number will do.
        packed[2 * c + 1] = both ? row[row_stride + c * column_stride] ^ flip : 0;
      }
      std::memset(packed + 2 * columns, 0, static_cast<std::size_t>(2 * (kColumns - columns)));
    }
  }
}

#if defined(INFERLAB_HAS_QUADS)
void PackQuadRows(int64_t m, int64_t k, const void* a, bool is_signed, int64_t row_stride, int64_t column_stride,
                  const std::int32_t* zero, int64_t zero_stride, std::uint8_t* packed, std::int32_t* sums,
                  std::int32_t* zeros) {
  const int64_t depth = QuadrupledDepth(k);
  const std::uint8_t flip = is_signed ? 128 : 0;
  for (int64_t i = 0; i < m; ++i, packed += depth) {
    const auto* row = static_cast<const std::uint8_t*>(a) + i * row_stride;
    std::uint32_t sum = 0;
    if (column_stride == 1) {
#pragma GCC ivdep
      for (int64_t r = 0; r < k; ++r) {
        packed[r] = row[r] ^ flip;
        sum += packed[r];
      }
    } else {
      for (int64_t r = 0; r < k; ++r) {
        packed[r] = row[r * column_stride] ^ flip;
        sum += packed[r];
      }
    }
    for (int64_t r = k; r < depth; ++r) packed[r] = 0;
    const int stored = (zero ? zero[i * zero_stride] : 0) + flip;
    zeros[i] = stored;
    sums[i] = static_cast<std::int32_t>(sum - static_cast<std::uint32_t>(k) * static_cast<std::uint32_t>(stored));
  }
}

// 16 bytes of four rows as quads, each with its highest bit flipped by `flip` 128.
INFERLAB_INLINE void ZipQuads(const std::uint8_t* row, int64_t row_stride, __m128i flip, std::uint8_t* to) {
  const auto load = [&](int i) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + i * row_stride)); };
  const __m128i x0 = load(0), x1 = load(1), x2 = load(2), x3 = load(3);
  const __m128i a = _mm_unpacklo_epi8(x0, x1), b = _mm_unpacklo_epi8(x2, x3);
  const __m128i c = _mm_unpackhi_epi8(x0, x1), d = _mm_unpackhi_epi8(x2, x3);
  const auto store = [&](int i, __m128i v) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16 * i), _mm_xor_si128(v, flip));
  };
  store(0, _mm_unpacklo_epi16(a, b));
  store(1, _mm_unpackhi_epi16(a, b));
  store(2, _mm_unpacklo_epi16(c, d));
  store(3, _mm_unpackhi_epi16(c, d));
}

void PackQuadPanels(int64_t k, int64_t n, const void* b_, std::uint8_t flip, int64_t row_stride, int64_t column_stride,
                    std::uint8_t* packed) {
  const auto* b = static_cast<const std::uint8_t*>(b_);
  const __m128i mask = _mm_set1_epi8(static_cast<char>(flip));
  for (int64_t j = 0; j < n; j += kColumns) {
    const int columns = n - j < kColumns ? static_cast<int>(n - j) : kColumns;
    const bool whole = columns == kColumns && column_stride == 1;
    for (int64_t r = 0; r < k; r += 4, packed += 4 * kColumns) {
      const std::uint8_t* row = b + r * row_stride + j * column_stride;
      const int rows = k - r < 4 ? static_cast<int>(k - r) : 4;
      if (whole && rows == 4) {
#pragma GCC unroll 4
        for (int c = 0; c < kColumns; c += 16) ZipQuads(row + c, row_stride, mask, packed + 4 * c);
        continue;
      }
      // The other side holds zeros beyond the depth, this one too.
      for (int c = 0; c < kColumns; ++c)
        for (int i = 0; i < 4; ++i)
          packed[4 * c + i] = c < columns && i < rows ? row[i * row_stride + c * column_stride] ^ flip : 0;
    }
  }
}
constexpr auto kPackQuadRows = PackQuadRows;
constexpr auto kPackQuadPanels = PackQuadPanels;
#else
constexpr decltype(Table::pack_a_quads) kPackQuadRows = nullptr;
constexpr decltype(Table::pack_b_quads) kPackQuadPanels = nullptr;
#endif

}  // namespace

const Table& GetTable() {
  static constexpr Table table = {kRows, kColumns, PackRows, kPackQuadRows, kPackQuadPanels, PackPanels, RunBlock};
  return table;
}

}  // namespace inferlab::qgemm::INFERLAB_ISA_NS
