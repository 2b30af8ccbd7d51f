// Each loop of every instruction set against the sum written out. What the weights mean is tested from TypeScript.
#include "vision/vision.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/thread_pool.h"
#include "test/testing.h"

namespace inferlab::vision {
namespace {

using testing::Guarded;
using testing::Random;

Array Of(Guarded<std::uint8_t>& v) { return {reinterpret_cast<std::byte*>(v.data()), v.size(), Element::kU8}; }
Array Of(std::vector<float>& v) { return {reinterpret_cast<std::byte*>(v.data()), v.size(), Element::kF32}; }
Array Of(std::vector<std::int32_t>& v) { return {reinterpret_cast<std::byte*>(v.data()), v.size(), Element::kI32}; }
Array Of(const std::vector<double>& v) {
  return {reinterpret_cast<std::byte*>(const_cast<double*>(v.data())), v.size(), Element::kF64};
}

Status RunKernel(const char* name, const std::vector<double>& params, const std::vector<Array>& inputs,
                 const std::vector<Array>& outputs) {
  Team team(ThreadPool::Instance(), 2);
  Call call(params.data(), params.size(), inputs.data(), inputs.size(), outputs.data(), outputs.size(),
            memory::Heap::Process(), team);
  return Run(name, call);
}

void Fill(Random& random, Guarded<std::uint8_t>& bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(random.Int(0, 255));
}

struct RandomTaps {
  std::vector<std::int32_t> first;
  std::vector<float> weights;
};

RandomTaps MakeTaps(Random& random, std::int64_t input, std::int64_t output, std::int64_t count) {
  RandomTaps taps;
  for (std::int64_t i = 0; i < output; ++i) {
    taps.first.push_back(static_cast<std::int32_t>(random.Int(0, input - count)));
    float sum = 0;
    std::vector<float> weights;
    for (std::int64_t t = 0; t < count; ++t) {
      weights.push_back(random.Int(0, 3) == 0 && count > 1 ? 0.0f : random.Uniform(0.1f, 1));
      sum += weights.back();
    }
    if (sum == 0) sum = weights[0] = 1;
    for (float w : weights) taps.weights.push_back(w / sum);
  }
  return taps;
}

double Overlap(const double* a, const double* b) {
  const double width = std::min(a[0] + a[2], b[0] + b[2]) - std::max(a[0], b[0]);
  const double height = std::min(a[1] + a[3], b[1] + b[3]) - std::max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  return width * height / (a[2] * a[3] + b[2] * b[3] - width * height);
}

TEST(Vision, SuppressIsThePlainLoop) {
  Random random(9);
  for (int round = 0; round < 400; ++round) {
    const auto n = static_cast<std::size_t>(random.Int(0, 300));
    const std::int64_t groups = random.Int(1, 4), most = random.Int(0, 2) ? static_cast<std::int64_t>(n) : random.Int(0, 20);
    const float plane = random.Uniform(5, 900), side = random.Uniform(1, 60);
    const double thresholds[] = {0, 0.1, 0.25, 1.0 / 3, 0.45, 0.5, 0.7, 1}, threshold = thresholds[random.Int(0, 7)];
    std::vector<double> boxes, scores;
    std::vector<std::int32_t> group, kept(n), number(1, -1), expected;
    for (std::size_t i = 0; i < n; ++i) {
      // Whole corners every other round, so that overlaps are exactly the threshold.
      for (const float high : {plane, plane, side, side}) {
        const float v = random.Uniform(0.5f, high);
        boxes.push_back(round % 2 ? std::ceil(v) : v);
      }
      scores.push_back(static_cast<double>(random.Int(0, 20)));
      group.push_back(static_cast<std::int32_t>(random.Int(0, groups - 1)));
    }
    std::vector<std::size_t> order(n);
    for (std::size_t i = 0; i < n; ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    for (const std::size_t i : order) {
      if (static_cast<std::int64_t>(expected.size()) >= most) break;
      bool covered = false;
      for (const std::int32_t k : expected)
        covered = covered || (group[static_cast<std::size_t>(k)] == group[i] && Overlap(&boxes[static_cast<std::size_t>(k) * 4], &boxes[i * 4]) > threshold);
      if (!covered) expected.push_back(static_cast<std::int32_t>(i));
    }
    EXPECT(RunKernel("suppress", {static_cast<double>(n), static_cast<double>(groups), threshold, static_cast<double>(most)},
                     {Of(boxes), Of(scores), Of(group)}, {Of(kept), Of(number)})
               .ok());
    kept.resize(static_cast<std::size_t>(number[0]));
    EXPECT(kept == expected);
  }
}

TEST(Vision, SuppressRefusesWhatDoesNotFitAndTakesAnyNumbers) {
  const double nan = std::nan(""), infinity = INFINITY;
  std::vector<std::int32_t> group = {0, 1}, kept(2), number(1);
  const auto run = [&](const std::vector<double>& boxes, const std::vector<double>& scores, double groups, double most) {
    return RunKernel("suppress", {2, groups, 0.5, most}, {Of(boxes), Of(scores), Of(group)}, {Of(kept), Of(number)});
  };
  const std::vector<double> boxes = {0, 0, 1, 1, 0, 0, 1, 1};
  EXPECT(run(boxes, {1, 2}, 2, 2).ok());
  EXPECT(!run(boxes, {1, 2}, 1, 2).ok());
  EXPECT(!run(boxes, {1, nan}, 2, 2).ok());
  EXPECT(!run(boxes, {1}, 2, 2).ok());
  EXPECT(!run({0, 0, 1}, {1, 2}, 2, 2).ok());
  EXPECT(!run(boxes, {1, 2}, 2, -1).ok());
  group = {0, 0};
  for (const double a : {nan, infinity, -infinity, 1e308, -1e308, 0.0, -5.0, 1e-308})
    for (const double b : {nan, infinity, -infinity, 1e308, 1.0, 0.0})
      EXPECT(run({a, b, b, a, b, a, a, b}, {infinity, -infinity}, 1, 2).ok());
}

TEST_EACH_ISA(Vision, ResizeIsTheWeightedSum) {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t channels = random.Int(1, 5), width = random.Int(1, 40), height = random.Int(1, 12);
    const std::int64_t to_width = random.Int(1, 50), to_height = random.Int(1, 9), gap = random.Int(0, 5);
    const std::int64_t across = random.Int(1, std::min<std::int64_t>(width, 7)), down = random.Int(1, std::min<std::int64_t>(height, 5));
    Guarded<std::uint8_t> source(static_cast<std::size_t>((height - 1) * (width * channels + gap) + width * channels));
    Guarded<std::uint8_t> target(static_cast<std::size_t>(to_width * to_height * channels), 3);
    Fill(random, source);
    RandomTaps x = MakeTaps(random, width, to_width, across), y = MakeTaps(random, height, to_height, down);
    const auto number = [](std::int64_t v) { return static_cast<double>(v); };
    EXPECT(RunKernel("resize",
                     {0, number(width * channels + gap), number(width), number(height), number(channels), 0,
                      number(to_width * channels), number(to_width), number(to_height), number(channels), number(across),
                      number(down)},
                     {Of(source), Of(x.first), Of(x.weights), Of(y.first), Of(y.weights)}, {Of(target)})
               .ok());
    EXPECT(target.Intact());
    double worst = 0;
    for (std::int64_t i = 0; i < to_height; ++i)
      for (std::int64_t j = 0; j < to_width; ++j)
        for (std::int64_t c = 0; c < channels; ++c) {
          double sum = 0;
          for (std::int64_t a = 0; a < down; ++a)
            for (std::int64_t b = 0; b < across; ++b)
              sum += double{y.weights[static_cast<std::size_t>(i * down + a)]} * x.weights[static_cast<std::size_t>(j * across + b)] *
                     source[static_cast<std::size_t>((y.first[static_cast<std::size_t>(i)] + a) * (width * channels + gap) +
                                                     (x.first[static_cast<std::size_t>(j)] + b) * channels + c)];
          worst = std::max(worst, std::fabs(sum - target[static_cast<std::size_t>((i * to_width + j) * channels + c)]));
        }
    EXPECT_THAT(worst < 0.6, std::to_string(worst) + " levels");
  }
}

TEST_EACH_ISA(Vision, BlurIsTheSymmetricSum) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t channels = random.Int(1, 4), width = random.Int(1, 50), height = random.Int(1, 9);
    const std::int64_t rx = random.Int(0, 6), ry = random.Int(0, 6);
    Guarded<std::uint8_t> source(static_cast<std::size_t>(width * height * channels)), target(source.size(), 5);
    Fill(random, source);
    const auto weights = [&](std::int64_t radius) {
      std::vector<float> w;
      float sum = 0;
      for (std::int64_t t = 0; t <= radius; ++t) {
        w.push_back(random.Uniform(0.1f, 1));
        sum += t == 0 ? w.back() : 2 * w.back();
      }
      for (float& v : w) v /= sum;
      return w;
    };
    std::vector<float> wx = weights(rx), wy = weights(ry);
    const auto n = static_cast<double>(width * channels);
    const std::vector<double> size = {0, n, static_cast<double>(width), static_cast<double>(height), static_cast<double>(channels)};
    std::vector<double> params = size;
    params.insert(params.end(), size.begin(), size.end());
    params.insert(params.end(), {static_cast<double>(rx), static_cast<double>(ry), 0, 0});
    EXPECT(RunKernel("blur", params, {Of(source), Of(wx), Of(wy)}, {Of(target)}).ok());
    EXPECT(target.Intact());
    double worst = 0;
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x)
        for (std::int64_t c = 0; c < channels; ++c) {
          double sum = 0;
          for (std::int64_t j = -ry; j <= ry; ++j)
            for (std::int64_t i = -rx; i <= rx; ++i)
              sum += double{wx[static_cast<std::size_t>(std::abs(i))]} * wy[static_cast<std::size_t>(std::abs(j))] *
                     source[static_cast<std::size_t>((std::clamp<std::int64_t>(y + j, 0, height - 1) * width +
                                                      std::clamp<std::int64_t>(x + i, 0, width - 1)) *
                                                         channels +
                                                     c)];
          worst = std::max(worst, std::fabs(sum - target[static_cast<std::size_t>((y * width + x) * channels + c)]));
        }
    EXPECT_THAT(worst < 0.7, std::to_string(worst) + " levels");
  }
}

TEST_EACH_ISA(Vision, FramesBecomeColoursByTheFormula) {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t width = random.Int(1, 600), height = random.Int(1, 3), half = (width + 1) / 2;
    const std::int64_t rows = (height + 1) / 2;
    Guarded<std::uint8_t> frame(static_cast<std::size_t>(width * height + 2 * half * rows));
    Guarded<std::uint8_t> target(static_cast<std::size_t>(width * height * 3), 7);
    Fill(random, frame);
    const double w = static_cast<double>(width), h = static_cast<double>(height), at = w * h, chroma = 2.0 * static_cast<double>(half);
    EXPECT(RunKernel("fromYuv",
                     {0, w * 3, w, h, 3, 2, 0, w, 1, at, chroma, 2, at + 1, chroma, 2, 0, 1, 2, 16, 42, 2, -103, 0, -100, -1, 48, 2, 4},
                     {Of(frame), Of(frame), Of(frame)}, {Of(target)})
               .ok());
    EXPECT(target.Intact());
    bool equal = true;
    for (std::int64_t y = 0; y < height; ++y)
      for (std::int64_t x = 0; x < width; ++x) {
        const std::size_t uv = static_cast<std::size_t>(width * height + y / 2 * 2 * half + x / 2 * 2);
        const int c = 298 * (frame[static_cast<std::size_t>(y * width + x)] - 16) + 128, d = frame[uv] - 128, e = frame[uv + 1] - 128;
        const int want[3] = {(c + 409 * e) >> 8, (c - 100 * d - 208 * e) >> 8, (c + 516 * d) >> 8};
        for (int k = 0; k < 3; ++k)
          equal &= target[static_cast<std::size_t>((y * width + x) * 3 + k)] == std::clamp(want[k], 0, 255);
      }
    EXPECT(equal);
  }
}

TEST_EACH_ISA(Vision, WarpInterpolatesBetweenFourPixels) {
  Random random(4);
  for (int round = 0; round < 200; ++round) {
    const std::int64_t channels = std::vector<std::int64_t>{1, 3, 4, 2}[static_cast<std::size_t>(random.Int(0, 3))];
    const std::int64_t width = random.Int(1, 30), height = random.Int(1, 20), to_width = random.Int(1, 300), to_height = 2;
    Guarded<std::uint8_t> source(static_cast<std::size_t>(width * height * channels), 0);
    Guarded<std::uint8_t> target(static_cast<std::size_t>(to_width * to_height * channels), 1);
    Fill(random, source);
    std::vector<float> xs, ys;
    for (std::int64_t i = 0; i < to_width * to_height; ++i) {
      xs.push_back(random.Uniform(-3, static_cast<float>(width) + 3));
      ys.push_back(random.Uniform(-3, static_cast<float>(height) + 3));
    }
    xs[0] = std::nanf("");
    const auto number = [](std::int64_t v) { return static_cast<double>(v); };
    EXPECT(RunKernel("warp",
                     {0, number(width * channels), number(width), number(height), number(channels), 0,
                      number(to_width * channels), number(to_width), 2, number(channels), 1, 4, 50, 1},
                     {Of(source), Of(xs), Of(ys)}, {Of(target)})
               .ok());
    EXPECT(target.Intact());
    double worst = 0;
    for (std::size_t i = 1; i < xs.size(); ++i)
      for (std::int64_t c = 0; c < channels; ++c) {
        const double px = double{xs[i]} - 0.5, py = double{ys[i]} - 0.5, x0 = std::floor(px), y0 = std::floor(py);
        const auto level = [&](double x, double y) {
          if (x < 0 || y < 0 || x >= number(width) || y >= number(height)) return 50.0;
          return double(source[static_cast<std::size_t>((static_cast<std::int64_t>(y) * width + static_cast<std::int64_t>(x)) * channels + c)]);
        };
        const double fx = px - x0, fy = py - y0;
        const double want = (level(x0, y0) * (1 - fx) + level(x0 + 1, y0) * fx) * (1 - fy) +
                            (level(x0, y0 + 1) * (1 - fx) + level(x0 + 1, y0 + 1) * fx) * fy;
        worst = std::max(worst, std::fabs(want - target[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(c)]));
      }
    EXPECT_THAT(worst < 0.7, std::to_string(worst) + " levels");
  }
}

TEST(Vision, RefusesWhatDoesNotFit) {
  Guarded<std::uint8_t> three(3);
  std::vector<float> one = {1};
  const std::vector<double> good = {0, 3, 1, 1, 3, 0, 3, 1, 1, 3, 0, 0, 0, 0};
  EXPECT(RunKernel("blur", good, {Of(three), Of(one), Of(one)}, {Of(three)}).ok());
  for (std::size_t i = 0; i < 10; ++i) {
    for (double bad : {1e9, -1.0, 0.5, 1e300, std::nan("")}) {
      auto params = good;
      params[i] = bad;
      // Strides of a single row are free.
      if ((i == 1 || i == 6) && bad == 1e9) continue;
      EXPECT_THAT(!RunKernel("blur", params, {Of(three), Of(one), Of(one)}, {Of(three)}).ok(), std::to_string(i));
    }
  }
  EXPECT(!RunKernel("blur", {}, {}, {}).ok());
  EXPECT(!RunKernel("no such kernel", {}, {}, {}).ok());
}

}  // namespace
}  // namespace inferlab::vision
