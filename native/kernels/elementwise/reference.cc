#include <cmath>

#include "kernels/elementwise/elementwise.h"

namespace inferlab::elementwise {

double Reference(ElementwiseFunction function, double a, double b, double c, double alpha, double beta) {
  using F = ElementwiseFunction;
  const auto clamp01 = [](double x) { return x < 0 ? 0.0 : (x > 1 ? 1.0 : x); };
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto softplus = [](double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); };
  switch (function) {
    case F::kIdentity:
    case F::kCast:
      return a;
    case F::kWhere:
      return a != 0 ? b : c;
    case F::kAbs:
      return std::fabs(a);
    case F::kNeg:
      return -a;
    case F::kSign:
      return a == a ? (a > 0) - (a < 0) : a;
    case F::kSquare:
      return a * a;
    case F::kRelu:
      return a < 0 ? 0 : a;
    case F::kClip: {
      const double low = a < alpha ? alpha : a;
      return low > beta ? beta : low;
    }
    case F::kAffine:
      return alpha * a + beta;
    case F::kLeakyRelu:
      return a < 0 ? alpha * a : a;
    case F::kThresholdedRelu:
      return a > alpha ? a : 0;
    case F::kHardSigmoid:
      return clamp01(alpha * a + beta);
    case F::kHardSwish:
      return a * clamp01(a / 6 + 0.5);
    case F::kSigmoid:
      return sigmoid(a);
    case F::kTanh:
      return std::tanh(a);
    case F::kExp:
      return std::exp(a);
    case F::kLog:
      return std::log(a);
    case F::kSqrt:
      return std::sqrt(a);
    case F::kReciprocal:
      return 1 / a;
    case F::kFloor:
      return std::floor(a);
    case F::kCeil:
      return std::ceil(a);
    case F::kRound:
      return std::nearbyint(a);
    case F::kErf:
      return std::erf(a);
    case F::kGelu:
      return 0.5 * a * std::erfc(-a * M_SQRT1_2);
    case F::kGeluTanh:
      return 0.5 * a * (1 + std::tanh(std::sqrt(2 / M_PI) * (a + 0.044715 * a * a * a)));
    case F::kElu:
      return a < 0 ? alpha * std::expm1(a) : a;
    case F::kSelu:
      return beta * (a < 0 ? alpha * std::expm1(a) : a);
    case F::kCelu:
      return a < 0 ? alpha * std::expm1(a / alpha) : a;
    case F::kSoftplus:
      return softplus(a);
    case F::kSoftsign:
      return a / (1 + std::fabs(a));
    case F::kSwish:
      return a * sigmoid(alpha * a);
    case F::kMish:
      return a * std::tanh(softplus(a));
    case F::kSin:
      return std::sin(a);
    case F::kCos:
      return std::cos(a);
    case F::kTan:
      return std::tan(a);
    case F::kAsin:
      return std::asin(a);
    case F::kAcos:
      return std::acos(a);
    case F::kAtan:
      return std::atan(a);
    case F::kSinh:
      return std::sinh(a);
    case F::kCosh:
      return std::cosh(a);
    case F::kAsinh:
      return std::asinh(a);
    case F::kAcosh:
      return std::acosh(a);
    case F::kAtanh:
      return std::atanh(a);
    case F::kIsNaN:
      return std::isnan(a);
    case F::kIsInf:
      return std::isinf(a) && (a < 0 ? alpha != 0 : beta != 0);
    case F::kNot:
      return a == 0;
    case F::kAdd:
      return a + b;
    case F::kSub:
      return a - b;
    case F::kMul:
      return a * b;
    case F::kDiv:
      return a / b;
    case F::kMod: {
      const double r = std::fmod(a, b);
      return r != 0 && (r < 0) != (b < 0) ? r + b : r;
    }
    case F::kFmod:
      return std::fmod(a, b);
    case F::kMin:
      return a < b || std::isnan(a) ? a : b;
    case F::kMax:
      return a > b || std::isnan(a) ? a : b;
    case F::kPow:
      return std::pow(a, b);
    case F::kPRelu:
      return a < 0 ? a * b : a;
    case F::kQuantize:
      return (std::isnan(a) ? 0 : std::nearbyint(a)) + b;
    case F::kAnd:
      return a != 0 && b != 0;
    case F::kOr:
      return a != 0 || b != 0;
    case F::kXor:
      return (a != 0) != (b != 0);
    case F::kEqual:
      return a == b;
    case F::kLess:
      return a < b;
    case F::kLessOrEqual:
      return a <= b;
    case F::kGreater:
      return a > b;
    case F::kGreaterOrEqual:
      return a >= b;
  }
  return NAN;
}

}  // namespace inferlab::elementwise
