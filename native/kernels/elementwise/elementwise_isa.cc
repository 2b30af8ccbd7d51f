// Tile functions of the elementwise family. Compiled once per instruction set; loops are written so that the compiler
// vectorises them (-O3 -fno-math-errno -fno-trapping-math).
#include <cmath>
#include <cstddef>
#include <cstdint>

#ifdef __F16C__
#include <immintrin.h>
#endif

#include "base/integer-inl.h"
#include "kernels/elementwise/math-inl.h"
#include "kernels/elementwise/table.h"

namespace inferlab::elementwise::INFERLAB_ISA_NS {
namespace {

namespace math = ::inferlab::INFERLAB_ISA_NS::math;
namespace simd = ::inferlab::INFERLAB_ISA_NS::simd;

// y may be the same array as an argument: element i is read before it is written.
#define INFERLAB_LOOP _Pragma("GCC ivdep") for (std::size_t i = 0; i < n; ++i)

// Kernels over one type: F is a type with `static R Do(T a, T b, float alpha, float beta)` or fewer arguments.
template <typename F, typename T, typename R>
void Unary(const void* a_, const void*, const void*, void* y_, std::size_t n, double alpha, double beta) {
  const T* a = static_cast<const T*>(a_);
  R* y = static_cast<R*>(y_);
  const F f{static_cast<T>(alpha), static_cast<T>(beta)};
  INFERLAB_LOOP y[i] = f(a[i]);
}

template <typename F, typename T, typename R>
void Binary(const void* a_, const void* b_, const void*, void* y_, std::size_t n, double, double) {
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  R* y = static_cast<R*>(y_);
  const F f{};
  INFERLAB_LOOP y[i] = f(a[i], b[i]);
}

template <typename T>
void Where(const void* c_, const void* a_, const void* b_, void* y_, std::size_t n, double, double) {
  const std::uint8_t* c = static_cast<const std::uint8_t*>(c_);
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  T* y = static_cast<T*>(y_);
  INFERLAB_LOOP y[i] = c[i] ? a[i] : b[i];
}

template <typename T>
void Identity(const void* a_, const void*, const void*, void* y_, std::size_t n, double, double) {
  const T* a = static_cast<const T*>(a_);
  T* y = static_cast<T*>(y_);
  INFERLAB_LOOP y[i] = a[i];
}

// Float to integer: toward zero, wrapped to the type; what no int64 holds and NaN become 0.
template <typename T, typename R>
struct Convert {
  static R Do(T a) {
    if constexpr (static_cast<T>(0.5) != T(0) && static_cast<R>(1.5) == static_cast<R>(1)) {
      return a > T(-9.2e18) && a < T(9.2e18) ? static_cast<R>(static_cast<std::int64_t>(a)) : R(0);
    } else {
      return static_cast<R>(a);
    }
  }
};

template <typename T, typename R>
void Cast(const void* a_, const void*, const void*, void* y_, std::size_t n, double, double) {
  const T* a = static_cast<const T*>(a_);
  R* y = static_cast<R*>(y_);
  if constexpr (static_cast<T>(0.5) != T(0) && static_cast<R>(1.5) == static_cast<R>(1)) {
    // Where all of a block fit an int32 the conversion is a vector instruction; to an int64 it is one by one (before
    // AVX-512). What is left of int32 wraps to the same bits as what is left of int64.
    constexpr std::size_t kBlock = 64;
    for (; n >= kBlock; n -= kBlock, a += kBlock, y += kBlock) {
      std::int32_t narrow = 1;
      for (std::size_t i = 0; i < kBlock; ++i) narrow &= a[i] > T(-2147483648.0) && a[i] < T(2147483648.0);
      if (narrow) {
        for (std::size_t i = 0; i < kBlock; ++i) y[i] = static_cast<R>(static_cast<std::int32_t>(a[i]));
      } else {
        for (std::size_t i = 0; i < kBlock; ++i) y[i] = Convert<T, R>::Do(a[i]);
      }
    }
  }
  INFERLAB_LOOP y[i] = Convert<T, R>::Do(a[i]);
}

template <typename T>
void CastToBool(const void* a_, const void*, const void*, void* y_, std::size_t n, double, double) {
  const T* a = static_cast<const T*>(a_);
  std::uint8_t* y = static_cast<std::uint8_t*>(y_);
  INFERLAB_LOOP y[i] = a[i] != T(0);
}

template <typename R>
inline constexpr float kLowest = static_cast<R>(-1) < R(0) ? -128.0f : 0.0f;

// x, rounded with ties to even, + zero point (a whole number), held within the type; NaN becomes the zero point.
template <typename R>
inline __attribute__((always_inline)) R ToByte(float x, float zero) {
  const float low = kLowest<R> - zero, high = kLowest<R> + 255.0f - zero;
  // Adding 1.5 · 2^23 leaves no bits for a fraction: what is held within the type by then is rounded to a whole number.
  constexpr float kMagic = 12582912.0f;
  x = x == x ? x : 0.0f;
  x = x < low ? low : x;
  x = x > high ? high : x;
  return static_cast<R>(static_cast<std::int32_t>((x + kMagic) - kMagic + zero));
}
template <typename R>
inline __attribute__((always_inline)) simd::I32 ToBytes(simd::F32 x, simd::F32 zero) {
  using namespace simd;
  const F32 held = Min(Max(NaNToZero(x), Set(kLowest<R>) - zero), Set(kLowest<R> + 255.0f) - zero);
  return RoundInt(held) + RoundInt(zero);
}

// Written out: compilers narrow the conditions of such a loop to bytes, which takes them longer than the rest.
template <typename R>
void Quantize(const void* a_, const void* b_, const void*, void* y_, std::size_t n, double, double) {
  using namespace simd;
  const float* a = static_cast<const float*>(a_);
  const float* b = static_cast<const float*>(b_);
  R* y = static_cast<R*>(y_);
  for (; n >= 2 * kLanes; n -= 2 * kLanes, a += 2 * kLanes, b += 2 * kLanes, y += 2 * kLanes)
    StoreBytes(reinterpret_cast<std::uint8_t*>(y), ToBytes<R>(Load(a), Load(b)), ToBytes<R>(Load(a + kLanes), Load(b + kLanes)));
  for (std::size_t i = 0; i < n; ++i) y[i] = ToByte<R>(a[i], b[i]);
}

// alpha · a + beta of bytes: bytes less their zero point.
template <typename T>
void AffineOfBytes(const void* a_, const void*, const void*, void* y_, std::size_t n, double alpha, double beta) {
  const T* a = static_cast<const T*>(a_);
  float* y = static_cast<float*>(y_);
  const auto scale = static_cast<float>(alpha), offset = static_cast<float>(beta);
  INFERLAB_LOOP y[i] = static_cast<float>(a[i]) * scale + offset;
}

// alpha · a + beta · b of bytes.
template <typename T>
void WeightedSumOfBytes(const void* a_, const void* b_, const void*, void* y_, std::size_t n, double alpha, double beta) {
  using namespace simd;
  const T* a = static_cast<const T*>(a_);
  const T* b = static_cast<const T*>(b_);
  float* y = static_cast<float*>(y_);
  const auto first = static_cast<float>(alpha), second = static_cast<float>(beta);
  for (; n >= kLanes; n -= kLanes, a += kLanes, b += kLanes, y += kLanes)
    Store(y, Fma(ToFloat(LoadBytes(a)), Set(first), ToFloat(LoadBytes(b)) * Set(second)));
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<float>(a[i]) * first + static_cast<float>(b[i]) * second;
}

// alpha · a + beta rounded, ties to even, and held within the type; NaN gives 0.
template <typename R>
void AffineToBytes(const void* a_, const void*, const void*, void* y_, std::size_t n, double alpha, double beta) {
  using namespace simd;
  const float* a = static_cast<const float*>(a_);
  R* y = static_cast<R*>(y_);
  const auto scale = static_cast<float>(alpha), offset = static_cast<float>(beta);
  const auto of = [&](const float* p) { return ToBytes<R>(Fma(Load(p), Set(scale), Set(offset)), Zero()); };
  for (; n >= 2 * kLanes; n -= 2 * kLanes, a += 2 * kLanes, y += 2 * kLanes)
    StoreBytes(reinterpret_cast<std::uint8_t*>(y), of(a), of(a + kLanes));
  for (std::size_t i = 0; i < n; ++i) y[i] = ToByte<R>(a[i] * scale + offset, 0.0f);
}

// IEEE half to float and back, nearest even, subnormals included.
inline __attribute__((always_inline)) float FromHalf(std::uint16_t h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h & 0x8000u) << 16;
  const std::uint32_t magnitude = h & 0x7fffu;
  // Exponent moved into place and rescaled by multiplication; the largest exponent is infinity or NaN.
  const float scaled = math::FromBits(magnitude << 13) * math::FromBits(0x77800000u);
  const std::uint32_t special = magnitude >= 0x7c00u ? 0x7f800000u | (magnitude << 13) : math::ToBits(scaled);
  return math::FromBits(sign | special);
}
inline __attribute__((always_inline)) std::uint16_t ToHalf(float x) {
  const std::uint32_t bits = math::ToBits(x);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  // Subnormal halves: adding 0.5 lets the float unit round at the right bit.
  const std::uint32_t tiny = math::ToBits(math::FromBits(magnitude) + 0.5f) - 0x3f000000u;
  const std::uint32_t normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  std::uint32_t h = magnitude < 0x38800000u ? tiny : normal;
  h = magnitude >= 0x477ff000u ? 0x7c00u : h;
  h = magnitude > 0x7f800000u ? 0x7e00u : h;
  return static_cast<std::uint16_t>(sign | h);
}
void CastFromHalf(const void* a_, const void*, const void*, void* y_, std::size_t n, double, double) {
  const std::uint16_t* a = static_cast<const std::uint16_t*>(a_);
  float* y = static_cast<float*>(y_);
#ifdef __F16C__
  // FromHalf takes an assist of the CPU for each subnormal half.
  for (; n >= 8; n -= 8, a += 8, y += 8)
    _mm256_storeu_ps(y, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a))));
#endif
  INFERLAB_LOOP y[i] = FromHalf(a[i]);
}
void CastToHalf(const void* a_, const void*, const void*, void* y_, std::size_t n, double, double) {
  const float* a = static_cast<const float*>(a_);
  std::uint16_t* y = static_cast<std::uint16_t*>(y_);
#ifdef __F16C__
  for (; n >= 8; n -= 8, a += 8, y += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(y), _mm256_cvtps_ph(_mm256_loadu_ps(a), _MM_FROUND_TO_NEAREST_INT));
#endif
  INFERLAB_LOOP y[i] = ToHalf(a[i]);
}

inline __attribute__((always_inline)) float Clamp01(float x) {
  const float low = x < 0.0f ? 0.0f : x;
  return low > 1.0f ? 1.0f : low;
}

inline __attribute__((always_inline)) float AbsOf(float x) { return __builtin_fabsf(x); }
inline __attribute__((always_inline)) float NegOf(float x) { return -x; }
template <typename T>
inline __attribute__((always_inline)) T AbsOf(T x) {
  return static_cast<T>(x < T(0) ? T(0) - x : x);
}
template <typename T>
inline __attribute__((always_inline)) T NegOf(T x) {
  return static_cast<T>(T(0) - x);
}

// The formulas. A member a formula does not use costs nothing after inlining.
#define INFERLAB_UNARY(Name, formula)           \
  template <typename T>                         \
  struct Name {                                 \
    T alpha, beta;                              \
    inline __attribute__((always_inline)) auto operator()(T x) const { return formula; } \
  };
#define INFERLAB_BINARY(Name, formula)                        \
  template <typename T>                                       \
  struct Name {                                               \
    inline __attribute__((always_inline)) auto operator()(T a, T b) const { return formula; } \
  };

// Zeros keep and change their sign as IEEE 754-2019, §5.5.1 says; the sign of NaN is NaN.
INFERLAB_UNARY(Abs, AbsOf(x))
INFERLAB_UNARY(Neg, NegOf(x))
INFERLAB_UNARY(Sign, x == x ? static_cast<T>(T(x > T(0)) - T(x < T(0))) : x)
INFERLAB_UNARY(Square, static_cast<T>(x * x))
INFERLAB_UNARY(Relu, x < T(0) ? T(0) : x)
INFERLAB_UNARY(Clip, (x < alpha ? alpha : x) > beta ? beta : (x < alpha ? alpha : x))
INFERLAB_UNARY(Affine, alpha * x + beta)
INFERLAB_UNARY(LeakyRelu, x < 0.0f ? alpha * x : x)
INFERLAB_UNARY(ThresholdedRelu, x > alpha ? x : 0.0f)
INFERLAB_UNARY(HardSigmoid, Clamp01(alpha * x + beta))
INFERLAB_UNARY(HardSwish, x * Clamp01(x * (1.0f / 6.0f) + 0.5f))
INFERLAB_UNARY(Sigmoid, math::Sigmoid(x))
INFERLAB_UNARY(Tanh, math::Tanh(x))
INFERLAB_UNARY(Exp, math::Exp(x))
INFERLAB_UNARY(Log, math::Log(x))
INFERLAB_UNARY(Sqrt, __builtin_sqrtf(x))
INFERLAB_UNARY(Reciprocal, 1.0f / x)
INFERLAB_UNARY(Floor, __builtin_floorf(x))
INFERLAB_UNARY(Ceil, __builtin_ceilf(x))
INFERLAB_UNARY(Round, __builtin_rintf(x))
INFERLAB_UNARY(Erf, math::Erf(x))
INFERLAB_UNARY(Gelu, 0.5f * x * (1.0f + math::Erf(x * 0.70710678f)))
INFERLAB_UNARY(GeluTanh, 0.5f * x * (1.0f + math::Tanh(0.79788456f * (x + 0.044715f * x * x * x))))
INFERLAB_UNARY(Elu, x < 0.0f ? alpha * math::Expm1(x) : x)
INFERLAB_UNARY(Selu, x < 0.0f ? beta * alpha * math::Expm1(x) : beta * x)
INFERLAB_UNARY(Celu, x < 0.0f ? alpha * math::Expm1(x / alpha) : x)
INFERLAB_UNARY(Softplus, math::Softplus(x))
INFERLAB_UNARY(Softsign, x / (1.0f + (x < 0.0f ? -x : x)))
INFERLAB_UNARY(Swish, x * math::Sigmoid(alpha * x))
INFERLAB_UNARY(Mish, x * math::Tanh(math::Softplus(x)))
INFERLAB_UNARY(Sin, __builtin_sinf(x))
INFERLAB_UNARY(Cos, __builtin_cosf(x))
INFERLAB_UNARY(Tan, __builtin_tanf(x))
INFERLAB_UNARY(Asin, __builtin_asinf(x))
INFERLAB_UNARY(Acos, __builtin_acosf(x))
INFERLAB_UNARY(Atan, __builtin_atanf(x))
INFERLAB_UNARY(Sinh, __builtin_sinhf(x))
INFERLAB_UNARY(Cosh, __builtin_coshf(x))
INFERLAB_UNARY(Asinh, __builtin_asinhf(x))
INFERLAB_UNARY(Acosh, __builtin_acoshf(x))
INFERLAB_UNARY(Atanh, __builtin_atanhf(x))
INFERLAB_UNARY(IsNaN, static_cast<std::uint8_t>(x != x))
INFERLAB_UNARY(IsInf, static_cast<std::uint8_t>((alpha != 0.0f && x == -math::kInfinity) ||
                                                (beta != 0.0f && x == math::kInfinity)))
INFERLAB_UNARY(Not, static_cast<std::uint8_t>(x == T(0)))

// Integers wrap around; division by zero gives 0, so that no input can raise a signal.
template <typename T>
inline constexpr bool kIsFloat = static_cast<T>(0.5) != T(0);
template <typename T>
inline __attribute__((always_inline)) T Divide(T a, T b) {
  if constexpr (kIsFloat<T>) {
    return a / b;
  } else {
    if (b == T(0)) return T(0);
    if (b == static_cast<T>(-1)) return static_cast<T>(T(0) - static_cast<std::uint64_t>(a));
    return static_cast<T>(a / b);
  }
}
// Remainder with the divisor's sign (Python's %), or with the dividend's (C's %).
template <typename T, bool kDivisorsSign>
inline __attribute__((always_inline)) T Remainder(T a, T b) {
  if constexpr (kIsFloat<T>) {
    T r = __builtin_fmodf(a, b);
    if (kDivisorsSign && r != T(0) && (r < T(0)) != (b < T(0))) r += b;
    return r;
  } else {
    if (b == T(0) || b == static_cast<T>(-1)) return T(0);
    T r = static_cast<T>(a % b);
    if (kDivisorsSign && r != T(0) && (r < T(0)) != (b < T(0))) r = static_cast<T>(r + b);
    return r;
  }
}
template <typename T>
struct WrapType {
  using Type = std::uint64_t;
};
template <>
struct WrapType<float> {
  using Type = float;
};
template <typename T>
using Wrap = typename WrapType<T>::Type;

INFERLAB_BINARY(Add, static_cast<T>(static_cast<Wrap<T>>(a) + static_cast<Wrap<T>>(b)))
INFERLAB_BINARY(Sub, static_cast<T>(static_cast<Wrap<T>>(a) - static_cast<Wrap<T>>(b)))
INFERLAB_BINARY(Mul, static_cast<T>(static_cast<Wrap<T>>(a) * static_cast<Wrap<T>>(b)))
INFERLAB_BINARY(Div, Divide(a, b))
INFERLAB_BINARY(Mod, (Remainder<T, true>(a, b)))
INFERLAB_BINARY(Fmod, (Remainder<T, false>(a, b)))
INFERLAB_BINARY(Min, a < b || a != a ? a : b)
INFERLAB_BINARY(Max, a > b || a != a ? a : b)
INFERLAB_BINARY(Pow, __builtin_powf(a, b))
INFERLAB_BINARY(PRelu, a < T(0) ? a * b : a)
INFERLAB_BINARY(And, static_cast<std::uint8_t>(a != T(0) && b != T(0)))
INFERLAB_BINARY(Or, static_cast<std::uint8_t>(a != T(0) || b != T(0)))
INFERLAB_BINARY(Xor, static_cast<std::uint8_t>((a != T(0)) != (b != T(0))))
INFERLAB_BINARY(Equal, static_cast<std::uint8_t>(a == b))
INFERLAB_BINARY(Less, static_cast<std::uint8_t>(a < b))
INFERLAB_BINARY(LessOrEqual, static_cast<std::uint8_t>(a <= b))
INFERLAB_BINARY(Greater, static_cast<std::uint8_t>(a > b))
INFERLAB_BINARY(GreaterOrEqual, static_cast<std::uint8_t>(a >= b))

template <typename T>
TileFunction FindArithmetic(ElementwiseFunction function, bool to_bool) {
  using F = ElementwiseFunction;
  if (to_bool) {
    switch (function) {
      case F::kEqual:
        return Binary<Equal<T>, T, std::uint8_t>;
      case F::kLess:
        return Binary<Less<T>, T, std::uint8_t>;
      case F::kLessOrEqual:
        return Binary<LessOrEqual<T>, T, std::uint8_t>;
      case F::kGreater:
        return Binary<Greater<T>, T, std::uint8_t>;
      case F::kGreaterOrEqual:
        return Binary<GreaterOrEqual<T>, T, std::uint8_t>;
      default:
        return nullptr;
    }
  }
  switch (function) {
    case F::kAbs:
      return Unary<Abs<T>, T, T>;
    case F::kNeg:
      return Unary<Neg<T>, T, T>;
    case F::kSign:
      return Unary<Sign<T>, T, T>;
    case F::kSquare:
      return Unary<Square<T>, T, T>;
    case F::kRelu:
      return Unary<Relu<T>, T, T>;
    case F::kClip:
      return Unary<Clip<T>, T, T>;
    case F::kAdd:
      return Binary<Add<T>, T, T>;
    case F::kSub:
      return Binary<Sub<T>, T, T>;
    case F::kMul:
      return Binary<Mul<T>, T, T>;
    case F::kDiv:
      return Binary<Div<T>, T, T>;
    case F::kMod:
      return Binary<Mod<T>, T, T>;
    case F::kFmod:
      return Binary<Fmod<T>, T, T>;
    case F::kMin:
      return Binary<Min<T>, T, T>;
    case F::kMax:
      return Binary<Max<T>, T, T>;
    case F::kPRelu:
      return Binary<PRelu<T>, T, T>;
    default:
      return nullptr;
  }
}

TileFunction FindFloat(ElementwiseFunction function, bool to_bool) {
  using F = ElementwiseFunction;
  if (to_bool) {
    if (function == F::kIsNaN) return Unary<IsNaN<float>, float, std::uint8_t>;
    if (function == F::kIsInf) return Unary<IsInf<float>, float, std::uint8_t>;
    return FindArithmetic<float>(function, true);
  }
  switch (function) {
#define INFERLAB_CASE(Name) \
  case F::k##Name:          \
    return Unary<Name<float>, float, float>;
    INFERLAB_CASE(Affine)
    INFERLAB_CASE(LeakyRelu)
    INFERLAB_CASE(ThresholdedRelu)
    INFERLAB_CASE(HardSigmoid)
    INFERLAB_CASE(HardSwish)
    INFERLAB_CASE(Sigmoid)
    INFERLAB_CASE(Tanh)
    INFERLAB_CASE(Exp)
    INFERLAB_CASE(Log)
    INFERLAB_CASE(Sqrt)
    INFERLAB_CASE(Reciprocal)
    INFERLAB_CASE(Floor)
    INFERLAB_CASE(Ceil)
    INFERLAB_CASE(Round)
    INFERLAB_CASE(Erf)
    INFERLAB_CASE(Gelu)
    INFERLAB_CASE(GeluTanh)
    INFERLAB_CASE(Elu)
    INFERLAB_CASE(Selu)
    INFERLAB_CASE(Celu)
    INFERLAB_CASE(Softplus)
    INFERLAB_CASE(Softsign)
    INFERLAB_CASE(Swish)
    INFERLAB_CASE(Mish)
    INFERLAB_CASE(Sin)
    INFERLAB_CASE(Cos)
    INFERLAB_CASE(Tan)
    INFERLAB_CASE(Asin)
    INFERLAB_CASE(Acos)
    INFERLAB_CASE(Atan)
    INFERLAB_CASE(Sinh)
    INFERLAB_CASE(Cosh)
    INFERLAB_CASE(Asinh)
    INFERLAB_CASE(Acosh)
    INFERLAB_CASE(Atanh)
#undef INFERLAB_CASE
    case F::kPow:
      return Binary<Pow<float>, float, float>;
    default:
      return FindArithmetic<float>(function, false);
  }
}

TileFunction FindBool(ElementwiseFunction function) {
  using F = ElementwiseFunction;
  using T = std::uint8_t;
  switch (function) {
    case F::kNot:
      return Unary<Not<T>, T, T>;
    case F::kAnd:
      return Binary<And<T>, T, T>;
    case F::kOr:
      return Binary<Or<T>, T, T>;
    case F::kXor:
      return Binary<Xor<T>, T, T>;
    case F::kEqual:
      return Binary<Equal<T>, T, T>;
    default:
      return nullptr;
  }
}

template <typename T>
TileFunction FindCastFrom(DType result) {
  switch (result) {
    case DType::kFloat32:
      return Cast<T, float>;
    case DType::kFloat64:
      return Cast<T, double>;
    case DType::kInt32:
      return Cast<T, std::int32_t>;
    case DType::kInt64:
      return Cast<T, std::int64_t>;
    case DType::kUint8:
      return Cast<T, std::uint8_t>;
    case DType::kInt8:
      return Cast<T, std::int8_t>;
    case DType::kBool:
      return CastToBool<T>;
    default:
      return nullptr;
  }
}

TileFunction FindCast(DType type, DType result) {
  if (type == DType::kFloat16 && result == DType::kFloat32) return CastFromHalf;
  if (type == DType::kFloat32 && result == DType::kFloat16) return CastToHalf;
  switch (type) {
    case DType::kFloat32:
      return FindCastFrom<float>(result);
    case DType::kFloat64:
      return FindCastFrom<double>(result);
    case DType::kInt32:
      return FindCastFrom<std::int32_t>(result);
    case DType::kInt64:
      return FindCastFrom<std::int64_t>(result);
    case DType::kUint8:
    case DType::kBool:
      return FindCastFrom<std::uint8_t>(result);
    case DType::kInt8:
      return FindCastFrom<std::int8_t>(result);
    default:
      return nullptr;
  }
}

TileFunction Find(ElementwiseFunction function, DType type, DType result) {
  if (function == ElementwiseFunction::kCast) return FindCast(type, result);
  if (function == ElementwiseFunction::kQuantize) {
    if (type != DType::kFloat32) return nullptr;
    return result == DType::kUint8 ? Quantize<std::uint8_t> : result == DType::kInt8 ? Quantize<std::int8_t> : nullptr;
  }
  if (function == ElementwiseFunction::kAffine && result == DType::kFloat32 && type != DType::kFloat32)
    return type == DType::kUint8 ? AffineOfBytes<std::uint8_t> : type == DType::kInt8 ? AffineOfBytes<std::int8_t> : nullptr;
  if (function == ElementwiseFunction::kAffine && type == DType::kFloat32 && result != DType::kFloat32)
    return result == DType::kUint8 ? AffineToBytes<std::uint8_t> : result == DType::kInt8 ? AffineToBytes<std::int8_t> : nullptr;
  if (function == ElementwiseFunction::kAdd && result == DType::kFloat32 && type != DType::kFloat32)
    return type == DType::kUint8  ? WeightedSumOfBytes<std::uint8_t>
           : type == DType::kInt8 ? WeightedSumOfBytes<std::int8_t>
                                  : nullptr;
  if (function == ElementwiseFunction::kWhere || function == ElementwiseFunction::kIdentity) {
    if (type != result) return nullptr;
    const bool where = function == ElementwiseFunction::kWhere;
    switch (SizeOf(type)) {
      case 1:
        return where ? Where<std::uint8_t> : Identity<std::uint8_t>;
      case 2:
        return where ? Where<std::uint16_t> : Identity<std::uint16_t>;
      case 4:
        return where ? Where<std::uint32_t> : Identity<std::uint32_t>;
      case 8:
        return where ? Where<std::uint64_t> : Identity<std::uint64_t>;
      default:
        return nullptr;
    }
  }
  const bool to_bool = result == DType::kBool;
  if (!to_bool && type != result) return nullptr;
  switch (type) {
    case DType::kFloat32:
      return FindFloat(function, to_bool);
    case DType::kInt32:
      return FindArithmetic<std::int32_t>(function, to_bool);
    case DType::kInt64:
      return FindArithmetic<std::int64_t>(function, to_bool);
    case DType::kUint8:
      return FindArithmetic<std::uint8_t>(function, to_bool);
    case DType::kInt8:
      return FindArithmetic<std::int8_t>(function, to_bool);
    case DType::kBool:
      return to_bool ? FindBool(function) : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace

const Table& GetTable() {
  static constexpr Table kTable{Find};
  return kTable;
}

}  // namespace inferlab::elementwise::INFERLAB_ISA_NS
