// Vectors of float32 whose width follows the instruction set this file is compiled for. For *_isa.cc sources only: all of
// it lives in the namespace of the set (base/isa.h says why).
//
//   kLanes   16 with AVX-512, 8 elsewhere: plain and NEON hold a vector as two halves of 4, so that one channel block, one
//            tile and one test serve both.
//   F32      a value type; + - * / work on it. Anything else is a function below.
//
// Minimum and maximum answer their second argument when either is NaN, so Max(Set(0), x) is a ReLU that passes NaN on.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX2__) || defined(__AVX512F__)
#if defined(__GNUC__) && !defined(__clang__)
// GCC 12's own AVX-512 header starts some results from a variable it leaves undefined on purpose (bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#endif

#if !defined(INFERLAB_ISA_NS)
#error "compile with -DINFERLAB_ISA_NS=<plain|avx2|avx512|neon>"
#endif

#define INFERLAB_INLINE inline __attribute__((always_inline))

namespace inferlab::INFERLAB_ISA_NS::simd {

#if defined(__AVX512F__)

inline constexpr int kLanes = 16;
// Vector registers the set has: what register tiles are sized by.
inline constexpr int kRegisters = 32;

struct F32 {
  __m512 v;
};
INFERLAB_INLINE F32 Set(float x) { return {_mm512_set1_ps(x)}; }
INFERLAB_INLINE F32 Load(const float* p) { return {_mm512_loadu_ps(p)}; }
INFERLAB_INLINE void Store(float* p, F32 a) { _mm512_storeu_ps(p, a.v); }
// The first n (0 … kLanes) elements, the others 0; nothing beyond them is read or written.
INFERLAB_INLINE F32 Load(const float* p, int n) {
  return {_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), p)};
}
INFERLAB_INLINE void Store(float* p, F32 a, int n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1u << n) - 1), a.v);
}
INFERLAB_INLINE F32 operator+(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 operator-(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 operator*(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 operator/(F32 a, F32 b) { return {_mm512_div_ps(a.v, b.v)}; }
// a·b + c, rounded once where the set has it.
INFERLAB_INLINE F32 Fma(F32 a, F32 b, F32 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
INFERLAB_INLINE F32 Min(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 Max(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 Sqrt(F32 a) { return {_mm512_sqrt_ps(a.v)}; }
INFERLAB_INLINE F32 Abs(F32 a) { return {_mm512_abs_ps(a.v)}; }
// `then` where a < b, `otherwise` elsewhere.
INFERLAB_INLINE F32 IfLess(F32 a, F32 b, F32 then, F32 otherwise) {
  return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ), otherwise.v, then.v)};
}
// Magnitude of the first, sign of the second.
INFERLAB_INLINE F32 CopySign(F32 a, F32 sign) {
  const __m512i mask = _mm512_set1_epi32(static_cast<int>(0x80000000u));
  return {_mm512_castsi512_ps(
      _mm512_ternarylogic_epi32(mask, _mm512_castps_si512(sign.v), _mm512_castps_si512(a.v), 0xCA))};
}
// 2^n for the n held in the low bits of a float made by adding 1.5·2^23 + 127.
INFERLAB_INLINE F32 PowerOfTwo(F32 biased) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(biased.v), 23))};
}

#elif defined(__AVX2__)

inline constexpr int kLanes = 8;
inline constexpr int kRegisters = 16;

struct F32 {
  __m256 v;
};
INFERLAB_INLINE F32 Set(float x) { return {_mm256_set1_ps(x)}; }
INFERLAB_INLINE F32 Load(const float* p) { return {_mm256_loadu_ps(p)}; }
INFERLAB_INLINE void Store(float* p, F32 a) { _mm256_storeu_ps(p, a.v); }
INFERLAB_INLINE __m256i FirstLanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INFERLAB_INLINE F32 Load(const float* p, int n) { return {_mm256_maskload_ps(p, FirstLanes(n))}; }
INFERLAB_INLINE void Store(float* p, F32 a, int n) { _mm256_maskstore_ps(p, FirstLanes(n), a.v); }
INFERLAB_INLINE F32 operator+(F32 a, F32 b) { return {_mm256_add_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 operator-(F32 a, F32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 operator*(F32 a, F32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 operator/(F32 a, F32 b) { return {_mm256_div_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 Fma(F32 a, F32 b, F32 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
INFERLAB_INLINE F32 Min(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 Max(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
INFERLAB_INLINE F32 Sqrt(F32 a) { return {_mm256_sqrt_ps(a.v)}; }
INFERLAB_INLINE F32 Abs(F32 a) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0f), a.v)}; }
INFERLAB_INLINE F32 IfLess(F32 a, F32 b, F32 then, F32 otherwise) {
  return {_mm256_blendv_ps(otherwise.v, then.v, _mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ))};
}
INFERLAB_INLINE F32 CopySign(F32 a, F32 sign) {
  const __m256 mask = _mm256_set1_ps(-0.0f);
  return {_mm256_or_ps(_mm256_andnot_ps(mask, a.v), _mm256_and_ps(mask, sign.v))};
}
INFERLAB_INLINE F32 PowerOfTwo(F32 biased) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(biased.v), 23))};
}

#else  // plain, NEON: the compiler maps vectors of 4 to what the machine has.

inline constexpr int kLanes = 8;
inline constexpr int kRegisters = 16;  // pairs; 8 on plain x86-64, where tiles spill a little

typedef float Half __attribute__((vector_size(16)));
typedef std::int32_t HalfBits __attribute__((vector_size(16)));
typedef std::uint32_t HalfWords __attribute__((vector_size(16)));

struct F32 {
  Half lo, hi;
};
INFERLAB_INLINE Half LoadHalf(const float* p) {
  Half h;
  std::memcpy(&h, p, sizeof h);
  return h;
}
INFERLAB_INLINE F32 Set(float x) { return {Half{x, x, x, x}, Half{x, x, x, x}}; }
INFERLAB_INLINE F32 Load(const float* p) { return {LoadHalf(p), LoadHalf(p + 4)}; }
INFERLAB_INLINE void Store(float* p, F32 a) {
  std::memcpy(p, &a.lo, sizeof a.lo);
  std::memcpy(p + 4, &a.hi, sizeof a.hi);
}
INFERLAB_INLINE F32 Load(const float* p, int n) {
  float lanes[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < n; ++i) lanes[i] = p[i];
  return Load(lanes);
}
INFERLAB_INLINE void Store(float* p, F32 a, int n) {
  float lanes[8];
  Store(lanes, a);
  for (int i = 0; i < n; ++i) p[i] = lanes[i];
}
INFERLAB_INLINE F32 operator+(F32 a, F32 b) { return {a.lo + b.lo, a.hi + b.hi}; }
INFERLAB_INLINE F32 operator-(F32 a, F32 b) { return {a.lo - b.lo, a.hi - b.hi}; }
INFERLAB_INLINE F32 operator*(F32 a, F32 b) { return {a.lo * b.lo, a.hi * b.hi}; }
INFERLAB_INLINE F32 operator/(F32 a, F32 b) { return {a.lo / b.lo, a.hi / b.hi}; }
INFERLAB_INLINE F32 Fma(F32 a, F32 b, F32 c) { return {a.lo * b.lo + c.lo, a.hi * b.hi + c.hi}; }
INFERLAB_INLINE Half Blend(HalfBits mask, Half then, Half otherwise) {
  return (Half)((mask & (HalfBits)then) | (~mask & (HalfBits)otherwise));
}
INFERLAB_INLINE F32 Min(F32 a, F32 b) { return {Blend(a.lo < b.lo, a.lo, b.lo), Blend(a.hi < b.hi, a.hi, b.hi)}; }
INFERLAB_INLINE F32 Max(F32 a, F32 b) { return {Blend(a.lo > b.lo, a.lo, b.lo), Blend(a.hi > b.hi, a.hi, b.hi)}; }
INFERLAB_INLINE F32 Sqrt(F32 a) {
  F32 r;
  for (int i = 0; i < 4; ++i) {
    r.lo[i] = __builtin_sqrtf(a.lo[i]);
    r.hi[i] = __builtin_sqrtf(a.hi[i]);
  }
  return r;
}
INFERLAB_INLINE Half AbsHalf(Half a) { return (Half)((HalfBits)a & 0x7fffffff); }
INFERLAB_INLINE F32 Abs(F32 a) { return {AbsHalf(a.lo), AbsHalf(a.hi)}; }
INFERLAB_INLINE F32 IfLess(F32 a, F32 b, F32 then, F32 otherwise) {
  return {Blend(a.lo < b.lo, then.lo, otherwise.lo), Blend(a.hi < b.hi, then.hi, otherwise.hi)};
}
INFERLAB_INLINE Half CopySignHalf(Half a, Half sign) {
  return (Half)(((HalfWords)a & 0x7fffffffu) | ((HalfWords)sign & 0x80000000u));
}
INFERLAB_INLINE F32 CopySign(F32 a, F32 sign) { return {CopySignHalf(a.lo, sign.lo), CopySignHalf(a.hi, sign.hi)}; }
INFERLAB_INLINE F32 PowerOfTwo(F32 biased) {
  return {(Half)((HalfWords)biased.lo << 23), (Half)((HalfWords)biased.hi << 23)};
}

#endif

INFERLAB_INLINE F32 Zero() { return Set(0.0f); }

// Sum of the lanes, halves first: the same order on every set of the same width.
INFERLAB_INLINE float ReduceAdd(F32 a) {
  float lanes[kLanes];
  Store(lanes, a);
  for (int step = kLanes / 2; step > 0; step /= 2)
    for (int i = 0; i < step; ++i) lanes[i] += lanes[i + step];
  return lanes[0];
}
INFERLAB_INLINE float ReduceMax(F32 a) {
  float lanes[kLanes];
  Store(lanes, a);
  for (int step = kLanes / 2; step > 0; step /= 2)
    for (int i = 0; i < step; ++i) lanes[i] = lanes[i] > lanes[i + step] ? lanes[i] : lanes[i + step];
  return lanes[0];
}

// e^x within 2 ulp for x in [-87.3, 88.7]; below that e^-87.3 (1.2e-38), above it e^88.7 (3.3e38): never infinite. NaN
// stays NaN. x = n·ln 2 + r, |r| ≤ ln 2 / 2; ln 2 in two parts (Cody and Waite); e^r = 1 + r + r²·P(r), P minimax of degree
// 4 with relative error 3e-9.
INFERLAB_INLINE F32 Exp(F32 x) {
  x = Min(Set(88.7f), Max(Set(-87.3f), x));
  // Adding 1.5·2^23 rounds to an integer, and leaves n + 127 in the low bits of the mantissa. n = 128 would overflow the
  // exponent: e^88.7 needs n = 127.97, rounded 128; half the power is therefore applied twice.
  const F32 magic = Set(12582912.0f);
  F32 n = Fma(x, Set(1.44269504088896341f), magic) - magic;
  F32 r = Fma(n, Set(-0.693145751953125f), x);
  r = Fma(n, Set(-1.42860682030941723e-6f), r);
  F32 p = Set(0.0013814611593261361f);
  p = Fma(p, r, Set(0.008368710055947304f));
  p = Fma(p, r, Set(0.04166838899254799f));
  p = Fma(p, r, Set(0.1666652113199234f));
  p = Fma(p, r, Set(0.4999999403953552f));
  p = Fma(p, r * r, r) + Set(1.0f);
  const F32 biased = Set(12582912.0f + 127.0f);
  const F32 half = Fma(n, Set(0.5f), magic) - magic;
  return p * PowerOfTwo(half + biased) * PowerOfTwo((n - half) + biased);
}

// e^x as above, bit by bit, for x in [-87.3, 87.3] (and its end where x is outside): there one power of two does.
INFERLAB_INLINE F32 ExpInside(F32 x) {
  x = Min(Set(87.3f), Max(Set(-87.3f), x));
  const F32 magic = Set(12582912.0f);
  const F32 shifted = Fma(x, Set(1.44269504088896341f), magic);
  const F32 n = shifted - magic;
  F32 r = Fma(n, Set(-0.693145751953125f), x);
  r = Fma(n, Set(-1.42860682030941723e-6f), r);
  F32 p = Set(0.0013814611593261361f);
  p = Fma(p, r, Set(0.008368710055947304f));
  p = Fma(p, r, Set(0.04166838899254799f));
  p = Fma(p, r, Set(0.1666652113199234f));
  p = Fma(p, r, Set(0.4999999403953552f));
  p = Fma(p, r * r, r) + Set(1.0f);
  return p * PowerOfTwo(shifted + Set(127.0f));
}

// 1 / (1 + e^-x) within 4 ulp for x ≥ -87; below that 1.2e-38.
INFERLAB_INLINE F32 Sigmoid(F32 x) { return Set(1.0f) / (Set(1.0f) + ExpInside(Zero() - x)); }
// x / (1 + e^-ax), as precise.
INFERLAB_INLINE F32 Silu(F32 x, float a) { return x / (Set(1.0f) + ExpInside(x * Set(-a))); }

// tanh x within 3 ulp: x + x³·P(x²) up to 0.625 (P minimax of degree 4, error 4e-9), beyond it 1 - 2 / (e^2|x| + 1).
INFERLAB_INLINE F32 Tanh(F32 x) {
  const F32 z = x * x;
  F32 p = Set(-0.005717043299227953f);
  p = Fma(p, z, Set(0.020650586113333702f));
  p = Fma(p, z, Set(-0.05374349653720856f));
  p = Fma(p, z, Set(0.13331490755081177f));
  p = Fma(p, z, Set(-0.3333328366279602f));
  const F32 small = Fma(p * z, x, x);
  const F32 magnitude = Abs(x);
  const F32 large = Set(1.0f) - Set(2.0f) / (Exp(magnitude + magnitude) + Set(1.0f));
  return IfLess(magnitude, Set(0.625f), small, CopySign(large, x));
}

}  // namespace inferlab::INFERLAB_ISA_NS::simd
