// Scalar formulas without branches, which the compiler turns into vectors of whatever width the set has. For *_isa.cc only.
// Polynomials are minimax fits made for this file (Lawson iteration in double precision); errors are of the whole function
// over all floats, measured against long double.
#pragma once
#include <cstdint>
#include <cstring>

namespace inferlab::INFERLAB_ISA_NS::math {

#define INFERLAB_MATH static inline __attribute__((always_inline))

INFERLAB_MATH float FromBits(std::uint32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, 4);
  return x;
}
INFERLAB_MATH std::uint32_t ToBits(float x) {
  std::uint32_t bits;
  __builtin_memcpy(&bits, &x, 4);
  return bits;
}

inline constexpr float kInfinity = __builtin_inff();

// e^x, 1.5 ulp. x = n·ln2 + r with |r| ≤ ln2/2; 2^n is applied in two factors so that subnormal results come out right.
INFERLAB_MATH float Exp(float x) {
  const float clamped = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  const float shifted = clamped * 1.44269504f + 12582912.0f;
  const float n = shifted - 12582912.0f;
  float r = clamped - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 0.001394124235957861f;
  p = p * r + 0.008363248780369759f;
  p = p * r + 0.04166637361049652f;
  p = p * r + 0.16666576266288757f;
  p = p * r + 0.5f;
  p = p * (r * r) + r + 1.0f;
  const std::int32_t whole = static_cast<std::int32_t>(ToBits(shifted)) - 0x4b400000;
  const std::int32_t half = whole >> 1;
  const float first = FromBits(static_cast<std::uint32_t>(half + 127) << 23);
  const float second = FromBits(static_cast<std::uint32_t>(whole - half + 127) << 23);
  const float y = p * first * second;
  return x != x ? x : y;
}

// Natural logarithm, 1 ulp over normal floats; subnormal arguments are scaled up first.
INFERLAB_MATH float Log(float x) {
  const bool tiny = x < 1.17549435e-38f;
  const float scaled = tiny ? x * 8388608.0f : x;
  const std::uint32_t bits = ToBits(scaled);
  const std::int32_t exponent = static_cast<std::int32_t>(bits - 0x3f3504f3u) >> 23;
  const float m = FromBits(bits - (static_cast<std::uint32_t>(exponent) << 23));
  const float e = static_cast<float>(exponent) - (tiny ? 23.0f : 0.0f);
  const float f = m - 1.0f;
  float p = -0.0830548107624054f;
  p = p * f + 0.12798938155174255f;
  p = p * f - 0.12943404912948608f;
  p = p * f + 0.14190232753753662f;
  p = p * f - 0.1664348840713501f;
  p = p * f + 0.20001879334449768f;
  p = p * f - 0.25000280141830444f;
  p = p * f + 0.33333325386047363f;
  float y = p * f * (f * f) + e * -2.12194440e-4f;
  y = y - 0.5f * (f * f);
  y = f + y + e * 0.693359375f;
  y = x == kInfinity ? kInfinity : y;
  y = x == 0.0f ? -kInfinity : y;
  return x < 0.0f || x != x ? __builtin_nanf("") : y;
}

// 2 ulp.
INFERLAB_MATH float Tanh(float x) {
  const float a = x < 0.0f ? -x : x;
  const float z = x * x;
  float p = 0.0022767868358641863f;
  p = p * z - 0.008330567739903927f;
  p = p * z + 0.02176513709127903f;
  p = p * z - 0.05395885184407234f;
  p = p * z + 0.1333330273628235f;
  p = p * z - 0.3333333432674408f;
  const float small = x + x * (z * p);
  const float large = 1.0f - 2.0f / (Exp(2.0f * a) + 1.0f);
  const float y = a < 0.6324f ? small : (x < 0.0f ? -large : large);
  return x != x ? x : y;
}

// 2 ulp: the exponential of the negative magnitude never overflows.
INFERLAB_MATH float Sigmoid(float x) {
  const float e = Exp(x < 0.0f ? x : -x);
  const float y = (x < 0.0f ? e : 1.0f) / (1.0f + e);
  return x != x ? x : y;
}

// 2 ulp: x·P(x²) below 1, 1 - exp(P(|x|)), a fit of log erfc, above.
INFERLAB_MATH float Erf(float x) {
  const float a = x < 0.0f ? -x : x;
  const float z = x * x;
  float p = 7.889122935011983e-05f;
  p = p * z - 0.0008020842215046287f;
  p = p * z + 0.005189535673707724f;
  p = p * z - 0.026854444295167923f;
  p = p * z + 0.11283600330352783f;
  p = p * z - 0.3761262595653534f;
  p = p * z + 1.1283791065216064f;
  const float small = x * p;
  const float c = a > 4.0f ? 4.0f : a;
  float q = 9.382385997014353e-07f;
  q = q * c - 1.5030239410407376e-05f;
  q = q * c + 8.317395258927718e-05f;
  q = q * c + 2.3047166905598715e-05f;
  q = q * c - 0.0031528230756521225f;
  q = q * c + 0.023478897288441658f;
  q = q * c - 0.10655811429023743f;
  q = q * c - 0.6344833374023438f;
  q = q * c - 1.1290866136550903f;
  q = q * c + 0.00010440342157380655f;
  const float large = 1.0f - Exp(q);
  const float y = a < 1.0f ? small : (x < 0.0f ? -large : large);
  return x != x ? x : y;
}

// log(1 + e^x) without overflow: max(x, 0) + log1p(e^-|x|); log1p by log(u)·t/(u-1), which corrects the rounding of u.
INFERLAB_MATH float Softplus(float x) {
  const float t = Exp(x < 0.0f ? x : -x);
  const float u = 1.0f + t;
  const float d = u - 1.0f;
  const float corrected = Log(u) * (t / (d == 0.0f ? 1.0f : d));
  const float log1p = d == 0.0f ? t : corrected;
  const float y = (x > 0.0f ? x : 0.0f) + log1p;
  return x != x ? x : y;
}

// e^x - 1 with full precision near 0: Taylor below 0.35 (error of the first left-out term: 6e-9 relative).
INFERLAB_MATH float Expm1(float x) {
  float p = 1.98412698e-4f;
  p = p * x + 1.38888889e-3f;
  p = p * x + 8.33333333e-3f;
  p = p * x + 4.16666667e-2f;
  p = p * x + 0.166666667f;
  p = p * x + 0.5f;
  const float small = x + x * x * p;
  const float a = x < 0.0f ? -x : x;
  return a < 0.35f ? small : Exp(x) - 1.0f;
}

}  // namespace inferlab::INFERLAB_ISA_NS::math
