#include "kernels/elementwise/elementwise.h"

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::elementwise {
namespace {

using testing::Guarded;
using testing::Random;
using testing::UlpsBetween;

constexpr std::size_t kSizes[] = {0, 1, 3, 7, 8, 9, 15, 31, 33, 511, 512, 513, 1000, 16385, 40001};

void RunPlan(const Plan& plan, std::vector<const void*> inputs, std::vector<void*> outputs, int threads = 1) {
  Serial serial;
  std::vector<std::byte> workspace(plan.workspace_bytes_per_thread() * static_cast<std::size_t>(threads) + 1);
  if (threads == 1) return plan.Run(inputs.data(), outputs.data(), workspace.data(), serial);
  Team team(ThreadPool::Instance(), threads);
  plan.Run(inputs.data(), outputs.data(), workspace.data(), team);
}

Chain Dense(std::size_t n, std::vector<DType> inputs, std::vector<Step> steps) {
  Chain chain;
  chain.rank = 1;
  chain.dims[0] = static_cast<std::int64_t>(n);
  for (DType type : inputs) chain.inputs.push_back({type, {1}});
  chain.outputs = {static_cast<std::int32_t>(inputs.size() + steps.size()) - 1};
  chain.steps = std::move(steps);
  return chain;
}

// Function, domain, alpha, beta, tolerance in ulps of the result, and of the largest intermediate near its zeros.
struct Case {
  ElementwiseFunction function;
  float low, high;
  double alpha, beta;
  double ulps;
  double absolute;
};

const Case kFloatCases[] = {
    {ElementwiseFunction::kAbs, -10, 10, 0, 0, 0, 0},
    {ElementwiseFunction::kNeg, -10, 10, 0, 0, 0, 0},
    {ElementwiseFunction::kSign, -1, 1, 0, 0, 0, 0},
    {ElementwiseFunction::kSquare, -10, 10, 0, 0, 1, 0},
    {ElementwiseFunction::kRelu, -10, 10, 0, 0, 0, 0},
    {ElementwiseFunction::kClip, -10, 10, -2, 3, 0, 0},
    {ElementwiseFunction::kAffine, -10, 10, 1.5, 0.25, 1, 1e-6},
    {ElementwiseFunction::kLeakyRelu, -10, 10, 0.1f, 0, 1, 0},
    {ElementwiseFunction::kThresholdedRelu, -10, 10, 1, 0, 0, 0},
    {ElementwiseFunction::kHardSigmoid, -10, 10, 0.2f, 0.5, 1, 1e-7},
    {ElementwiseFunction::kHardSwish, -10, 10, 0, 0, 3, 1e-6},
    {ElementwiseFunction::kSigmoid, -100, 100, 0, 0, 4, 1e-44},
    {ElementwiseFunction::kTanh, -10, 10, 0, 0, 3, 0},
    {ElementwiseFunction::kTanh, -1e-3f, 1e-3f, 0, 0, 2, 0},
    {ElementwiseFunction::kExp, -103, 88, 0, 0, 2, 3e-45},
    {ElementwiseFunction::kLog, 1e-38f, 1e30f, 0, 0, 2, 0},
    {ElementwiseFunction::kLog, 0.5, 2, 0, 0, 3, 0},
    {ElementwiseFunction::kSqrt, 0, 1e10f, 0, 0, 0, 0},
    {ElementwiseFunction::kReciprocal, 0.01f, 100, 0, 0, 0, 0},
    {ElementwiseFunction::kFloor, -10, 10, 0, 0, 0, 0},
    {ElementwiseFunction::kCeil, -10, 10, 0, 0, 0, 0},
    {ElementwiseFunction::kRound, -10, 10, 0, 0, 0, 0},
    {ElementwiseFunction::kErf, -5, 5, 0, 0, 3, 0},
    {ElementwiseFunction::kGelu, -4, 6, 0, 0, 4, 3e-7},
    {ElementwiseFunction::kGeluTanh, -4, 6, 0, 0, 4, 6e-7},
    {ElementwiseFunction::kElu, -20, 10, 1, 0, 3, 0},
    {ElementwiseFunction::kSelu, -20, 10, 1.6732632f, 1.050701f, 4, 0},
    {ElementwiseFunction::kCelu, -20, 10, 2, 0, 4, 0},
    {ElementwiseFunction::kSoftplus, -80, 80, 0, 0, 4, 0},
    {ElementwiseFunction::kSoftsign, -10, 10, 0, 0, 1, 0},
    {ElementwiseFunction::kSwish, -20, 20, 1, 0, 5, 0},
    {ElementwiseFunction::kMish, -20, 20, 0, 0, 8, 0},
    {ElementwiseFunction::kSin, -6, 6, 0, 0, 2, 0},
    {ElementwiseFunction::kCos, -6, 6, 0, 0, 2, 0},
    {ElementwiseFunction::kTan, -1.5, 1.5, 0, 0, 2, 0},
    {ElementwiseFunction::kAsin, -1, 1, 0, 0, 2, 0},
    {ElementwiseFunction::kAcos, -1, 1, 0, 0, 2, 0},
    {ElementwiseFunction::kAtan, -10, 10, 0, 0, 2, 0},
    {ElementwiseFunction::kSinh, -10, 10, 0, 0, 2, 0},
    {ElementwiseFunction::kCosh, -10, 10, 0, 0, 2, 0},
    {ElementwiseFunction::kAsinh, -10, 10, 0, 0, 2, 0},
    {ElementwiseFunction::kAcosh, 1, 10, 0, 0, 2, 0},
    {ElementwiseFunction::kAtanh, -0.99f, 0.99f, 0, 0, 2, 0},
};

TEST_EACH_ISA(Elementwise, UnaryFunctionsMatchTheReference) {
  Random random(1);
  for (const Case& test : kFloatCases) {
    for (std::size_t n : kSizes) {
      Plan plan;
      EXPECT(Plan::Make(Dense(n, {DType::kFloat32},
                              {{test.function, DType::kFloat32, DType::kFloat32, {0, -1, -1}, test.alpha, test.beta}}),
                        &plan));
      Guarded<float> x(n), y(n, 3);
      for (std::size_t i = 0; i < n; ++i) x[i] = random.Uniform(test.low, test.high);
      RunPlan(plan, {x.data()}, {y.data()});
      EXPECT(y.Intact());
      for (std::size_t i = 0; i < n; ++i) {
        const double want = Reference(test.function, x[i], 0, 0, test.alpha, test.beta);
        const double ulps = UlpsBetween(y[i], static_cast<float>(want));
        EXPECT_THAT(ulps <= test.ulps || std::fabs(y[i] - want) <= test.absolute,
                    "function " + std::to_string(static_cast<int>(test.function)) + " of " + std::to_string(x[i]) +
                        " is " + std::to_string(y[i]) + ", expected " + std::to_string(want) + ", " +
                        std::to_string(ulps) + " ulps");
      }
    }
  }
}

TEST_EACH_ISA(Elementwise, SpecialValuesAreThoseOfTheReference) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::nanf("");
  const float values[] = {0.0f, -0.0f, inf, -inf, nan, 1e-40f, -1e-40f, 3e38f, -3e38f, 200, -200};
  using F = ElementwiseFunction;
  for (F function : {F::kAbs, F::kRelu, F::kSigmoid, F::kTanh, F::kExp, F::kLog, F::kSqrt, F::kErf, F::kSoftplus,
                     F::kFloor, F::kHardSigmoid, F::kElu, F::kSign}) {
    Plan plan;
    const std::size_t n = std::size(values);
    EXPECT(Plan::Make(Dense(n, {DType::kFloat32}, {{function, DType::kFloat32, DType::kFloat32, {0, -1, -1}, 1, 0.5}}), &plan));
    std::vector<float> y(n);
    RunPlan(plan, {values}, {y.data()});
    for (std::size_t i = 0; i < n; ++i) {
      const auto want = static_cast<float>(Reference(function, values[i], 0, 0, 1, 0.5));
      // NaN in, NaN out, but for functions that compare (Sign gives 0 as the reference does).
      EXPECT_THAT(UlpsBetween(y[i], want) <= 64 || std::fabs(y[i] - want) < 1e-44,
                  "function " + std::to_string(static_cast<int>(function)) + " of " + std::to_string(values[i]) +
                      " is " + std::to_string(y[i]) + ", expected " + std::to_string(want));
    }
  }
}

template <typename T>
void CheckBinary(DType type, double low, double high) {
  Random random(2);
  using F = ElementwiseFunction;
  for (F function : {F::kAdd, F::kSub, F::kMul, F::kDiv, F::kMin, F::kMax, F::kPRelu, F::kMod, F::kFmod, F::kEqual,
                     F::kLess, F::kLessOrEqual, F::kGreater, F::kGreaterOrEqual}) {
    const bool compares = function >= F::kEqual;
    for (std::size_t n : kSizes) {
      Plan plan;
      const DType result = compares ? DType::kBool : type;
      EXPECT(Plan::Make(Dense(n, {type, type}, {{function, type, result, {0, 1, -1}, 0, 0}}), &plan));
      Guarded<T> a(n), b(n), y(n);
      Guarded<std::uint8_t> yes(n);
      for (std::size_t i = 0; i < n; ++i) {
        a[i] = static_cast<T>(low + (high - low) * random.Uniform(0, 1));
        b[i] = static_cast<T>(low + (high - low) * random.Uniform(0, 1));
        if (b[i] == T(0)) b[i] = T(3);
      }
      RunPlan(plan, {a.data(), b.data()}, {compares ? static_cast<void*>(yes.data()) : y.data()});
      EXPECT(y.Intact() && yes.Intact());
      for (std::size_t i = 0; i < n; ++i) {
        double want = Reference(function, static_cast<double>(a[i]), static_cast<double>(b[i]), 0, 0, 0);
        const double got = compares ? yes[i] : static_cast<double>(y[i]);
        if (type != DType::kFloat32) want = static_cast<double>(static_cast<T>(static_cast<std::int64_t>(want)));
        const double tolerance = type == DType::kFloat32 ? std::fabs(want) * 2e-7 + 1e-6 : 0;
        EXPECT_THAT(std::fabs(got - want) <= tolerance,
                    "function " + std::to_string(static_cast<int>(function)) + " gives " + std::to_string(got) +
                        ", expected " + std::to_string(want));
      }
    }
  }
}

TEST_EACH_ISA(Elementwise, BinaryFunctionsMatchTheReference) {
  CheckBinary<float>(DType::kFloat32, -10, 10);
  CheckBinary<std::int32_t>(DType::kInt32, -1000, 1000);
  CheckBinary<std::int64_t>(DType::kInt64, -100000, 100000);
  CheckBinary<std::int8_t>(DType::kInt8, -5, 6);
  CheckBinary<std::uint8_t>(DType::kUint8, 1, 8);
}

template <typename T>
void CheckQuantize(DType type, float zero) {
  const float inf = std::numeric_limits<float>::infinity();
  for (std::size_t n : kSizes) {
    Plan plan;
    EXPECT(Plan::Make(Dense(n, {DType::kFloat32, DType::kFloat32},
                            {{ElementwiseFunction::kQuantize, DType::kFloat32, type, {0, 1, -1}, 0, 0}}),
                      &plan));
    Random random(5);
    const float special[] = {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, inf, -inf, std::nanf(""), 3e38f, -3e38f};
    Guarded<float> x(n), zeros(n);
    Guarded<T> y(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = i % 3 == 0 ? special[i / 3 % std::size(special)] : random.Uniform(-300, 300);
      zeros[i] = zero;
    }
    RunPlan(plan, {x.data(), zeros.data()}, {y.data()});
    EXPECT(y.Intact());
    for (std::size_t i = 0; i < n; ++i) {
      const double exact = Reference(ElementwiseFunction::kQuantize, x[i], zero, 0, 0, 0);
      const double low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
      const double want = exact < low ? low : exact > high ? high : exact;
      EXPECT_THAT(y[i] == want, std::to_string(x[i]) + " is " + std::to_string(y[i]) + ", expected " + std::to_string(want));
    }
  }
}

TEST_EACH_ISA(Elementwise, QuantizesToTheBit) {
  for (float zero : {0.0f, 127.0f}) {
    CheckQuantize<std::uint8_t>(DType::kUint8, zero);
    CheckQuantize<std::int8_t>(DType::kInt8, -zero);
  }
}

template <typename T>
void CheckWeightedSum(DType type, double weight, double other, double offset) {
  for (std::size_t n : kSizes) {
    Plan plan;
    EXPECT(Plan::Make(Dense(n, {type, type},
                            {{ElementwiseFunction::kAdd, type, DType::kFloat32, {0, 1, -1}, weight, other},
                             {ElementwiseFunction::kAffine, DType::kFloat32, type, {2, -1, -1}, 1, offset}}),
                      &plan));
    Random random(9);
    Guarded<T> a(n), b(n), y(n);
    for (std::size_t i = 0; i < n; ++i) {
      a[i] = static_cast<T>(random.Bits());
      b[i] = static_cast<T>(random.Bits());
    }
    RunPlan(plan, {a.data(), b.data()}, {y.data()});
    EXPECT(y.Intact());
    for (std::size_t i = 0; i < n; ++i) {
      const double low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
      // Weights of few bits: each product and sum is exact.
      const double sum = weight * a[i] + other * b[i] + offset;
      const double want = std::isnan(sum) ? 0 : std::nearbyint(std::min(std::max(sum, low), high));
      EXPECT_THAT(y[i] == want, std::to_string(sum) + " is " + std::to_string(y[i]));
    }
  }
}

TEST_EACH_ISA(Elementwise, AddsWeightedBytesToTheBit) {
  for (double weight : {0.25, -1.5, 64.0}) {
    CheckWeightedSum<std::uint8_t>(DType::kUint8, weight, 0.5, 100.5);
    CheckWeightedSum<std::int8_t>(DType::kInt8, weight, 1, -3.25);
  }
  CheckWeightedSum<std::uint8_t>(DType::kUint8, 1, 1, std::nan(""));
}

template <typename T>
void CheckAffineOfBytes(DType type) {
  for (std::size_t n : kSizes) {
    for (const auto& [alpha, beta] : {std::pair{1.0, -100.0}, std::pair{-0.25, 1.5}}) {
      Plan plan;
      EXPECT(Plan::Make(Dense(n, {type}, {{ElementwiseFunction::kAffine, type, DType::kFloat32, {0, -1, -1}, alpha, beta}}), &plan));
      Guarded<T> x(n);
      Guarded<float> y(n);
      for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<T>(i * 37);
      RunPlan(plan, {x.data()}, {y.data()});
      EXPECT(y.Intact());
      for (std::size_t i = 0; i < n; ++i) EXPECT(y[i] == Reference(ElementwiseFunction::kAffine, x[i], 0, 0, alpha, beta));
    }
  }
}

TEST_EACH_ISA(Elementwise, TakesZeroPointsOffBytes) {
  CheckAffineOfBytes<std::uint8_t>(DType::kUint8);
  CheckAffineOfBytes<std::int8_t>(DType::kInt8);
}

TEST_EACH_ISA(Elementwise, IntegerDivisionNeverTraps) {
  const std::int32_t a[] = {5, std::numeric_limits<std::int32_t>::min(), 0, -7};
  const std::int32_t b[] = {0, -1, 0, -1};
  for (auto function : {ElementwiseFunction::kDiv, ElementwiseFunction::kMod}) {
    Plan plan;
    EXPECT(Plan::Make(Dense(4, {DType::kInt32, DType::kInt32}, {{function, DType::kInt32, DType::kInt32, {0, 1, -1}, 0, 0}}), &plan));
    std::int32_t y[4];
    RunPlan(plan, {a, b}, {y});
    EXPECT(y[0] == 0);
    EXPECT(y[3] == (function == ElementwiseFunction::kDiv ? 7 : 0));
  }
}

TEST_EACH_ISA(Elementwise, BroadcastsAnyPattern) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    Chain chain;
    chain.rank = static_cast<int>(random.Int(1, 4));
    std::size_t n = 1;
    for (int axis = 0; axis < chain.rank; ++axis) {
      chain.dims[axis] = round % 3 == 0 && axis == chain.rank - 1 ? random.Int(100, 700) : random.Int(1, 9);
      // Many short rows, as channels in blocks have them.
      if (round % 3 == 1 && axis == chain.rank - 1) chain.dims[axis] = random.Int(0, 1) ? 8 : 16;
      if (round % 3 == 1 && axis == chain.rank - 2) chain.dims[axis] = random.Int(10, 300);
      n *= static_cast<std::size_t>(chain.dims[axis]);
    }
    std::vector<std::vector<float>> inputs;
    for (int i = 0; i < 2; ++i) {
      Input input{DType::kFloat32, {}};
      std::int64_t stride = 1;
      for (int axis = chain.rank - 1; axis >= 0; --axis) {
        const bool broadcast = random.Int(0, 1) == 0;
        input.strides[axis] = broadcast ? 0 : stride;
        if (!broadcast) stride *= chain.dims[axis];
      }
      inputs.push_back(random.Floats(static_cast<std::size_t>(stride)));
      chain.inputs.push_back(input);
    }
    chain.steps = {{ElementwiseFunction::kSub, DType::kFloat32, DType::kFloat32, {0, 1, -1}, 0, 0}};
    chain.outputs = {2};
    Plan plan;
    EXPECT(Plan::Make(chain, &plan));
    Guarded<float> y(n);
    RunPlan(plan, {inputs[0].data(), inputs[1].data()}, {y.data()});
    EXPECT(y.Intact());
    for (std::size_t flat = 0; flat < n; ++flat) {
      std::size_t rest = flat;
      std::int64_t at[2] = {0, 0};
      for (int axis = chain.rank - 1; axis >= 0; --axis) {
        const auto index = static_cast<std::int64_t>(rest % static_cast<std::size_t>(chain.dims[axis]));
        rest /= static_cast<std::size_t>(chain.dims[axis]);
        for (int i = 0; i < 2; ++i) at[i] += index * chain.inputs[static_cast<std::size_t>(i)].strides[axis];
      }
      const float want = inputs[0][static_cast<std::size_t>(at[0])] - inputs[1][static_cast<std::size_t>(at[1])];
      EXPECT_THAT(y[flat] == want, "element " + std::to_string(flat) + " of round " + std::to_string(round));
    }
  }
}

TEST_EACH_ISA(Elementwise, ChainsGiveWhatStepsGiveOneByOne) {
  // where(x > 0.2, tanh(x * s) + b, -x) with s one number, in one pass and written over x.
  using F = ElementwiseFunction;
  constexpr DType f = DType::kFloat32;
  for (std::size_t n : kSizes) {
    Chain chain = Dense(n, {f, f, f, f},
                        {{F::kMul, f, f, {0, 1, -1}, 0, 0},
                         {F::kTanh, f, f, {4, -1, -1}, 0, 0},
                         {F::kAdd, f, f, {5, 2, -1}, 0, 0},
                         {F::kGreater, f, DType::kBool, {0, 3, -1}, 0, 0},
                         {F::kNeg, f, f, {0, -1, -1}, 0, 0},
                         {F::kWhere, f, f, {7, 6, 8}, 0, 0}});
    chain.inputs[1].strides[0] = 0;
    chain.inputs[3].strides[0] = 0;
    Plan plan;
    EXPECT(Plan::Make(chain, &plan));
    Random random(n);
    std::vector<float> x = random.Floats(n), b = random.Floats(n);
    const std::vector<float> before = x;
    const float s = 1.5f, threshold = 0.2f;
    RunPlan(plan, {x.data(), &s, b.data(), &threshold}, {x.data()}, 2);
    for (std::size_t i = 0; i < n; ++i) {
      const double want = before[i] > threshold ? std::tanh(double{before[i]} * s) + b[i] : -before[i];
      EXPECT_THAT(std::fabs(x[i] - want) < 1e-6, std::to_string(i));
    }
  }
}

TEST_EACH_ISA(Elementwise, HalvesRoundToNearestEven) {
  Plan up, down;
  EXPECT(Plan::Make(Dense(65536, {DType::kFloat16}, {{ElementwiseFunction::kCast, DType::kFloat16, DType::kFloat32, {0, -1, -1}, 0, 0}}), &up));
  EXPECT(Plan::Make(Dense(65536, {DType::kFloat32}, {{ElementwiseFunction::kCast, DType::kFloat32, DType::kFloat16, {0, -1, -1}, 0, 0}}), &down));
  std::vector<std::uint16_t> halves(65536), back(65536);
  std::vector<float> floats(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  RunPlan(up, {halves.data()}, {floats.data()});
  RunPlan(down, {floats.data()}, {back.data()});
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const bool is_nan = (i & 0x7c00) == 0x7c00 && (i & 0x3ff) != 0;
    EXPECT_THAT(is_nan ? (back[i] & 0x7fff) > 0x7c00 : back[i] == halves[i], std::to_string(i));
    if (!is_nan && (i & 0x7c00) != 0x7c00) {
      const double magnitude = (i & 0x7c00) ? std::ldexp(1024 + double(i & 0x3ff), int((i >> 10) & 31) - 25)
                                            : std::ldexp(double(i & 0x3ff), -24);
      EXPECT_THAT(floats[i] == static_cast<float>(i & 0x8000 ? -magnitude : magnitude), std::to_string(i));
    }
  }
  // Half way between 1 and the next half: to the even one; beyond the largest: infinity.
  const float ties[] = {1.00048828125f, 1.00146484375f, 65519.996f, 65520.0f, 5.9604645e-8f * 0.5f, 5.9604645e-8f * 1.5f};
  const std::uint16_t expected[] = {0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 2};
  // Twice over and more, so that whole vectors are among them.
  Plan many;
  EXPECT(Plan::Make(Dense(30, {DType::kFloat32}, {{ElementwiseFunction::kCast, DType::kFloat32, DType::kFloat16, {0, -1, -1}, 0, 0}}), &many));
  float repeated[30];
  for (int i = 0; i < 30; ++i) repeated[i] = ties[i % 6];
  std::uint16_t got[30];
  RunPlan(many, {repeated}, {got});
  for (int i = 0; i < 30; ++i) EXPECT_THAT(got[i] == expected[i % 6], std::to_string(i) + ": " + std::to_string(got[i]));
}

TEST(Elementwise, RefusesChainsThatAreNotWellFormed) {
  Plan plan;
  constexpr DType f = DType::kFloat32;
  using F = ElementwiseFunction;
  EXPECT(!Plan::Make(Dense(4, {f}, {{F::kAdd, f, f, {0, 1, -1}, 0, 0}}), &plan));                      // slot 1 is itself
  EXPECT(!Plan::Make(Dense(4, {f}, {{F::kAdd, f, f, {0, -1, -1}, 0, 0}}), &plan));                     // one argument
  EXPECT(!Plan::Make(Dense(4, {f, DType::kInt32}, {{F::kAdd, f, f, {0, 1, -1}, 0, 0}}), &plan));       // types
  EXPECT(!Plan::Make(Dense(4, {DType::kInt32}, {{F::kTanh, DType::kInt32, DType::kInt32, {0, -1, -1}, 0, 0}}), &plan));
}

TEST_EACH_ISA(Elementwise, ResultsDoNotDependOnThreads) {
  const std::size_t n = 100003;
  Plan plan;
  EXPECT(Plan::Make(Dense(n, {DType::kFloat32}, {{ElementwiseFunction::kGelu, DType::kFloat32, DType::kFloat32, {0, -1, -1}, 0, 0}}), &plan));
  Random random(9);
  const std::vector<float> x = random.Floats(n, -6, 6);
  std::vector<float> one(n), many(n);
  RunPlan(plan, {x.data()}, {one.data()}, 1);
  for (int threads : {2, 3, 5}) {
    RunPlan(plan, {x.data()}, {many.data()}, threads);
    EXPECT(std::memcmp(one.data(), many.data(), n * sizeof(float)) == 0);
  }
}

}  // namespace
}  // namespace inferlab::elementwise
