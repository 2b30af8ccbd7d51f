// Made by `npm run gen` from the instructions in src/compiler/program/lower/.
#pragma once
#include <cstdint>

namespace inferlab {

// Functions a kernel may apply to its result (kernels/common).
enum class ActivationKind : std::int64_t {
  kNone = 0,
  kRelu = 1,
  kClip = 2,
  kLeakyRelu = 3,
  kHardSigmoid = 4,
  kHardSwish = 5,
  kSigmoid = 6,
  kSilu = 7,
  kTanh = 8,
  kPrelu = 9,
  kGelu = 10,
  kElu = 11,
};
inline constexpr std::int64_t kNumActivationKinds = 12;

// How a convolution is computed (kernels/conv).
enum class ConvAlgorithm : std::int64_t {
  kPatches = 0,
  kDirect = 1,
  kDepthwise = 2,
  kWinograd = 3,
};
inline constexpr std::int64_t kNumConvAlgorithms = 4;

// Pointwise functions of native/kernels/elementwise.
enum class ElementwiseFunction : std::int64_t {
  kIdentity = 0,
  kCast = 1,
  kWhere = 2,
  kAbs = 3,
  kNeg = 4,
  kSign = 5,
  kSquare = 6,
  kRelu = 7,
  kClip = 8,
  kAffine = 9,
  kLeakyRelu = 10,
  kThresholdedRelu = 11,
  kHardSigmoid = 12,
  kHardSwish = 13,
  kSigmoid = 14,
  kTanh = 15,
  kExp = 16,
  kLog = 17,
  kSqrt = 18,
  kReciprocal = 19,
  kFloor = 20,
  kCeil = 21,
  kRound = 22,
  kErf = 23,
  kGelu = 24,
  kGeluTanh = 25,
  kElu = 26,
  kSelu = 27,
  kCelu = 28,
  kSoftplus = 29,
  kSoftsign = 30,
  kSwish = 31,
  kMish = 32,
  kSin = 33,
  kCos = 34,
  kTan = 35,
  kAsin = 36,
  kAcos = 37,
  kAtan = 38,
  kSinh = 39,
  kCosh = 40,
  kAsinh = 41,
  kAcosh = 42,
  kAtanh = 43,
  kIsNaN = 44,
  kIsInf = 45,
  kNot = 46,
  kAdd = 47,
  kSub = 48,
  kMul = 49,
  kDiv = 50,
  kMod = 51,
  kFmod = 52,
  kMin = 53,
  kMax = 54,
  kPow = 55,
  kPRelu = 56,
  kQuantize = 57,
  kAnd = 58,
  kOr = 59,
  kXor = 60,
  kEqual = 61,
  kLess = 62,
  kLessOrEqual = 63,
  kGreater = 64,
  kGreaterOrEqual = 65,
};
inline constexpr std::int64_t kNumElementwiseFunctions = 66;

// What lies around the input of a Pad.
enum class PadMode : std::int64_t {
  kConstant = 0,
  kEdge = 1,
  kReflect = 2,
  kWrap = 3,
};
inline constexpr std::int64_t kNumPadModes = 4;

// What a pooling window gives.
enum class PoolKind : std::int64_t {
  kMax = 0,
  kAverage = 1,
};
inline constexpr std::int64_t kNumPoolKinds = 2;

// Reductions of native/kernels/reduce.
enum class ReduceFunction : std::int64_t {
  kSum = 0,
  kMean = 1,
  kMax = 2,
  kMin = 3,
  kProd = 4,
  kSumSquare = 5,
  kL1 = 6,
  kL2 = 7,
  kLogSum = 8,
  kLogSumExp = 9,
};
inline constexpr std::int64_t kNumReduceFunctions = 10;

// Where a kernel adds a second tensor.
enum class ResidualKind : std::int64_t {
  kNone = 0,
  kBeforeActivation = 1,
  kAfterActivation = 2,
};
inline constexpr std::int64_t kNumResidualKinds = 3;

// Recurrent cells.
enum class RnnKind : std::int64_t {
  kLstm = 0,
  kGru = 1,
};
inline constexpr std::int64_t kNumRnnKinds = 2;

}  // namespace inferlab
