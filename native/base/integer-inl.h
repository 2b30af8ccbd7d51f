// Vectors of int32 beside those of float32 (simd-inl.h), for kernels on 8-bit numbers. For *_isa.cc sources only.
//
//   I32      kLanes of them; + - * wrap around. A "pair" is two int16 in the halves of a lane, the first one low.
//
//            A "quad" is four bytes in a lane, the first one lowest.
//
// Products of 8-bit numbers less their zero points fit into 17 bits and a sign, so a pair's sum of products never saturates:
// the instruction that adds neighbouring products of int16 is exact. The one on bytes (pmaddubsw), twice as wide, holds each
// sum of two products of an unsigned and a signed byte within int16: MultiplyQuads is exact where the magnitudes of signed
// bytes 0 and 1 of a quad, and of bytes 2 and 3, add up to 128 at most (255 · 128 < 2^15). Sets that have it define
// INFERLAB_HAS_QUADS.
#pragma once
#include "base/simd-inl.h"

#if defined(__SSE2__) && !defined(__AVX2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace inferlab::INFERLAB_ISA_NS::simd {

#if defined(__AVX512F__)

struct I32 {
  __m512i v;
};
INFERLAB_INLINE I32 SetInt(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
// The first n (0 … kLanes) elements, the others 0.
INFERLAB_INLINE I32 LoadInt(const std::int32_t* p, int n) {
  return {_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), p)};
}
INFERLAB_INLINE void StoreInt(std::int32_t* p, I32 a) { _mm512_storeu_si512(p, a.v); }
INFERLAB_INLINE I32 operator+(I32 a, I32 b) { return {_mm512_add_epi32(a.v, b.v)}; }
INFERLAB_INLINE I32 operator-(I32 a, I32 b) { return {_mm512_sub_epi32(a.v, b.v)}; }
INFERLAB_INLINE I32 operator*(I32 a, I32 b) { return {_mm512_mullo_epi32(a.v, b.v)}; }
// 2 · kLanes bytes as pairs.
INFERLAB_INLINE I32 LoadBytePairs(const std::int8_t* p) {
  return {_mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)))};
}
// kLanes elements of each row, one pair a lane.
INFERLAB_INLINE I32 ZipPairs(const std::int16_t* first, const std::int16_t* second) {
  const __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(first)));
  const __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(second)));
  return {_mm512_or_si512(low, _mm512_slli_epi32(high, 16))};
}
// kLanes bytes.
INFERLAB_INLINE I32 LoadBytes(const std::uint8_t* p) {
  return {_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
INFERLAB_INLINE I32 LoadBytes(const std::int8_t* p) {
  return {_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
// 2 · kLanes bytes of each row as pairs: the first kLanes, then the others.
INFERLAB_INLINE void ZipBytes(const std::uint8_t* first, const std::uint8_t* second, I32* low, I32* high) {
  const auto zip = [](const std::uint8_t* a, const std::uint8_t* b) {
    const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a));
    const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
    return I32{_mm512_cvtepu8_epi16(_mm256_set_m128i(_mm_unpackhi_epi8(x, y), _mm_unpacklo_epi8(x, y)))};
  };
  *low = zip(first, second);
  *high = zip(first + kLanes, second + kLanes);
}
// low · low + high · high of each pair.
INFERLAB_INLINE I32 MultiplyPairs(I32 a, I32 b) { return {_mm512_madd_epi16(a.v, b.v)}; }
#define INFERLAB_HAS_QUADS 1
INFERLAB_INLINE I32 LoadQuads(const void* p) { return {_mm512_loadu_si512(p)}; }
INFERLAB_INLINE I32 MultiplyQuads(I32 u, I32 s) {
  return {_mm512_madd_epi16(_mm512_maddubs_epi16(u.v, s.v), _mm512_set1_epi16(1))};
}
INFERLAB_INLINE F32 ToFloat(I32 a) { return {_mm512_cvtepi32_ps(a.v)}; }
// The nearest integer, ties to even; |x| < 2^22.
INFERLAB_INLINE I32 RoundInt(F32 x) { return {_mm512_cvtps_epi32(x.v)}; }
INFERLAB_INLINE F32 NaNToZero(F32 x) {
  return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x.v, x.v, _CMP_ORD_Q), x.v)};
}
// The low byte of each lane.
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a.v));
}
// Those of two vectors.
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a, I32 b) {
  StoreBytes(p, a);
  StoreBytes(p + kLanes, b);
}

#elif defined(__AVX2__)

struct I32 {
  __m256i v;
};
INFERLAB_INLINE I32 SetInt(std::int32_t x) { return {_mm256_set1_epi32(x)}; }
INFERLAB_INLINE I32 LoadInt(const std::int32_t* p, int n) { return {_mm256_maskload_epi32(p, FirstLanes(n))}; }
INFERLAB_INLINE void StoreInt(std::int32_t* p, I32 a) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.v); }
INFERLAB_INLINE I32 operator+(I32 a, I32 b) { return {_mm256_add_epi32(a.v, b.v)}; }
INFERLAB_INLINE I32 operator-(I32 a, I32 b) { return {_mm256_sub_epi32(a.v, b.v)}; }
INFERLAB_INLINE I32 operator*(I32 a, I32 b) { return {_mm256_mullo_epi32(a.v, b.v)}; }
INFERLAB_INLINE I32 LoadBytePairs(const std::int8_t* p) {
  return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)))};
}
INFERLAB_INLINE I32 ZipPairs(const std::int16_t* first, const std::int16_t* second) {
  const __m256i low = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(first)));
  const __m256i high = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(second)));
  return {_mm256_or_si256(low, _mm256_slli_epi32(high, 16))};
}
INFERLAB_INLINE I32 LoadBytes(const std::uint8_t* p) {
  return {_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))};
}
INFERLAB_INLINE I32 LoadBytes(const std::int8_t* p) {
  return {_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)))};
}
INFERLAB_INLINE void ZipBytes(const std::uint8_t* first, const std::uint8_t* second, I32* low, I32* high) {
  const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(first));
  const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(second));
  *low = {_mm256_cvtepu8_epi16(_mm_unpacklo_epi8(x, y))};
  *high = {_mm256_cvtepu8_epi16(_mm_unpackhi_epi8(x, y))};
}
INFERLAB_INLINE I32 MultiplyPairs(I32 a, I32 b) { return {_mm256_madd_epi16(a.v, b.v)}; }
#define INFERLAB_HAS_QUADS 1
INFERLAB_INLINE I32 LoadQuads(const void* p) { return {_mm256_loadu_si256(static_cast<const __m256i*>(p))}; }
INFERLAB_INLINE I32 MultiplyQuads(I32 u, I32 s) {
  return {_mm256_madd_epi16(_mm256_maddubs_epi16(u.v, s.v), _mm256_set1_epi16(1))};
}
INFERLAB_INLINE F32 ToFloat(I32 a) { return {_mm256_cvtepi32_ps(a.v)}; }
INFERLAB_INLINE I32 RoundInt(F32 x) { return {_mm256_cvtps_epi32(x.v)}; }
INFERLAB_INLINE F32 NaNToZero(F32 x) { return {_mm256_and_ps(x.v, _mm256_cmp_ps(x.v, x.v, _CMP_ORD_Q))}; }
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a) {
  const __m256i low = _mm256_and_si256(a.v, _mm256_set1_epi32(255));
  const __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(halves, halves));
}
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a, I32 b) {
  const __m256i mask = _mm256_set1_epi32(255);
  const __m256i mixed = _mm256_packus_epi32(_mm256_and_si256(a.v, mask), _mm256_and_si256(b.v, mask));
  const __m256i words = _mm256_permute4x64_epi64(mixed, 0xD8);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
}

#else  // plain, NEON

struct I32 {
  HalfBits lo, hi;
};
typedef std::uint8_t HalfBytes __attribute__((vector_size(4)));
typedef std::int8_t EightBytes __attribute__((vector_size(8)));
typedef std::int16_t EightShorts __attribute__((vector_size(16)));
typedef std::int16_t FourShorts __attribute__((vector_size(8)));

INFERLAB_INLINE HalfBits SetHalfInt(std::int32_t x) { return HalfBits{x, x, x, x}; }
INFERLAB_INLINE I32 SetInt(std::int32_t x) { return {SetHalfInt(x), SetHalfInt(x)}; }
INFERLAB_INLINE I32 LoadInt(const std::int32_t* p, int n) {
  std::int32_t lanes[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < n; ++i) lanes[i] = p[i];
  I32 a;
  std::memcpy(&a.lo, lanes, sizeof a.lo);
  std::memcpy(&a.hi, lanes + 4, sizeof a.hi);
  return a;
}
INFERLAB_INLINE void StoreInt(std::int32_t* p, I32 a) {
  std::memcpy(p, &a.lo, sizeof a.lo);
  std::memcpy(p + 4, &a.hi, sizeof a.hi);
}
// Unsigned inside: those wrap by definition.
INFERLAB_INLINE HalfBits AddHalf(HalfBits a, HalfBits b) { return (HalfBits)((HalfWords)a + (HalfWords)b); }
INFERLAB_INLINE HalfBits SubHalf(HalfBits a, HalfBits b) { return (HalfBits)((HalfWords)a - (HalfWords)b); }
INFERLAB_INLINE HalfBits MulHalf(HalfBits a, HalfBits b) { return (HalfBits)((HalfWords)a * (HalfWords)b); }
INFERLAB_INLINE I32 operator+(I32 a, I32 b) { return {AddHalf(a.lo, b.lo), AddHalf(a.hi, b.hi)}; }
INFERLAB_INLINE I32 operator-(I32 a, I32 b) { return {SubHalf(a.lo, b.lo), SubHalf(a.hi, b.hi)}; }
INFERLAB_INLINE I32 operator*(I32 a, I32 b) { return {MulHalf(a.lo, b.lo), MulHalf(a.hi, b.hi)}; }
INFERLAB_INLINE HalfBits LoadHalfBytePairs(const std::int8_t* p) {
  EightBytes bytes;
  std::memcpy(&bytes, p, sizeof bytes);
#if defined(__SSE2__)
  const __m128i twice = _mm_unpacklo_epi8((__m128i)(EightShorts){}, _mm_loadl_epi64(reinterpret_cast<const __m128i*>(&bytes)));
  return (HalfBits)_mm_srai_epi16(twice, 8);
#else
  return (HalfBits)__builtin_convertvector(bytes, EightShorts);
#endif
}
INFERLAB_INLINE I32 LoadBytePairs(const std::int8_t* p) { return {LoadHalfBytePairs(p), LoadHalfBytePairs(p + 8)}; }
INFERLAB_INLINE HalfBits ZipHalf(const std::int16_t* first, const std::int16_t* second) {
  FourShorts a, b;
  std::memcpy(&a, first, sizeof a);
  std::memcpy(&b, second, sizeof b);
  const HalfWords low = (HalfWords)__builtin_convertvector(a, HalfBits) & 0xffffu;
  return (HalfBits)(low | ((HalfWords)__builtin_convertvector(b, HalfBits) << 16));
}
INFERLAB_INLINE I32 ZipPairs(const std::int16_t* first, const std::int16_t* second) {
  return {ZipHalf(first, second), ZipHalf(first + 4, second + 4)};
}
INFERLAB_INLINE I32 LoadBytes(const std::uint8_t* p) {
  HalfBytes lo, hi;
  std::memcpy(&lo, p, sizeof lo);
  std::memcpy(&hi, p + 4, sizeof hi);
  return {__builtin_convertvector(lo, HalfBits), __builtin_convertvector(hi, HalfBits)};
}
typedef std::int8_t HalfSigned __attribute__((vector_size(4)));
INFERLAB_INLINE I32 LoadBytes(const std::int8_t* p) {
  HalfSigned lo, hi;
  std::memcpy(&lo, p, sizeof lo);
  std::memcpy(&hi, p + 4, sizeof hi);
  return {__builtin_convertvector(lo, HalfBits), __builtin_convertvector(hi, HalfBits)};
}
INFERLAB_INLINE HalfBits ZipHalfBytes(const std::uint8_t* first, const std::uint8_t* second) {
  HalfBytes a, b;
  std::memcpy(&a, first, sizeof a);
  std::memcpy(&b, second, sizeof b);
  return __builtin_convertvector(a, HalfBits) | (HalfBits)((HalfWords)__builtin_convertvector(b, HalfBits) << 16);
}
INFERLAB_INLINE void ZipBytes(const std::uint8_t* first, const std::uint8_t* second, I32* low, I32* high) {
  *low = {ZipHalfBytes(first, second), ZipHalfBytes(first + 4, second + 4)};
  *high = {ZipHalfBytes(first + 8, second + 8), ZipHalfBytes(first + 12, second + 12)};
}
INFERLAB_INLINE HalfBits MultiplyHalfPairs(HalfBits a, HalfBits b) {
#if defined(__SSE2__)
  return (HalfBits)_mm_madd_epi16((__m128i)a, (__m128i)b);
#elif defined(__aarch64__)
  const int16x8_t x = (int16x8_t)a, y = (int16x8_t)b;
  return (HalfBits)vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
#else
  const HalfBits a_low = (HalfBits)((HalfWords)a << 16) >> 16, b_low = (HalfBits)((HalfWords)b << 16) >> 16;
  return AddHalf(MulHalf(a_low, b_low), MulHalf(a >> 16, b >> 16));
#endif
}
INFERLAB_INLINE I32 MultiplyPairs(I32 a, I32 b) {
  return {MultiplyHalfPairs(a.lo, b.lo), MultiplyHalfPairs(a.hi, b.hi)};
}
INFERLAB_INLINE F32 ToFloat(I32 a) { return {__builtin_convertvector(a.lo, Half), __builtin_convertvector(a.hi, Half)}; }
INFERLAB_INLINE HalfBits RoundHalf(Half x) {
  const Half magic = {12582912.0f, 12582912.0f, 12582912.0f, 12582912.0f};
  return SubHalf((HalfBits)(x + magic), (HalfBits)magic);
}
INFERLAB_INLINE I32 RoundInt(F32 x) { return {RoundHalf(x.lo), RoundHalf(x.hi)}; }
INFERLAB_INLINE F32 NaNToZero(F32 x) {
  return {(Half)((HalfBits)x.lo & (x.lo == x.lo)), (Half)((HalfBits)x.hi & (x.hi == x.hi))};
}
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a) {
  const HalfBytes lo = __builtin_convertvector(a.lo & 255, HalfBytes), hi = __builtin_convertvector(a.hi & 255, HalfBytes);
  std::memcpy(p, &lo, sizeof lo);
  std::memcpy(p + 4, &hi, sizeof hi);
}
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a, I32 b) {
  StoreBytes(p, a);
  StoreBytes(p + kLanes, b);
}

#endif

// Two int16 as a pair in every lane.
INFERLAB_INLINE I32 BroadcastPair(const std::int16_t* p) {
  std::int32_t pair;
  std::memcpy(&pair, p, sizeof pair);
  return SetInt(pair);
}
INFERLAB_INLINE void StoreInt(std::int32_t* p, I32 a, int n) {
  std::int32_t lanes[kLanes];
  StoreInt(lanes, a);
  std::memcpy(p, lanes, static_cast<std::size_t>(n) * sizeof(std::int32_t));
}
INFERLAB_INLINE void StoreBytes(std::uint8_t* p, I32 a, int n) {
  std::uint8_t lanes[kLanes];
  StoreBytes(lanes, a);
  std::memcpy(p, lanes, static_cast<std::size_t>(n));
}

// round(x) + zero, ties to even, held within [low, high]; NaN gives the zero point.
INFERLAB_INLINE I32 Quantize(F32 x, std::int32_t zero, std::int32_t low, std::int32_t high) {
  const F32 held = Min(Max(NaNToZero(x), Set(static_cast<float>(low - zero))), Set(static_cast<float>(high - zero)));
  return RoundInt(held) + SetInt(zero);
}

}  // namespace inferlab::INFERLAB_ISA_NS::simd
